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
import { adaptedEncoder, isBase, newAdapters, newHead, type TaggerShape } from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { isCollaborating } from '../schema/methods.ts';
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
 * others, Average and TIES from the merged encoders of all tasks under their own head, later rounds from the last snapshot of the first training, head
 * included. `encoder` is the run's, which methods that read other runs need. With adapters, the pretrained encoder and what the snapshot has besides.
 * Throws LabError `run/parent` when a run to start from has no snapshot, `run/parent-damaged` when it had one.
 */
export async function startWeights(
  spec: RunSpec,
  pretrained: HostParameters,
  store: Store,
  encoder?: EncoderConfig,
): Promise<HostParameters> {
  if (spec.parent === null) return pretrained;
  const weights = await lastWeights(store, spec.parent);
  const { method, slicing, round, config, collaboration } = spec;
  if (collaboration !== undefined && encoder !== undefined && round === 0) {
    if (isCollaborating(method)) return collaborationOf(encoder).start(encoder, weights, spec.seed);
    // In an order that all tasks of the category share, so that all start from the same bits.
    const merged = [spec.parent, ...collaboration.helpers].sort();
    const start = new Map([...pretrained, ...newAdapters(adaptedEncoder(encoder, config), spec.seed)]);
    const encoders = { start, of: merged.length, load: (index: number) => lastWeights(store, merged[index] as string) };
    return new Map([
      ...pretrained,
      ...weights,
      ...(await mergeEncoders(method === 'TIES' ? 'TIES' : 'Average', encoders)),
    ]);
  }
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
export function encoderOfRun(
  model: EncoderConfig,
  { method, collaboration }: Pick<RunSpec, 'method' | 'collaboration'>,
): EncoderConfig {
  if (collaboration === undefined || !isCollaborating(method)) return model;
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
  const collaboration = { turn: 1, helpers: new Array<string>(helpers).fill('') };
  const reading = encoderOfRun(config, { method: 'CollaboNet', collaboration });
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
  spec: Pick<RunSpec, 'method' | 'collaboration'>,
  encoder: EncoderConfig,
  stored: () => Promise<HostParameters>,
): Promise<HostParameters> {
  const collaboration = isCollaborating(spec.method) ? spec.collaboration : undefined;
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

// Merges encoders that were trained from the same weights, each on another task.

/** Share of each encoder's changes that TIES keeps, the largest ones (Yadav et al. 2023, section 3). */
const LARGEST_SHARE = 0.2;

/** Encoders of one shape that were trained from the same start, loaded one at a time: all of them together may not fit into memory. */
export interface TrainedEncoders {
  /** Parameters that every encoder began with; those of `load` that are not among them, as those of heads, are not merged. */
  readonly start: HostParameters;
  readonly of: number;
  readonly load: (index: number) => Promise<HostParameters>;
}

/**
 * `Average`: the mean of each parameter. `TIES`: start + the mean change of those encoders whose change is among their own largest fifth
 * and has the sign that these changes sum up to (trim, elect sign, disjoint mean; Yadav et al. 2023, algorithm 1 with lambda 1). Sums are in
 * float64, in the order of the encoders.
 */
export async function mergeEncoders(
  how: 'Average' | 'TIES',
  { start, of, load }: TrainedEncoders,
): Promise<HostParameters> {
  const sums = new Map<string, Float64Array>();
  const changesOf = async (index: number): Promise<ReadonlyMap<string, Float32Array>> => {
    const changes = new Map<string, Float32Array>();
    for (const [name, { values }] of await load(index)) {
      const before = isFixed(name) ? undefined : start.get(name)?.values;
      if (before !== undefined)
        changes.set(
          name,
          values.map((value, at) => value - (before[at] as number)),
        );
    }
    return how === 'TIES' ? largestChanges(changes) : changes;
  };
  for (let index = 0; index < of; index++) {
    for (const [name, changes] of await changesOf(index)) {
      const sum = sums.get(name) ?? new Float64Array(changes.length);
      changes.forEach((change, at) => (sum[at] = (sum[at] as number) + change));
      sums.set(name, sum);
    }
  }
  const means = how === 'TIES' ? await agreeingMeans(sums, of, changesOf) : new Map([...sums].map(([name, sum]) => [name, sum.map((value) => value / of)])); // prettier-ignore
  return new Map(
    [...means].map(([name, mean]) => {
      const { shape, values } = start.get(name) as HostTensor;
      return [name, { shape, values: values.map((value, at) => value + (mean[at] as number)) }];
    }),
  );
}

/** The mean of the changes that have the sign of their sum; 0 where none has. */
async function agreeingMeans(
  sums: ReadonlyMap<string, Float64Array>,
  of: number,
  changesOf: (index: number) => Promise<ReadonlyMap<string, Float32Array>>,
): Promise<ReadonlyMap<string, Float64Array>> {
  const agreeing = new Map([...sums].map(([name, { length }]) => [name, { sum: new Float64Array(length), count: new Uint16Array(length) }])); // prettier-ignore
  for (let index = 0; index < of; index++) {
    for (const [name, changes] of await changesOf(index)) {
      const elected = sums.get(name) as Float64Array;
      const { sum, count } = agreeing.get(name) as { sum: Float64Array; count: Uint16Array };
      changes.forEach((change, at) => {
        if (change * (elected[at] as number) <= 0) return;
        sum[at] = (sum[at] as number) + change;
        count[at] = (count[at] as number) + 1;
      });
    }
  }
  return new Map([...agreeing].map(([name, { sum, count }]) => [name, sum.map((value, at) => value / Math.max(1, count[at] as number))])); // prettier-ignore
}

/** Sets all but the largest fifth of the changes to 0, over all parameters together; of equal ones at the border all stay. */
function largestChanges(changes: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, Float32Array> {
  const total = [...changes.values()].reduce((sum, { length }) => sum + length, 0);
  const least = leastOfLargest(changes, Math.ceil(LARGEST_SHARE * total));
  return new Map([...changes].map(([name, own]) => [name, own.map((change) => (Math.abs(change) >= least ? change : 0))])); // prettier-ignore
}

/**
 * The `count`-th largest magnitude. Magnitudes are ordered as the words of their bits are, so two counts, of the upper halves of these words and of
 * the lower halves within one upper half, find it without sorting hundreds of millions of numbers.
 */
function leastOfLargest(changes: ReadonlyMap<string, Float32Array>, count: number): number {
  const wordsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array => new Uint32Array(buffer, byteOffset, length); // prettier-ignore
  let left = count;
  /** The half of the word at which as many words are counted from above. */
  const find = (halfOf: (word: number) => number | null): number => {
    const counts = new Float64Array(2 ** 16);
    for (const own of changes.values()) {
      for (const word of wordsOf(own)) {
        const half = halfOf(word & 0x7fffffff);
        if (half !== null) counts[half] = (counts[half] as number) + 1;
      }
    }
    let half = counts.length - 1;
    while (half > 0 && (counts[half] as number) < left) left -= counts[half--] as number;
    return half;
  };
  const upper = find((word) => word >>> 16);
  const lower = find((word) => (word >>> 16 === upper ? word & 0xffff : null));
  return new Float32Array(Uint32Array.of(((upper << 16) | lower) >>> 0).buffer)[0] as number;
}
