// Emits the kernels of single numbers on the processor: activations, gates, rotary positions, dropout, biases, squares, Adam.
import { ACTIVATIONS, type Activation } from '../../model/blocks/encoderFamily.ts';
import type { FunctionBody, Local, ModuleBuilder } from '../assembly/assembler.ts';
import { f32, f32x4, i32, v128, type Value } from '../assembly/instructions.ts';
import { defineKernel, dropped, DROPPING, droppingOf } from './rowKernels.ts';
import {
  COLUMN_BLOCK,
  dropFactors,
  eachColumnBlock,
  elementsFrom,
  exponential,
  laneSum,
  normalDistribution,
  storeSums,
  type VectorMath,
} from './vectorMath.ts';

const ZERO = i32.const(0);
const words = (count: Value): Value => i32.shl(count, i32.const(2));
const one = f32x4.const(1);
const times = (value: Value, factor: number): Value => f32x4.mul(value, f32x4.const(factor));

/** The activation of a value; emits its derivative where wanted. */
interface Activated {
  readonly value: Value;
  slope(): Value;
}

/** The activations and their derivatives; what both need is computed once. */
export function activated(f: FunctionBody, math: VectorMath, activation: Activation, x: Local): Activated {
  const { multiplyAdd } = math;
  /** (x < 0 ? e : 1) / (1 + e) */
  const gateOf = (sign: Value, e: Local): Value =>
    f32x4.div(v128.bitselect(e, one, f32x4.less(sign, f32x4.const(0))), f32x4.add(one, e));
  switch (activation) {
    case 'relu': {
      const positive = f.keep(f32x4.greater(x, f32x4.const(0)));
      return { value: v128.and(x, positive), slope: () => v128.and(one, positive) };
    }
    case 'gelu': {
      const normal = f.keep(normalDistribution(f, math, x));
      return {
        value: f32x4.mul(x, normal),
        slope() {
          const bell = exponential(f, math, times(f32x4.mul(x, x), -0.5));
          return multiplyAdd(times(x, 0.3989422804014327), bell, normal);
        },
      };
    }
    case 'gelu_new': {
      const near = f.keep(f32x4.smaller(f32x4.greaterOf(x, f32x4.const(-11)), f32x4.const(11)));
      const cubed = f32x4.mul(f32x4.mul(times(near, 0.044715), near), near);
      const e = exponential(f, math, times(f32x4.abs(f32x4.add(near, cubed)), -1.5957691216057308));
      const below = f.keep(f32x4.div(one, f32x4.add(one, e)));
      const gate = f.keep(f32x4.mul(v128.bitselect(e, one, f32x4.less(x, f32x4.const(0))), below));
      return {
        value: f32x4.mul(x, gate),
        slope() {
          const along = f32x4.mul(f32x4.mul(f32x4.mul(near, e), below), below);
          const rest = f32x4.add(one, times(f32x4.mul(near, near), 0.134145));
          return f32x4.add(gate, f32x4.mul(times(along, 1.5957691216057308), rest));
        },
      };
    }
    case 'silu': {
      const e = exponential(f, math, f32x4.neg(f32x4.smaller(f32x4.abs(x), f32x4.const(80))));
      const gate = f.keep(gateOf(x, e));
      return {
        value: f32x4.mul(x, gate),
        slope: () => f32x4.mul(gate, f32x4.add(one, f32x4.mul(x, gateOf(f32x4.neg(x), e)))),
      };
    }
  }
}

function defineActivations(module: ModuleBuilder, math: VectorMath): void {
  const numbers = { columns: 'i32', ...DROPPING, x: 'i32', bias: 'i32', out: 'i32' } as const;
  for (const activation of ACTIVATIONS) {
    for (const keepsSlope of [false, true]) {
      /** Units are rows. With slope, x becomes the derivative of `out`. */
      defineKernel(module, `${activation} ${keepsSlope ? 'with slope' : 'forward'}`, numbers, (f, given) => {
        const { from, to, columns, threshold, x, bias, out } = given;
        const [row, c] = [f.variable('i32'), f.variable('i32')];
        const drop = droppingOf(f, given);
        const bytes = f.keep(words(columns));
        const rows = (drops: boolean): void =>
          f.loop(row, from, to, 1, () => {
            const start = f.keep(i32.mul(row, bytes));
            f.loop(c, ZERO, bytes, 16, () => {
              const at = f.keep(i32.add(start, c));
              const read = f.keep(i32.add(x, at));
              const sum = f.keep(f32x4.add(v128.load(read), v128.load(i32.add(bias, c))));
              const { value, slope } = activated(f, math, activation, sum);
              const results = (keepsSlope ? [value, slope()] : [value]).map((result) => f.keep(result));
              const factors = drops ? dropFactors(f, drop, elementsFrom(i32.shr(at, i32.const(2)))) : null;
              for (const [which, result] of results.entries()) {
                const dropped = factors === null ? result : f32x4.mul(result, factors);
                f.store(which === 0 ? i32.add(out, at) : read, dropped);
              }
            });
          });
        // A separate loop without dropout: newer V8 runs short of registers where one does both.
        f.when(threshold, () => rows(true), () => rows(false)); // prettier-ignore
      });
    }
  }
  /** Units are vectors of four. */
  const products = { slope: 'i32', dOut: 'i32' } as const;
  defineKernel(module, 'times slope', products, (f, { from, to, slope, dOut }) => {
    const unit = f.variable('i32');
    f.loop(unit, from, to, 1, () => {
      const at = f.keep(i32.shl(unit, i32.const(4)));
      const place = f.keep(i32.add(dOut, at));
      f.store(place, f32x4.mul(v128.load(place), v128.load(i32.add(slope, at))));
    });
  });
}

