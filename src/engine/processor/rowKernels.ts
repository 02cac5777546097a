// Emits the kernels of rows on the processor: norms with their residual and dropout, embeddings, the head's rows.
import type { FunctionBody, Local, ModuleBuilder } from '../assembly/assembler.ts';
import { f32, f32x4, i32, i32x4, v128, type Value, type ValueType } from '../assembly/instructions.ts';
import {
  dropFactors,
  dropping,
  eachColumnBlock,
  elementsFrom,
  laneSum,
  storeSums,
  type Dropping,
  type VectorMath,
} from './vectorMath.ts';

const ZERO = i32.const(0);
const words = (count: Value): Value => i32.shl(count, i32.const(2));

/** Defines a kernel: `from` and `to` (of its units), the named numbers, and the scratch it does not use. */
export function defineKernel<Name extends string>(
  module: ModuleBuilder,
  name: string,
  numbers: Readonly<Record<Name, ValueType>>,
  write: (f: FunctionBody, given: Readonly<Record<Name | 'from' | 'to', Local>>) => void,
): void {
  const names = Object.keys(numbers) as Name[];
  const types = names.map((one) => numbers[one]);
  module.define(name, ['i32', 'i32', ...types, 'i32'], null, (f, from, to, ...others) => {
    const given = Object.fromEntries(names.map((one, at) => [one, others[at] as Local]));
    write(f, { ...given, from, to } as Readonly<Record<Name | 'from' | 'to', Local>>);
    return null;
  });
}

export const DROPPING = { keyAt: 'i32', threshold: 'i32', keepScale: 'f32' } as const;

export function droppingOf(f: FunctionBody, given: Readonly<Record<keyof typeof DROPPING, Local>>): Dropping {
  return dropping(f, given.keyAt, given.threshold, given.keepScale);
}

/** `value` with the dropout of the elements from `first`, in a variable; untouched where nothing is dropped. */
export function dropped(f: FunctionBody, threshold: Local, drop: Dropping, value: Value, first: Value): Local {
  const result = f.keep(value);
  f.when(threshold, () => f.set(result, f32x4.mul(result, dropFactors(f, drop, elementsFrom(first)))));
  return result;
}

interface Spread {
  readonly mean: Local;
  readonly deviation: Local;
}

/** Writes `value` of each place of a row to `sum`, and the row's mean and deviation to `statistics`. */
function writeSpread(
  f: FunctionBody,
  { row, width, epsilon, sum, statistics }: Readonly<Record<'row' | 'width' | 'epsilon' | 'sum' | 'statistics', Local>>,
  value: (column: Local, element: Value) => Value,
): Spread & { readonly sumRow: Local; readonly element: Local } {
  const c = f.variable('i32');
  const element = f.keep(i32.mul(row, width));
  const sumRow = f.keep(i32.add(sum, words(element)));
  const bytes = f.keep(words(width));
  const count = f.keep(f32.fromInteger(width));
  const total = f.keep(f32x4.const(0));
  f.loop(c, ZERO, bytes, 16, () => {
    const own = f.keep(value(c, i32.add(element, i32.shr(c, i32.const(2)))));
    f.store(i32.add(sumRow, c), own);
    f.set(total, f32x4.add(total, own));
  });
  const mean = f.keep(f32.div(laneSum(f, total), count));
  const centre = f.keep(f32x4.splat(mean));
  f.set(total, f32x4.const(0));
  f.loop(c, ZERO, bytes, 16, () => {
    const centred = f.keep(f32x4.sub(v128.load(i32.add(sumRow, c)), centre));
    f.set(total, f32x4.add(total, f32x4.mul(centred, centred)));
  });
  const variance = f32.add(f32.div(laneSum(f, total), count), epsilon);
  const deviation = f.keep(f32.div(f32.const(1), f32.sqrt(variance)));
  const at = f.keep(i32.add(statistics, i32.shl(row, i32.const(3))));
  f.store(at, mean);
  f.store(at, deviation, 4);
  return { mean: centre, deviation: f.keep(f32x4.splat(deviation)), sumRow, element };
}

const NORM = { width: 'i32', epsilon: 'f32', ...DROPPING } as const;

