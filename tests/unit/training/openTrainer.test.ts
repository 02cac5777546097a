// Proves that an encoder that the engine cannot compute is trained, tuned, tagged and measured without it, and that the others are not.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeOptionsFor, type EngineGpu } from '../../../src/engine/network/computeOptions.ts';
import type { Batch } from '../../../src/model/blocks/encoderFamily.ts';
import type { BertConfig } from '../../../src/model/families/bert.ts';
import { newEncoder, newHead, type HeadShape } from '../../../src/model/parameters.ts';
import { defaultMachineSettings } from '../../../src/schema/machineSettings.ts';
import { memory } from '../../../src/storage/store.ts';
import type { EncodedTasks } from '../../../src/training/batches.ts';
import { estimateStep, measureStep } from '../../../src/training/measureStep.ts';
import { openPredictor, openTrainer } from '../../../src/training/trainers.ts';
import { drain } from '../../../src/util/clock.ts';
import { tuneForRun } from '../../../workers/trainingMachine.ts';
import { smallConfig } from '../../fixtures/records.ts';

const head: HeadShape = { tagCount: 3, kind: 'crf', startEnd: true };

function encoderOf(headSize: number): BertConfig {
  const sizes = { layers: 1, heads: 2, headSize, hiddenSize: 2 * headSize, innerSize: 8, vocabularySize: 12 };
  return { family: 'bert', ...sizes, activation: 'gelu', layerNormEpsilon: 1e-12, initializerRange: 0.2, positions: 40, segments: 2 }; // prettier-ignore
}

/** A GPU whose device must not be used. */
const untouchable: EngineGpu = {
  get device(): never {
    throw new Error('the device was used');
  },
  get pipelines(): never {
    throw new Error('the pipelines were used');
  },
  adapter: 'none',
  browser: 'tests',
  software: false,
  matrixUnit: null,
  compute: computeOptionsFor({ software: false }),
};

const batch: Batch = {
  size: 1,
  pieces: 4,
  positions: 4,
  pieceIds: Int32Array.of(1, 2, 3, 4),
  segmentIds: new Int32Array(4),
  pieceCounts: Int32Array.of(4),
  crfPositions: Int32Array.of(0, 1, 2, 3),
  tags: Int32Array.of(0, 1, 2, 0),
  crfCounts: Int32Array.of(4),
};

function opened(headSize: number) {
  const encoder = encoderOf(headSize);
  const weights = new Map([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
  return {
    weights,
    settings: { shape: { encoder, head }, config: smallConfig, factors: new Map<string, never>(), seed: 1 },
  };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each([1, 7, 33])('heads of %i', (headSize) => {
  const { weights, settings } = opened(headSize);

  it('are trained and tagged by the plain network although there is a GPU', async () => {
    const trainer = openTrainer(untouchable, weights, settings, () => true, false);
    await trainer.update([batch], 1, 1e-3);
    const [loss] = await trainer.readPending();
    expect(loss).toBeGreaterThan(0);
    trainer.dispose();
    const predictor = openPredictor(untouchable, weights, settings);
    expect((await predictor.predict(batch)).tags[0]).toHaveLength(4);
    predictor.dispose();
  });

  it('are not tuned for, and have the reason in place of an estimate', async () => {
    const tasks = { shape: settings.shape, train: { sequences: [{ pieceIds: [1, 2] }] } } as unknown as EncodedTasks;
    const { signal } = new AbortController();
    const tuning = tuneForRun(untouchable, memory(), defaultMachineSettings, tasks, smallConfig, signal);
    expect(await drain(tuning)).toBe(untouchable);
    expect(estimateStep(settings.shape.encoder, smallConfig, 16, untouchable)).toEqual({
      plainNetwork: expect.stringContaining(`head size ${headSize}`) as string,
    });
  });
});

it('a step of such an encoder is measured on the plain network', async () => {
  const { weights, settings } = opened(6);
  const model = { config: settings.shape.encoder, encoder: weights };
  const { stepMs, peakBytes } = await measureStep(model, smallConfig, 4, { failure: null }, untouchable);
  expect(stepMs).toBeGreaterThan(0);
  expect(peakBytes).toBeGreaterThan(0);
});

it('other encoders are given to the engine', () => {
  const { weights, settings } = opened(8);
  expect(() => openTrainer(untouchable, weights, settings, () => true, false)).toThrow('was');
  expect(() => openPredictor(untouchable, weights, settings)).toThrow('was');
  expect(estimateStep(settings.shape.encoder, smallConfig, 16, untouchable)).toHaveProperty('bytes');
});
