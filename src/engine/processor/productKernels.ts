// Emits the matrix products of the processor: tiles of 8 x 8 sums, over operands packed into panels.
import type { FunctionBody, FunctionHandle, Local, ModuleBuilder } from '../assembly/assembler.ts';
import { f32, i32, select, v128, type Value } from '../assembly/instructions.ts';
import {
  callTile,
  defineTiles,
  PANEL_BYTES,
  smaller,
  TILE_COLUMNS,
  TILE_ROWS,
  upTo,
  type Tiles,
} from './productTiles.ts';
import type { VectorMath } from './vectorMath.ts';

/** Inner length and rows of a block: a panel of B stays in the first cache, a block of A in the second. */
export const BLOCK_INNER = 256;
const BLOCK_ROWS = 96;

const words = (count: Value): Value => i32.shl(count, i32.const(2));

export interface ProductKernels {
  /** (from, rowBytes, inner, columns, to, panelBytes): B [inner, columns] into panels [inner][8], filled up with zeros. */
  readonly packRows: FunctionHandle;
  /** Likewise from the transpose of B, [columns, inner]. */
  readonly packTransposed: FunctionHandle;
  /** Tiles of at most 8 x 8 from a panel of B; `aBytes` lie between rows of A [rows, inner]. */
  readonly tileOfRows: Tiles;
  /** Likewise from A transposed, [inner, rows]; `aBytes` lie between steps of the inner length. */
  readonly tileOfColumns: Tiles;
  /** (a, aBytes, b, panelBytes, inner, rows, columns, out, outBytes, accumulate): all tiles from the panels of B, A [rows, inner]. */
  readonly products: FunctionHandle;
  /** Likewise from A transposed, with one more number at the end: bytes between its blocks of eight rows. */
  readonly productsOfColumns: FunctionHandle;
  /** See `defineMatmul`. */
  readonly matmul: FunctionHandle;
}

/** Bytes of scratch that `matmul` needs for a product with this many columns. */
export function productScratchBytes(columns: number): number {
  const panels = Math.ceil(columns / TILE_COLUMNS);
  return 4 * BLOCK_INNER * (panels * TILE_COLUMNS + BLOCK_ROWS);
}

function definePackRows(module: ModuleBuilder): FunctionHandle {
  const width = TILE_COLUMNS;
  const parameters = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  return module.define('packRows', parameters, null, (f, from, rowBytes, inner, columns, to, panelBytes) => {
    const [column, k, read, write, c] = upTo(5).map(() => f.variable('i32')) as [Local, Local, Local, Local, Local];
    f.loop(column, i32.const(0), columns, width, () => {
      f.set(read, i32.add(from, words(column)));
      f.set(write, to);
      f.when(
        i32.atLeast(i32.sub(columns, column), i32.const(width)),
        () => {
          f.loop(k, i32.const(0), inner, 1, () => {
            for (const at of upTo(width / 4)) f.store(write, v128.load(read, at * 16), at * 16);
            f.advance(read, rowBytes);
            f.advance(write, width * 4);
          });
        },
        () => {
          f.loop(k, i32.const(0), inner, 1, () => {
            for (const at of upTo(width)) f.store(write, f32.const(0), at * 4);
            f.loop(c, i32.const(0), i32.sub(columns, column), 1, () => {
              f.store(i32.add(write, words(c)), f32.load(i32.add(read, words(c))));
            });
            f.advance(read, rowBytes);
            f.advance(write, width * 4);
          });
        },
      );
      f.advance(to, panelBytes);
    });
    return null;
  });
}

/** Four rows of four words as four columns. */
function transpose(f: FunctionBody, rows: readonly Value[]): readonly Local[] {
  const [a, b, c, d] = rows.map((row) => f.keep(row)) as [Local, Local, Local, Local];
  const pairs = [
    f.keep(v128.shuffle(a, b, [0, 4, 1, 5])),
    f.keep(v128.shuffle(c, d, [0, 4, 1, 5])),
    f.keep(v128.shuffle(a, b, [2, 6, 3, 7])),
    f.keep(v128.shuffle(c, d, [2, 6, 3, 7])),
  ] as const;
  return [
    f.keep(v128.shuffle(pairs[0], pairs[1], [0, 1, 4, 5])),
    f.keep(v128.shuffle(pairs[0], pairs[1], [2, 3, 6, 7])),
    f.keep(v128.shuffle(pairs[2], pairs[3], [0, 1, 4, 5])),
    f.keep(v128.shuffle(pairs[2], pairs[3], [2, 3, 6, 7])),
  ];
}

