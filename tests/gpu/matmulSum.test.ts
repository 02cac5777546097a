// Proves that the parts of a split matrix product are summed, and added to the output's contents if those are kept.
import { describe, expect, it } from 'vitest';
import { recordMatmulSum } from '../../src/engine/kernels/matmul/matmul.ts';
import { differingWords } from './support/differingWords.ts';
import { drawnNumbers } from './support/drawnNumbers.ts';
import { kernelState } from './support/kernelState.ts';
import { runRecording } from './support/runRecording.ts';
import { worstGap } from './support/worstGap.ts';

const ways = [
  { into: 'write', accumulate: true, keeps: false },
  { into: 'add', accumulate: false, keeps: true },
  { into: 'gradient', accumulate: false, keeps: false },
  { into: 'gradient', accumulate: true, keeps: true },
] as const;

describe.each(ways)('$into, accumulating: $accumulate', ({ into, accumulate, keeps }) => {
  it.each([
    { length: 1, splits: 2, outputs: 1, strideOut: 0, vectors: false },
    { length: 35, splits: 3, outputs: 3, strideOut: 37, vectors: false },
    { length: 4, splits: 7, outputs: 1, strideOut: 0, vectors: true },
    { length: 36, splits: 2, outputs: 3, strideOut: 36, vectors: true },
    { length: 260, splits: 3, outputs: 2, strideOut: 320, vectors: true },
    { length: 65 * 768, splits: 5, outputs: 1, strideOut: 0, vectors: true },
  ])('$outputs of $length words, $splits parts each, by vectors: $vectors', async ({ vectors, ...sizes }) => {
    const { length, splits, outputs, strideOut } = sizes;
    const parts = drawnNumbers('parts', outputs * splits * length);
    const before = drawnNumbers('before', (outputs - 1) * strideOut + length);
    const { out } = await runRecording(
      { parts, out: before, state: kernelState(accumulate) },
      { out: before.length },
      (recorder, regions) => recordMatmulSum(recorder, sizes, into, vectors, regions),
    );
    const expected = Float64Array.from(before);
    for (let output = 0; output < outputs; output++) {
      for (let at = 0; at < length; at++) {
        let sum = keeps ? (before[output * strideOut + at] as number) : 0;
        for (let split = 0; split < splits; split++) sum += parts[(output * splits + split) * length + at] as number;
        expected[output * strideOut + at] = sum;
      }
    }
    expect(worstGap(out, expected)).toBeLessThan(3e-7);
    const between = (values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> =>
      values.filter((_, at) => strideOut > 0 && at % strideOut >= length) as Float32Array<ArrayBuffer>;
    expect(differingWords(between(out), between(before))).toBe(0);
  });
});
