// Defines the presets of training settings, and adapts settings to a model's family.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanFile } from '../../schema/planFile.ts';
import { LabError } from '../../util/labError.ts';

export type PresetName = 'sample' | 'quick' | 'normal' | 'paper' | 'released';

interface Preset {
  readonly label: string;
  /** What the settings are, their source, and what it leaves open. */
  readonly description: string;
  readonly config: TrainingConfig;
  /** The rounds after the first training. */
  readonly rounds: PlanFile['rounds'];
}

const quick: TrainingConfig = {
  tagScheme: 'IOBES',
  labelMode: 'first',
  encoding: 'token',
  lowerCase: false,
  layout: 'sentence',
  maxPieces: 128,
  specials: 'sep-cls',
  specialsInLoss: false,
  head: 'crf',
  crfStartEnd: true,
  epochs: 3,
  steps: null,
  mixing: 'proportional',
  batchSize: 32,
  microBatchSize: 32,
  learningRate: 5e-4,
  decay: 'linear',
  warmupSteps: 0,
  layerDecay: { mode: 'rate', factor: 0.9 },
  adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-6, epsilonForm: 'standard' },
  clipNorm: 1,
  dropout: { encoder: 0, attention: 0, head: 0.1 },
  trainOn: 'train',
  snapshots: 5,
};

const sample: TrainingConfig = {
  ...quick,
  epochs: 5,
  batchSize: 8,
  microBatchSize: 8,
  learningRate: 1e-3,
};

const normal: TrainingConfig = { ...quick, epochs: 10 };

const paper: TrainingConfig = {
  ...quick,
  labelMode: 'x',
  layout: 'packed',
  maxPieces: 512,
  epochs: 30,
  batchSize: 6,
  microBatchSize: 2,
  learningRate: 3e-5,
  dropout: { encoder: 0.1, attention: 0.1, head: 0.1 },
};

const released: TrainingConfig = {
  ...paper,
  labelMode: 'first',
  lowerCase: true,
  specials: 'sep-sep-cls',
  specialsInLoss: true,
  crfStartEnd: false,
  epochs: 42,
  steps: 4500,
  learningRate: 2e-5,
  layerDecay: { mode: 'gradient', factor: 0.9 },
  adam: { ...paper.adam, epsilonForm: 'hat' },
  dropout: { encoder: 0.05, attention: 0.05, head: 0.05 },
};

export const presets: Readonly<Record<PresetName, Preset>> = {
  sample: {
    label: 'Sample',
    description:
      'Five epochs for a corpus of a few hundred sentences, like the samples: as Quick look, but with batches of 8 and rate 1e-3, ' +
      'for enough updates.',
    config: sample,
    rounds: { count: 0, epochs: sample.epochs },
  },
  quick: {
    label: 'Quick look',
    description:
      'Three epochs for a small encoder: one sentence per sequence, the CRF on first pieces, batches of 32, rate 5e‑4. ' +
      'Meant for the built-in model; the rate is far too high for a full-size model.',
    config: quick,
    rounds: { count: 0, epochs: quick.epochs },
  },
  normal: {
    label: 'Normal',
    description:
      'As Quick look, but ten epochs: after three the scores of a small encoder are still rising. The number is a choice, not a result.',
    config: normal,
    rounds: { count: 0, epochs: normal.epochs },
  },
  paper: {
    label: 'Paper',
    description:
      'Chai et al. 2022: rate 3e-5 with linear decay, times 0.9 for each layer below, no warm-up, Adam epsilon 1e-6, label [X] on ' +
      'continuation pieces, start and end states in the CRF; 30 epochs, then three rounds of 30 from their final weights; ' +
      'tasks of a category shuffled together. The paper gives no batch size, sequence length, tag scheme, dropout or clipping: batches of 6 sequences of ' +
      '512 pieces, IOBES and clipping at 1 are those of its code, dropout 0.1 is that of XLNet; text is cased.',
    config: paper,
    rounds: { count: 3, epochs: 30 },
  },
  released: {
    label: 'Released code',
    description:
      'The published code where it differs from the paper: the CRF on first pieces and the closing special tokens, without start ' +
      'and end states; lower-cased text; rate 2e-5; gradients instead of rates scaled by layer; ' +
      "TensorFlow's epsilon; dropout 0.05; no rounds. It stops after 4,500 steps for every corpus; its multi-task runs took " +
      '42 epochs instead: leave the steps empty for that.',
    config: released,
    rounds: { count: 0, epochs: released.epochs },
  },
};

/** What limits the settings in a model's record. */
export type ModelLimits = Pick<ModelRecord, 'family' | 'positions'>;

/** Special tokens for the model's family: XLNet has two layouts, the others one; a layout of another family becomes Hugging Face's default. */
export function specialsOf({ family }: ModelLimits, wanted: TrainingConfig['specials']): TrainingConfig['specials'] {
  const { specials } = factsOf(family);
  return specials.includes(wanted) ? wanted : (specials[0] as TrainingConfig['specials']);
}

/** Whether the model has a position for each piece of the longest sequence. */
export function hasPositions({ positions }: ModelLimits, { maxPieces }: Pick<TrainingConfig, 'maxPieces'>): boolean {
  return positions === undefined || maxPieces <= positions;
}

/**
 * Adapts the plan's settings to its model: the special tokens of its family, and for one without biases shared by all layers in
 * a release, such as BERT, one kind of slicing. Throws LabError `plan/positions` when sequences may exceed the model's positions.
 */
export function familySettings(
  { config, biases }: Pick<PlanFile, 'config' | 'biases'>,
  model: ModelLimits & Pick<ModelRecord, 'name'>,
): Pick<PlanFile, 'config' | 'biases'> {
  if (!hasPositions(model, config)) {
    throw new LabError(
      'plan/positions',
      `The model ${model.name} has too few positions for sequences of this length.`,
      {
        expected: `a longest sequence (maxPieces) of at most ${model.positions} pieces`,
        got: String(config.maxPieces),
      },
    );
  }
  return {
    config: { ...config, specials: specialsOf(model, config.specials) },
    biases: factsOf(model.family).hasStackedBiases ? biases : 'released',
  };
}