function definePackTransposed(module: ModuleBuilder): FunctionHandle {
  const parameters = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  return module.define('packTransposed', parameters, null, (f, from, rowBytes, inner, columns, to, panelBytes) => {
    const [column, k, read, write, c, whole] = upTo(6).map(() => f.variable('i32')) as [Local, Local, Local, Local, Local, Local]; // prettier-ignore
    f.set(whole, i32.and(inner, i32.const(-4)));
    const word = (): void => {
      f.loop(c, i32.const(0), i32.const(TILE_COLUMNS), 1, () => {
        const at = i32.add(write, words(c));
        f.when(
          i32.less(i32.add(column, c), columns),
          () => f.store(at, f32.load(i32.add(read, i32.mul(c, rowBytes)))),
          () => f.store(at, f32.const(0)),
        );
      });
      f.advance(read, 4);
      f.advance(write, PANEL_BYTES);
    };
    f.loop(column, i32.const(0), columns, TILE_COLUMNS, () => {
      f.set(read, i32.add(from, i32.mul(column, rowBytes)));
      f.set(write, to);
      f.set(k, i32.const(0));
      f.when(i32.atLeast(i32.sub(columns, column), i32.const(TILE_COLUMNS)), () => {
        f.loop(k, i32.const(0), whole, 4, () => {
          for (const half of [0, 1]) {
            const rowOf = (row: number): Value =>
              v128.load(i32.add(read, i32.mul(rowBytes, i32.const(half * 4 + row))));
            for (const [step, value] of transpose(f, upTo(4).map(rowOf)).entries()) {
              f.store(write, value, step * PANEL_BYTES + half * 16);
            }
          }
          f.advance(read, 16);
          f.advance(write, 4 * PANEL_BYTES);
        });
      });
      f.loop(k, k, inner, 1, word);
      f.advance(to, panelBytes);
    });
    return null;
  });
}

function defineProducts(module: ModuleBuilder, tiles: Tiles, byRows: boolean): FunctionHandle {
  const ten = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  const parameters = byRows ? ten : ([...ten, 'i32'] as const);
  const name = byRows ? 'products' : 'productsOfColumns';
  return module.define(
    name,
    parameters,
    null,
    (f, a, aBytes, b, panelBytes, inner, rows, columns, out, outBytes, accumulate, blockBytes) => {
      const [row, column, readA, write] = upTo(4).map(() => f.variable('i32')) as [Local, Local, Local, Local];
      f.loop(column, i32.const(0), columns, TILE_COLUMNS, () => {
        f.set(readA, a);
        f.set(write, i32.add(out, words(column)));
        f.loop(row, i32.const(0), rows, TILE_ROWS, () => {
          const left = [i32.sub(rows, row), i32.sub(columns, column)] as const;
          callTile(f, tiles, readA, aBytes, b, inner, write, outBytes, accumulate, ...left);
          f.advance(readA, byRows ? i32.mul(aBytes, i32.const(TILE_ROWS)) : blockBytes);
          f.advance(write, i32.mul(outBytes, i32.const(TILE_ROWS)));
        });
        f.advance(b, panelBytes);
      });
      return null;
    },
  );
}

/**
 * out (+)= A·B (kind 0), A·Bᵀ (1) or Aᵀ·B (2), rows `from` to `to` of `rows`, or such columns if `byColumns` is 1, for `outputs`
 * matrices, each the sum of `pairs` products; strides in bytes. Adds to what `out` holds if the word at `accumulate` is not 0. The order of every sum depends on the
 * inner length alone.
 */
