// Measures the pace of this machine in a few short pieces: kernels at several sizes, the calls around them, and storage.
import type { EngineHome } from '../engine/network/computeOptions.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import { sizeOf, type HostParameters } from '../model/blocks/hostParameters.ts';
import { encoderShapes } from '../model/families/encoderConfig.ts';
import { headShapes } from '../model/parameters.ts';
import type { TaggerShape } from '../model/tagger.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MachinePace, PacePoint } from '../schema/machinePace.ts';
import { removeRun } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { fingerprint } from '../util/digest.ts';
import { saveSnapshot } from './checkpoint.ts';
import { engineTrainer } from './engineTrainer.ts';
import { syntheticBatch } from './measureStep.ts';
import { kindOf, OTHER_WORK, recordedStep } from './pace.ts';

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
const MEASURED: readonly Sizes[] = [
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
const TAGS = 5;

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
  for (const sizes of MEASURED) {
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
