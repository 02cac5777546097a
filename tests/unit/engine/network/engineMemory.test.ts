// Proves that whole steps of the engine allocate what was planned, on a device that only counts: XLNet-base, XLNet-large, BERT-base, growth.
import { describe, expect, it } from 'vitest';
import { benchShapes, taggerOf } from '../../../../bench/benchShape.ts';
import type { TaggerShape } from '../../../../src/model/parameters.ts';
import { countedSteps, plannedStep } from '../../../fixtures/countedStep.ts';

const base = taggerOf(benchShapes.base);
const large = taggerOf(benchShapes.large);
const bert = taggerOf(benchShapes['bert-base']);
const layered = (layers: number): TaggerShape => ({ ...base, encoder: { ...base.encoder, layers } });

async function peakOf(shape: TaggerShape, sequences: number, pieces: number, recompute = false): Promise<number> {
  return (await countedSteps(shape, [[sequences, pieces]], { recompute })).peakBytes;
}

describe('a whole step', () => {
  it('of XLNet-base, 8 sequences of 128 pieces, takes at most 2.6 GB, a hundredth more than planned', async () => {
    const peak = await peakOf(base, 8, 128);
    const planned = plannedStep(base, 8, 128);
    expect(peak).toBeLessThan(2.6e9);
    expect(peak).toBeGreaterThan(planned.bytes);
    expect(peak).toBeLessThan(planned.bytes * 1.01);
  });

  it('of XLNet-large, 6 sequences of 512 pieces, takes at most 9 GB when layers are recomputed', async () => {
    const peak = await peakOf(large, 6, 512, true);
    expect(peak).toBeLessThan(9e9);
    expect(peak).toBeLessThan(plannedStep(large, 6, 512, { recompute: true }).bytes * 1.01);
  });

  it('of BERT-base, 8 sequences of 128 pieces, takes less than one of XLNet-base, a hundredth more than planned', async () => {
    for (const recompute of [false, true]) {
      const peak = await peakOf(bert, 8, 128, recompute);
      const planned = plannedStep(bert, 8, 128, { recompute });
      expect(peak).toBeLessThan(plannedStep(base, 8, 128, { recompute }).bytes);
      expect(peak).toBeGreaterThan(planned.bytes);
      expect(peak).toBeLessThan(planned.bytes * 1.01);
    }
  });

  it('sends every launch that was recorded, in few submits', async () => {
    const { launches, submits } = await countedSteps(base, [
      [8, 128],
      [8, 128],
    ]);
    expect(launches).toBe(plannedStep(base, 8, 128).launches);
    expect(submits).toBeLessThan(launches / 4);
  });
});

describe('the peak', () => {
  it('is linear in layers, sequences and pieces', async () => {
    const axes: readonly ((size: number) => Promise<number>)[] = [
      (layers) => peakOf(layered(layers), 4, 64),
      (sequences) => peakOf(layered(2), sequences, 128),
      (times) => peakOf(layered(2), 1, 128 * times),
    ];
    for (const axis of axes) {
      const [two, four, eight] = [await axis(2), await axis(4), await axis(8)];
      // The rest are splits of a product's inner length, which only small batches need.
      expect(Math.abs((eight - four) / (four - two) - 2)).toBeLessThan(0.1);
    }
  });

  it('of many lengths is that of the longest, but for inputs and sizes, and stays when shorter ones come again', async () => {
    const shape = layered(2);
    const lengths = [64, 128, 192, 256].map((pieces) => [8, pieces] as const);
    const growing = await countedSteps(shape, lengths);
    const again = await countedSteps(shape, [...lengths, ...lengths.toReversed()]);
    expect(again.peakBytes).toBe(growing.peakBytes);
    expect(again.bytes).toBe(growing.bytes);
    const longest = await peakOf(shape, 8, 256);
    expect(growing.peakBytes).toBeGreaterThan(longest);
    expect((growing.peakBytes - longest) / plannedStep(shape, 8, 256).activations).toBeLessThan(0.02);
  });
});

it('a step of the built-in model is one submit', async () => {
  const sizes = [
    [8, 64],
    [8, 64],
  ] as const;
  expect((await countedSteps(taggerOf(benchShapes.issue), sizes)).submits).toBe(1);
});
