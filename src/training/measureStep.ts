// Measures this machine before training: time and memory of one update, and the pace of kernels, calls and storage.
import * as tf from '@tensorflow/tfjs';
import { lengthBucket } from '../data/pieces/sequences.ts';
import type { DeviceHealth } from '../engine/gpu/device.ts';
import { engineMisfit, type EngineHome } from '../engine/network/computeOptions.ts';
import { estimateMemory } from '../engine/network/taggerEngine.ts';
import type { Batch, EncoderSizes } from '../model/blocks/encoderFamily.ts';
import { sizeOf, type HostParameters } from '../model/blocks/parameterLocation.ts';
import { encoderShapes, type EncoderConfig } from '../model/families/encoderConfig.ts';
import {
  adaptedEncoder,
  headShapes,
  newAdapters,
  newHead,
  type HeadShape,
  type TaggerShape,
} from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MachinePace, PacePoint } from '../schema/machineSettings.ts';
import { removeRun } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { fingerprint } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import type { MeasuredStep, MemoryEstimate, PlainNetwork } from '../wire/trainingProtocol.ts';
import { batchCharacters } from './batches.ts';
import { saveSnapshot } from './checkpoint.ts';
import type { LoadedModel } from './loadTagger.ts';
import { kindOf, OTHER_WORK, recordedStep } from './predictTime.ts';
import { isTrained } from './startWeights.ts';
import { engineTrainer, openTrainer } from './trainers.ts';

const MEASURED_STEPS = 2;

/**
 * Measures time and peak memory of one update on `config.batchSize` sequences of `pieces` pieces each, forward, backward and Adam, with
 * made-up pieces and tags; stores nothing. Throws what training would throw on a failing device.
 */
export async function measureStep(
  model: Pick<LoadedModel, 'config' | 'encoder'>,
  config: TrainingConfig,
  pieces: number,
  health: DeviceHealth,
  home: EngineHome | null,
): Promise<MeasuredStep> {
  const head: HeadShape = { tagCount: 5, kind: config.head, startEnd: config.crfStartEnd };
  const encoder = adaptedEncoder(model.config, config);
  const shape = { encoder, head };
  const host = new Map([...model.encoder, ...newHead(encoder, head, 1), ...newAdapters(encoder, 1)]);
  const trained = (name: string): boolean => isTrained(name, encoder, null, config);
  const trainer = openTrainer(home, host, { shape, config, factors: new Map(), seed: 1 }, trained, false);
  const batches: Batch[] = [];
  for (let left = config.batchSize; left > 0; left -= config.microBatchSize) {
    batches.push(syntheticBatch(Math.min(left, config.microBatchSize), pieces, model.config));
  }
  let step = 0;
  let first = Promise.resolve();
  const finish = async (): Promise<void> => {
    await trainer.readPending();
    if (health.failure !== null) throw health.failure;
  };
  const update = (): Promise<void> => trainer.update(batches, ++step, 0);
  try {
    // The first update compiles and allocates, so its memory is profiled.
    const { peakBytes } = await tf.profile(() => void (first = update()));
    await first;
    await finish();
    const startedAtMs = performance.now();
    for (let measured = 0; measured < MEASURED_STEPS; measured++) {
      await update();
      await finish();
    }
    const inUse = trainer.memory().tensorBytes;
    return { stepMs: (performance.now() - startedAtMs) / MEASURED_STEPS, peakBytes: Math.max(peakBytes, inUse) };
  } finally {
    trainer.dispose();
  }
}

/** Characters of a made-up word. */
const CHARACTERS = 8;

/**
 * Makes up `size` sequences of `count` pieces, each piece a CRF position as in label modes `x` and `all`; `first` has fewer. Half of the words are
 * different ones.
 */
export function syntheticBatch(
  size: number,
  count: number,
  { vocabularySize, characterCount = 0 }: Pick<EncoderSizes, 'vocabularySize' | 'characterCount'>,
): Batch {
  if (count < 1) throw new LabError('task/empty', 'A step cannot be measured without pieces.');
  const pieces = lengthBucket(count);
  const each = <Value extends number>(of: (index: number) => Value): Int32Array => Int32Array.from({ length: size * pieces }, (_, index) => of(index)); // prettier-ignore
  return {
    size,
    pieces,
    positions: pieces,
    pieceIds: each((index) => (index * 7919) % vocabularySize),
    segmentIds: new Int32Array(size * pieces),
    pieceCounts: new Int32Array(size).fill(count),
    crfPositions: each((index) => index % pieces),
    tags: each((index) => index % 5),
    crfCounts: new Int32Array(size).fill(count),
    ...(characterCount > 0 && { characters: batchCharacters(madeUpWords(size, count, characterCount), pieces) }),
  };
}

