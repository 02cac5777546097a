// Defines the presets of training settings, and adapts settings to a model's family.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanFile } from '../../schema/resultFile.ts';
import { LabError } from '../../util/labError.ts';

export type PresetName =
  'sample' | 'quick' | 'normal' | 'paper' | 'released' | 'recurrent' | 'collabonet' | 'hunflair' | 'windows';

interface Preset {
  readonly label: string;
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

const recurrent: TrainingConfig = {
  ...quick,
  specials: 'none',
  epochs: 50,
  batchSize: 10,
  microBatchSize: 10,
  learningRate: 1e-3,
  layerDecay: { mode: 'off', factor: 1 },
  clipNorm: 5,
  dropout: { encoder: 0.5, attention: 0, head: 0.5 },
};

const collabonet: TrainingConfig = {
  ...recurrent,
  epochs: 30,
  dropout: { encoder: 0.5, attention: 0, head: 0.3 },
};

const hunflair: TrainingConfig = {
  ...recurrent,
  batchSize: 32,
  microBatchSize: 32,
  epochs: 100,
  dropout: { encoder: 0.5, attention: 0, head: 0.5, words: 0.05, masks: 'sequence' },
};

const windows: TrainingConfig = {
  ...recurrent,
  head: 'softmax',
  crfStartEnd: false,
  epochs: 20,
  learningRate: 1e-4,
  decay: 'constant',
  clipNorm: null,
  dropout: { encoder: 0, attention: 0, head: 0.75 },
};

/** A preset without further rounds. */
const once = (label: string, config: TrainingConfig): Preset => ({ label, config, rounds: { count: 0, epochs: config.epochs } }); // prettier-ignore

export const presets: Readonly<Record<PresetName, Preset>> = {
  sample: once('Sample', sample),
  quick: once('Quick look', quick),
  normal: once('Normal', normal),
  paper: {
    label: 'Paper',
    config: paper,
    rounds: { count: 3, epochs: 30 },
  },
  released: once('Released code', released),
  recurrent: once('BiLSTM-CRF', recurrent),
  collabonet: once('CollaboNet', collabonet),
  hunflair: once('HunFlair', hunflair),
  windows: once('CNN', windows),
};

/** What limits the settings in a model's record. */
export type ModelLimits = Pick<ModelRecord, 'family' | 'positions'>;

/** Special tokens for the model's family: XLNet has two layouts, the others one; a layout of another family becomes Hugging Face's default. */
export function specialsOf({ family }: ModelLimits, wanted: TrainingConfig['specials']): TrainingConfig['specials'] {
  const { specials } = factsOf(family);
  return specials.includes(wanted) ? wanted : (specials[0] as TrainingConfig['specials']);
}

/** Presets for networks of words. */
const WORD_PRESETS: ReadonlySet<PresetName> = new Set(['recurrent', 'collabonet', 'hunflair', 'windows']);

/** The preset to begin with for a model: a baseline has its own, of which a BiLSTM has several, others the one chosen unless it is for a baseline. */
export function presetFor({ family }: ModelLimits, chosen: PresetName): PresetName {
  const { baseline } = factsOf(family);
  const isForWords = WORD_PRESETS.has(chosen);
  if (baseline === 'recurrent') return isForWords && chosen !== 'windows' ? chosen : baseline;
  if (baseline !== undefined) return baseline;
  return isForWords ? 'quick' : chosen;
}

/** Whether the model has a position for each piece of the longest sequence. */
export function hasPositions({ positions }: ModelLimits, { maxPieces }: Pick<TrainingConfig, 'maxPieces'>): boolean {
  return positions === undefined || maxPieces <= positions;
}

/**
 * Adapts the plan's settings to its model: the special tokens of its family, without dropout that only networks of words have, and for one without biases shared by all layers in
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
  const { words: _words, masks: _masks, ...ofAll } = config.dropout;
  const dropout = factsOf(model.family).baseline === undefined ? ofAll : config.dropout;
  return {
    config: { ...config, dropout, specials: specialsOf(model, config.specials) },
    biases: factsOf(model.family).hasStackedBiases ? biases : 'released',
  };
}
