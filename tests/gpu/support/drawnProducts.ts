// Draws matrix products, records them with a tuning and compares them with float64.
import { expect } from 'vitest';
import { STATE } from '../../../src/engine/gpu/kernel.ts';
import { recordMatmul } from '../../../src/engine/kernels/matmul/matmul.ts';
import type { MatmulShape, MatmulTuning } from '../../../src/engine/kernels/matmul/matmulTuning.ts';
import { Rng } from '../../../src/util/random.ts';
import { runRecording } from './runRecording.ts';

type Floats = Float32Array<ArrayBuffer>;

const rng = Rng.seeded(7);
/** Uniform in [-1, 1). */
export const randomWords = (length: number): Floats => Float32Array.from({ length }, () => rng.uniform() * 2 - 1);

const NO_STRIDES = { a: 0, b: 0, out: 0 };

interface DrawnProduct {
  readonly shape: MatmulShape;
  readonly a: Floats;
  readonly b: Floats;
  readonly before: Floats;
}

function makeCase(shape: MatmulShape): DrawnProduct {
  const { rows, columns, inner, batch = 1, strides = NO_STRIDES, sum = false } = shape;
  const length = (size: number, stride: number, count: number): number => size + stride * (count - 1);
  return {
    shape,
    a: randomWords(length(rows * inner, strides.a, batch)),
    b: randomWords(length(columns * inner, strides.b, batch)),
    before: randomWords(length(rows * columns, strides.out, sum ? 1 : batch)),
  };
}

/** The expected output, in float64, element by element. */
function expected({ shape, a, b, before }: DrawnProduct, accumulate: boolean): Float64Array {
  const { kind, rows, columns, inner, batch = 1, strides = NO_STRIDES, sum = false, into } = shape;
  const out = Float64Array.from(before);
  const adds = into === 'add' || (into === 'gradient' && accumulate);
  for (let pair = 0; pair < batch; pair++) {
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < columns; n++) {
        let total = 0;
        for (let l = 0; l < inner; l++) {
          const x = a[pair * strides.a + (kind === 'tn' ? l * rows + m : m * inner + l)] as number;
          const y = b[pair * strides.b + (kind === 'nt' ? n * inner + l : l * columns + n)] as number;
          total += x * y;
        }
        const at = (sum ? 0 : pair * strides.out) + m * columns + n;
        out[at] = total + (adds || (sum && pair > 0) ? (out[at] as number) : 0);
      }
    }
  }
  return out;
}

/** Checks all cases in one recording; anything outside a product must stay unchanged. `rounding` is the error of one term. */
export async function checkProducts(
  tuning: MatmulTuning,
  shapes: readonly MatmulShape[],
  { accumulate = false, rounding = 3e-6 }: { readonly accumulate?: boolean; readonly rounding?: number } = {},
): Promise<void> {
  const cases = shapes.map(makeCase);
  const state = new Uint32Array(8);
  state[STATE.accumulate] = accumulate ? 1 : 0;
  const inputs: Record<string, Floats | Uint32Array<ArrayBuffer>> = { state };
  const outputs: Record<string, number> = {};
  for (const [at, { a, b, before }] of cases.entries()) {
    Object.assign(inputs, { [`a${at}`]: a, [`b${at}`]: b, [`out${at}`]: before });
    outputs[`out${at}`] = before.length;
  }
  const found = await runRecording(inputs, outputs, (recorder, regions) => {
    for (const [at, { shape }] of cases.entries()) {
      const [a, b, out, state] = [`a${at}`, `b${at}`, `out${at}`, 'state'].map((name) => regions[name]);
      if (a && b && out && state) recordMatmul(recorder, tuning, shape, { a, b, out, state });
    }
  });
  for (const [at, one] of cases.entries()) {
    const truth = expected(one, accumulate);
    const values = found[`out${at}`] as Floats;
    const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - (truth[index] as number))), 0);
    const tolerance = rounding * Math.sqrt(one.shape.inner * (one.shape.batch ?? 1)) + 1e-6;
    expect(worst, JSON.stringify(one.shape)).toBeLessThan(tolerance);
  }
}
