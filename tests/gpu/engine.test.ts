// Proves that the recorded engine matches the plain XLNet and BERT: gradients, ten updates, predictions, recomputation, bit-equal repeats.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { hardwareTuning } from '../../src/engine/kernels/matmul/matmulTuning.ts';
import { computeOptionsFor, type ComputeOptions } from '../../src/engine/network/computeOptions.ts';
import { TaggerEngine, type EngineOptions } from '../../src/engine/network/taggerEngine.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import type { Batch } from '../../src/model/batch.ts';
import type { BertConfig } from '../../src/model/config/bertConfig.ts';
import type { XlnetConfig } from '../../src/model/config/xlnetConfig.ts';
import { uploadParameters } from '../../src/model/deviceParameters.ts';
import { locationOf } from '../../src/model/parameterLocation.ts';
import { newEncoder, newHead, type HostParameters } from '../../src/model/parameters.ts';
import { emissions, summedLoss, type TaggerShape } from '../../src/model/tagger.ts';
import { argmaxTags, viterbi } from '../../src/model/viterbi.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import { decayFactors } from '../../src/training/adam.ts';
import { trainStep } from '../../src/training/step.ts';
import { disposeState, freshState } from '../../src/training/trainer.ts';
import { Rng } from '../../src/util/random.ts';
import { testGpu } from './support/runRecording.ts';

const small: XlnetConfig = {
  family: 'xlnet',
  layers: 2,
  hiddenSize: 24,
  heads: 2,
  headSize: 12,
  innerSize: 40,
  vocabularySize: 60,
  activation: 'gelu',
  layerNormEpsilon: 1e-12,
  clampLength: null,
  initializerRange: 0.2,
};

/** Enough segments for padding to have a separate one; fewer positions than the longest padding. */
const smallBert: BertConfig = {
  family: 'bert',
  layers: 2,
  hiddenSize: 24,
  heads: 2,
  headSize: 12,
  innerSize: 40,
  vocabularySize: 60,
  activation: 'gelu',
  layerNormEpsilon: 1e-12,
  initializerRange: 0.2,
  positions: 40,
  segments: 5,
};

interface Case {
  readonly name: string;
  readonly shape: TaggerShape;
  readonly config: TrainingConfig;
  readonly counts: readonly number[];
  readonly pieces: number;
  /** Every piece is a CRF position (`x`, `all`), or every other (`first`). */
  readonly stride: 1 | 2;
  readonly frozen: number;
  readonly ways: Partial<ComputeOptions>;
}

