// Proves that the kernels over rows match their definitions in float64: layer norm, activations, column sums, bias, dropout.
import { describe, expect, it } from 'vitest';
import { aligned } from '../../src/engine/gpu/recorder.ts';
import { recordActivation, recordActivationBackward } from '../../src/engine/kernels/activationKernel.ts';
import { recordAddBias, recordAddBiases, recordColumnSums, recordDropped } from '../../src/engine/kernels/bias.ts';
import {
  recordResidualNorm,
  recordResidualNormBackward,
  recordResidualNormGradients,
} from '../../src/engine/kernels/residualNorm.ts';
import type { Activation } from '../../src/model/blocks/encoderFamily.ts';
import { differingWords } from './support/differingWords.ts';
import { drawnNumbers } from './support/drawnNumbers.ts';
import { kernelState, plainMask } from './support/kernelState.ts';
import { runRecording } from './support/runRecording.ts';
import { worstGap } from './support/worstGap.ts';

const EPSILON = 1e-12;
const BEFORE = 3;

/** Sums `of` over the rows for each column of [rows, columns]. */
function sumsByColumn(rows: number, columns: number, of: (at: number, row: number) => number): Float64Array {
  const sums = new Float64Array(columns);
  for (let at = 0; at < rows * columns; at++) {
    sums[at % columns] = (sums[at % columns] as number) + of(at, Math.floor(at / columns));
  }
  return sums;
}

interface NormCase {
  readonly rows: number;
  readonly width: number;
  readonly rate: number;
  readonly biased: boolean;
  /** Gradients are added to the existing ones. */
  readonly accumulate: boolean;
  /** Mean of the rows, whose standard deviation is about 1.4. */
  readonly mean: number;
}

const plainNorm: NormCase = { rows: 3, width: 36, rate: 0, biased: true, accumulate: false, mean: 0 };
const normCases: readonly NormCase[] = [
  plainNorm,
  { ...plainNorm, rows: 1, width: 4, rate: 0.3 },
  { ...plainNorm, rows: 1, width: 1024, biased: false },
  { ...plainNorm, rows: 64, width: 128, rate: 0.1, accumulate: true },
  { ...plainNorm, rows: 64, width: 260, biased: false, rate: 0.1, accumulate: true },
  { ...plainNorm, rows: 513, width: 4, rate: 0.5, biased: false },
  { ...plainNorm, rows: 513, width: 768, rate: 0.1 },
  { ...plainNorm, rows: 3, width: 4096, rate: 0.1, biased: false },
  { ...plainNorm, rows: 64, width: 768, mean: 100 },
  { ...plainNorm, rows: 65_537, width: 4, rate: 0.1 }, // More than one row of the grid.
];

function drawNorm({ rows, width, accumulate, mean }: NormCase) {
  const stride = aligned(width);
  const scaleShift = new Float32Array(stride + width);
  scaleShift.set(drawnNumbers('scale', width, 0.2, 1));
  scaleShift.set(drawnNumbers('shift', width), stride);
  return {
    x: drawnNumbers('x', rows * width),
    bias: drawnNumbers('bias', width),
    residual: drawnNumbers('residual', rows * width, 1, mean),
    scaleShift,
    scale: scaleShift.slice(0, width),
    dY: drawnNumbers('dY', rows * width),
    state: kernelState(accumulate),
  };
}

async function runNorm(given: NormCase, inputs: ReturnType<typeof drawNorm>) {
  const { rows, width, rate, biased } = given;
  const size = rows * width;
  const stride = aligned(width);
  const gradient = (biased ? 2 : 1) * stride + width;
  const lengths = { y: size, sum: size, statistics: 2 * rows, dSum: size, dX: size, gradient };
  const shape = { rows, hiddenSize: width, epsilon: EPSILON, rate, layer: 1, site: 'outer' } as const;
  return runRecording(
    inputs,
    lengths,
    (recorder, { x, bias, residual, scaleShift, scale, dY, state, ...out }) => {
      recordResidualNorm(recorder, shape, { x, bias: biased ? bias : null, residual, scaleShift, state }, out);
      const { sum, statistics, dSum } = out;
      const dX = rate === 0 ? null : out.dX;
      recordResidualNormBackward(recorder, shape, { dY, sum, statistics, scale, state }, { dSum, dX });
      const read = { dY, sum, statistics, dX: biased ? (dX ?? dSum) : null, state };
      recordResidualNormGradients(recorder, { rows, hiddenSize: width }, read, { gradient: out.gradient });
    },
    { fill: BEFORE },
  );
}

