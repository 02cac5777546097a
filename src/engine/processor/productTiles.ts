// Emits tiles of a matrix product: up to 8 x 8 sums in registers, over a panel of B.
import type { FunctionBody, FunctionHandle, Local, ModuleBuilder } from '../assembly/assembler.ts';
import { f32x4, i32, i32x4, select, v128, type Value } from '../assembly/instructions.ts';
import type { VectorMath } from './vectorMath.ts';

/** Rows and columns of a tile: the fastest of 4, 6 and 8 rows. */
export const TILE_ROWS = 8;
export const TILE_COLUMNS = 8;
export const PANEL_BYTES = TILE_COLUMNS * 4;
export const upTo = (count: number): readonly number[] => [...Array(count).keys()];

/** Steps of the inner length that a tile takes at once. */
const UNROLLED = 4;

interface TileForm {
  readonly unrolled: boolean;
  /** Columns of a narrow row; null for eight. */
  readonly narrow: Local | null;
  /** Whether the sums are added to what the output holds; null where `accumulate` says so. */
  readonly adds: boolean | null;
}

/**
 * Emits a tile of `rows` rows and eight columns, or the first `narrow` of them of one row. Each sum takes its four products of a block of
 * steps one after another: V8, which cannot keep all sums in registers, then moves each one once a block and not once a step. There
 * is one loop a function: with a second one for what is left, both take a third longer.
 */
function writeTile(
  f: FunctionBody,
  { multiplyAdd }: VectorMath,
  rows: number,
  byRows: boolean,
  given: readonly Local[],
  { unrolled, narrow, adds }: TileForm,
): void {
  const [a, aBytes, b, inner, out, outBytes, accumulate] = given as readonly Local[] as readonly [Local, Local, Local, Local, Local, Local, Local]; // prettier-ignore
  const lines = upTo(rows);
  const mask = adds === null ? f.keep(i32x4.splat(select(i32.const(-1), i32.const(0), accumulate))) : null;
  // What follows a narrow row is read, too, and not stored.
  const sums = lines.map((row) => {
    if (adds === false) return [f.keep(f32x4.const(0)), f.keep(f32x4.const(0))] as const;
    const at = f.keep(row === 0 ? out : i32.add(out, i32.mul(outBytes, i32.const(row))));
    const before = (half: number): Value => v128.load(at, half * 16);
    const start = (half: number): Local => f.keep(mask === null ? before(half) : v128.and(before(half), mask));
    return [start(0), start(1)] as const;
  });
  /** Of each row, or of each step of a block of steps. */
  const pointers = upTo(byRows ? rows : unrolled ? UNROLLED : 1).map((at) =>
    f.keep(at === 0 ? a : i32.add(a, i32.mul(aBytes, i32.const(at)))),
  );
  const numberAt = (row: number, step: number): Value =>
    byRows ? v128.loadSplat(pointers[row] as Local, step * 4) : v128.loadSplat(pointers[step] as Local, row * 4);
  const steps = (count: number): void => {
    const panels = upTo(count).map((step) => [0, 16].map((half) => f.keep(v128.load(b, step * PANEL_BYTES + half))));
    for (const row of lines) {
      const numbers = upTo(count).map((step) => f.keep(numberAt(row, step)));
      for (const half of [0, 1] as const) {
        const sum = sums[row]?.[half] as Local;
        const added = numbers.reduce<Value>(
          (before, number, step) => multiplyAdd(number, panels[step]?.[half] as Local, before),
          sum,
        );
        f.set(sum, added);
      }
    }
    for (const pointer of pointers) {
      f.advance(pointer, byRows ? count * 4 : i32.mul(aBytes, i32.const(count)));
    }
    f.advance(b, count * PANEL_BYTES);
  };
  const end = f.keep(i32.add(b, i32.mul(inner, i32.const(PANEL_BYTES))));
  f.while(i32.less(b, end), () => steps(unrolled ? UNROLLED : 1));
  if (narrow === null) {
    for (const [first, second] of sums) {
      f.store(out, first);
      f.store(out, second, 16);
      f.advance(out, outBytes);
    }
    return;
  }
  for (const column of upTo(TILE_COLUMNS - 1)) {
    const sum = f32x4.lane(sums[0]?.[column < 4 ? 0 : 1] as Local, column % 4);
    f.when(i32.less(i32.const(column), narrow), () => f.store(out, sum, column * 4));
  }
}

