// The settings a person can start from, each with what it stands for.
import type { TrainingConfig } from '../../schema/config.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanFile } from '../../schema/planFile.ts';
import { LabError } from '../../util/labError.ts';

export type PresetName = 'sample' | 'quick' | 'paper' | 'released';

interface Preset {
  readonly label: string;
  /** What the settings are, where they come from, and what they leave out. */
  readonly description: string;
  readonly config: TrainingConfig;
  /** What a plan with these settings does after the first training. */
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
      'Five epochs for a corpus of a few hundred sentences, as the samples are: as Quick look, but batches of 8 and rate 1e-3, ' +
      'so that there are updates enough.',
    config: sample,
    rounds: { count: 0, epochs: sample.epochs },
  },
  quick: {
    label: 'Quick look',
    description:
      'Three epochs for a small encoder: one sentence a sequence, the CRF on first pieces, batches of 32, rate 5e-4. ' +
      'Made for the built-in model; far too fast a rate for a full-size model.',
    config: quick,
    rounds: { count: 0, epochs: quick.epochs },
  },
  paper: {
    label: 'Paper',
    description:
      'Chai et al. 2022: rate 3e-5 falling linearly, 0.9 of it a layer below, no warm-up, Adam epsilon 1e-6, label [X] on ' +
      'continuation pieces, start and end states in the CRF; 30 epochs, then three rounds of 30 from the weights that these ' +
      'ended with; tasks of a category shuffled together. The paper gives no batch size, sequence length, tag scheme, dropout or clipping: batches of 6 sequences of ' +
      '512 pieces, IOBES and clipping at 1 are those of its code, dropout 0.1 is that of XLNet; letters keep their case.',
    config: paper,
    rounds: { count: 3, epochs: 30 },
  },
  released: {
    label: 'Released code',
    description:
      'What the published code does where it differs from the paper: the CRF on first pieces, without start and end states, ' +
      'over the closing specials too; lower-cased text; rate 2e-5, gradients instead of rates scaled by layer; ' +
      "TensorFlow's epsilon; dropout 0.05; no rounds. It stops after 4,500 steps whatever the corpus; its multi-task runs took " +
      '42 epochs instead, which leaving the steps empty gives.',
    config: released,
    rounds: { count: 0, epochs: released.epochs },
  },
};

/** What of a model's record decides. */
export type ModelLimits = Pick<ModelRecord, 'family' | 'positions'>;

/** A BERT knows one way to close a sequence in, XLNet two ways to close one; what is asked for of the other family becomes Hugging Face's own. */
export function specialsOf({ family }: ModelLimits, asked: TrainingConfig['specials']): TrainingConfig['specials'] {
  if (family === 'bert') return 'cls-sep';
  return asked === 'cls-sep' ? 'sep-cls' : asked;
}

/** Whether the longest sequence has a position for each of its pieces. */
export function hasPositions({ positions }: ModelLimits, { maxPieces }: Pick<TrainingConfig, 'maxPieces'>): boolean {
  return positions === undefined || maxPieces <= positions;
}

/**
 * The plan's settings as its model can have them: the specials of its family, and for a BERT, which has no biases that a release would store
 * once for all layers, one way of slicing. Throws LabError `plan/positions` when sequences may be longer than the model has positions.
 */
export function familySettings(
  { config, biases }: Pick<PlanFile, 'config' | 'biases'>,
  model: ModelLimits & Pick<ModelRecord, 'name'>,
): Pick<PlanFile, 'config' | 'biases'> {
  if (!hasPositions(model, config)) {
    throw new LabError('plan/positions', `The model ${model.name} has no positions for sequences as long as these.`, {
      expected: `a longest sequence (maxPieces) of at most ${model.positions} pieces`,
      got: String(config.maxPieces),
    });
  }
  return {
    config: { ...config, specials: specialsOf(model, config.specials) },
    biases: model.family === 'bert' ? 'released' : biases,
  };
}
