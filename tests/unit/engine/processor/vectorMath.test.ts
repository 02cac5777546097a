// Proves the processor's exponential, logarithm, tanh, logistic function and normal distribution against float64, over all numbers that the kernels give them.
import v8 from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModuleBuilder, type FunctionBody } from '../../../../src/engine/assembly/assembler.ts';
import { v128, type Value } from '../../../../src/engine/assembly/instructions.ts';
import {
  exponential,
  hyperbolicTangent,
  logarithm,
  logistic,
  normalDistribution,
  vectorMath,
  type VectorMath,
} from '../../../../src/engine/processor/vectorMath.ts';

// Node 20 has the relaxed instructions behind a flag.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

type VectorFunction = (f: FunctionBody, math: VectorMath, x: Value) => Value;

/** Runs a function on four numbers at a time. */
function onNumbers(write: VectorFunction, relaxed: boolean): (numbers: readonly number[]) => Float32Array {
  const module = new ModuleBuilder({ shared: false });
  module.define('each', ['i32'], null, (f, place) => {
    f.store(place, write(f, vectorMath(relaxed), v128.load(place)));
    return null;
  });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } });
  const each = exports['each'] as (place: number) => void;
  return (numbers) => {
    const words = new Float32Array(memory.buffer);
    words.set(numbers);
    for (let at = 0; at < numbers.length; at += 4) each(at * 4);
    return words.slice(0, numbers.length);
  };
}

/** By its series, whose terms cancel to within 1e-9 up to 4; 1 or -1 beyond that, within 2e-8. */
function errorFunction(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const cases = [
  {
    name: 'exp',
    write: exponential,
    exact: Math.exp,
    range: [-87, 88],
    relative: (x: number) => (2 + Math.abs(x)) * 1e-7,
    absolute: 0,
  },
  { name: 'log', write: logarithm, exact: Math.log, range: [1e-3, 1e6], relative: () => 2e-7, absolute: 1e-7 },
  { name: 'normal', write: normalDistribution, exact: (x: number) => (1 + errorFunction(x / Math.SQRT2)) / 2, range: [-12, 12], relative: () => 0, absolute: 2e-7 }, // prettier-ignore
  { name: 'tanh', write: hyperbolicTangent, exact: Math.tanh, range: [-20, 20], relative: () => 4e-7, absolute: 1e-38 },
  { name: 'tanh near 0', write: hyperbolicTangent, exact: Math.tanh, range: [-1e-3, 1e-3], relative: () => 4e-7, absolute: 1e-38 }, // prettier-ignore
  {
    name: 'the logistic function',
    write: logistic,
    exact: (x: number) => 1 / (1 + Math.exp(-x)),
    range: [-87, 87],
    relative: (x: number) => (2 + Math.abs(x)) * 1e-7,
    absolute: 0,
  },
] as const;

describe.each([true, false])('four numbers at a time, multiply-adds rounded once: %s', (relaxed) => {
  it.each(cases)('$name is that of float64', ({ write, exact, range, relative, absolute }) => {
    const run = onNumbers(write, relaxed);
    const number = fc.double({ min: range[0], max: range[1], noNaN: true });
    fc.assert(
      fc.property(fc.array(number, { minLength: 64, maxLength: 64 }), (numbers) => {
        const rounded = numbers.map(Math.fround);
        for (const [at, value] of run(rounded).entries()) {
          const right = exact(rounded[at] as number);
          expect(Math.abs(value - right)).toBeLessThanOrEqual(
            absolute + relative(rounded[at] as number) * Math.abs(right),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has the numbers that results depend on exactly', () => {
    expect([...onNumbers(exponential, relaxed)([0, -1e30, 0, 0])].slice(0, 1)).toEqual([1]);
    expect([...onNumbers(logarithm, relaxed)([1, 1, 1, 1])]).toEqual([0, 0, 0, 0]);
    const [middle = NaN, right = NaN, left = NaN] = onNumbers(normalDistribution, relaxed)([0, 99, -99, 0]);
    expect(middle).toBe(0.5);
    // Rounded twice, the ends are one unit in the last place off.
    expect([1 - right, left]).toEqual(relaxed ? [0, 0] : [2 ** -24, 2 ** -24]);
  });
});