const TILE_PARAMETERS = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/** Functions that compute a tile from (a, aBytes, b, inner, out, outBytes, accumulate, rows, columns). */
export interface Tiles {
  /** Of any size. */
  readonly any: FunctionHandle;
  /** Of eight rows and columns and a whole number of blocks of steps, without the last two numbers: as the first sums, and added to others. */
  readonly first: FunctionHandle;
  readonly further: FunctionHandle;
}

/** Calls the tile of that size. */
export function callTile(f: FunctionBody, { any, first, further }: Tiles, ...given: readonly Value[]): void {
  const own = given.map((value) => f.keep(value));
  const [inner, accumulate, rows, columns] = [3, 6, 7, 8].map((at) => own[at]) as [Local, Local, Local, Local];
  const isWhole = i32.and(
    i32.isZero(i32.and(inner, i32.const(UNROLLED - 1))),
    i32.and(i32.atLeast(rows, i32.const(TILE_ROWS)), i32.atLeast(columns, i32.const(TILE_COLUMNS))),
  );
  const numbers = own.slice(0, TILE_PARAMETERS.length);
  f.when(
    isWhole,
    () => f.when(accumulate, () => f.call(further, ...numbers), () => f.call(first, ...numbers)), // prettier-ignore
    () => f.call(any, ...own),
  );
}

/** Defines functions for each number of rows, by blocks of steps and by single steps, one for narrow rows, and those of `Tiles`. */
export function defineTiles(module: ModuleBuilder, math: VectorMath, byRows: boolean): Tiles {
  const name = byRows ? 'tileOfRows' : 'tileOfColumns';
  const whole = (own: string, adds: boolean): FunctionHandle =>
    module.define(`${name}${own}`, TILE_PARAMETERS, null, (f, ...parameters) => {
      writeTile(f, math, TILE_ROWS, byRows, parameters, { unrolled: true, narrow: null, adds });
      return null;
    });
  const ofRows = (unrolled: boolean): readonly FunctionHandle[] =>
    upTo(TILE_ROWS).map((index) =>
      module.define(`${name}${index + 1}${unrolled ? '' : 'Rest'}`, TILE_PARAMETERS, null, (f, ...parameters) => {
        writeTile(f, math, index + 1, byRows, parameters, { unrolled, narrow: null, adds: null });
        return null;
      }),
    );
  const [blocks, rests] = [ofRows(true), ofRows(false)];
  const narrowParameters = [...TILE_PARAMETERS, 'i32'] as const;
  const narrow = module.define(`${name}Narrow`, narrowParameters, null, (f, ...parameters) => {
    writeTile(f, math, 1, byRows, parameters, { unrolled: false, narrow: parameters.at(-1) as Local, adds: null });
    return null;
  });
  const parameters = [...TILE_PARAMETERS, 'i32', 'i32'] as const;
  const any = module.define(
    name,
    parameters,
    null,
    (f, a, aBytes, b, inner, out, outBytes, accumulate, rows, columns) => {
      // prettier-ignore
      const [row, count, whole, rest] = [f.variable('i32'), f.variable('i32'), f.variable('i32'), f.variable('i32')];
      f.set(count, smaller(rows, i32.const(TILE_ROWS)));
      const choose = (among: readonly FunctionHandle[], steps: Local, least: number): void =>
        f.when(
          i32.atLeast(count, i32.const(least)),
          () => f.call(among[least - 1] as FunctionHandle, a, aBytes, b, steps, out, outBytes, accumulate),
          least === 1 ? undefined : () => choose(among, steps, least - 1),
        );
      f.when(
        i32.less(columns, i32.const(TILE_COLUMNS)),
        () => {
          f.loop(row, i32.const(0), count, 1, () => {
            f.call(narrow, a, aBytes, b, inner, out, outBytes, accumulate, columns);
            f.advance(a, byRows ? aBytes : 4);
            f.advance(out, outBytes);
          });
        },
        () => {
          f.set(whole, i32.and(inner, i32.const(-UNROLLED)));
          f.set(rest, i32.sub(inner, whole));
          // Without a step at all, the output still becomes 0.
          f.when(i32.or(whole, i32.isZero(rest)), () => {
            choose(blocks, whole, TILE_ROWS);
            f.set(accumulate, i32.const(1));
          });
          f.when(rest, () => {
            f.advance(a, i32.mul(whole, byRows ? i32.const(4) : aBytes));
            f.advance(b, i32.mul(whole, i32.const(PANEL_BYTES)));
            choose(rests, rest, TILE_ROWS);
          });
        },
      );
      return null;
    },
  );
  return { any, first: whole('First', false), further: whole('Further', true) };
}

export const smaller = (left: Value, right: Value): Value => select(left, right, i32.less(left, right));