function defineBiases(module: ModuleBuilder): void {
  const adds = { columns: 'i32', bias: 'i32', x: 'i32' } as const;
  /** Units are rows of any length. */
  defineKernel(module, 'addBias', adds, (f, { from, to, columns, bias, x }) => {
    const [row, c] = [f.variable('i32'), f.variable('i32')];
    const bytes = f.keep(words(columns));
    const whole = f.keep(i32.and(bytes, i32.const(-16)));
    f.loop(row, from, to, 1, () => {
      const start = f.keep(i32.add(x, i32.mul(row, bytes)));
      f.loop(c, ZERO, whole, 16, () => {
        const at = f.keep(i32.add(start, c));
        f.store(at, f32x4.add(v128.load(at), v128.load(i32.add(bias, c))));
      });
      f.loop(c, whole, bytes, 4, () => {
        const at = f.keep(i32.add(start, c));
        f.store(at, f32.add(f32.load(at), f32.load(i32.add(bias, c))));
      });
    });
  });
  const batch = { columns: 'i32', rows: 'i32', strideBias: 'i32', strideX: 'i32', biases: 'i32', x: 'i32' } as const;
  /** Units are rows, matrix by matrix. */
  defineKernel(module, 'addBiases', batch, (f, { from, to, columns, rows, strideBias, strideX, biases, x }) => {
    const [unit, c] = [f.variable('i32'), f.variable('i32')];
    const bytes = f.keep(words(columns));
    f.loop(unit, from, to, 1, () => {
      const matrix = f.keep(i32.divide(unit, rows));
      const bias = f.keep(i32.add(biases, i32.mul(matrix, strideBias)));
      const row = i32.mul(i32.remainder(unit, rows), bytes);
      const start = f.keep(i32.add(i32.add(x, i32.mul(matrix, strideX)), row));
      f.loop(c, ZERO, bytes, 16, () => {
        const at = f.keep(i32.add(start, c));
        f.store(at, f32x4.add(v128.load(at), v128.load(i32.add(bias, c))));
      });
    });
  });
  const sums = { rows: 'i32', columns: 'i32', strideX: 'i32', strideGradient: 'i32', x: 'i32', gradient: 'i32', accumulate: 'i32' } as const; // prettier-ignore
  /** Units are blocks of `COLUMN_BLOCK` columns, matrix by matrix; columns past the last vector of four are summed one by one. */
  defineKernel(module, 'columnSums', sums, (f, given) => {
    const { from, to, rows, columns, strideX, strideGradient, accumulate } = given;
    const [unit, block, next, row, c] = Array.from({ length: 5 }, () => f.variable('i32')) as [Local, Local, Local, Local, Local]; // prettier-ignore
    const bytes = f.keep(words(columns));
    const blocks = f.keep(i32.divide(i32.add(columns, i32.const(COLUMN_BLOCK - 1)), i32.const(COLUMN_BLOCK)));
    f.loop(unit, from, to, 1, () => {
      const matrix = f.keep(i32.divide(unit, blocks));
      const x = f.keep(i32.add(given.x, i32.mul(matrix, strideX)));
      const gradient = f.keep(i32.add(given.gradient, i32.mul(matrix, strideGradient)));
      const first = f.keep(i32.remainder(unit, blocks));
      f.set(next, i32.add(first, i32.const(1)));
      eachColumnBlock(f, { unit: block, from: first, to: next, bytes }, (column, vectors) => {
        const read = f.keep(i32.add(x, column));
        const totals = vectors.map(() => f.keep(f32x4.const(0)));
        f.loop(row, ZERO, rows, 1, () => {
          for (const [index, total] of totals.entries()) f.set(total, f32x4.add(total, v128.load(read, 16 * index)));
          f.advance(read, bytes);
        });
        storeSums(f, f.keep(i32.add(gradient, column)), totals, accumulate);
      });
      f.when(i32.eq(next, blocks), () => {
        f.loop(c, i32.and(bytes, i32.const(-16)), bytes, 4, () => {
          const sum = f.keep(f32.const(0));
          const at = f.keep(i32.add(x, c));
          f.loop(row, ZERO, rows, 1, () => {
            f.set(sum, f32.add(sum, f32.load(at)));
            f.advance(at, bytes);
          });
          const place = f.keep(i32.add(gradient, c));
          f.when(i32.load(accumulate), () => f.set(sum, f32.add(sum, f32.load(place))));
          f.store(place, sum);
        });
      });
    });
  });
}

