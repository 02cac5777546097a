// Proves that the gradient's norm, its clipping and Adam match the plain trainer over several steps, for both forms of epsilon.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { stateWords } from '../../src/engine/gpu/kernel.ts';
import { part, type Region } from '../../src/engine/gpu/recorder.ts';
import { partialsOf, recordAdam, recordGradientNorm, recordSquares } from '../../src/engine/kernels/updateKernels.ts';
import { adamUpdate, zeroMoments } from '../../src/training/step.ts';
import { differingWords } from './support/differingWords.ts';
import { drawnNumbers } from './support/drawnNumbers.ts';
import { runRecording } from './support/runRecording.ts';
import { worstGap } from './support/worstGap.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const numbers = { accumulate: false, inverseSequences: 1, stream: { seed: 1, step: 1, microBatch: 0 } };

interface NormCase {
  readonly lengths: readonly number[];
  readonly clipNorm: number | null;
  readonly lossScale: number;
}

describe.each<NormCase>([
  { lengths: [4], clipNorm: 1, lossScale: 1 },
  { lengths: [64, 260], clipNorm: null, lossScale: 1 },
  { lengths: [64, 260], clipNorm: 100, lossScale: 1 },
  { lengths: [16384, 4, 100_004], clipNorm: 0.5, lossScale: 1024 },
  { lengths: [8_000_000, 1024], clipNorm: 1, lossScale: 1 },
  { lengths: [16384, 16388], clipNorm: null, lossScale: 8 },
])('banks of $lengths words, clipped at $clipNorm, loss scale $lossScale', ({ lengths, clipNorm, lossScale }) => {
  const gradients = lengths.map((length, bank) => drawnNumbers(`bank ${bank}`, length, 0.7));
  const gradient = Object.fromEntries(gradients.map((values, bank) => [`bank${bank}`, values]));
  const inputs = {
    ...gradient,
    state: stateWords(1, { ...numbers, stepSize: 1, rootCorrection: 1, lossScale }),
    stepLoss: Float32Array.of(0.75),
    pending: Float32Array.of(10, 20),
  };
  const run = async (): Promise<{ clip: Float32Array<ArrayBuffer>; pending: Float32Array<ArrayBuffer> }> => {
    const found = await runRecording(inputs, { clip: 2, pending: 2 }, (recorder, regions) => {
      const { state, stepLoss, clip, pending, ...others } = regions as Readonly<Record<string, Region>>;
      const count = lengths.reduce((sum, length) => sum + partialsOf(length), 0);
      const partials = recorder.temporary('partials', count);
      let at = 0;
      for (const [bank, length] of lengths.entries()) {
        const place = part(partials, at, partialsOf(length));
        recordSquares(recorder, { length }, { gradient: others[`bank${bank}`] as Region }, { partials: place });
        at += partialsOf(length);
      }
      const read = { partials, state: state as Region, stepLoss: stepLoss as Region };
      const out = { clip: clip as Region, pending: pending as Region };
      recordGradientNorm(recorder, { partials: count, clipNorm }, read, out);
    });
    return { clip: found['clip'] as Float32Array<ArrayBuffer>, pending: found['pending'] as Float32Array<ArrayBuffer> };
  };

  it('have the norm over all of them, the factor, and are reported', async () => {
    const { clip, pending } = await run();
    let squares = 0;
    for (const values of gradients) for (const value of values) squares += value ** 2;
    const norm = Math.sqrt(squares) / lossScale;
    const factor = (clipNorm === null ? 1 : clipNorm / Math.max(norm, clipNorm)) / lossScale;
    expect(Math.abs((clip[1] as number) / norm - 1)).toBeLessThan(2e-6);
    expect(Math.abs((clip[0] as number) / factor - 1)).toBeLessThan(2e-6);
    expect(worstGap(pending, [10.75, 20 + norm])).toBeLessThan(2e-6);
  });

  it('give the same bits twice', async () => {
    const [first, second] = [await run(), await run()];
    expect(differingWords(first.clip, second.clip) + differingWords(first.pending, second.pending)).toBe(0);
  });
});

it('a gradient that is not finite shows in what the host reads', async () => {
  for (const bad of [NaN, Infinity]) {
    const gradient = drawnNumbers('bad', 1024);
    gradient[700] = bad;
    const state = stateWords(1, { ...numbers, stepSize: 1, rootCorrection: 1, lossScale: 1 });
    const { pending } = await runRecording(
      { gradient, state, stepLoss: Float32Array.of(1) },
      { clip: 2, pending: 2 },
      (recorder, { gradient, state, stepLoss, clip, pending }) => {
        const partials = recorder.temporary('partials', partialsOf(1024));
        recordSquares(recorder, { length: 1024 }, { gradient }, { partials });
        const shape = { partials: partials.length, clipNorm: 1 };
        recordGradientNorm(recorder, shape, { partials, stepLoss, state }, { clip, pending });
      },
      { fill: 0 },
    );
    expect(Number.isFinite(pending[1])).toBe(false);
  }
});

const STEPS = 6;

