// Proves that blocks of rows cover their rows, fit the workgroup memory of every adapter, and are refused for wide encoders.
import { expect, it } from 'vitest';
import { ROW_BLOCK_THREADS, RowBlockCode, rowBlockOf } from '../../../../../src/engine/kernels/rows/rowBlocks.ts';

/** Bytes of the workgroup variables that a module declares. */
function workgroupBytes(module: string): number {
  const bytes: Readonly<Record<string, number>> = { vec4f: 16, vec2f: 8 };
  const declared = [...module.matchAll(/var<workgroup> \w+: array<(\w+), (\d+)>/g)];
  return declared.reduce((sum, [, type = '', count]) => sum + (bytes[type] ?? NaN) * Number(count), 0);
}

it.each([4, 24, 32, 64, 100, 120, 128, 144, 192, 240])(
  '%s hidden numbers are divided without remainder',
  (hiddenSize) => {
    const block = rowBlockOf({ hiddenSize, innerSize: 4 * hiddenSize });
    if (block === null) throw new Error('no block');
    const { width, inner, rows, lanes, own, columns } = block;
    expect([width, inner]).toEqual([hiddenSize / 4, hiddenSize]);
    expect((ROW_BLOCK_THREADS / lanes) * own).toBe(rows);
    expect(ROW_BLOCK_THREADS % rows).toBe(0);
    expect(lanes * columns).toBeGreaterThanOrEqual(width);
    const bytes = workgroupBytes(new RowBlockCode(block).module);
    expect(bytes).toBeGreaterThan(2 * rows * width * 16);
    expect(bytes).toBeLessThanOrEqual(16384);
  },
);

it('the built-in model has eight rows to a workgroup, four to an invocation', () => {
  expect(rowBlockOf({ hiddenSize: 128, innerSize: 512 })).toMatchObject({ rows: 8, own: 4, lanes: 32, columns: 1 });
});

it.each([244, 256, 768])('%s hidden numbers are too many', (hiddenSize) => {
  expect(rowBlockOf({ hiddenSize, innerSize: 4 * hiddenSize })).toBe(null);
});
