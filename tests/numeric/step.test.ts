// Proves a training update: Adam in both epsilon forms against float64, clipping, layer decay, gradient accumulation, no memory leaks.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import type { Batch } from '../../src/model/blocks/encoderFamily.ts';
import { locationOf } from '../../src/model/blocks/parameterLocation.ts';
import { newEncoder, newHead, type TaggerShape } from '../../src/model/parameters.ts';
import { adamUpdate, decayFactors, trainStep, zeroMoments } from '../../src/training/step.ts';
import { checkpointTensors, disposeState, freshState, type TrainerState } from '../../src/training/trainers.ts';
import { Rng } from '../../src/util/random.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

const config = presets.quick.config;

beforeAll(async () => {
  await startBackend('wasm', nodePlatform);
});

describe('adamUpdate', () => {
  it.each(['standard', 'hat'] as const)(
    'follows float64 Adam for 20 steps with epsilon form %s',
    async (epsilonForm) => {
      const size = 40;
      const rng = Rng.seeded(1);
      const p64 = Float64Array.from({ length: size }, () => rng.normal());
      const m64 = new Float64Array(size);
      const v64 = new Float64Array(size);
      const parameters = new Map<string, tf.Tensor>([['layer.0.x', tf.tensor1d(Float32Array.from(p64))]]);
      const moments = zeroMoments(parameters);
      const factors = new Map([['layer.0.x', { rate: 0.5, gradient: 0.25 }]]);
      const [learningRate, scale] = [1e-2, 0.7];
      for (let step = 1; step <= 20; step++) {
        const gradient = Float32Array.from({ length: size }, () => 1e-5 * rng.normal()); // small, so that epsilon matters
        const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-6, epsilonForm };
        adamUpdate(parameters, moments, new Map([['layer.0.x', tf.tensor1d(gradient)]]), tf.scalar(scale), {
          step,
          learningRate,
          adam,
          factors,
        });
        for (let i = 0; i < size; i++) {
          const g = (gradient[i] as number) * scale * 0.25;
          m64[i] = 0.9 * (m64[i] as number) + 0.1 * g;
          v64[i] = 0.999 * (v64[i] as number) + 0.001 * g * g;
          const [c1, c2] = [1 - 0.9 ** step, 1 - 0.999 ** step];
          const change =
            epsilonForm === 'standard'
              ? (m64[i] as number) / c1 / (Math.sqrt((v64[i] as number) / c2) + 1e-6)
              : ((Math.sqrt(c2) / c1) * (m64[i] as number)) / (Math.sqrt(v64[i] as number) + 1e-6);
          p64[i] = (p64[i] as number) - learningRate * 0.5 * change;
        }
      }
      const found = await (parameters.get('layer.0.x') as tf.Tensor).data();
      found.forEach((value, i) => expect(value).toBeCloseTo(p64[i] as number, 5));
    },
  );
});

const shape: TaggerShape = {
  encoder: {
    family: 'xlnet',
    layers: 2,
    hiddenSize: 16,
    heads: 2,
    headSize: 8,
    innerSize: 24,
    vocabularySize: 50,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    clampLength: null,
    initializerRange: 0.2,
  },
  head: { tagCount: 5, kind: 'crf', startEnd: true },
};

function drawBatch(rng: Rng, size: number, pieces: number): Batch {
  const counts = Int32Array.from({ length: size }, () => 3 + rng.integer(pieces - 2));
  return {
    size,
    pieces,
    positions: pieces,
    pieceIds: Int32Array.from({ length: size * pieces }, () => rng.integer(50)),
    segmentIds: Int32Array.from({ length: size * pieces }, () => rng.integer(2)),
    pieceCounts: counts,
    crfPositions: Int32Array.from({ length: size * pieces }, (_, index) => index % pieces),
    tags: Int32Array.from({ length: size * pieces }, () => rng.integer(5)),
    crfCounts: counts,
  };
}

/** Rows `from` to `to` of a batch as a batch. */
function rows(batch: Batch, from: number, to: number): Batch {
  const cut = (values: Int32Array, width: number): Int32Array => values.slice(from * width, to * width);
  return {
    ...batch,
    size: to - from,
    pieceIds: cut(batch.pieceIds, batch.pieces),
    segmentIds: cut(batch.segmentIds, batch.pieces),
    pieceCounts: cut(batch.pieceCounts, 1),
    crfPositions: cut(batch.crfPositions, batch.positions),
    tags: cut(batch.tags, batch.positions),
    crfCounts: cut(batch.crfCounts, 1),
  };
}