function defineUpdates(module: ModuleBuilder, { multiplyAdd }: VectorMath): void {
  const sums = { left: 'i32', right: 'i32', out: 'i32' } as const;
  /** Units are vectors of four. */
  defineKernel(module, 'sumOfTwo', sums, (f, { from, to, left, right, out }) => {
    const unit = f.variable('i32');
    f.loop(unit, from, to, 1, () => {
      const at = f.keep(i32.shl(unit, i32.const(4)));
      f.store(i32.add(out, at), f32x4.add(v128.load(i32.add(left, at)), v128.load(i32.add(right, at))));
    });
  });
  /** Units are vectors of four. */
  defineKernel(module, 'scaled', { scale: 'f32', x: 'i32', out: 'i32' }, (f, { from, to, scale, x, out }) => {
    const unit = f.variable('i32');
    const factors = f.keep(f32x4.splat(scale));
    f.loop(unit, from, to, 1, () => {
      const at = f.keep(i32.shl(unit, i32.const(4)));
      f.store(i32.add(out, at), f32x4.mul(factors, v128.load(i32.add(x, at))));
    });
  });
  const drops = { ...DROPPING, x: 'i32', out: 'i32' } as const;
  /** Units are vectors of four. */
  defineKernel(module, 'dropped', drops, (f, given) => {
    const { from, to, threshold, x, out } = given;
    const unit = f.variable('i32');
    const drop = droppingOf(f, given);
    f.loop(unit, from, to, 1, () => {
      const at = f.keep(i32.shl(unit, i32.const(4)));
      f.store(i32.add(out, at), dropped(f, threshold, drop, v128.load(i32.add(x, at)), words(unit)));
    });
  });
  /** Units are partial sums, each of `chunk` vectors of the gradient. */
  const squares = { chunk: 'i32', vectors: 'i32', gradient: 'i32', partials: 'i32' } as const;
  defineKernel(module, 'squares', squares, (f, { from, to, chunk, vectors, gradient, partials }) => {
    const [unit, at, end] = [f.variable('i32'), f.variable('i32'), f.variable('i32')];
    f.loop(unit, from, to, 1, () => {
      const sum = f.keep(f32x4.const(0));
      f.set(end, i32.mul(i32.add(unit, i32.const(1)), chunk));
      f.when(i32.less(vectors, end), () => f.set(end, vectors));
      f.loop(at, i32.mul(unit, chunk), end, 1, () => {
        const value = f.keep(v128.load(i32.add(gradient, i32.shl(at, i32.const(4)))));
        f.set(sum, multiplyAdd(value, value, sum));
      });
      f.store(i32.add(partials, words(unit)), laneSum(f, sum));
    });
  });
  const adam = {
    beta1: 'f32', beta2: 'f32', rest1: 'f32', rest2: 'f32', epsilon: 'f32', rate: 'f32', factor: 'f32',
    gradient: 'i32', clip: 'i32', rootCorrection: 'i32', stepSize: 'i32', parameter: 'i32', first: 'i32', second: 'i32',
  } as const; // prettier-ignore
  /** Units are vectors of four. */
  defineKernel(module, 'adam', adam, (f, given) => {
    const { from, to, beta1, beta2, rest1, rest2, epsilon, rate, factor } = given;
    const unit = f.variable('i32');
    const splat = (value: Value): Local => f.keep(f32x4.splat(value));
    const scale = splat(f32.mul(f32.load(given.clip), factor));
    const step = splat(f32.mul(f32.load(given.stepSize), rate));
    const root = splat(f32.load(given.rootCorrection));
    const [b1, b2, r1, r2, small] = [splat(beta1), splat(beta2), splat(rest1), splat(rest2), splat(epsilon)] as const;
    f.loop(unit, from, to, 1, () => {
      const at = f.keep(i32.shl(unit, i32.const(4)));
      const g = f.keep(f32x4.mul(v128.load(i32.add(given.gradient, at)), scale));
      const [p, first, second] = [given.parameter, given.first, given.second].map((base) => f.keep(i32.add(base, at))) as [Local, Local, Local]; // prettier-ignore
      const m = f.keep(f32x4.add(f32x4.mul(b1, v128.load(first)), f32x4.mul(r1, g)));
      const v = f.keep(f32x4.add(f32x4.mul(b2, v128.load(second)), f32x4.mul(f32x4.mul(r2, g), g)));
      const divisor = f32x4.add(f32x4.div(f32x4.sqrt(v), root), small);
      f.store(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(step, m), divisor)));
      f.store(first, m);
      f.store(second, v);
    });
  });
}

