// Proves that the CRF's and the softmax head's losses, gradients and marginals match their definitions: brute force, autodiff, finite differences.
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { stateWords } from '../../src/engine/gpu/kernel.ts';
import type { Recorder, Region } from '../../src/engine/gpu/recorder.ts';
import { recordCrf, recordMarginals, type CrfGradients } from '../../src/engine/kernels/crf/crfKernels.ts';
import { recordSoftmaxLoss } from '../../src/engine/kernels/headKernels.ts';
import { recordStepLoss } from '../../src/engine/kernels/updateKernels.ts';
import { crfLogLikelihood } from '../../src/model/tagger.ts';
import { bruteForceChain } from '../fixtures/bruteForceChain.ts';
import { drawnChains, type DrawnChains } from '../fixtures/drawnChains.ts';
import { runRecording } from './support/runRecording.ts';

const INVERSE_SEQUENCES = 1 / 3;
const LOSS_SCALE = 8;
const SCALE = INVERSE_SEQUENCES * LOSS_SCALE;

interface Settings {
  readonly counts: readonly number[];
  readonly positions: number;
  readonly tagCount: number;
  readonly startEnd?: boolean;
  /** Previous contents of the gradients, if they are to be added to. */
  readonly before?: number;
  readonly frozen?: boolean;
}

const state = (accumulate: boolean): Uint32Array<ArrayBuffer> =>
  stateWords(1, {
    accumulate,
    inverseSequences: INVERSE_SEQUENCES,
    lossScale: LOSS_SCALE,
    stepSize: 1,
    rootCorrection: 1,
    stream: { seed: 1, step: 1, microBatch: 0 },
  });

async function runCrf(chains: DrawnChains, settings: Settings) {
  const { counts, positions, tagCount, startEnd = true, before, frozen = false } = settings;
  const elements = counts.length * positions * tagCount;
  const outputs = {
    losses: counts.length,
    dEmissions: elements,
    marginals: elements,
    dTransitions: tagCount ** 2,
    dStart: tagCount,
    dEnd: tagCount,
  };
  const inputs = { ...chains, state: state(before !== undefined) };
  const record = (
    recorder: Recorder,
    regions: Readonly<Record<keyof typeof inputs | keyof typeof outputs, Region>>,
  ): void => {
    const { emissions, crfCounts, transitions, losses, dEmissions, marginals } = regions;
    const shape = { sequences: counts.length, positions, tagCount, startEnd };
    const states = startEnd ? { start: regions.start, end: regions.end } : { start: null, end: null };
    const chain = { emissions, crfCounts, transitions, ...states };
    const dStates = startEnd ? { start: regions.dStart, end: regions.dEnd } : { start: null, end: null };
    const gradients: CrfGradients = { transitions: regions.dTransitions, ...dStates };
    const out = { losses, dEmissions, gradients: frozen ? null : gradients };
    recordCrf(recorder, shape, { ...chain, tags: regions.tags, openTags: null, state: regions.state }, out);
    recordMarginals(recorder, shape, chain, { marginals });
  };
  return runRecording<keyof typeof inputs, keyof typeof outputs>(
    inputs,
    outputs,
    record,
    before === undefined ? {} : { fill: before },
  );
}

/** Largest difference, in units of the largest expected magnitude or 1. */
function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`${found.length} numbers, not ${expected.length}`);
  let most = 0;
  let unit = 1;
  for (let at = 0; at < expected.length; at++) {
    const gap = Math.abs((found[at] as number) - (expected[at] as number));
    most = Number.isNaN(gap) ? Infinity : Math.max(most, gap);
    unit = Math.max(unit, Math.abs(expected[at] as number));
  }
  return most / unit;
}

/** Brute-force results for a batch, gradients times SCALE. */
function bruteForce(chains: DrawnChains, { counts, positions, tagCount: K, startEnd = true }: Settings) {
  const sum = {
    losses: new Float64Array(counts.length),
    dEmissions: new Float64Array(counts.length * positions * K),
    marginals: new Float64Array(counts.length * positions * K),
    dTransitions: new Float64Array(K * K),
    dStart: new Float64Array(K),
    dEnd: new Float64Array(K),
  };
  for (const [b, count] of counts.entries()) {
    const first = b * positions;
    const truth = bruteForceChain({
      count,
      tagCount: K,
      emissions: chains.emissions.subarray(first * K, (first + count) * K),
      tags: chains.tags.subarray(first, first + count),
      transitions: chains.transitions,
      start: startEnd ? chains.start : null,
      end: startEnd ? chains.end : null,
    });
    sum.losses[b] = truth.loss;
    sum.marginals.set(truth.marginals, first * K);
    sum.dEmissions.set(
      truth.emissions.map((value) => value * SCALE),
      first * K,
    );
    const add = (to: Float64Array, from: Float64Array): void => {
      for (const [at, value] of from.entries()) to[at] = (to[at] as number) + value * SCALE;
    };
    add(sum.dTransitions, truth.transitions);
    add(sum.dStart, truth.start);
    add(sum.dEnd, truth.end);
  }
  return sum;
}