function defineMatmul(module: ModuleBuilder, pack: Omit<ProductKernels, 'matmul'>): FunctionHandle {
  const parameters = Array.from({ length: 17 }, () => 'i32' as const);
  return module.define('matmul', parameters, null, (f, ...given) => {
    const [from, to, kind, byColumns, columns, inner, rows, pairs, outputs, strideA, strideB, strideOut, a, b, out, accumulate, scratch] = given as readonly Local[] as readonly [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local]; // prettier-ignore
    const [output, pair, k, row, length, count, adds, ownA, ownB, ownOut, packA, outBytes, aBytes, panelBytes] = upTo(14).map(() => f.variable('i32')) as unknown as readonly [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local]; // prettier-ignore
    const isTn = i32.eq(kind, i32.const(2));
    f.set(outBytes, words(columns));
    const [firstRow, endRow] = [f.keep(from), f.keep(to)];
    const [firstColumn, width] = [f.keep(i32.const(0)), f.keep(columns)];
    f.when(byColumns, () => {
      f.set(firstRow, i32.const(0));
      f.set(endRow, rows);
      f.set(firstColumn, from);
      f.set(width, i32.sub(to, from));
    });
    f.set(aBytes, words(select(rows, inner, isTn)));
    f.loop(output, i32.const(0), outputs, 1, () => {
      f.set(ownOut, i32.add(out, i32.mul(output, strideOut)));
      f.set(adds, i32.load(accumulate));
      f.loop(pair, i32.const(0), pairs, 1, () => {
        f.set(ownA, i32.add(a, i32.mul(i32.add(output, pair), strideA)));
        f.set(ownB, i32.add(b, i32.mul(i32.add(output, pair), strideB)));
        f.loop(k, i32.const(0), inner, BLOCK_INNER, () => {
          f.set(length, smaller(i32.sub(inner, k), i32.const(BLOCK_INNER)));
          f.set(panelBytes, i32.mul(length, i32.const(PANEL_BYTES)));
          f.when(
            i32.eq(kind, i32.const(1)),
            () =>
              f.call(
                pack.packTransposed,
                i32.add(i32.add(ownB, i32.mul(firstColumn, words(inner))), words(k)),
                words(inner),
                length,
                width,
                scratch,
                panelBytes,
              ),
            () =>
              f.call(
                pack.packRows,
                i32.add(i32.add(ownB, i32.mul(k, outBytes)), words(firstColumn)),
                outBytes,
                length,
                width,
                scratch,
                panelBytes,
              ),
          );
          f.set(packA, i32.add(scratch, i32.mul(panelBytes, i32.divide(i32.add(width, i32.const(7)), i32.const(8)))));
          f.loop(row, firstRow, endRow, BLOCK_ROWS, () => {
            f.set(count, smaller(i32.sub(endRow, row), i32.const(BLOCK_ROWS)));
            const place = f.keep(i32.add(i32.add(ownOut, i32.mul(row, outBytes)), words(firstColumn)));
            f.when(
              isTn,
              () => {
                const panelA = f.keep(i32.mul(length, i32.const(TILE_ROWS * 4)));
                const origin = i32.add(i32.add(ownA, i32.mul(k, aBytes)), words(row));
                // Panels of A are as wide as those of B.
                f.call(pack.packRows, origin, aBytes, length, count, packA, panelA);
                const step = i32.const(TILE_ROWS * 4);
                f.call(
                  pack.productsOfColumns,
                  packA,
                  step,
                  scratch,
                  panelBytes,
                  length,
                  count,
                  width,
                  place,
                  outBytes,
                  adds,
                  panelA,
                );
              },
              () => {
                const origin = i32.add(i32.add(ownA, i32.mul(row, aBytes)), words(k));
                f.call(pack.products, origin, aBytes, scratch, panelBytes, length, count, width, place, outBytes, adds);
              },
            );
          });
          f.set(adds, i32.const(1));
        });
      });
    });
    return null;
  });
}

export function defineProductKernels(module: ModuleBuilder, math: VectorMath): ProductKernels {
  const tileOfRows = defineTiles(module, math, true);
  const tileOfColumns = defineTiles(module, math, false);
  const parts = {
    packRows: definePackRows(module),
    packTransposed: definePackTransposed(module),
    tileOfRows,
    tileOfColumns,
    products: defineProducts(module, tileOfRows, true),
    productsOfColumns: defineProducts(module, tileOfColumns, false),
  };
  return { ...parts, matmul: defineMatmul(module, parts) };
}