describe.each([
  { form: 'standard', length: 4, epsilon: 1e-6, rate: 1, factor: 1 },
  { form: 'standard', length: 1028, epsilon: 1e-8, rate: 0.65, factor: 1 },
  { form: 'hat', length: 1028, epsilon: 1e-6, rate: 1, factor: 0.75 },
  { form: 'hat', length: 300_000, epsilon: 1e-6, rate: 0.5, factor: 0.25 },
] as const)('Adam, $form, $length words, epsilon $epsilon', ({ form, length, epsilon, rate, factor }) => {
  it('is the plain update after every step, with clipping, and leaves padding at 0', async () => {
    const adam = { beta1: 0.9, beta2: 0.999, epsilon, epsilonForm: form };
    const padded = length + 64;
    const pad = (values: Float32Array): Float32Array<ArrayBuffer> => {
      const longer = new Float32Array(padded);
      longer.set(values);
      return longer;
    };
    const learningRate = (step: number): number => 1e-2 / step;
    const start = drawnNumbers('start', length);
    // Gradients over many magnitudes, so that epsilon matters for some and not for others.
    const gradients = Array.from({ length: STEPS }, (_, step) =>
      drawnNumbers(`step ${step}`, length).map((value, at) => value * 10 ** -(at % 8)),
    );
    const norms = gradients.map((values) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0)));
    const clipNorm = ((norms[0] as number) + (norms[1] as number)) / 2;

    const inputs: Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>> = {
      parameter: pad(start),
      first: new Float32Array(padded),
      second: new Float32Array(padded),
      stepLoss: Float32Array.of(1),
    };
    for (const [at, values] of gradients.entries()) {
      const [correction1, correction2] = [1 - adam.beta1 ** (at + 1), Math.sqrt(1 - adam.beta2 ** (at + 1))];
      inputs[`gradient${at}`] = pad(values);
      inputs[`state${at}`] = stateWords(1, {
        ...numbers,
        lossScale: 1,
        stepSize: (learningRate(at + 1) * (form === 'hat' ? correction2 : 1)) / correction1,
        rootCorrection: form === 'hat' ? 1 : correction2,
      });
    }
    const outputs = { parameter: padded, first: padded, second: padded, clip: 2, pending: 2 };
    const found = await runRecording<string, keyof typeof outputs>(inputs, outputs, (recorder, regions) => {
      const region = (name: string): Region => regions[name] as Region;
      const segments = [{ length: padded, rateFactor: rate, gradientFactor: factor }];
      const shape = { ...adam, segments };
      for (let at = 0; at < STEPS; at++) {
        const [gradient, state, clip] = [region(`gradient${at}`), region(`state${at}`), region('clip')];
        const partials = recorder.temporary('partials', partialsOf(padded));
        recordSquares(recorder, { length: padded }, { gradient }, { partials });
        const read = { partials, stepLoss: region('stepLoss'), state };
        recordGradientNorm(recorder, { partials: partials.length, clipNorm }, read, { clip, pending: region('pending') }); // prettier-ignore
        const out = { parameter: region('parameter'), first: region('first'), second: region('second') };
        recordAdam(recorder, shape, { gradient, clip, state }, out);
      }
    });

    const parameters = new Map([['p', tf.tensor(start)]]);
    const moments = zeroMoments(parameters);
    const factors = new Map([['p', { rate, gradient: factor }]]);
    for (const [at, values] of gradients.entries()) {
      const scale = tf.scalar(clipNorm / Math.max(norms[at] as number, clipNorm));
      const settings = { step: at + 1, learningRate: learningRate(at + 1), adam, factors };
      adamUpdate(parameters, moments, new Map([['p', tf.tensor(values)]]), scale, settings);
    }
    const plain = async (map: ReadonlyMap<string, tf.Tensor>): Promise<Float32Array> =>
      (await (map.get('p') as tf.Tensor).data()) as Float32Array;
    const moved = (values: Float32Array): Float32Array => values.subarray(0, length).map((value, at) => value - (start[at] as number)); // prettier-ignore
    const expected = await plain(parameters);
    expect(worstGap(moved(found.parameter), moved(expected))).toBeLessThan(5e-5);
    expect(worstGap(found.first.subarray(0, length), await plain(moments.first))).toBeLessThan(2e-6);
    expect(worstGap(found.second.subarray(0, length), await plain(moments.second))).toBeLessThan(2e-6);
    for (const name of ['parameter', 'first', 'second'] as const) {
      expect(
        found[name].subarray(length).every((value) => value === 0),
        name,
      ).toBe(true);
    }
  });
});

it('segments with different rates and factors have the bits of a launch each', async () => {
  const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-6 };
  const segments = [
    { length: 128, rateFactor: 0.81, gradientFactor: 1 },
    { length: 4096, rateFactor: 0.9, gradientFactor: 1 },
    { length: 64, rateFactor: 0.9, gradientFactor: 1 },
    { length: 192, rateFactor: 1, gradientFactor: 0.5 },
  ];
  const length = segments.reduce((sum, segment) => sum + segment.length, 0);
  const inputs = {
    gradient: drawnNumbers('segments', length),
    clip: Float32Array.of(0.5, 1),
    state: stateWords(1, { ...numbers, stepSize: 1e-2, rootCorrection: 0.03, lossScale: 1 }),
    parameter: drawnNumbers('parameter', length),
    first: drawnNumbers('first', length),
    second: drawnNumbers('second', length).map(Math.abs),
  };
  const outputs = { parameter: length, first: length, second: length };
  const run = (apart: boolean) =>
    runRecording(inputs, outputs, (recorder, { gradient, clip, state, parameter, first, second }) => {
      let start = 0;
      for (const group of apart ? segments.map((segment) => [segment]) : [segments]) {
        const own = group.reduce((sum, segment) => sum + segment.length, 0);
        const of = (region: Region): Region => part(region, start, own);
        const out = { parameter: of(parameter), first: of(first), second: of(second) };
        recordAdam(recorder, { ...adam, segments: group }, { gradient: of(gradient), clip, state }, out);
        start += own;
      }
      expect(recorder.launches.length).toBe(apart ? segments.length : 1);
    });
  const [whole, parts] = [await run(false), await run(true)];
  for (const name of ['parameter', 'first', 'second'] as const) {
    expect(differingWords(whole[name], parts[name]), name).toBe(0);
    expect(differingWords(whole[name], inputs[name]), name).toBeGreaterThan(length / 2);
  }
});