/** The block and its gradients by their formulas. */
function normByHand({ rows, width, rate, biased, accumulate }: NormCase, inputs: ReturnType<typeof drawNorm>) {
  const size = rows * width;
  const mask = plainMask(size, rate, 1, 'outer');
  const [sum, y, normal, dSum, dX] = [0, 1, 2, 3, 4].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const statistics = new Float64Array(2 * rows);
  const { x, bias, residual, scale, scaleShift, dY } = inputs;
  const shift = scaleShift.subarray(aligned(width));
  const value = (array: ArrayLike<number>, at: number): number => array[at] as number;
  for (let row = 0; row < rows; row++) {
    const at = (column: number): number => row * width + column;
    const average = (of: (column: number) => number): number => {
      let total = 0;
      for (let column = 0; column < width; column++) total += of(column);
      return total / width;
    };
    for (let c = 0; c < width; c++) {
      const own = value(x, at(c)) + (biased ? value(bias, c) : 0);
      sum[at(c)] = own * value(mask, at(c)) + value(residual, at(c));
    }
    const mean = average((c) => value(sum, at(c)));
    const deviation = 1 / Math.sqrt(average((c) => (value(sum, at(c)) - mean) ** 2) + EPSILON);
    statistics.set([mean, deviation], 2 * row);
    for (let c = 0; c < width; c++) {
      normal[at(c)] = (value(sum, at(c)) - mean) * deviation;
      y[at(c)] = value(normal, at(c)) * value(scale, c) + value(shift, c);
    }
    const plain = average((c) => value(dY, at(c)) * value(scale, c));
    const along = average((c) => value(dY, at(c)) * value(scale, c) * value(normal, at(c)));
    for (let c = 0; c < width; c++) {
      dSum[at(c)] = deviation * (value(dY, at(c)) * value(scale, c) - plain - value(normal, at(c)) * along);
      dX[at(c)] = value(dSum, at(c)) * value(mask, at(c));
    }
  }
  const before = accumulate ? BEFORE : 0;
  const gradients = [
    ...(biased ? [sumsByColumn(rows, width, (at) => value(dX, at))] : []),
    sumsByColumn(rows, width, (at) => value(dY, at) * value(normal, at)),
    sumsByColumn(rows, width, (at) => value(dY, at)),
  ].map((sums) => sums.map((one) => one + before));
  return { y, sum, statistics, dSum, dX, gradients };
}

describe.each(normCases)('residual norm, $rows x $width, rate $rate, bias $biased, mean $mean', (given) => {
  it('has the values and gradients of its formulas, the same bits twice', async () => {
    const inputs = drawNorm(given);
    const found = await runNorm(given, inputs);
    const expected = normByHand(given, inputs);
    for (const name of ['y', 'sum', 'statistics', 'dSum'] as const) {
      expect(worstGap(found[name], expected[name]), name).toBeLessThan(1e-5);
    }
    if (given.rate > 0) {
      expect(worstGap(found.dX, expected.dX), 'dX').toBeLessThan(1e-5);
      expect(found.dX.filter((value) => value === 0)).toHaveLength(expected.dX.filter((value) => value === 0).length);
    }
    for (const [place, sums] of expected.gradients.entries()) {
      const own = found.gradient.subarray(place * aligned(given.width)).subarray(0, given.width);
      expect(worstGap(own, sums, given.mean === 0 ? 1 : Math.sqrt(given.rows)), `gradient ${place}`).toBeLessThan(1e-5);
    }
    if (given.rows > 65_535) return; // Takes seconds on a software adapter, and shows nothing new.
    const again = await runNorm(given, inputs);
    for (const name of ['y', 'statistics', 'dSum', 'gradient'] as const) {
      expect(differingWords(again[name], found[name]), name).toBe(0);
    }
  });
});

it('a row without spread becomes the shift, and stays finite', async () => {
  const given = { ...plainNorm, rows: 2, width: 64, biased: false };
  const inputs = { ...drawNorm(given), x: new Float32Array(128), residual: new Float32Array(128).fill(0.25) };
  const { y, dSum } = await runNorm(given, inputs);
  expect(worstGap(y.subarray(0, 64), inputs.scaleShift.subarray(64))).toBe(0);
  expect(dSum.every(Number.isFinite)).toBe(true);
});