function madeUpWords(size: number, count: number, characters: number): Int32Array[][] {
  const word = (index: number): Int32Array =>
    Int32Array.from({ length: CHARACTERS }, (_, at) => (index * 31 + at * 7 + (index >> at)) % characters);
  const distinct = Math.ceil((size * count) / 2);
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: count }, (_, at) => word((row * count + at) % distinct)),
  );
}

/** The number of tags hardly matters: a head is small compared with an encoder. */
const TAGS = 5;

/** Estimates the memory of one update on micro-batches of sequences of `pieces` pieces, or says why the engine cannot compute one. */
export function estimateStep(
  encoder: EncoderConfig,
  config: TrainingConfig,
  pieces: number,
  home: EngineHome,
): MemoryEstimate | PlainNetwork {
  const plainNetwork = engineMisfit(encoder);
  if (plainNetwork !== null) return { plainNetwork };
  const head = { tagCount: TAGS, kind: config.head, startEnd: config.crfStartEnd };
  const size = { size: config.microBatchSize, pieces: lengthBucket(pieces) };
  const estimate = estimateMemory(
    { encoder: adaptedEncoder(encoder, config), head },
    config.dropout,
    home.compute,
    size,
  );
  return 'module' in home ? { ...estimate, onProcessor: true } : estimate;
}

// Measures the pace of this machine in a few short pieces: kernels at several sizes, the calls around them, and storage.

/** What distinguishes the encoders measured, beside their sizes. */
const ENCODERS = {
  xlnet: { family: 'xlnet', clampLength: null },
  bert: { family: 'bert', positions: 512, segments: 2 },
} as const;

interface Sizes {
  readonly family: keyof typeof ENCODERS;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly batch: number;
  readonly pieces: number;
  readonly dropout: number;
}

const small = { family: 'xlnet', width: 128, heads: 4, vocabulary: 8000, dropout: 0 } as const;

/** One layer each, from the smallest batches that people train on to the matrices of a full-size encoder. */
const MEASURED_SIZES: readonly Sizes[] = [
  { ...small, batch: 8, pieces: 32 },
  { ...small, batch: 8, pieces: 32, dropout: 0.1 },
  { ...small, batch: 24, pieces: 64 },
  { ...small, batch: 24, pieces: 64, dropout: 0.1 },
  { ...small, batch: 2, pieces: 512, dropout: 0.1 },
  { ...small, family: 'bert', heads: 2, batch: 4, pieces: 64, dropout: 0.1 },
  { ...small, family: 'bert', heads: 2, batch: 2, pieces: 256, dropout: 0.1 },
  { ...small, width: 768, heads: 12, vocabulary: 1000, batch: 1, pieces: 128, dropout: 0.1 },
];

const ROUNDS = 2;
const MOST_MS = 10_000;

function taggerOf({ family, width, heads, vocabulary }: Sizes): TaggerShape {
  const sizes = {
    layers: 1,
    hiddenSize: width,
    heads,
    headSize: width / heads,
    innerSize: 4 * width,
    vocabularySize: vocabulary,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    initializerRange: 0.02,
  } as const;
  const encoder: EncoderConfig = { ...sizes, ...ENCODERS[family] };
  return { encoder, head: { tagCount: TAGS, kind: 'crf', startEnd: true } };
}

/** Small numbers of either sign: drawing as many at random takes longer than the steps. */
function filledWeights({ encoder, head }: TaggerShape): HostParameters {
  const shapes = [...encoderShapes(encoder), ...headShapes(encoder, head)];
  return new Map(
    shapes.map(([name, shape]) => {
      const values = new Float32Array(sizeOf(shape));
      for (let at = 0; at < values.length; at++) values[at] = 0.01 * ((at % 7) - 3);
      return [name, { shape, values }];
    }),
  );
}

type Kinds = Map<string, PacePoint[]>;

function add(kinds: Kinds, name: string, work: number, ms: number): void {
  kinds.set(name, [...(kinds.get(name) ?? []), { work, ms }]);
}

