// Proves which runs the methods beside those of the paper give, what they start from, and what they need.
import { describe, expect, it } from 'vitest';
import { expandPlan } from '../../../../src/lab/plans/expandPlan.ts';
import type { Method } from '../../../../src/schema/methods.ts';
import { lineageFault } from '../../../../src/schema/runLineage.ts';
import type { RunSpec } from '../../../../src/schema/runRecord.ts';
import { categoryPlan, corpusRecord, modelRecord, smallConfig, splitCounts } from '../../../fixtures/records.ts';

const library = { corpora: [corpusRecord('moss'), corpusRecord('fern')], models: [modelRecord('tiny')] };

const described = (specs: readonly RunSpec[]) =>
  specs.map(({ method, tasks, slicing, round }) =>
    [method, tasks.map(({ corpus }) => corpus.name).join('+'), slicing?.layers ?? '', round].join(' '),
  );

describe('expanding a plan with further methods', () => {
  it('trains each joint method once before its own sliced one', () => {
    const specs = expandPlan(categoryPlan({ methods: ['MTL-LS', 'PL-LS', 'MTL-PL'], slicingRates: [0.5] }), library);
    expect(described(specs)).toEqual([
      ...['MTL-XC moss+fern  0', 'MTL-LS moss 1 0', 'MTL-LS fern 1 0'],
      ...['MTL-PL moss+fern  0', 'PL-LS moss 1 0', 'PL-LS fern 1 0'],
    ]);
    const base = (method: string): string | undefined => specs.find((one) => one.method === method)?.id;
    expect(specs.filter(({ method }) => method === 'PL-LS').map(({ parent }) => parent)).toEqual([base('MTL-PL'), base('MTL-PL')]); // prettier-ignore
    expect(lineageFault(specs)).toBeNull();
    const foreign = specs.map((one) => (one.method === 'PL-LS' ? { ...one, parent: base('MTL-XC') ?? null } : one));
    expect(lineageFault(foreign)?.message).toMatch(/starts from a first training of MTL-PL, not from one of MTL-XC/);
  });

  it('trains AIO once before AIO-LS, and needs one type of each corpus', () => {
    const specs = expandPlan(categoryPlan({ methods: ['AIO-LS'], slicingRates: [0.5] }), library);
    expect(described(specs)).toEqual(['AIO moss+fern  0', 'AIO-LS moss 1 0', 'AIO-LS fern 1 0']);
    expect(lineageFault(specs)).toBeNull();
    const softmax = categoryPlan({ methods: ['AIO'], config: { ...smallConfig, head: 'softmax' } });
    expect(expandPlan(softmax, library)).toHaveLength(1);
  });

  it('keeps the ids of other methods when MTL-PL and AIO are added', () => {
    const before = expandPlan(categoryPlan(), library).map(({ id }) => id);
    const after = expandPlan(categoryPlan({ methods: ['STL', 'MTL-XC', 'MTL-LS', 'MTL-PL', 'PL-LS', 'AIO', 'AIO-LS'] }), library); // prettier-ignore
    expect(after.map(({ id }) => id)).toEqual(expect.arrayContaining(before));
  });

  it('takes all types of a corpus with MTL-PL, not with MTL-XC or AIO', () => {
    const types = ['Disease', 'Gene'];
    const counts = splitCounts(4, { Disease: 2, Gene: 2 });
    const corpora = [corpusRecord('moss', { types, counts: { train: counts, devel: counts, test: counts } })];
    const categories = [{ name: 'plant', typeName: 'Any', tasks: [{ corpus: { name: 'moss' }, type: null }] }];
    const plan = (method: Method) => expandPlan(categoryPlan({ methods: [method], categories }), { ...library, corpora }); // prettier-ignore
    expect(plan('MTL-PL')[0]?.tasks[0]?.type).toBeNull();
    for (const method of ['MTL-XC', 'AIO', 'AIO-LS'] as const) {
      expect(() => plan(method)).toThrow(expect.objectContaining({ code: 'plan/untyped-task' }));
    }
  });

  it('refuses partial labels without a CRF', () => {
    const softmax = { ...smallConfig, head: 'softmax' as const };
    const refused = { code: 'plan/partial-head', expected: 'head crf', got: 'head softmax' };
    for (const methods of [['MTL-PL'], ['PL-LS']] as const) {
      const plan = categoryPlan({ methods: [...methods], config: softmax });
      expect(() => expandPlan(plan, library)).toThrow(expect.objectContaining(refused));
    }
    expect(expandPlan(categoryPlan({ config: softmax }), library).length).toBeGreaterThan(0);
  });
});
