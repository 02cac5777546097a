// Measures and estimates the time and memory of one update on this machine before training.
import * as tf from '@tensorflow/tfjs';
import { lengthBucket } from '../data/pieces/sequences.ts';
import type { DeviceHealth } from '../engine/gpu/device.ts';
import { engineMisfit, type EngineHome } from '../engine/network/computeOptions.ts';
import { estimateMemory } from '../engine/network/estimateMemory.ts';
import { adaptedEncoder, newAdapters } from '../model/adapters.ts';
import type { Batch } from '../model/blocks/batch.ts';
import type { EncoderSizes } from '../model/config/encoderSizes.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import { newHead, type HeadShape } from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { LabError } from '../util/labError.ts';
import type { MeasuredStep, MemoryEstimate, PlainNetwork } from '../wire/trainingEvent.ts';
import { batchCharacters } from './batches.ts';
import type { LoadedModel } from './loadModel.ts';
import { openTrainer } from './openTrainer.ts';
import { isTrained } from './startWeights.ts';

const MEASURED = 2;

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
    for (let measured = 0; measured < MEASURED; measured++) {
      await update();
      await finish();
    }
    const inUse = trainer.memory().tensorBytes;
    return { stepMs: (performance.now() - startedAtMs) / MEASURED, peakBytes: Math.max(peakBytes, inUse) };
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