function expectNear(
  found: Awaited<ReturnType<typeof runCrf>>,
  expected: Partial<Record<keyof Awaited<ReturnType<typeof runCrf>>, ArrayLike<number>>>,
  tolerance: number,
): void {
  const wrong = Object.entries(expected)
    .map(([name, values]) => ({ name, difference: difference(found[name as keyof typeof found], values) }))
    .filter((row) => !(row.difference <= tolerance));
  expect(wrong).toEqual([]);
}

const small: (Settings & { readonly size?: number })[] = [
  { counts: [1], positions: 1, tagCount: 1 },
  { counts: [3, 1], positions: 4, tagCount: 1 },
  { counts: [1, 1], positions: 1, tagCount: 4 },
  { counts: [5, 1, 3], positions: 6, tagCount: 3 },
  { counts: [4, 2], positions: 4, tagCount: 5 },
  { counts: [9], positions: 70, tagCount: 2 },
  { counts: [1, 2], positions: 2, tagCount: 17 },
  { counts: [6, 2, 5], positions: 7, tagCount: 3, size: 100 },
];

describe('against brute force', () => {
  it.each(
    small.flatMap((one) => [
      { ...one, startEnd: true },
      { ...one, startEnd: false },
    ]),
  )('$counts of $positions positions, $tagCount tags, states: $startEnd', async (settings) => {
    const chains = drawnChains('small', settings);
    const found = await runCrf(chains, settings);
    const { dStart, dEnd, ...always } = bruteForce(chains, settings);
    expectNear(found, settings.startEnd === true ? { ...always, dStart, dEnd } : always, 2e-5);
    if (settings.startEnd === false) expect(found.dStart.every((value) => value === 12345)).toBe(true);
  });

  it('stays finite and right where transitions are forbidden, and where all are', async () => {
    const settings = { counts: [6, 4], positions: 6, tagCount: 3, size: 100 };
    const chains = drawnChains('forbidden', settings);
    for (const at of [1, 3, 8]) chains.transitions[at] = -1e4;
    chains.tags.set([0, 1, 0]); // Over two forbidden transitions.
    const gold = bruteForce(chains, settings);
    expect(Math.max(...gold.losses)).toBeGreaterThan(9000);
    expectNear(await runCrf(chains, settings), gold, 2e-5);
    chains.transitions.fill(-1e4);
    // A float32 near -1e4 is accurate to 1e-3.
    expectNear(await runCrf(chains, settings), bruteForce(chains, settings), 2e-3);
  });
});

/** Losses and gradients (times SCALE) by autodiff through `model/tagger` on tfjs' cpu backend. */
async function autodiff(chains: DrawnChains, { counts, positions, tagCount: K, startEnd = true }: Settings) {
  await tf.setBackend('cpu');
  const { tags, crfCounts } = chains;
  const clean = chains.emissions.map((value) => (Number.isNaN(value) ? 0.5 : value));
  const losses = (e: tf.Tensor, a: tf.Tensor, s: tf.Tensor, t: tf.Tensor): tf.Tensor1D => {
    const states: [string, tf.Tensor][] = startEnd
      ? [
          ['crf.start', s],
          ['crf.end', t],
        ]
      : [];
    const batch = { tags: tags.map((tag) => Math.max(tag, 0)), crfCounts };
    return tf.neg(crfLogLikelihood(e as tf.Tensor3D, batch, new Map([['crf.transitions', a], ...states])));
  };
  return tf.tidy(() => {
    const tensors: [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor] = [
      tf.tensor3d(clean, [counts.length, positions, K]),
      tf.tensor2d(chains.transitions, [K, K]),
      tf.tensor1d(chains.start),
      tf.tensor1d(chains.end),
    ];
    const summed = (...[e, a, s, t]: tf.Tensor[]): tf.Scalar => {
      const used = losses(e as tf.Tensor, a as tf.Tensor, s as tf.Tensor, t as tf.Tensor);
      // Unused states still need a gradient: 0.
      const none = tf.mul(0, tf.add(tf.sum(s as tf.Tensor), tf.sum(t as tf.Tensor)));
      return tf.add(tf.sum(used), none).mul(SCALE) as tf.Scalar;
    };
    const [e, a, s, t] = tf
      .grads(summed)(tensors)
      .map((gradient) => gradient.dataSync());
    return {
      losses: losses(...tensors).dataSync(),
      dEmissions: e as Float32Array,
      dTransitions: a as Float32Array,
      ...(startEnd ? { dStart: s as Float32Array, dEnd: t as Float32Array } : {}),
    };
  });
}