/** erf in float64: 2/sqrt(pi) exp(-x^2) times the sum of 2^n x^(2n+1) / (2n+1)!!, whose terms all have one sign. */
function exactErf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const exact: Readonly<Record<Activation, (x: number) => number>> = {
  relu: (x) => Math.max(0, x),
  gelu: (x) => 0.5 * x * (1 + exactErf(x * Math.SQRT1_2)),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  silu: (x) => x / (1 + Math.exp(-x)),
};

/** The derivative by central differences, except at relu's corner, where the plain network uses 0. */
function slope(activation: Activation, x: number): number {
  if (activation === 'relu') return x > 0 ? 1 : 0;
  const h = 1e-5 * Math.max(1, Math.abs(x));
  return (exact[activation](x + h) - exact[activation](x - h)) / (2 * h);
}

const EXTREMES = Float32Array.of(0, 1e-6, -1e-6, 9, -9, 30, -30, 1e4, -1e4, 1e18, -1e18);
/** Steps of 1/64 from -16 to 16. */
const SWEEP = Float32Array.from({ length: 2049 }, (_, at) => (at - 1024) / 64);

describe.each(['relu', 'gelu', 'gelu_new', 'silu'] as const)('%s', (activation) => {
  it.each([
    { rows: 1, columns: 4, rate: 0 },
    { rows: 3, columns: 36, rate: 0.3 },
    { rows: 513, columns: 128, rate: 0 },
    { rows: 64, columns: 4096, rate: 0.1 },
  ])('has its values and slopes, $rows x $columns at rate $rate', async ({ rows, columns, rate }) => {
    const size = rows * columns;
    const inputs = {
      x: drawnNumbers('x', size, 3),
      bias: drawnNumbers('bias', columns),
      gradient: drawnNumbers('gradient', size),
      state: kernelState(),
    };
    const shape = { rows, columns, activation, rate, layer: 0 };
    const { out, gradient } = await runRecording(
      inputs,
      { out: size, gradient: size },
      (recorder, { x, bias, state, out, gradient: dOut }) => {
        recordActivation(recorder, shape, { x, bias, state }, { out });
        recordActivationBackward(recorder, shape, { x, bias, state }, { dOut });
      },
    );
    const mask = plainMask(size, rate, 0, 'inner');
    const at = (index: number): number => Math.fround((inputs.x[index] as number) + (inputs.bias[index % columns] as number)); // prettier-ignore
    const expected = Float64Array.from({ length: size }, (_, index) => exact[activation](at(index)) * (mask[index] as number)); // prettier-ignore
    const dX = inputs.gradient.map((g, index) => g * (mask[index] as number) * slope(activation, at(index)));
    const gaps = expected.map((value, index) => ((out[index] as number) - value) / Math.max(1, Math.abs(at(index))));
    expect(worstGap(gaps, new Float64Array(size), 1)).toBeLessThan(5e-7);
    expect(worstGap(gradient, dX, 1)).toBeLessThan(1e-6);
  });

  it.each([
    { where: 'step by step', points: SWEEP },
    { where: 'where it is flat or straight', points: EXTREMES },
  ])('is finite and right $where', async ({ points: x }) => {
    const inputs = { x, bias: new Float32Array(x.length), gradient: x.map(() => 1), state: kernelState() };
    const shape = { rows: 1, columns: x.length, activation, rate: 0, layer: 0 };
    const { out, gradient } = await runRecording(
      inputs,
      { out: x.length, gradient: x.length },
      (recorder, { x, bias, state, out, gradient: dOut }) => {
        recordActivation(recorder, shape, { x, bias, state }, { out });
        recordActivationBackward(recorder, shape, { x, bias, state }, { dOut });
      },
    );
    const wrong = [...x].filter((value, at) => {
      const offValue = Math.abs((out[at] as number) - exact[activation](value)) / Math.max(1, Math.abs(value));
      const offSlope = Math.abs((gradient[at] as number) - slope(activation, value));
      return !(offValue < 3e-7 && offSlope < 5e-7);
    });
    expect(wrong).toEqual([]);
  });
});