const newState = (): TrainerState =>
  freshState(new Map([...newEncoder(shape.encoder, 1), ...newHead(shape.encoder, shape.head, 1)]));

const settings = (step: number, changes: Partial<typeof config> = {}) => {
  const merged = { ...config, dropout: { encoder: 0, attention: 0, head: 0 }, ...changes };
  const names = [...newEncoder(shape.encoder, 1).keys(), ...newHead(shape.encoder, shape.head, 1).keys()];
  const factors = new Map(names.map((name) => [name, decayFactors(merged.layerDecay, locationOf(name), 2)]));
  return { shape, config: merged, factors, seed: 1, step, learningRate: 1e-2 };
};

async function largestDifference(left: TrainerState, right: TrainerState): Promise<number> {
  const [a, b] = [await checkpointTensors(left), await checkpointTensors(right)];
  let largest = 0;
  for (const [name, { values }] of a) {
    values.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - (b.get(name)?.values[i] ?? NaN)))));
  }
  return largest;
}

describe('trainStep', () => {
  it('gives the same update from one batch of 6 as from micro-batches of 2', async () => {
    const batch = drawBatch(Rng.seeded(2), 6, 9);
    const [whole, parts] = [newState(), newState()];
    const one = trainStep(whole.parameters, whole.moments, [batch], settings(1, { clipNorm: null }));
    const many = trainStep(
      parts.parameters,
      parts.moments,
      [rows(batch, 0, 2), rows(batch, 2, 4), rows(batch, 4, 6)],
      settings(1, { clipNorm: null }),
    );
    const [first, second] = [await one.data(), await many.data()];
    expect(second[0]).toBeCloseTo(first[0] as number, 4);
    expect(second[1]).toBeCloseTo(first[1] as number, 3);
    // First moments are a tenth of the gradient: equal up to rounding.
    const [a, b] = [await checkpointTensors(whole), await checkpointTensors(parts)];
    for (const [name, { values }] of a) {
      if (name.startsWith('adam.first/'))
        values.forEach((value, i) => expect(b.get(name)?.values[i]).toBeCloseTo(value, 5));
    }
  });

  it('clips the gradient to the configured global norm', async () => {
    const state = newState();
    const report = await trainStep(
      state.parameters,
      state.moments,
      [drawBatch(Rng.seeded(3), 4, 8)],
      settings(1, { clipNorm: 0.5 }),
    ).data();
    expect(report[1]).toBeGreaterThan(0.5);
    let squares = 0;
    for (const [name, { values }] of await checkpointTensors(state)) {
      if (name.startsWith('adam.first/')) for (const value of values) squares += (value / 0.1) ** 2;
    }
    expect(Math.sqrt(squares)).toBeCloseTo(0.5, 3);
  });

  it('repeats bit for bit, and differs with another seed when dropout is on', async () => {
    const dropout = { encoder: 0.1, attention: 0.1, head: 0.1 };
    const trained = async (seed: number): Promise<TrainerState> => {
      const state = newState();
      for (let step = 1; step <= 3; step++) {
        trainStep(state.parameters, state.moments, [drawBatch(Rng.seeded(step), 3, 7)], {
          ...settings(step, { dropout }),
          seed,
        }).dispose();
      }
      return state;
    };
    const first = await trained(5);
    expect(await largestDifference(first, await trained(5))).toBe(0);
    expect(await largestDifference(first, await trained(6))).toBeGreaterThan(1e-4);
  });

  it('keeps live tensors and bytes flat over 200 steps', () => {
    const state = newState();
    const batch = drawBatch(Rng.seeded(4), 2, 6);
    const run = (step: number): void => trainStep(state.parameters, state.moments, [batch], settings(step)).dispose();
    run(1);
    const { numTensors, numBytes } = tf.memory();
    for (let step = 2; step <= 200; step++) run(step);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.memory().numBytes).toBe(numBytes);
    disposeState(state);
  });

  it('learns: eight fixed sequences reach a loss near 0', async () => {
    const state = newState();
    const batch = drawBatch(Rng.seeded(9), 8, 8);
    let loss = Infinity;
    for (let step = 1; step <= 300 && loss > 0.05; step++) {
      const report = trainStep(state.parameters, state.moments, [batch], {
        ...settings(step, { layerDecay: { mode: 'off', factor: 0.9 } }),
      });
      [loss = NaN] = await report.data();
      report.dispose();
    }
    expect(loss).toBeLessThan(0.05);
  });
});