const dropout = { encoder: 0.1, attention: 0.2, head: 0.3 };
const none = { encoder: 0, attention: 0, head: 0 };
const base: Case = {
  name: 'a padded batch without dropout',
  shape: { encoder: small, head: { tagCount: 5, kind: 'crf', startEnd: true } },
  config: { ...presets.quick.config, dropout: none },
  counts: [16, 9, 1],
  pieces: 16,
  stride: 1,
  frozen: -1,
  ways: {},
};
const withEncoder = (encoder: Partial<XlnetConfig>): TaggerShape => ({
  ...base.shape,
  encoder: { ...small, ...encoder },
});
const bert: Case = {
  ...base,
  name: 'BERT, a padded batch without dropout',
  shape: { ...base.shape, encoder: smallBert },
};
const withBert = (encoder: Partial<BertConfig>): TaggerShape => ({
  ...base.shape,
  encoder: { ...smallBert, ...encoder },
});
const cases: readonly Case[] = [
  base,
  { ...base, name: 'dropout at every site', config: { ...base.config, dropout } },
  {
    ...base,
    name: 'dropout, layers recomputed',
    config: { ...base.config, dropout },
    ways: { activations: 'recomputed' },
  },
  {
    ...base,
    name: 'dropout at every site, as on hardware',
    config: { ...base.config, dropout },
    ways: { tuning: hardwareTuning(), attention: 'tiled' },
  },
  { ...base, name: 'first pieces alone', stride: 2, config: { ...base.config, dropout } },
  { ...base, name: 'clamped distances, tanh', shape: withEncoder({ clampLength: 5, activation: 'gelu_new' }) },
  { ...base, name: 'silu', shape: withEncoder({ activation: 'silu' }) },
  { ...base, name: 'relu, head size 4, long', shape: withEncoder({ activation: 'relu', heads: 6, headSize: 4 }), pieces: 48, counts: [47] }, // prettier-ignore
  { ...base, name: 'no start and end, 9 tags', shape: { ...base.shape, head: { tagCount: 9, kind: 'crf', startEnd: false } } }, // prettier-ignore
  { ...base, name: 'softmax', shape: { ...base.shape, head: { tagCount: 65, kind: 'softmax', startEnd: false } } },
  { ...base, name: 'a frozen embedding', frozen: 0, config: { ...base.config, dropout } },
  { ...base, name: 'a frozen embedding and layer', frozen: 1, config: { ...base.config, dropout } },
  bert,
  { ...bert, name: 'BERT, dropout at every site, layers recomputed', config: { ...base.config, dropout }, ways: { activations: 'recomputed' } }, // prettier-ignore
  {
    ...bert,
    name: 'BERT, dropout at every site, as on hardware',
    config: { ...base.config, dropout },
    ways: { tuning: hardwareTuning(), attention: 'tiled' },
  },
  {
    ...bert,
    name: 'BERT, relu, head size 4, padded beyond the last position, softmax',
    shape: { ...withBert({ activation: 'relu', heads: 6, headSize: 4 }), head: { tagCount: 9, kind: 'softmax', startEnd: false } }, // prettier-ignore
    pieces: 48,
    counts: [40, 3],
  },
  { ...bert, name: 'BERT, a frozen embedding', frozen: 0, config: { ...base.config, dropout } },
  { ...bert, name: 'BERT, a frozen embedding and layer', frozen: 1, config: { ...base.config, dropout } },
];

function drawBatch({ shape, counts, pieces: T, stride }: Case, seed: number): Batch {
  const rng = Rng.seeded(seed);
  const B = counts.length;
  const each = (of: (b: number, t: number) => number): Int32Array =>
    Int32Array.from({ length: B * T }, (_, index) => of(Math.floor(index / T), index % T));
  const countOf = (b: number): number => counts[b] as number;
  return {
    size: B,
    pieces: T,
    positions: T,
    pieceIds: each((b, t) => (t < countOf(b) ? rng.integer(shape.encoder.vocabularySize) : 5)),
    segmentIds: each((b, t) => (t < countOf(b) ? (t > countOf(b) / 2 ? 1 : 0) : 4)),
    pieceCounts: Int32Array.from(counts),
    crfPositions: each((b, t) => (t * stride < countOf(b) ? t * stride : 0)),
    tags: each((b, t) => (t * stride < countOf(b) ? rng.integer(shape.head.tagCount) : 0)),
    crfCounts: Int32Array.from(counts, (count) => Math.ceil(count / stride)),
  };
}