function defineNorms(module: ModuleBuilder, { multiplyAdd }: VectorMath): void {
  const variants = [
    { name: 'residualNorm', biased: false, residual: true, shifted: true },
    { name: 'residualNormBiased', biased: true, residual: true, shifted: true },
    { name: 'residualNormScaled', biased: false, residual: true, shifted: false },
    { name: 'normScaled', biased: false, residual: false, shifted: false },
    { name: 'normShifted', biased: false, residual: false, shifted: true },
  ] as const;
  for (const { name, biased, residual, shifted } of variants) {
    const numbers = { ...NORM, x: 'i32', bias: 'i32', residual: 'i32', scale: 'i32', shift: 'i32', y: 'i32', sum: 'i32', statistics: 'i32' } as const; // prettier-ignore
    defineKernel(module, name, numbers, (f, given) => {
      const { from, to, width, threshold, scale, shift } = given;
      const [row, c] = [f.variable('i32'), f.variable('i32')];
      const drop = droppingOf(f, given);
      f.loop(row, from, to, 1, () => {
        const { mean, deviation, sumRow, element } = writeSpread(f, { ...given, row }, (column, place) => {
          const at = f.keep(i32.mul(place, i32.const(4)));
          const x = v128.load(i32.add(given.x, at));
          if (!residual) return x;
          const whole = biased ? f32x4.add(x, v128.load(i32.add(given.bias, column))) : x;
          return f32x4.add(dropped(f, threshold, drop, whole, place), v128.load(i32.add(given.residual, at)));
        });
        const out = f.keep(i32.add(given.y, words(element)));
        f.loop(c, ZERO, words(width), 16, () => {
          const normal = f32x4.mul(f32x4.sub(v128.load(i32.add(sumRow, c)), mean), deviation);
          const factor = v128.load(i32.add(scale, c));
          const y = shifted ? multiplyAdd(normal, factor, v128.load(i32.add(shift, c))) : f32x4.mul(normal, factor);
          f.store(i32.add(out, c), y);
        });
      });
    });
  }
  const places = { words: 'i32', position: 'i32', segment: 'i32', scale: 'i32', shift: 'i32' } as const;
  const numbers = { ...NORM, pieces: 'i32', firstPosition: 'i32', lastPosition: 'i32', ...places, pieceIds: 'i32', segmentIds: 'i32', y: 'i32', sum: 'i32', statistics: 'i32' } as const; // prettier-ignore
  defineKernel(module, 'embeddingNorm', numbers, (f, given) => {
    const { from, to, width, threshold, scale, shift, pieces, firstPosition, lastPosition } = given;
    const [row, c, t] = [f.variable('i32'), f.variable('i32'), f.variable('i32')];
    const drop = droppingOf(f, given);
    const bytes = f.keep(words(width));
    f.loop(row, from, to, 1, () => {
      const tableRow = (table: Local, ids: Local): Local =>
        f.keep(i32.add(table, i32.mul(i32.load(i32.add(ids, words(row))), bytes)));
      const [word, segment] = [tableRow(given.words, given.pieceIds), tableRow(given.segment, given.segmentIds)];
      f.set(t, i32.add(i32.remainder(row, pieces), firstPosition));
      // Padding alone may reach beyond the last position.
      f.when(i32.less(lastPosition, t), () => f.set(t, lastPosition));
      const position = f.keep(i32.add(given.position, i32.mul(t, bytes)));
      const { mean, deviation, sumRow, element } = writeSpread(f, { ...given, row }, (column) => {
        const others = f32x4.add(v128.load(i32.add(word, column)), v128.load(i32.add(position, column)));
        return f32x4.add(others, v128.load(i32.add(segment, column)));
      });
      const out = f.keep(i32.add(given.y, words(element)));
      f.loop(c, ZERO, bytes, 16, () => {
        const normal = f32x4.mul(f32x4.sub(v128.load(i32.add(sumRow, c)), mean), deviation);
        const y = multiplyAdd(normal, v128.load(i32.add(scale, c)), v128.load(i32.add(shift, c)));
        const first = i32.add(element, i32.shr(c, i32.const(2)));
        f.store(i32.add(out, c), dropped(f, threshold, drop, y, first));
      });
    });
  });
}