const large: (Settings & { readonly tolerance: number })[] = [
  // The plain model's alphas grow with the length, where float32 gets coarse.
  { counts: [512], positions: 512, tagCount: 65, startEnd: true, tolerance: 1e-3 },
  { counts: [64, 1, 17, 63, 2, 40, 64, 33], positions: 64, tagCount: 9, startEnd: true, tolerance: 1e-4 },
  { counts: [64, 1, 17, 63, 2, 40, 64, 33], positions: 64, tagCount: 9, startEnd: false, tolerance: 1e-4 },
  { counts: [33, 7], positions: 33, tagCount: 33, startEnd: true, tolerance: 1e-4 },
  { counts: [7, 9], positions: 9, tagCount: 63, startEnd: false, tolerance: 1e-4 },
  { counts: [5, 2], positions: 5, tagCount: 131, startEnd: true, tolerance: 1e-4 },
];

it.each(large)(
  'agrees with the plain model: $counts of $positions, $tagCount tags, states: $startEnd',
  async (settings) => {
    const chains = drawnChains('large', settings);
    const found = await runCrf(chains, settings);
    const plain = await autodiff(chains, settings);
    expectNear(found, plain, settings.tolerance);
    const { positions, tagCount, counts } = settings;
    const sums = Array.from({ length: counts.length * positions }, (_, row) =>
      found.marginals.subarray(row * tagCount, (row + 1) * tagCount).reduce((sum, value) => sum + value, 0),
    );
    const present = sums.map((_, row) => (row % positions < (counts[Math.floor(row / positions)] as number) ? 1 : 0));
    expect(difference(sums, present)).toBeLessThan(1e-5);
    const isGold = (at: number): boolean => chains.tags[Math.floor(at / tagCount)] === at % tagCount;
    const marginals = plain.dEmissions.map((value, at) => value / SCALE + (isGold(at) ? 1 : 0));
    expectNear(found, { marginals }, settings.tolerance);
    const beyond = found.dEmissions.filter((_, at) => present[Math.floor(at / tagCount)] === 0);
    expect(beyond.every((value) => value === 0)).toBe(true);
  },
);

describe('on a middling batch', () => {
  const settings = { counts: [12, 1, 7], positions: 12, tagCount: 6 };
  const chains = drawnChains('middling', settings);

  it('adds to gradients of weights where the state says so, and only to those', async () => {
    const written = await runCrf(chains, settings);
    const added = await runCrf(chains, { ...settings, before: 3 });
    for (const name of ['dTransitions', 'dStart', 'dEnd'] as const) {
      expect(
        difference(
          added[name],
          written[name].map((value) => value + 3),
        ),
      ).toBeLessThan(1e-6);
    }
    expect(added.dEmissions).toEqual(written.dEmissions);
    expect(added.losses).toEqual(written.losses);
  });

  it('leaves gradients of frozen weights alone', async () => {
    const trained = await runCrf(chains, settings);
    const frozen = await runCrf(chains, { ...settings, frozen: true });
    expect(frozen.losses).toEqual(trained.losses);
    expect(frozen.dEmissions).toEqual(trained.dEmissions);
    expect(frozen.dTransitions.every((value) => value === 12345)).toBe(true);
    expect(frozen.dEnd.every((value) => value === 12345)).toBe(true);
  });

  it('gives the same bits in two runs', async () => {
    expect(await runCrf(chains, settings)).toEqual(await runCrf(chains, settings));
  });

  it('takes a sequence without positions for one that is not there', async () => {
    const { losses, dEmissions, dTransitions } = await runCrf(chains, { ...settings, counts: [12, 1, 7] });
    const padded = { ...chains, crfCounts: Int32Array.of(12, 1, 7, 0) };
    const room = (values: Float32Array): Float32Array<ArrayBuffer> =>
      Float32Array.from([...values, ...new Float32Array(72)]);
    const withNone = await runCrf(
      { ...padded, emissions: room(chains.emissions), tags: Int32Array.from([...chains.tags, ...new Int32Array(12)]) },
      { ...settings, counts: [12, 1, 7, 0] },
    );
    expect(withNone.losses).toEqual(Float32Array.from([...losses, 0]));
    expect(withNone.dEmissions).toEqual(room(dEmissions));
    expect(difference(withNone.dTransitions, dTransitions)).toBeLessThan(1e-6);
  });

  it('refuses more tags than it has room for', async () => {
    const refused = runCrf(chains, { ...settings, tagCount: 1025, positions: 1 });
    await expect(refused).rejects.toThrow('a chain of 1025 tags; there is room for 1024');
  });
});