/** Random parameters, none left at its neutral initial value, so that every gradient matters. */
function drawParameters({ encoder, head }: TaggerShape): HostParameters {
  const rng = Rng.seeded(3);
  const all = new Map([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
  for (const [, { values }] of all) for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) + 0.1 * rng.normal(); // prettier-ignore
  return all;
}

const trainedBy =
  ({ frozen }: Case) =>
  (name: string): boolean => {
    const place = locationOf(name);
    return place.part === 'head' || (place.part === 'embedding' ? frozen < 0 : place.layer >= frozen);
  };

async function engineFor(given: Case, host: HostParameters): Promise<TaggerEngine> {
  const options: EngineOptions = {
    shape: given.shape,
    config: given.config,
    trained: trainedBy(given),
    factorsOf: (name) => decayFactors(given.config.layerDecay, locationOf(name), given.shape.encoder.layers),
    ...computeOptionsFor({ software: true }),
    ...given.ways,
  };
  const engine = new TaggerEngine(await testGpu(), options);
  engine.upload(host);
  return engine;
}

/** The parameter whose gradient magnitude scales the error: the gradient of a bias on keys is theoretically zero, as softmax is invariant to it. */
const measureOf = (name: string): string => name.replace('key.bias', 'value.bias');

/** Largest difference in units of the largest magnitude of `measure`. */
function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>, measure = expected): number {
  let difference = 0;
  let magnitude = 1e-6; // reference for gradients that are theoretically zero
  for (let at = 0; at < expected.length; at++) {
    const off = Math.abs((got[at] as number) - (expected[at] as number));
    difference = off <= difference ? difference : Number.isNaN(off) ? Infinity : off;
  }
  for (let at = 0; at < measure.length; at++) magnitude = Math.max(magnitude, Math.abs(measure[at] as number));
  return got.length === expected.length ? difference / magnitude : Infinity;
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(cases)('$name', (given) => {
  const host = drawParameters(given.shape);
  const batch = drawBatch(given, 7);

  it('has the loss and every gradient of the plain network, in two micro-batches of different length', async () => {
    const engine = await engineFor(given, host);
    const pieces = given.pieces / 2;
    const second = drawBatch({ ...given, pieces, counts: given.counts.map((count) => Math.min(count, pieces)) }, 8);
    await engine.step([batch, second], { seed: 11, step: 1, learningRate: 0 });
    const [loss] = await engine.readPending();
    const gradients = await engine.download('gradient');
    const names = [...host.keys()].filter(trainedBy(given));
    const parameters = uploadParameters(host);
    const plain = (...tensors: tf.Tensor[]): tf.Scalar => {
      const named = new Map([...parameters, ...names.map((name, at) => [name, tensors[at] as tf.Tensor] as const)]);
      const sum = [batch, second].map((one, microBatch) =>
        summedLoss(one, named, given.shape, given.config.dropout, { seed: 11, step: 1, microBatch }),
      );
      return tf.div(tf.addN(sum), 2 * batch.size);
    };
    const { value, grads } = tf.valueAndGrads(plain)(names.map((name) => parameters.get(name) as tf.Tensor));
    expect(relativeError([loss], await value.data())).toBeLessThan(1e-5);
    const errors: Record<string, number> = {};
    for (const [at, name] of names.entries()) {
      const measure = await (grads[names.indexOf(measureOf(name))] as tf.Tensor).data();
      const error = relativeError(gradients.get(name)?.values ?? [], await (grads[at] as tf.Tensor).data(), measure);
      if (!(error < 1e-3)) errors[name] = error;
    }
    expect(errors).toEqual({});
    expect([...gradients.keys()].sort()).toEqual([...names].sort());
    tf.dispose([value, grads, ...parameters.values()]);
    engine.release();
    expect(engine.memory.bytes).toBe(0);
  });

  it('gives the same losses in ten updates, and bit-equal weights when repeated', async () => {
    const batches = Array.from({ length: 10 }, (_, at) => drawBatch(given, 20 + at));
    const factors = new Map(
      [...host.keys()].map((name) => [
        name,
        decayFactors(given.config.layerDecay, locationOf(name), given.shape.encoder.layers),
      ]),
    );
    const run = async (): Promise<{ losses: number[]; weights: HostParameters }> => {
      const engine = await engineFor(given, host);
      const losses: number[] = [];
      for (const [at, one] of batches.entries()) {
        engine.setPending(0, 0);
        await engine.step([one], { seed: 11, step: at + 1, learningRate: 1e-3 });
        losses.push((await engine.readPending())[0]);
      }
      const weights = await engine.download();
      engine.release();
      return { losses, weights };
    };
    const { losses, weights } = await run();
    const again = await run();
    expect(again.losses).toEqual(losses);
    for (const [name, { values }] of weights) {
      expect(new Uint32Array(again.weights.get(name)?.values.buffer as ArrayBuffer)).toEqual(
        new Uint32Array(values.buffer),
      );
    }
    const state = freshState(host, trainedBy(given));
    const plain: number[] = [];
    for (const [at, one] of batches.entries()) {
      const settings = {
        shape: given.shape,
        config: given.config,
        factors,
        seed: 11,
        step: at + 1,
        learningRate: 1e-3,
      };
      const report = trainStep(state.parameters, state.moments, [one], settings);
      plain.push((await report.data())[0] as number);
      report.dispose();
    }
    disposeState(state);
    for (const [at, loss] of plain.entries()) expect(Math.abs((losses[at] as number) / loss - 1)).toBeLessThan(1e-4);
    expect(Math.abs((losses[9] as number) / (losses[0] as number) - 1)).toBeGreaterThan(1e-3);
  });

  it('has the same bits whether layers are kept or done again', async () => {
    const bits: Uint32Array[] = [];
    for (const activations of ['kept', 'recomputed'] as const) {
      const engine = await engineFor({ ...given, ways: { ...given.ways, activations } }, host);
      await engine.step([batch], { seed: 11, step: 1, learningRate: 1e-3 });
      const weights = [...(await engine.download()).values()];
      bits.push(new Uint32Array(weights.flatMap(({ values }) => [...new Uint32Array(values.buffer)])));
      engine.release();
    }
    expect(bits[0]).toEqual(bits[1]);
  });

  it('predicts the emissions and tags of the plain network', async () => {
    const engine = await engineFor(given, host);
    const found = await engine.predict(batch);
    const foundEmissions = await found.emissions();
    engine.release();
    const parameters = uploadParameters(host);
    const scores = tf.tidy(() => emissions(batch, parameters, given.shape, none, null));
    const expected = (await scores.data()) as Float32Array;
    tf.dispose([scores, ...parameters.values()]);
    const K = given.shape.head.tagCount;
    const weight = (name: string): Float32Array | null => host.get(name)?.values ?? null;
    for (let b = 0; b < batch.size; b++) {
      const count = batch.crfCounts[b] as number;
      const from = b * batch.pieces * K;
      const own = expected.subarray(from, from + count * K);
      expect(relativeError(foundEmissions.subarray(from, from + count * K), own)).toBeLessThan(1e-4);
      const transitions = weight('crf.transitions');
      const chain = transitions && { transitions, start: weight('crf.start'), end: weight('crf.end') };
      const tags = chain === null ? argmaxTags(own, count, K) : viterbi(own, count, K, chain).tags;
      expect(found.tags.subarray(b * batch.pieces, b * batch.pieces + count)).toEqual(tags);
    }
  });
});

describe.each([
  { family: 'XLNet', of: base },
  { family: 'BERT', of: bert },
])('$family in mixed precision', ({ of }) => {
  const given: Case = {
    ...of,
    config: { ...base.config, dropout },
    ways: { precision: 'mixed', activations: 'kept' },
  };
  const host = drawParameters(given.shape);

  it('keeps activations in f16: losses and norms stay within 1 % and every gradient within 5 % of f32', async () => {
    const batch = drawBatch(given, 7);
    const engine = await engineFor(given, host);
    const exact = await engineFor({ ...given, ways: {} }, host);
    const sums: (readonly [number, number])[] = [];
    for (const one of [engine, exact]) {
      for (let step = 1; step <= 5; step++) await one.step([batch], { seed: 11, step, learningRate: 1e-3 });
      sums.push(await one.readPending());
    }
    const [mixed, plain] = sums as [readonly [number, number], readonly [number, number]];
    expect(Math.abs(mixed[0] / plain[0] - 1)).toBeLessThan(1e-2);
    expect(Math.abs(mixed[1] / plain[1] - 1)).toBeLessThan(1e-2);
    expect(mixed).not.toEqual(plain);
    const [got, expected] = [await engine.download('gradient'), await exact.download('gradient')];
    for (const [name, { values }] of expected) {
      const found = (got.get(name)?.values ?? new Float32Array()).map((value) => value / engine.lossScale);
      expect(relativeError(found, values, expected.get(measureOf(name))?.values), name).toBeLessThan(5e-2);
    }
    engine.release();
    exact.release();
  });
});