function defineNormGradients(module: ModuleBuilder, { multiplyAdd }: VectorMath): void {
  const backward = { ...NORM, dY: 'i32', sum: 'i32', statistics: 'i32', scale: 'i32', dSum: 'i32', dX: 'i32' } as const;
  /** dX is written where it is another matrix than dSum. */
  defineKernel(module, 'residualNormBackward', backward, (f, given) => {
    const { from, to, width, threshold, scale } = given;
    const [row, c] = [f.variable('i32'), f.variable('i32')];
    const drop = droppingOf(f, given);
    const bytes = f.keep(words(width));
    const count = f.keep(f32.fromInteger(width));
    f.loop(row, from, to, 1, () => {
      const start = f.keep(i32.mul(row, bytes));
      const at = f.keep(i32.add(given.statistics, i32.shl(row, i32.const(3))));
      const [mean, deviation] = [f.keep(v128.loadSplat(at)), f.keep(v128.loadSplat(at, 4))];
      const [plain, along] = [f.keep(f32x4.const(0)), f.keep(f32x4.const(0))];
      const place = (base: Local): Value => i32.add(i32.add(base, start), c);
      const parts = (): readonly [Local, Local] => [
        f.keep(f32x4.mul(v128.load(place(given.dY)), v128.load(i32.add(scale, c)))),
        f.keep(f32x4.mul(f32x4.sub(v128.load(place(given.sum)), mean), deviation)),
      ];
      f.loop(c, ZERO, bytes, 16, () => {
        const [g, normal] = parts();
        f.set(plain, f32x4.add(plain, g));
        f.set(along, multiplyAdd(g, normal, along));
      });
      const meanPlain = f.keep(f32x4.splat(f32.div(laneSum(f, plain), count)));
      const meanAlong = f.keep(f32x4.splat(f32.div(laneSum(f, along), count)));
      f.loop(c, ZERO, bytes, 16, () => {
        const [g, normal] = parts();
        const rest = f32x4.sub(f32x4.sub(g, meanPlain), f32x4.mul(normal, meanAlong));
        const value = f.keep(f32x4.mul(deviation, rest));
        f.store(place(given.dSum), value);
        f.when(i32.ne(given.dSum, given.dX), () => {
          const first = i32.shr(i32.add(start, c), i32.const(2));
          f.store(place(given.dX), dropped(f, threshold, drop, value, first));
        });
      });
    });
  });
  const sums = { rows: 'i32', width: 'i32', dY: 'i32', sum: 'i32', statistics: 'i32', dX: 'i32', bias: 'i32', scale: 'i32', shift: 'i32', accumulate: 'i32' } as const; // prettier-ignore
  const kinds = [
    { name: 'residualNormGradients', biased: false, shifted: true },
    { name: 'residualNormGradientsBiased', biased: true, shifted: true },
    { name: 'normGradientsOfScale', biased: false, shifted: false },
  ] as const;
  for (const { name, biased, shifted } of kinds) {
    /** Units are blocks of `COLUMN_BLOCK` columns. */
    defineKernel(module, name, sums, (f, given) => {
      const { from, to, rows, width, accumulate } = given;
      const [unit, row] = [f.variable('i32'), f.variable('i32')];
      const bytes = f.keep(words(width));
      eachColumnBlock(f, { unit, from, to, bytes }, (column, vectors) => {
        const read = [given.dY, given.sum, given.dX].map((base) => f.keep(i32.add(base, column)));
        const [dYAt, sumAt, dXAt] = read as [Local, Local, Local];
        const statistics = f.keep(given.statistics);
        const totals = vectors.map(() => [0, 1, 2].map(() => f.keep(f32x4.const(0))) as [Local, Local, Local]);
        f.loop(row, ZERO, rows, 1, () => {
          const [mean, deviation] = [f.keep(v128.loadSplat(statistics)), f.keep(v128.loadSplat(statistics, 4))];
          for (const [index, [scale, shift, bias]] of totals.entries()) {
            const dY = f.keep(v128.load(dYAt, 16 * index));
            const normal = f32x4.mul(f32x4.sub(v128.load(sumAt, 16 * index), mean), deviation);
            f.set(scale, multiplyAdd(dY, normal, scale));
            f.set(shift, f32x4.add(shift, dY));
            if (biased) f.set(bias, f32x4.add(bias, v128.load(dXAt, 16 * index)));
          }
          for (const at of biased ? read : read.slice(0, 2)) f.advance(at, bytes);
          f.advance(statistics, 8);
        });
        for (const [which, out] of [given.scale, given.shift, given.bias].entries()) {
          if ((which === 2 && !biased) || (which === 1 && !shifted)) continue;
          storeSums(
            f,
            f.keep(i32.add(out, column)),
            totals.map((own) => own[which] as Local),
            accumulate,
          );
        }
      });
    });
  }
}

