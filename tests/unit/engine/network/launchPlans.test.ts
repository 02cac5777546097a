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
    const launches = [two, four, eight].map((step) => step.launches - step.updateLaunches) as [number, number, number];
    expect(launches[2] - launches[1]).toBe(2 * (launches[1] - launches[0]));
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

describe('launches of a step', () => {
  const issue = taggerOf(benchShapes.issue);

  it.each([
    { sequences: 8, pieces: 64 },
    { sequences: 32, pieces: 64 },
    { sequences: 32, pieces: 128 },
    { sequences: 4, pieces: 512 },
  ])('are 47 for the built-in model and $sequences sequences of $pieces, with dropout', ({ sequences, pieces }) => {
    const { launches, updateLaunches } = plannedStep(issue, sequences, pieces);
    expect(launches).toBeLessThanOrEqual(47);
    expect(updateLaunches).toBe(3);
  });

  it('are six for each further layer of a small encoder', () => {
    const of = (layers: number) => plannedStep({ ...issue, encoder: { ...issue.encoder, layers } }, 8, 64).launches;
    expect(of(5) - of(4)).toBe(6);
  });

  it('are the same for a small encoder whose lower layers are frozen, but for those of the frozen layers', () => {
    const [all, upper] = [plannedStep(issue, 8, 64), plannedStep(issue, 8, 64, { frozenBelow: 2 })];
    expect(upper.launches).toBeLessThan(all.launches - 8);
  });

  it('are at most 9 for the update of XLNet-base and at most 27 for that of XLNet-large, whose buffers hold fewer layers', () => {
    expect(plannedStep(base, 8, 128).updateLaunches).toBeLessThanOrEqual(9);
    expect(plannedStep(large, 6, 512, { recompute: true }).updateLaunches).toBeLessThanOrEqual(27);
  });

  it('are at most 410 for XLNet-base and 366 for BERT-base', () => {
    expect(plannedStep(base, 8, 128).launches).toBeLessThanOrEqual(410);
    expect(plannedStep(bert, 8, 128).launches).toBeLessThanOrEqual(366);
  });
});