describe.each([
  { rows: 1, columns: 1 },
  { rows: 3, columns: 5 },
  { rows: 8192, columns: 5 },
  { rows: 64, columns: 65 },
  { rows: 513, columns: 36 },
  { rows: 513, columns: 768 },
  { rows: 17, columns: 4096 },
])('$rows x $columns', ({ rows, columns }) => {
  const x = drawnNumbers('x', rows * columns, 1, 0.5);
  const bias = drawnNumbers('bias', columns);

  it.each([false, true])('has the sums of its columns, added (%s), the same bits twice', async (accumulate) => {
    const run = (): Promise<{ gradient: Float32Array<ArrayBuffer> }> =>
      runRecording(
        { x, state: kernelState(accumulate) },
        { gradient: columns },
        (recorder, { x, state, gradient }) => recordColumnSums(recorder, { rows, columns }, { x, state }, { gradient }),
        { fill: BEFORE },
      );
    const { gradient } = await run();
    const sums = sumsByColumn(rows, columns, (at) => x[at] as number);
    expect(worstGap(gradient, accumulate ? sums.map((sum) => sum + BEFORE) : sums)).toBeLessThan(2e-6);
    expect(differingWords((await run()).gradient, gradient)).toBe(0);
  });

  it('takes a bias on every row', async () => {
    const { x: out } = await runRecording({ x, bias }, { x: x.length }, (recorder, { x, bias }) =>
      recordAddBias(recorder, { rows, columns }, { bias }, { x }),
    );
    expect(
      differingWords(
        out,
        x.map((value, at) => value + (bias[at % columns] as number)),
      ),
    ).toBe(0);
  });
});

describe.each([
  { rows: 1, columns: 4, batch: 1 },
  { rows: 5, columns: 36, batch: 3 },
  { rows: 513, columns: 768, batch: 3 },
])('a batch of $batch, $rows x $columns', ({ rows, columns, batch }) => {
  const [apart, ownApart] = [aligned(rows * columns), aligned(columns)];
  const x = drawnNumbers('x', batch * apart, 1, 0.5);
  const biases = drawnNumbers('biases', batch * ownApart);

  it.each([false, true])(
    'has the sums of the columns of each, added (%s), and leaves what lies between',
    async (accumulate) => {
      const strides = { x: apart, gradient: ownApart };
      const { gradient } = await runRecording(
        { x, state: kernelState(accumulate) },
        { gradient: batch * ownApart },
        (recorder, { x, state, gradient }) =>
          recordColumnSums(recorder, { rows, columns, batch, strides }, { x, state }, { gradient }),
        { fill: BEFORE },
      );
      const expected = new Float64Array(batch * ownApart).fill(BEFORE);
      for (let matrix = 0; matrix < batch; matrix++) {
        const sums = sumsByColumn(rows, columns, (at) => x[matrix * apart + at] as number);
        expected.set(accumulate ? sums.map((sum) => sum + BEFORE) : sums, matrix * ownApart);
      }
      expect(worstGap(gradient, expected)).toBeLessThan(2e-6);
    },
  );

  it('takes a bias of its own on every row of each, and leaves what lies between', async () => {
    const strides = { x: apart, bias: ownApart };
    const { x: out } = await runRecording({ x, biases }, { x: x.length }, (recorder, { x, biases }) =>
      recordAddBiases(recorder, { rows, columns, batch, strides }, { biases }, { x }),
    );
    const expected = x.map((value, at) => {
      const [matrix, within] = [Math.floor(at / apart), at % apart];
      return within < rows * columns ? value + (biases[matrix * ownApart + (within % columns)] as number) : value;
    });
    expect(differingWords(out, expected)).toBe(0);
  });
});

it.each([
  { length: 4, rate: 0.5 },
  { length: 2 * 37 * 36, rate: 0.1 },
  { length: 1024 * 768, rate: 0.3 },
  { length: 1024, rate: 0 },
])('drops the elements the plain model drops, $length at rate $rate', async ({ length, rate }) => {
  const x = drawnNumbers('x', length);
  const shape = { length, rate, layer: -1, site: 'position' } as const;
  const { out } = await runRecording({ x, state: kernelState() }, { out: length }, (recorder, { x, state, out }) =>
    recordDropped(recorder, shape, { x, state }, { out }),
  );
  const mask = plainMask(length, rate, -1, 'position');
  expect(
    worstGap(
      out,
      x.map((value, at) => value * (mask[at] as number)),
    ),
  ).toBe(0);
});