function defineEmbeddings(module: ModuleBuilder): void {
  const gather = { ...DROPPING, width: 'i32', table: 'i32', pieceIds: 'i32', out: 'i32' } as const;
  defineKernel(module, 'embedding', gather, (f, given) => {
    const { from, to, threshold, width, table, pieceIds, out } = given;
    const [row, c] = [f.variable('i32'), f.variable('i32')];
    const drop = droppingOf(f, given);
    const bytes = f.keep(words(width));
    f.loop(row, from, to, 1, () => {
      const read = f.keep(i32.add(table, i32.mul(i32.load(i32.add(pieceIds, words(row))), bytes)));
      const start = f.keep(i32.mul(row, bytes));
      f.loop(c, ZERO, bytes, 16, () => {
        const place = f.keep(i32.add(start, c));
        const value = dropped(f, threshold, drop, v128.load(i32.add(read, c)), i32.shr(place, i32.const(2)));
        f.store(i32.add(out, place), value);
      });
    });
  });
  const spread = { ...DROPPING, width: 'i32', dOut: 'i32', order: 'i32', starts: 'i32', ids: 'i32', uniqueCount: 'i32', gradient: 'i32' } as const; // prettier-ignore
  /** Units are places among the distinct ids; those past their number do nothing. */
  defineKernel(module, 'embeddingGradient', spread, (f, given) => {
    const { from, to, threshold, width, dOut, order, starts, ids, uniqueCount, gradient } = given;
    const [unit, c, at] = [f.variable('i32'), f.variable('i32'), f.variable('i32')];
    const drop = droppingOf(f, given);
    const bytes = f.keep(words(width));
    f.loop(unit, from, to, 1, () => {
      f.when(i32.less(unit, i32.load(uniqueCount)), () => {
        const [first, end] = [
          f.keep(i32.load(i32.add(starts, words(unit)))),
          f.keep(i32.load(i32.add(starts, words(unit)), 4)),
        ];
        const write = f.keep(i32.add(gradient, i32.mul(i32.load(i32.add(ids, words(unit))), bytes)));
        f.loop(c, ZERO, bytes, 16, () => {
          const sum = f.keep(f32x4.const(0));
          f.loop(at, first, end, 1, () => {
            const place = f.keep(i32.add(i32.mul(i32.load(i32.add(order, words(at))), bytes), c));
            const value = dropped(f, threshold, drop, v128.load(i32.add(dOut, place)), i32.shr(place, i32.const(2)));
            f.set(sum, f32x4.add(sum, value));
          });
          const to = f.keep(i32.add(write, c));
          f.store(to, f32x4.add(v128.load(to), sum));
        });
      });
    });
  });
  /** Units are vectors of four of the positions' gradients. */
  const positions = { sequences: 'i32', stride: 'i32', dSum: 'i32', gradient: 'i32' } as const;
  defineKernel(module, 'positionGradient', positions, (f, { from, to, sequences, stride, dSum, gradient }) => {
    const [unit, b] = [f.variable('i32'), f.variable('i32')];
    f.loop(unit, from, to, 1, () => {
      const at = f.keep(i32.shl(unit, i32.const(4)));
      const place = f.keep(i32.add(gradient, at));
      const read = f.keep(i32.add(dSum, at));
      const sum = f.keep(f32x4.const(0));
      f.loop(b, ZERO, sequences, 1, () => {
        f.set(sum, f32x4.add(sum, v128.load(read)));
        f.advance(read, stride);
      });
      f.store(place, f32x4.add(v128.load(place), sum));
    });
  });
  /** Units are distances, of both tables. */
  const rows = { distances: 'i32', bytes: 'i32', strideTable: 'i32', strideOut: 'i32', table: 'i32', places: 'i32', out: 'i32' } as const; // prettier-ignore
  defineKernel(module, 'distanceRows', rows, (f, given) => {
    const { from, to, distances, bytes } = given;
    const [unit, c] = [f.variable('i32'), f.variable('i32')];
    f.loop(unit, from, to, 1, () => {
      const [which, p] = [f.keep(i32.divide(unit, distances)), f.keep(i32.remainder(unit, distances))];
      const row = i32.mul(i32.load(i32.add(given.places, words(p))), bytes);
      const read = f.keep(i32.add(i32.add(given.table, i32.mul(which, given.strideTable)), row));
      const write = f.keep(i32.add(i32.add(given.out, i32.mul(which, given.strideOut)), i32.mul(p, bytes)));
      f.loop(c, ZERO, bytes, 16, () => f.store(i32.add(write, c), v128.load(i32.add(read, c))));
    });
  });
  /** Units are rows of both tables; `starts` are followed by the ends. */
  const sums = { rows: 'i32', bytes: 'i32', strideTable: 'i32', strideOut: 'i32', dOut: 'i32', starts: 'i32', dTable: 'i32' } as const; // prettier-ignore
  defineKernel(module, 'distanceRowSums', sums, (f, given) => {
    const { from, to, bytes } = given;
    const [unit, c, p] = [f.variable('i32'), f.variable('i32'), f.variable('i32')];
    f.loop(unit, from, to, 1, () => {
      const [which, row] = [f.keep(i32.divide(unit, given.rows)), f.keep(i32.remainder(unit, given.rows))];
      const start = f.keep(i32.load(i32.add(given.starts, words(row))));
      const end = f.keep(i32.load(i32.add(given.starts, words(i32.add(given.rows, row)))));
      const write = f.keep(i32.add(i32.add(given.dTable, i32.mul(which, given.strideTable)), i32.mul(row, bytes)));
      f.loop(c, ZERO, bytes, 16, () => {
        const read = f.keep(
          i32.add(i32.add(given.dOut, i32.mul(which, given.strideOut)), i32.add(i32.mul(start, bytes), c)),
        );
        const sum = f.keep(f32x4.const(0));
        f.loop(p, start, end, 1, () => {
          f.set(sum, f32x4.add(sum, v128.load(read)));
          f.advance(read, bytes);
        });
        f.store(i32.add(write, c), sum);
      });
    });
  });
  /** Units are segments. */
  const segments = { rows: 'i32', width: 'i32', dSum: 'i32', segmentIds: 'i32', gradient: 'i32' } as const;
  defineKernel(module, 'segmentGradient', segments, (f, { from, to, rows, width, dSum, segmentIds, gradient }) => {
    const [unit, row, c] = [f.variable('i32'), f.variable('i32'), f.variable('i32')];
    const bytes = f.keep(words(width));
    f.loop(unit, from, to, 1, () => {
      const out = f.keep(i32.add(gradient, i32.mul(unit, bytes)));
      const own = f.keep(i32x4.splat(unit));
      f.loop(c, ZERO, bytes, 16, () => {
        const sum = f.keep(f32x4.const(0));
        const read = f.keep(i32.add(dSum, c));
        f.loop(row, ZERO, rows, 1, () => {
          const isOwn = i32x4.eq(own, v128.loadSplat(i32.add(segmentIds, words(row))));
          f.set(sum, f32x4.add(sum, v128.and(v128.load(read), isOwn)));
          f.advance(read, bytes);
        });
        const place = f.keep(i32.add(out, c));
        f.store(place, f32x4.add(v128.load(place), sum));
      });
    });
  });
}

