// Proves that a pace gives back what was measured, interpolates between sizes, and takes the nearest kin of a kernel that was not measured.
import { describe, expect, it } from 'vitest';
import { processorCompute } from '../../../src/engine/network/computeOptions.ts';
import { presets } from '../../../src/lab/plans/presets.ts';
import type { TaggerShape } from '../../../src/model/parameters.ts';
import { kindOf, OTHER_WORK, Pace, recordedStep } from '../../../src/training/predictTime.ts';

const pace = new Pace({
  version: 1,
  kinds: [
    {
      name: 'matmul nn, write',
      points: [
        { work: 100, ms: 1 },
        { work: 10_000, ms: 25 },
      ],
    },
    { name: 'matmul nn, add', points: [{ work: 100, ms: 3 }] },
    { name: 'norm, drops', points: [{ work: 50, ms: 2 }] },
    { name: OTHER_WORK.storedBytes, points: [{ work: 1, ms: 1000 }] },
  ],
});

describe('a pace', () => {
  it('is what was measured at measured sizes, in between by the logarithms, and in proportion beyond', () => {
    expect(pace.msOf('matmul nn, write', 100)).toBe(1);
    expect(pace.msOf('matmul nn, write', 10_000)).toBeCloseTo(25, 12);
    expect(pace.msOf('matmul nn, write', 1000)).toBeCloseTo(5, 12);
    expect(pace.msOf('matmul nn, write', 50)).toBeCloseTo(0.5, 12);
    expect(pace.msOf('matmul nn, write', 40_000)).toBeCloseTo(100, 12);
  });

  it('takes a kernel with dropout for one without, then the mean of its family, then that of all kernels, never of storage', () => {
    expect(pace.msOf('norm', 50)).toBe(2);
    const family = (1 + 25 + 3) / (100 + 10_000 + 100);
    expect(pace.msOf('matmul nn, tiled', 1000)).toBeCloseTo(1000 * family, 12);
    const all = (1 + 25 + 3 + 2) / (100 + 10_000 + 100 + 50);
    expect(pace.msOf('unheard of', 1000)).toBeCloseTo(1000 * all, 12);
  });
});

it('names the launches of a step by kernel and dropout, and not by the number of tags', () => {
  const encoder = {
    family: 'xlnet',
    layers: 2,
    hiddenSize: 32,
    heads: 2,
    headSize: 16,
    innerSize: 64,
    vocabularySize: 100,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    initializerRange: 0.02,
    clampLength: null,
  } as const;
  const kindsWith = (tagCount: number, rate: number): ReadonlySet<string> => {
    const shape: TaggerShape = { encoder, head: { tagCount, kind: 'crf', startEnd: true } };
    const config = { ...presets.paper.config, dropout: { encoder: rate, attention: rate, head: rate } };
    const { gradients, update, tagging } = recordedStep(shape, config, processorCompute({ activations: 'kept' }), { size: 2, pieces: 16 }); // prettier-ignore
    expect(tagging.length).toBeLessThan(gradients.length);
    return new Set([...gradients, ...update, ...tagging].map(kindOf));
  };
  expect(kindsWith(5, 0.1)).toEqual(kindsWith(9, 0.1));
  const [dropped, plain] = [kindsWith(5, 0.1), kindsWith(5, 0)];
  expect([...dropped].filter((kind) => kind.endsWith(', drops')).length).toBeGreaterThan(3);
  expect([...plain].filter((kind) => kind.endsWith(', drops'))).toEqual([]);
});
