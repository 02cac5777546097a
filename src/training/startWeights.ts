// Assembles a run's initial weights, with hierarchical layer slicing: lower layers from multi-task training, upper ones from pretraining.
import type { Collaboration } from '../model/blocks/encoderFamily.ts';
import {
  HELPERS,
  isFixed,
  locationOf,
  type HostParameters,
  type HostTensor,
} from '../model/blocks/parameterLocation.ts';
import { encoderShapes, familyOf, type EncoderConfig } from '../model/families/encoderConfig.ts';
import { isBase, newAdapters, newHead, type TaggerShape } from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { RunSpec, Slicing } from '../schema/runRecord.ts';
import { ifCorrupt } from '../storage/records.ts';
import { readRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { loadSnapshot, snapshotEpochs } from './checkpoint.ts';

// Layers count from 0, as in the paper's slicing rate: rate r shares layers below r * n, rate 0 only the embedding.

/** Tensors that the TensorFlow release stores stacked over all layers, so that restoring them covers all layers or none. */
const STACKED = [
  'attention.contentBias',
  'attention.positionBias',
  'attention.segmentBias',
  'attention.segmentEmbedding',
];

/** Whether a parameter comes from MTL-XC: the embedding, layers below `layers`, and with `released` the stacked biases of all layers. */
function isShared(name: string, { layers, biases }: Pick<Slicing, 'layers' | 'biases'>): boolean {
  const location = locationOf(name);
  if (location.part === 'embedding') return true;
  if (location.part === 'head') return false;
  return location.layer < layers || (biases === 'released' && STACKED.some((suffix) => name.endsWith(suffix)));
}

/** Whether a parameter is not trained: embedding and layers below `layers` of a frozen slicing, and the pretrained encoder beside adapters. */
export function isFrozen(
  name: string,
  slicing: Slicing | null,
  { adapters }: Pick<TrainingConfig, 'adapters'> = {},
): boolean {
  if (adapters !== undefined && isBase(name)) return true;
  return slicing !== null && slicing.frozen && isShared(name, { layers: slicing.layers, biases: 'perLayer' });
}

/** Whether a run changes a parameter. */
export function isTrained(
  name: string,
  encoder: EncoderConfig,
  slicing: Slicing | null,
  config: Pick<TrainingConfig, 'adapters'> = {},
): boolean {
  return !isFrozen(name, slicing, config) && familyOf(encoder).isConstant?.(name) !== true;
}

/** The weights of a stored model as a run of this seed starts from them: what was never trained is drawn. */
export function initialEncoder(config: EncoderConfig, stored: HostParameters, seed: number): HostParameters {
  return familyOf(config).initial?.(config, stored, seed) ?? stored;
}

/**
 * Returns an MTL-LS run's initial encoder (paper, MTL-LS; `slicingRate = layers / n`): shared parameters from `mtlXc`, all others from
 * `pretrained`. Both contain every encoder parameter that is not fixed; parameters of the head are omitted.
 */
export function slicedEncoder(pretrained: HostParameters, mtlXc: HostParameters, slicing: Slicing): HostParameters {
  const sliced = new Map<string, HostTensor>();
  for (const [name, own] of pretrained) {
    const shared = isFixed(name) ? own : mtlXc.get(name);
    if (shared === undefined) throw new Error(`missing ${name} in the MTL-XC weights`);
    sliced.set(name, isShared(name, slicing) ? shared : own);
  }
  return sliced;
}

/**
 * Like `slicedEncoder`, with adapters: the pretrained encoder, and of the joint run's snapshot the adapters of shared layers. Those of other
 * layers, like the head, begin as new ones.
 */
function slicedAdapters(pretrained: HostParameters, joint: HostParameters, slicing: Slicing): HostParameters {
  return new Map([...pretrained, ...[...joint].filter(([name]) => isShared(name, slicing))]);
}

/**
 * The weights of a run's last snapshot, which others start from or read. Throws LabError `run/parent` when it has none, `run/parent-damaged` when
 * it had one.
 */
export async function lastWeights(store: Store, runId: string): Promise<HostParameters> {
  const run = await readRunRecord(store, runId).catch(ifCorrupt(undefined));
  // The record tells the last epoch: the last snapshot that is stored may be an earlier one.
  const last = run?.snapshots.at(-1)?.epoch ?? (await snapshotEpochs(store, runId)).at(-1);
  if (last === undefined) {
    throw new LabError('run/parent', 'A run that this one starts from or reads has no snapshot here.', {
      expected: `a snapshot of run ${runId}`,
      got: 'none; train that run first',
    });
  }
  return loadSnapshot(store, runId, last).catch((error: unknown): never => {
    if (!(error instanceof LabError) || error.code !== 'checkpoint/missing') throw error;
    throw new LabError(
      'run/parent-damaged',
      'The last snapshot of a run that this one starts from or reads is missing or damaged: train that run again, which gives the same weights.',
      { expected: error.expected ?? '', got: 'no whole snapshot', cause: error },
    );
  });
}

/**
 * STL and MTL-XC start from pretrained weights, MTL-LS from the sliced encoder, CollaboNet from the task's tagger so far with what it needs to read
 * others, later rounds from the last snapshot of the first training, head included. `encoder` is the run's, which CollaboNet needs. With adapters, the pretrained encoder and what the snapshot has besides. Throws LabError `run/parent` when the parent run has no snapshot, `run/parent-damaged` when it had one.
 */
export async function startWeights(
  spec: RunSpec,
  pretrained: HostParameters,
  store: Store,
  encoder?: EncoderConfig,
): Promise<HostParameters> {
  if (spec.parent === null) return pretrained;
  const weights = await lastWeights(store, spec.parent);
  const { slicing, round, config, collaboration } = spec;
  if (collaboration !== undefined && encoder !== undefined && round === 0)
    return collaborationOf(encoder).start(encoder, weights, spec.seed);
  const isSliced = slicing !== null && round === 0;
  if (config.adapters === undefined) return isSliced ? slicedEncoder(pretrained, weights, slicing) : weights;
  return isSliced ? slicedAdapters(pretrained, weights, slicing) : new Map([...pretrained, ...weights]);
}

/** How the encoder's family reads other taggers. Throws LabError `run/collaboration` for one that cannot, or that reads others by itself. */
function collaborationOf(encoder: EncoderConfig): Collaboration<EncoderConfig> {
  const { collaboration } = familyOf(encoder);
  if (collaboration !== undefined) return collaboration;
  throw new LabError('run/collaboration', 'The taggers of this model cannot read those of other tasks.', {
    expected: 'a network of words of the BiLSTM form',
    got: encoder.family,
  });
}

/** The encoder of a run: its model's, which for CollaboNet reads the taggers of other tasks. Throws LabError `run/collaboration`. */
export function encoderOfRun(model: EncoderConfig, { collaboration }: Pick<RunSpec, 'collaboration'>): EncoderConfig {
  if (collaboration === undefined) return model;
  const { withHelpers } = collaborationOf(model);
  const isRead = [...encoderShapes(model).keys()].some((name) => name.startsWith(HELPERS));
  if (!isRead) return withHelpers(model, collaboration.helpers.length) as EncoderConfig;
  throw new LabError(
    'run/collaboration',
    'The tagger that this run would start from reads those of other tasks already.',
    {
      expected: 'the network before it was trained by CollaboNet',
      got: 'a trained tagger of CollaboNet',
    },
  );
}

/** A model whose encoder reads this many taggers with its own weights, to measure what that takes. Throws LabError `run/collaboration`. */
export function withDrawnHelpers(
  { config, encoder }: { readonly config: EncoderConfig; readonly encoder: HostParameters },
  helpers: number,
): { readonly config: EncoderConfig; readonly encoder: HostParameters } {
  const reading = encoderOfRun(config, { collaboration: { turn: 1, helpers: new Array<string>(helpers).fill('') } });
  const { start, helper } = collaborationOf(reading);
  const read = Array.from({ length: helpers }, (_, index) => [...helper(reading, encoder, index)]);
  return { config: reading, encoder: new Map([...start(reading, encoder, 1), ...read.flat()]) };
}

/**
 * The weights that a run reads and neither changes nor saves: those of its model, and of the taggers of other tasks that it reads. `encoder` is the
 * run's, `stored` loads its model's weights. Throws as `lastWeights` does.
 */
export async function fixedWeights(
  store: Store,
  { collaboration }: Pick<RunSpec, 'collaboration'>,
  encoder: EncoderConfig,
  stored: () => Promise<HostParameters>,
): Promise<HostParameters> {
  const fixed = new Map<string, HostTensor>();
  const names = [...encoderShapes(encoder).keys()];
  const ofModel = names.filter((name) => isFixed(name) && (collaboration === undefined || !name.startsWith(HELPERS)));
  if (ofModel.length > 0) {
    for (const [name, tensor] of await stored()) if (isFixed(name)) fixed.set(name, tensor);
  }
  for (const [helper, runId] of (collaboration?.helpers ?? []).entries()) {
    const weights = collaborationOf(encoder).helper(encoder, await lastWeights(store, runId), helper);
    for (const [name, tensor] of weights) fixed.set(name, tensor);
  }
  return fixed;
}

/** Where a run's weights come from: the pretrained encoder, which adapters leave as it is, and what the run starts from without a checkpoint. */
export interface WeightSources {
  readonly pretrained: HostParameters;
  /** See `fixedWeights`; absent where there are none. */
  readonly fixed?: HostParameters;
  /** Loads the weights to start from, unless there is a checkpoint; head and adapters that are not among them are newly drawn. */
  readonly weights: () => Promise<HostParameters>;
}

/** What a trainer opens with: the tensors of a checkpoint, beside the weights that adapters leave as pretrained, or without one the weights to start from. */
export async function startingTensors(
  { seed, config }: RunSpec,
  { encoder, head }: TaggerShape,
  { pretrained, weights, fixed = new Map() }: WeightSources,
  checkpoint: HostParameters | null,
): Promise<HostParameters> {
  if (checkpoint === null) {
    return new Map([...newHead(encoder, head, seed), ...newAdapters(encoder, seed), ...(await weights()), ...fixed]);
  }
  if (config.adapters !== undefined) return new Map([...pretrained, ...fixed, ...checkpoint]);
  return fixed.size === 0 ? checkpoint : new Map([...checkpoint, ...fixed]);
}