function defineHeadRows(module: ModuleBuilder): void {
  const drops = { encoderKeyAt: 'i32', encoderThreshold: 'i32', encoderScale: 'f32', headKeyAt: 'i32', headThreshold: 'i32', headScale: 'f32' } as const; // prettier-ignore
  const numbers = { width: 'i32', ...drops, source: 'i32', rows: 'i32', out: 'i32' } as const;
  for (const back of [false, true]) {
    /** Forward: row n of `out` is row rows[n]; backward: row r is row rows[r], or 0 where that is negative. Masks belong to the piece row. */
    defineKernel(module, back ? 'headRowsBackward' : 'headRows', numbers, (f, given) => {
      const { from, to, width, source, rows, out, encoderThreshold, headThreshold } = given;
      const [row, c] = [f.variable('i32'), f.variable('i32')];
      const encoder = dropping(f, given.encoderKeyAt, encoderThreshold, given.encoderScale);
      const head = dropping(f, given.headKeyAt, headThreshold, given.headScale);
      const bytes = f.keep(words(width));
      f.loop(row, from, to, 1, () => {
        const other = f.keep(i32.load(i32.add(rows, words(row))));
        const write = f.keep(i32.add(out, i32.mul(row, bytes)));
        f.loop(c, ZERO, bytes, 16, () => {
          const value = f.keep(f32x4.const(0));
          f.when(i32.isZero(i32.lessSigned(other, ZERO)), () => {
            const read = f.keep(i32.add(i32.mul(other, bytes), c));
            const place = back ? i32.add(i32.mul(row, bytes), c) : read;
            const element = f.keep(i32.shr(place, i32.const(2)));
            f.set(value, v128.load(i32.add(source, read)));
            f.set(value, dropped(f, encoderThreshold, encoder, value, element));
            f.set(value, dropped(f, headThreshold, head, value, element));
          });
          f.store(i32.add(write, c), value);
        });
      });
    });
  }
}

export function defineRowKernels(module: ModuleBuilder, math: VectorMath): void {
  defineNorms(module, math);
  defineNormGradients(module, math);
  defineEmbeddings(module);
  defineHeadRows(module);
}
