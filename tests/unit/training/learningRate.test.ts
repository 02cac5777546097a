// Proves the learning-rate schedule and the three layer-wise decays against hand-worked values of PAPER.md's formulas.
import { describe, expect, it } from 'vitest';
import { decayFactors, learningRateAt } from '../../../src/training/step.ts';

describe('learningRateAt', () => {
  const linear = { learningRate: 3e-5, decay: 'linear', warmupSteps: 0 } as const;

  it('falls linearly from the full rate to one step above 0', () => {
    expect(learningRateAt(linear, 0, 100)).toBe(3e-5);
    expect(learningRateAt(linear, 50, 100)).toBeCloseTo(1.5e-5, 12);
    expect(learningRateAt(linear, 99, 100)).toBeCloseTo(3e-7, 12);
  });

  it('stays constant with constant decay', () => {
    expect(learningRateAt({ ...linear, decay: 'constant' }, 99, 100)).toBe(3e-5);
  });

  it('rises during warm-up to the full rate, then falls over the remaining steps', () => {
    const warm = { ...linear, warmupSteps: 10 };
    expect(learningRateAt(warm, 0, 100)).toBeCloseTo(3e-6, 12);
    expect(learningRateAt(warm, 9, 100)).toBeCloseTo(3e-5, 12);
    expect(learningRateAt(warm, 55, 100)).toBeCloseTo(1.5e-5, 12);
  });
});

describe('decayFactors', () => {
  const layer = (index: number) => ({ part: 'layer', layer: index }) as const;

  it('rate: each layer learns at 0.9 of the one above, the embedding with layer 0, the head at the full rate', () => {
    const mode = { mode: 'rate', factor: 0.9 } as const;
    expect(decayFactors(mode, { part: 'head' }, 4).rate).toBe(1);
    expect(decayFactors(mode, layer(3), 4).rate).toBeCloseTo(0.9, 12);
    expect(decayFactors(mode, layer(0), 4).rate).toBeCloseTo(0.6561, 12);
    expect(decayFactors(mode, { part: 'embedding' }, 4).rate).toBeCloseTo(0.6561, 12);
    expect(decayFactors(mode, layer(0), 4).gradient).toBe(1);
  });

  it('gradient: 0.9^(n-1-l) on the clipped gradient of layer l of 24, nothing elsewhere, as the released code', () => {
    const mode = { mode: 'gradient', factor: 0.9 } as const;
    expect(decayFactors(mode, layer(0), 24).gradient).toBeCloseTo(0.0886, 4);
    expect(decayFactors(mode, layer(23), 24)).toEqual({ rate: 1, gradient: 1 });
    expect(decayFactors(mode, { part: 'embedding' }, 24)).toEqual({ rate: 1, gradient: 1 });
    expect(decayFactors(mode, { part: 'head' }, 24)).toEqual({ rate: 1, gradient: 1 });
  });

  it('off: nothing anywhere', () => {
    expect(decayFactors({ mode: 'off', factor: 0.9 }, layer(0), 24)).toEqual({ rate: 1, gradient: 1 });
  });
});
