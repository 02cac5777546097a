// Proves that the memory estimated before a run equals that of a whole step, and that activations are recomputed exactly if they do not fit.
import { describe, expect, it } from 'vitest';
import { benchShapes, taggerOf } from '../../../../bench/benchShape.ts';
import { computeOptionsFor } from '../../../../src/engine/network/computeOptions.ts';
import { estimateMemory } from '../../../../src/engine/network/taggerEngine.ts';
import { defaultMachineSettings, type MachineSettings } from '../../../../src/schema/machineSettings.ts';
import { countedSteps } from '../../../fixtures/countedStep.ts';

const base = taggerOf(benchShapes.base);
const shape = { ...base, encoder: { ...base.encoder, layers: 3 } };
const rates = { encoder: 0.1, attention: 0.1, head: 0.1 };
const size = { size: 8, pieces: 128 };

const estimate = (settings: Partial<MachineSettings>, of = size) =>
  estimateMemory(shape, rates, computeOptionsFor({ software: false }, { ...defaultMachineSettings, ...settings }), of);

describe('the estimate', () => {
  it.each([
    ['kept', false],
    ['recomputed', true],
  ] as const)('with activations %s is within a hundredth of what a step takes', async (activations, recompute) => {
    const { bytes, recomputed } = estimate({ activations });
    expect(recomputed).toBe(recompute);
    const { peakBytes } = await countedSteps(shape, [[size.size, size.pieces]], { recompute });
    expect(Math.abs(bytes / peakBytes - 1)).toBeLessThan(0.01);
  });

  it.each([
    ['kept', false],
    ['recomputed', true],
  ] as const)(
    'with adapters, activations %s, is within a hundredth of what a step takes',
    async (activations, recompute) => {
      const adapters = { projections: 'all-linear', rank: 8, alpha: 16, dropout: 0.1 } as const;
      const adapted = { ...shape, encoder: { ...shape.encoder, adapters } };
      const compute = computeOptionsFor({ software: false }, { ...defaultMachineSettings, activations });
      const { bytes } = estimateMemory(adapted, rates, compute, size);
      const { peakBytes } = await countedSteps(adapted, [[size.size, size.pieces]], { recompute });
      expect(Math.abs(bytes / peakBytes - 1)).toBeLessThan(0.01);
      expect(bytes).toBeLessThan(estimate({ activations }).bytes);
    },
  );

  it('of XLNet-large with adapters, 6 sequences of 512 pieces recomputed, is below 4 GB, and the counted step takes it', async () => {
    const { head, encoder } = taggerOf(benchShapes.large);
    const adapters = { projections: 'query-value', rank: 8, alpha: 16, dropout: 0 } as const;
    const adapted = { head, encoder: { ...encoder, adapters } };
    const compute = computeOptionsFor({ software: false }, { ...defaultMachineSettings, activations: 'recomputed' });
    const { bytes } = estimateMemory(adapted, rates, compute, { size: 6, pieces: 512 });
    const { peakBytes } = await countedSteps(adapted, [[6, 512]], { recompute: true });
    expect(peakBytes).toBeLessThan(4e9);
    expect(Math.abs(bytes / peakBytes - 1)).toBeLessThan(0.01);
  });

  it('of XLNet-base and XLNet-large keeps to what the project promises', () => {
    const of = (name: 'base' | 'large') => {
      const { batch, length } = benchShapes[name];
      const ways = computeOptionsFor(
        { software: false },
        { ...defaultMachineSettings, activations: name === 'large' ? 'recomputed' : 'kept' },
      );
      return estimateMemory(taggerOf(benchShapes[name]), rates, ways, { size: batch, pieces: length }).bytes;
    };
    expect(of('base')).toBeLessThan(2.6e9);
    expect(of('large')).toBeLessThan(9e9);
  });

  it('says that half-sized activations take less', () => {
    const [whole, halves] = [estimate({ activations: 'kept' }), estimate({ activations: 'kept', precision: 'mixed' })];
    const kept = ({ bytes, bankBytes }: typeof whole) => bytes - bankBytes;
    expect(halves.bankBytes).toBe(whole.bankBytes);
    expect(kept(halves)).toBeLessThan(0.8 * kept(whole));
  });
});

describe('auto', () => {
  it('keeps activations where they fit to the byte, and does them again one byte below', () => {
    const { bytes, bankBytes } = estimate({ activations: 'kept' });
    const own = 4 * 1e5; // inputs and sinusoids, which the choice ignores
    expect(estimate({ gpuBytes: bytes })).toMatchObject({ recomputed: false, bytes, fits: true });
    const tight = estimate({ gpuBytes: Math.floor(bytes - own - 0.01 * (bytes - bankBytes)) });
    expect(tight.recomputed).toBe(true);
    expect(tight.bytes).toBeLessThan(bytes);
  });

  it('says so when nothing fits', () => {
    const { fits, recomputed } = estimate({ gpuBytes: 2 ** 28 });
    expect(fits).toBe(false);
    expect(recomputed).toBe(true);
  });
});