/** Measures a step and a tagging of one size. */
async function measureSizes(home: EngineHome, sizes: Sizes, config: TrainingConfig, kinds: Kinds): Promise<void> {
  const shape = taggerOf(sizes);
  const own = { ...config, dropout: { encoder: sizes.dropout, attention: sizes.dropout, head: sizes.dropout } };
  const host = filledWeights(shape);
  const trainer = engineTrainer(home, host, { shape, config: own, factors: new Map(), seed: 1 }, () => true);
  const { engine } = trainer;
  const batch = syntheticBatch(sizes.batch, sizes.pieces, { vocabularySize: sizes.vocabulary });
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAtMs = performance.now();
    await work();
    return performance.now() - startedAtMs;
  };
  try {
    const recorded = recordedStep(shape, own, home.compute, batch);
    const launches = [...recorded.gradients, ...recorded.update];
    let step = 0;
    const update = async (): Promise<void> => {
      await trainer.update([batch], ++step, 0);
      await trainer.readPending();
    };
    const prepareMs = await timed(() => engine.prepare(batch));
    await update();
    await trainer.predict(batch);
    // The mean: the least of a few would leave out what threads wait for each other.
    const mean = launches.map(() => 0);
    let [stepMs, taggingMs] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      stepMs += (await timed(update)) / ROUNDS;
      taggingMs += (await timed(() => trainer.predict(batch))) / ROUNDS;
      const times = await engine.profile(batch, { seed: 1, step: ++step, learningRate: 0 });
      if (times.length !== launches.length) throw new Error('the engine launched something else than was recorded');
      for (const [at, { elapsedMs }] of times.entries()) mean[at] = (mean[at] as number) + elapsedMs / ROUNDS;
    }
    for (const [at, launch] of launches.entries()) add(kinds, kindOf(launch), launch.work, mean[at] as number);
    const sum = mean.reduce((total, ms) => total + ms, 0);
    // Tagging has the forward launches of the step, then a search for the best tags, whose time is what is left.
    const timeOf = new Map(launches.map((launch, at) => [`${launch.kernel.name} ${launch.work}`, mean[at] as number]));
    const forwardMs = recorded.tagging.reduce((total, { kernel, work }) => total + (timeOf.get(`${kernel.name} ${work}`) ?? 0), 0); // prettier-ignore
    const beyond = 'module' in home ? batch.size * batch.pieces : launches.length;
    add(kinds, OTHER_WORK.step, beyond, Math.max(0, stepMs - sum));
    const beyondTagging = 'module' in home ? batch.size * batch.pieces : recorded.tagging.length;
    add(kinds, OTHER_WORK.tagging, beyondTagging, Math.max(0, taggingMs - forwardMs));
    add(kinds, OTHER_WORK.record, launches.length, prepareMs);
  } finally {
    trainer.dispose();
  }
}

const PROBE_ID = 'pace-probe';
const PROBE_TENSORS = 24;
const PROBE_WORDS = { small: 32, large: 2 ** 15 };
const VERIFIED_BYTES = 2 ** 20;

/** Writes two snapshots of a run that does not exist, of small and of large tensors, and removes them. */
async function measureStorage(store: Store, kinds: Kinds): Promise<void> {
  const timed = async (epoch: number, words: number): Promise<number> => {
    const tensors = Array.from({ length: PROBE_TENSORS }, (_, index) => {
      return [`probe.${index}`, { shape: [words], values: new Float32Array(words).fill(index) }] as const;
    });
    const startedAtMs = performance.now();
    await saveSnapshot(store, PROBE_ID, epoch, new Map(tensors), 1);
    return performance.now() - startedAtMs;
  };
  try {
    const recordsMs = await timed(1, PROBE_WORDS.small);
    const bothMs = await timed(2, PROBE_WORDS.large);
    add(kinds, OTHER_WORK.storedRecords, PROBE_TENSORS, recordsMs);
    add(kinds, OTHER_WORK.storedBytes, 4 * PROBE_TENSORS * PROBE_WORDS.large, Math.max(0, bothMs - recordsMs));
  } finally {
    await removeRun(store, PROBE_ID);
  }
  const startedAtMs = performance.now();
  fingerprint(new Uint8Array(VERIFIED_BYTES));
  add(kinds, OTHER_WORK.verifiedBytes, VERIFIED_BYTES, performance.now() - startedAtMs);
}

/** Returns the mean of points of equal work, by increasing work. */
function merged(points: readonly PacePoint[]): readonly PacePoint[] {
  const byWork = new Map<number, number[]>();
  for (const { work, ms } of points) byWork.set(work, [...(byWork.get(work) ?? []), ms]);
  return [...byWork]
    .map(([work, times]) => ({ work, ms: times.reduce((sum, ms) => sum + ms, 0) / times.length }))
    .sort((left, right) => left.work - right.work);
}

/**
 * Measures in about two seconds, in pieces that `turn` runs one after another, so that other work on the device comes in between. Null where
 * single launches cannot be timed, or where it takes so long that it would delay what a person waits for, as on a GPU that a processor emulates.
 */
export async function measurePace(
  home: EngineHome,
  store: Store,
  config: TrainingConfig,
  turn: (work: () => Promise<void>) => Promise<void>,
): Promise<MachinePace | null> {
  if (!('module' in home) && !home.device.features.has('timestamp-query')) return null;
  const kinds: Kinds = new Map();
  let spentMs = 0;
  for (const sizes of MEASURED_SIZES) {
    await turn(async () => {
      const startedAtMs = performance.now();
      await measureSizes(home, sizes, config, kinds);
      spentMs += performance.now() - startedAtMs;
    });
    if (spentMs > MOST_MS) return null;
  }
  await turn(() => measureStorage(store, kinds));
  return { version: 1, kinds: [...kinds].map(([name, points]) => ({ name, points: [...merged(points)] })) };
}
