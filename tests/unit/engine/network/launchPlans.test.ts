// Proves the planned costs of a recorded step, without a device: memory of XLNet-base and -large and BERT-base, launches, and how both grow.
import { describe, expect, it } from 'vitest';
import { benchShapes, taggerOf } from '../../../../bench/benchShape.ts';
import { plannedStep } from '../../../fixtures/countedStep.ts';

const base = taggerOf(benchShapes.base);
const large = taggerOf(benchShapes.large);
const bert = taggerOf(benchShapes['bert-base']);

describe('a step of XLNet-base, 8 sequences of 128 pieces', () => {
  it('needs at most 2.6 GB, 1.9 GB of it parameters, gradients and moments', () => {
    const { bytes, weights } = plannedStep(base, 8, 128);
    expect(weights).toBeGreaterThan(16 * 116_000_000);
    expect(weights).toBeLessThan(1.9e9);
    expect(bytes).toBeLessThan(2.6e9);
  });

  it('needs half the activations or less when layers are recomputed', () => {
    const kept = plannedStep(base, 8, 128).activations;
    expect(plannedStep(base, 8, 128, { recompute: true }).activations).toBeLessThan(kept / 2);
  });

  it('needs no gradients and no moments for frozen layers, and fewer launches', () => {
    const all = plannedStep(base, 8, 128);
    const upper = plannedStep(base, 8, 128, { frozenBelow: 9 });
    expect(upper.weights).toBeLessThan(all.weights / 2);
    expect(upper.launches).toBeLessThan(all.launches * 0.7);
    expect(upper.activations).toBeLessThan(all.activations / 2);
  });
});

it('a step of XLNet-large, 6 sequences of 512 pieces, needs at most 9 GB when layers are recomputed', () => {
  expect(plannedStep(large, 6, 512, { recompute: true }).bytes).toBeLessThan(9e9);
});

describe('a step of BERT-base, 8 sequences of 128 pieces', () => {
  it('needs less than one of XLNet-base: weights, activations and launches', () => {
    const [own, other] = [plannedStep(bert, 8, 128), plannedStep(base, 8, 128)];
    expect(own.weights).toBeGreaterThan(16 * 108_000_000);
    expect(own.weights).toBeLessThan(other.weights);
    expect(own.activations).toBeLessThan(other.activations);
    expect(own.launches).toBeLessThan(other.launches);
  });

  it('needs no gradients and no moments for frozen layers and embeddings', () => {
    const [all, upper] = [plannedStep(bert, 8, 128), plannedStep(bert, 8, 128, { frozenBelow: 9 })];
    expect(upper.weights).toBeLessThan(all.weights / 2);
    expect(upper.activations).toBeLessThan(all.activations / 2);
  });
});

describe.each([
  { family: 'XLNet', shape: base },
  { family: 'BERT', shape: bert },
])('growth of $family', ({ shape }) => {
  const of = (layers: number, sequences: number, pieces: number) =>
    plannedStep({ ...shape, encoder: { ...shape.encoder, layers } }, sequences, pieces);

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
  expect(plannedStep(taggerOf(benchShapes.issue), 8, 64).launches).toBeLessThanOrEqual(4309 / 8);
});