export function defineElementKernels(module: ModuleBuilder, math: VectorMath): void {
  defineActivations(module, math);
  defineBiases(module);
  defineUpdates(module, math);
}

// Emits the kernels on the processor of encoders with gated feed-forward blocks and rotary positions.

/** Feed-forward blocks with a gate: out = dropout(activation(x) * gate). Units are vectors of four. */
function defineGates(module: ModuleBuilder, math: VectorMath): void {
  const numbers = { ...DROPPING, x: 'i32', gate: 'i32', out: 'i32', dGate: 'i32' } as const;
  for (const activation of ACTIVATIONS) {
    for (const back of [false, true]) {
      /** Backward turns `out` from the gradient of the result into that of x, and writes that of the gate. */
      defineKernel(module, `${activation} gated ${back ? 'backward' : 'forward'}`, numbers, (f, given) => {
        const { from, to, threshold } = given;
        const unit = f.variable('i32');
        const drop = droppingOf(f, given);
        f.loop(unit, from, to, 1, () => {
          const at = f.keep(i32.shl(unit, i32.const(4)));
          const x = f.keep(v128.load(i32.add(given.x, at)));
          const gate = f.keep(v128.load(i32.add(given.gate, at)));
          const place = f.keep(i32.add(given.out, at));
          const { value, slope } = activated(f, math, activation, x);
          if (!back) {
            f.store(place, dropped(f, threshold, drop, f32x4.mul(value, gate), words(unit)));
            return;
          }
          const gradient = dropped(f, threshold, drop, v128.load(place), words(unit));
          f.store(i32.add(given.dGate, at), f32x4.mul(value, gradient));
          f.store(place, f32x4.mul(f32x4.mul(slope(), gate), gradient));
        });
      });
    }
  }
}

/** Turns the pairs of columns of queries and keys by the angles of their position. Units are rows of both. */
function defineRotary(module: ModuleBuilder): void {
  const lengths = { rows: 'i32', pieces: 'i32', heads: 'i32', half: 'i32', stride: 'i32', sign: 'f32' } as const;
  const numbers = { ...lengths, cosines: 'i32', sines: 'i32', qkv: 'i32' } as const;
  defineKernel(module, 'rotary', numbers, (f, given) => {
    const { from, to, rows, pieces, heads, half, stride, sign } = given;
    const [unit, head, k] = [f.variable('i32'), f.variable('i32'), f.variable('i32')];
    const bytes = f.keep(words(half));
    f.loop(unit, from, to, 1, () => {
      const row = f.keep(i32.remainder(unit, rows));
      const angle = f.keep(i32.mul(i32.remainder(row, pieces), bytes));
      const start = i32.mul(row, i32.mul(heads, i32.shl(bytes, i32.const(1))));
      const at = f.keep(i32.add(i32.add(given.qkv, i32.mul(i32.divide(unit, rows), stride)), start));
      f.loop(head, ZERO, heads, 1, () => {
        f.loop(k, ZERO, bytes, 4, () => {
          const first = f.keep(i32.add(at, k));
          const second = f.keep(i32.add(first, bytes));
          const cosine = f.keep(f32.load(i32.add(i32.add(given.cosines, angle), k)));
          const sine = f.keep(f32.mul(sign, f32.load(i32.add(i32.add(given.sines, angle), k))));
          const [x, y] = [f.keep(f32.load(first)), f.keep(f32.load(second))];
          f.store(first, f32.sub(f32.mul(x, cosine), f32.mul(y, sine)));
          f.store(second, f32.add(f32.mul(y, cosine), f32.mul(x, sine)));
        });
        f.advance(at, i32.shl(bytes, i32.const(1)));
      });
    });
  });
}

export function defineGateKernels(module: ModuleBuilder, math: VectorMath): void {
  defineGates(module, math);
  defineRotary(module);
}
