// Assembles a run's initial weights, with hierarchical layer slicing: lower layers from multi-task training, upper ones from pretraining.
import { isBase, newAdapters } from '../model/adapters.ts';
import { locationOf } from '../model/blocks/parameterLocation.ts';
import type { HostParameters, HostTensor } from '../model/blocks/hostParameters.ts';
import { familyOf, type EncoderConfig } from '../model/families/encoderConfig.ts';
import { newHead } from '../model/parameters.ts';
import type { TaggerShape } from '../model/tagger.ts';
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
 * `pretrained`. Both contain every encoder parameter; parameters of the head are omitted.
 */
export function slicedEncoder(pretrained: HostParameters, mtlXc: HostParameters, slicing: Slicing): HostParameters {
  const sliced = new Map<string, HostTensor>();
  for (const [name, own] of pretrained) {
    const shared = mtlXc.get(name);
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
 * STL and MTL-XC start from pretrained weights, MTL-LS from the sliced encoder, later rounds from the last snapshot of the first training,
 * head included. With adapters, the pretrained encoder and what the snapshot has besides. Throws LabError `run/parent` when the parent run has no snapshot, `run/parent-damaged` when it had one.
 */
export async function startWeights(spec: RunSpec, pretrained: HostParameters, store: Store): Promise<HostParameters> {
  if (spec.parent === null) return pretrained;
  const parent = await readRunRecord(store, spec.parent).catch(ifCorrupt(undefined));
  // The record tells the last epoch: the last snapshot that is stored may be an earlier one.
  const last = parent?.snapshots.at(-1)?.epoch ?? (await snapshotEpochs(store, spec.parent)).at(-1);
  if (last === undefined) {
    throw new LabError('run/parent', 'The run that this one starts from has no snapshot here.', {
      expected: `a snapshot of run ${spec.parent}`,
      got: 'none; train that run first',
    });
  }
  const weights = await loadSnapshot(store, spec.parent, last).catch((error: unknown): never => {
    if (!(error instanceof LabError) || error.code !== 'checkpoint/missing') throw error;
    throw new LabError(
      'run/parent-damaged',
      'The last snapshot of the run that this one starts from is missing or damaged: train that run again, which gives the same weights.',
      { expected: error.expected ?? '', got: 'no whole snapshot', cause: error },
    );
  });
  const { slicing, round, config } = spec;
  const isSliced = slicing !== null && round === 0;
  if (config.adapters === undefined) return isSliced ? slicedEncoder(pretrained, weights, slicing) : weights;
  return isSliced ? slicedAdapters(pretrained, weights, slicing) : new Map([...pretrained, ...weights]);
}

/** Where a run's weights come from: the pretrained encoder, which adapters leave as it is, and what the run starts from without a checkpoint. */
export interface WeightSources {
  readonly pretrained: HostParameters;
  /** Loads the weights to start from, unless there is a checkpoint; head and adapters that are not among them are newly drawn. */
  readonly weights: () => Promise<HostParameters>;
}

/** What a trainer opens with: the tensors of a checkpoint, beside the weights that adapters leave as pretrained, or without one the weights to start from. */
export async function startingTensors(
  { seed, config }: RunSpec,
  { encoder, head }: TaggerShape,
  { pretrained, weights }: WeightSources,
  checkpoint: HostParameters | null,
): Promise<HostParameters> {
  if (checkpoint === null) {
    return new Map([...newHead(encoder, head, seed), ...newAdapters(encoder, seed), ...(await weights())]);
  }
  return config.adapters === undefined ? checkpoint : new Map([...pretrained, ...checkpoint]);
}