it('has the slopes of its loss', async () => {
  const settings = { counts: [4], positions: 4, tagCount: 3 };
  const chains = drawnChains('slopes', settings);
  const found = await runCrf(chains, settings);
  const half = 1 / 64;
  const slopes = async (name: 'emissions' | 'transitions' | 'start' | 'end'): Promise<number[]> => {
    const lossAt = async (at: number, by: number): Promise<number> => {
      const moved = chains[name].map((value, index) => (index === at ? value + by : value));
      return (await runCrf({ ...chains, [name]: moved }, settings)).losses[0] as number;
    };
    const slope: number[] = [];
    for (let at = 0; at < chains[name].length; at++) {
      slope.push(((await lossAt(at, half)) - (await lossAt(at, -half))) * (SCALE / (2 * half)));
    }
    return slope;
  };
  expect(difference(found.dEmissions, await slopes('emissions'))).toBeLessThan(1e-3);
  expect(difference(found.dTransitions, await slopes('transitions'))).toBeLessThan(1e-3);
  expect(difference(found.dStart, await slopes('start'))).toBeLessThan(1e-3);
  expect(difference(found.dEnd, await slopes('end'))).toBeLessThan(1e-3);
});

describe('softmax', () => {
  it.each([
    { counts: [1], positions: 1, tagCount: 1 },
    { counts: [3, 5, 0, 1], positions: 5, tagCount: 5 },
    { counts: [130, 64, 65], positions: 130, tagCount: 9 },
    { counts: [7, 20], positions: 20, tagCount: 65, size: 100 },
  ])('loss of $counts of $positions, $tagCount tags is that of the log-softmax', async (settings) => {
    const { counts, positions, tagCount: K } = settings;
    const { emissions, tags, crfCounts } = drawnChains('softmax', settings);
    const found = await runRecording(
      { emissions, tags, crfCounts, state: state(false) },
      { losses: counts.length, dEmissions: emissions.length },
      (recorder, regions) =>
        recordSoftmaxLoss(recorder, { sequences: counts.length, positions, tagCount: K }, regions, regions),
    );
    const losses = new Float64Array(counts.length);
    const dEmissions = new Float64Array(emissions.length);
    for (let row = 0; row < counts.length * positions; row++) {
      const b = Math.floor(row / positions);
      if (row % positions >= (counts[b] as number)) continue;
      const values = [...emissions.subarray(row * K, (row + 1) * K)];
      const largest = Math.max(...values);
      const logSum = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      const gold = tags[row] as number;
      losses[b] = (losses[b] as number) + logSum - (values[gold] as number);
      for (const [k, value] of values.entries()) {
        dEmissions[row * K + k] = (Math.exp(value - logSum) - (k === gold ? 1 : 0)) * SCALE;
      }
    }
    expect(difference(found.losses, losses)).toBeLessThan(2e-6);
    expect(difference(found.dEmissions, dEmissions)).toBeLessThan(1e-5);
  });
});

it.each([
  { sequences: 1, before: null },
  { sequences: 37, before: null },
  { sequences: 37, before: 10 },
])('sums the losses of $sequences sequences, $before before', async ({ sequences, before }) => {
  const losses = Float32Array.from({ length: sequences }, (_, b) => 4.5 + b / 3);
  const { stepLoss } = await runRecording(
    { losses, state: state(before !== null) },
    { stepLoss: 1 },
    (recorder, { losses, state, stepLoss }) => recordStepLoss(recorder, sequences, { losses, state }, { stepLoss }),
    { fill: before ?? 12345 },
  );
  const expected = losses.reduce((sum, loss) => sum + loss, 0) * INVERSE_SEQUENCES + (before ?? 0);
  expect(difference(stepLoss, [expected])).toBeLessThan(1e-6);
});
