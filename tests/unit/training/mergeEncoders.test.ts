// Proves that encoders are merged as means, and as TIES-Merging by its definition, written here once more with sorted lists.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostParameters } from '../../../src/model/blocks/parameterLocation.ts';
import { mergeEncoders } from '../../../src/training/startWeights.ts';

const SHAPES = { embedding: 7, 'layer.0.kernel': 12, 'layer.1.kernel': 5 } as const;
const NAMES = Object.keys(SHAPES) as readonly (keyof typeof SHAPES)[];
const TOTAL = NAMES.reduce((sum, name) => sum + SHAPES[name], 0);

/** Numbers of all parameters, one after another. */
function parametersOf(numbers: readonly number[], more: HostParameters = new Map()): HostParameters {
  let from = 0;
  return new Map([
    ...NAMES.map((name) => [name, { shape: [SHAPES[name]], values: Float32Array.from(numbers.slice(from, (from += SHAPES[name]))) }] as const), // prettier-ignore
    ...more,
  ]);
}

const numbersOf = (parameters: HostParameters): number[] => NAMES.flatMap((name) => [...(parameters.get(name)?.values ?? [])]); // prettier-ignore

/** Algorithm 1 of Yadav et al. 2023 with k = 20 % and lambda = 1. */
function tiesOf(start: readonly number[], encoders: readonly (readonly number[])[]): number[] {
  const trimmed = encoders.map((encoder) => {
    const change = encoder.map((value, index) => Math.fround(value - (start[index] as number)));
    const least = change.map(Math.abs).sort((left, right) => right - left)[
      Math.ceil(0.2 * change.length) - 1
    ] as number;
    return change.map((value) => (Math.abs(value) >= least ? value : 0));
  });
  return start.map((value, index) => {
    const own = trimmed.map((change) => change[index] as number);
    const sign = Math.sign(own.reduce((sum, change) => sum + change, 0));
    const agreeing = own.filter((change) => change !== 0 && Math.sign(change) === sign);
    return value + (agreeing.length === 0 ? 0 : agreeing.reduce((sum, change) => sum + change, 0) / agreeing.length);
  });
}

const float = fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround);
const numbers = fc.array(float, { minLength: TOTAL, maxLength: TOTAL });
const trained = fc.record({ start: numbers, encoders: fc.array(numbers, { minLength: 1, maxLength: 5 }) });

const merge = (how: 'Average' | 'TIES', start: readonly number[], encoders: readonly (readonly number[])[]) =>
  mergeEncoders(how, {
    start: parametersOf(start),
    of: encoders.length,
    load: (index) => Promise.resolve(parametersOf(encoders[index] as readonly number[], new Map([['head.kernel', { shape: [1], values: Float32Array.of(index) }]]))), // prettier-ignore
  });

function expectNear(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  found.forEach((value, index) => expect(Math.abs(value - (expected[index] as number))).toBeLessThan(1e-6));
}

describe('mergeEncoders', () => {
  it('is the mean of each parameter, and leaves heads out', async () => {
    await fc.assert(
      fc.asyncProperty(trained, async ({ start, encoders }) => {
        const merged = await merge('Average', start, encoders);
        expect([...merged.keys()]).toEqual(NAMES);
        const means = start.map((_, index) => encoders.reduce((sum, own) => sum + (own[index] as number), 0) / encoders.length); // prettier-ignore
        expectNear(numbersOf(merged), means);
      }),
      { numRuns: 200 },
    );
  });

  it('is TIES-Merging by its definition', async () => {
    await fc.assert(
      fc.asyncProperty(trained, async ({ start, encoders }) => {
        expectNear(numbersOf(await merge('TIES', start, encoders)), tiesOf(start, encoders));
      }),
      { numRuns: 300 },
    );
  });

  it('with TIES keeps the largest changes of one encoder, where signs differ those of the larger sum, and nothing without a change', async () => {
    const start = new Array<number>(TOTAL).fill(0);
    const spike = (changes: Readonly<Record<number, number>>): number[] => start.map((_, index) => changes[index] ?? 0);
    expect(numbersOf(await merge('TIES', start, [spike({ 0: 1, 3: -2, 4: 0.5, 9: 3, 20: -4 })]))).toEqual(spike({ 0: 1, 3: -2, 4: 0.5, 9: 3, 20: -4 })); // prettier-ignore
    const both = [spike({ 0: 1, 3: -2, 4: 1, 9: 3, 20: -4 }), spike({ 0: 1, 3: 1, 4: -3, 9: 1, 20: 4 })];
    expect(numbersOf(await merge('TIES', start, both))).toEqual(spike({ 0: 1, 3: -2, 4: -3, 9: 2 }));
    expect(numbersOf(await merge('TIES', start, [start, start]))).toEqual(start);
  });
});
