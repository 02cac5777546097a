// Emits sums over rows, a block of columns at a time.
import type { FunctionBody, Local } from '../assembly/assembler.ts';
import { f32x4, i32, v128, type Value } from '../assembly/instructions.ts';

/** Columns that a unit of sums over rows takes: a cache line of each row. */
export const COLUMN_BLOCK = 16;
const BLOCK_BYTES = 4 * COLUMN_BLOCK;

/**
 * For each block of columns of rows of `bytes` bytes from `from` to `to`: emits `sum` for the whole block, and for single vectors of four
 * where the last block is shorter. `column` is the first one's byte, `vectors` the vectors from there on.
 */
export function eachColumnBlock(
  f: FunctionBody,
  { unit, from, to, bytes }: Readonly<Record<'unit' | 'from' | 'to' | 'bytes', Local>>,
  sum: (column: Local, vectors: readonly number[]) => void,
): void {
  const [column, vector, end] = [f.variable('i32'), f.variable('i32'), f.keep(i32.and(bytes, i32.const(-16)))];
  f.loop(unit, from, to, 1, () => {
    f.set(column, i32.mul(unit, i32.const(BLOCK_BYTES)));
    f.when(
      i32.less(i32.add(column, i32.const(BLOCK_BYTES - 1)), bytes),
      () => sum(column, [0, 1, 2, 3]),
      () => f.loop(vector, column, end, 16, () => sum(vector, [0])),
    );
  });
}

/** Stores sums of vectors next to each other, or adds them to what is there. */
export function storeSums(f: FunctionBody, place: Local, sums: readonly Local[], accumulate: Value): void {
  for (const [index, sum] of sums.entries()) {
    f.when(i32.load(accumulate), () => f.set(sum, f32x4.add(sum, v128.load(place, 16 * index))));
    f.store(place, sum, 16 * index);
  }
}
