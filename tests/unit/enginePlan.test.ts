// Proves what a recorded step will take before any device is asked: memory of XLNet-base and -large, launches, and how both grow.
import { describe, expect, it } from 'vitest';
import { planSlots } from '../../src/engine/arena.ts';
import { batchInputs } from '../../src/engine/batchInputs.ts';
import { hardwareTuning } from '../../src/engine/kernels/matmulTuning.ts';
import { ParameterBanks } from '../../src/engine/parameterBanks.ts';
import type { Resident } from '../../src/engine/recorder.ts';
import type { Keeping } from '../../src/engine/savedLayer.ts';
import { recordGradients, recordUpdate } from '../../src/engine/taggerPass.ts';
import { presets } from '../../src/lab/presets.ts';
import type { TaggerShape } from '../../src/model/tagger.ts';

const base: TaggerShape = {
  encoder: {
    layers: 12,
    hiddenSize: 768,
    heads: 12,
    headSize: 64,
    innerSize: 3072,
    vocabularySize: 32000,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    clampLength: null,
    initializerRange: 0.02,
  },
  head: { tagCount: 5, kind: 'crf', startEnd: true },
};
const large: TaggerShape = {
  ...base,
  encoder: { ...base.encoder, layers: 24, hiddenSize: 1024, heads: 16, innerSize: 4096 },
};

const resident = (label: string, length: number): Resident => ({ kind: 'resident', label, length });

function planned(
  shape: TaggerShape,
  sequences: number,
  pieces: number,
  { keeping = 'whole', frozenBelow = -1 }: { keeping?: Keeping; frozenBelow?: number } = {},
) {
  const banks = new ParameterBanks(shape, (name) => {
    const layer = /^layer\.(\d+)\./.exec(name)?.[1];
    return frozenBelow < 0 || name.startsWith('head') || name.startsWith('crf') || Number(layer ?? -1) >= frozenBelow;
  });
  const [state, stepLoss, clip, pending] = ['state', 'loss', 'clip', 'pending'].map((label) => resident(label, 1024));
  if (state === undefined || stepLoss === undefined || clip === undefined || pending === undefined) throw new Error();
  const sinusoids = resident('sinusoids', 2 * pieces * shape.encoder.hiddenSize);
  const inputs = batchInputs(sequences, pieces);
  const families = { tuning: hardwareTuning(), attention: 'tiled' } as const;
  const given = { shape, ...families, banks, sequences, pieces, inputs, sinusoids, state };
  const rates = { encoder: 0.1, attention: 0.1, head: 0.1 };
  const gradients = recordGradients(given, rates, keeping, stepLoss);
  const config = presets.paper.config;
  const update = recordUpdate(banks, config, () => ({ rate: 1, gradient: 1 }), { state, stepLoss, clip, pending });
  const words = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 0);
  const weights = 4 * words(banks.banks.map(({ length, trained }) => length * (trained === null ? 1 : 4)));
  const activations = 4 * words(planSlots(gradients).slots);
  return { launches: gradients.length + update.length, weights, activations, bytes: weights + activations };
}

describe('a step of XLNet-base, 8 sequences of 128 pieces', () => {
  it('needs at most 2.6 GB, 1.9 GB of it parameters, gradients and moments', () => {
    const { bytes, weights } = planned(base, 8, 128);
    expect(weights).toBeGreaterThan(16 * 116_000_000);
    expect(weights).toBeLessThan(1.9e9);
    expect(bytes).toBeLessThan(2.6e9);
  });

  it('needs half the activations or less when layers are recomputed', () => {
    const kept = planned(base, 8, 128).activations;
    expect(planned(base, 8, 128, { keeping: 'input' }).activations).toBeLessThan(kept / 2);
  });

  it('needs no gradients and no moments for frozen layers, and fewer launches', () => {
    const all = planned(base, 8, 128);
    const upper = planned(base, 8, 128, { frozenBelow: 9 });
    expect(upper.weights).toBeLessThan(all.weights / 2);
    expect(upper.launches).toBeLessThan(all.launches * 0.7);
    expect(upper.activations).toBeLessThan(all.activations / 2);
  });
});

it('a step of XLNet-large, 6 sequences of 512 pieces, needs at most 9 GB when layers are recomputed', () => {
  expect(planned(large, 6, 512, { keeping: 'input' }).bytes).toBeLessThan(9e9);
});

describe('growth', () => {
  const of = (layers: number, sequences: number, pieces: number) =>
    planned({ ...base, encoder: { ...base.encoder, layers } }, sequences, pieces);

  it('is linear in layers, for launches and activations', () => {
    const [two, four, eight] = [of(2, 8, 128), of(4, 8, 128), of(8, 8, 128)];
    expect(eight.launches - four.launches).toBe(2 * (four.launches - two.launches));
    expect((eight.activations - four.activations) / (four.activations - two.activations)).toBeCloseTo(2, 1);
  });

  it('is linear in the batch, with the same launches', () => {
    const [one, two, four] = [of(2, 4, 128), of(2, 8, 128), of(2, 16, 128)];
    expect(four.launches).toBe(one.launches);
    expect((four.activations - two.activations) / (two.activations - one.activations)).toBeCloseTo(2, 1);
  });

  it('is linear in the length: nothing has the square of it', () => {
    const [short, middle, long] = [of(2, 1, 256), of(2, 1, 512), of(2, 1, 1024)];
    expect((long.activations - middle.activations) / (middle.activations - short.activations)).toBeCloseTo(2, 1);
  });
});

it('a step of 4 layers takes at most an eighth of the 4,309 launches that stock tfjs takes', () => {
  const shape = { ...base, encoder: { ...base.encoder, layers: 4, hiddenSize: 128, heads: 4, headSize: 32, innerSize: 512, vocabularySize: 8000 } }; // prettier-ignore
  expect(planned(shape, 8, 64).launches).toBeLessThanOrEqual(4309 / 8);
});
