// Proves that plans no machine can run are refused with the limit, at once, and that rates which come to the same layers are named.
import { describe, expect, it } from 'vitest';
import { expandPlan, parsePlan } from '../../../../src/lab/plans/expandPlan.ts';
import { describeEqualRates } from '../../../../src/lab/plans/runGraph.ts';
import type { PlanFile } from '../../../../src/schema/resultFile.ts';
import {
  categoryPlan,
  corpusRecord,
  modelRecord,
  planFile,
  smallConfig,
  splitCounts,
} from '../../../fixtures/records.ts';

const library = { corpora: [corpusRecord('moss'), corpusRecord('fern')], models: [modelRecord('tiny')] };
const many = (count: number) => Array.from({ length: count }, (_, index) => index);
const [category] = categoryPlan().categories as [PlanFile['categories'][number]];

const tooLarge: [string, PlanFile, string, string][] = [
  [
    'steps',
    planFile({ config: { ...smallConfig, steps: 1e15 } }),
    'at most 100000000 steps of a run',
    '1000000000000000',
  ],
  ['seeds', planFile({ seeds: many(100_000) }), 'at most 1000 seeds', '100000'],
  [
    'rates',
    categoryPlan({ slicingRates: many(5000).map((index) => index / 5000) }),
    'at most 1000 slicing rates',
    '5000',
  ],
  ['categories', categoryPlan({ categories: many(1001).map((index) => ({ ...category, name: `${index}` })) }), 'at most 1000 categories', '1001'], // prettier-ignore
  ['tasks', planFile({ categories: [{ ...category, tasks: many(1001).map((index) => ({ corpus: { name: `${index}` }, type: 'a' })) }] }), 'at most 1000 tasks', '1001'], // prettier-ignore
];

describe('a plan that no machine can run', () => {
  it.each(tooLarge)('is refused when it is parsed and when it is expanded: %s', (_what, plan, expected, got) => {
    const refusal = expect.objectContaining({ code: 'plan/too-large', expected: expect.stringContaining(expected) as unknown, got }); // prettier-ignore
    expect(() => parsePlan(JSON.stringify(plan))).toThrow(refusal);
    expect(() => expandPlan(plan, library)).toThrow(refusal);
  });

  it('is refused when its members multiply, before any run is made', () => {
    const plan = categoryPlan({ slicingRates: [0, 0.5, 1], seeds: many(1000), rounds: { count: 100, epochs: 1 } });
    const startedAt = performance.now();
    // A seed has two STL, one MTL-XC and two times three MTL-LS, each with a hundred rounds.
    expect(() => expandPlan(plan, library)).toThrow(
      expect.objectContaining({ code: 'plan/too-large', got: String((2 + 1 + 6) * 101 * 1000) }),
    );
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('is refused when its epochs come to too many steps on its corpora', () => {
    const counts = splitCounts(30_000, { Disease: 3 });
    const large = corpusRecord('moss', { counts: { train: counts, devel: counts, test: counts } });
    const corpora = { ...library, corpora: [large] };
    const config = { ...smallConfig, epochs: 10_000, batchSize: 1, microBatchSize: 1 };
    expect(() => expandPlan(planFile({ config }), corpora)).toThrow(
      expect.objectContaining({ code: 'plan/too-large', got: '300000000' }),
    );
    const shorter = { ...config, epochs: 2000 };
    expect(expandPlan(planFile({ config: shorter }), corpora)).toHaveLength(1);
    expect(() => expandPlan(planFile({ config: shorter, seeds: many(20) }), corpora)).toThrow(
      expect.objectContaining({ code: 'plan/too-large', got: '1200000000' }),
    );
  });
});

describe('slicing rates', () => {
  it('that share equally many layers are named, and others are not', () => {
    expect(describeEqualRates([0, 0.25, 0.5, 0.75, 1], 4)).toBe('');
    expect(describeEqualRates([0.4, 0.5, 0.6, 0.8], 2)).toBe(
      'Slicing rates that share equally many layers are trained once: 0.4, 0.5, 0.6 (1 of 2 layers).',
    );
    expect(
      describeEqualRates(
        many(6).map((index) => index / 1000),
        2,
      ),
    ).toContain('0, 0.001, 0.002, 0.003 and 2 more');
  });
});
