// Proves that plans expand to the right runs, are refused with what was expected and found, and survive the way back.
import { describe, expect, it } from 'vitest';
import { expandPlan, parsePlan, planOfRuns } from '../../src/lab/plan.ts';
import { runSpec } from '../../src/lab/runSpec.ts';
import { corpusRecord, modelRecord, planFile, smallConfig, spec, splitCounts } from '../fixtures/records.ts';

const library = {
  corpora: [corpusRecord('moss'), corpusRecord('fern')],
  models: [modelRecord('tiny')],
};

describe('a run id', () => {
  it('does not depend on names', () => {
    const base = spec();
    expect(spec({ corpus: { ...base.corpus, name: 'renamed' }, model: { ...base.model, name: 'renamed' } }).id).toBe(
      base.id,
    );
    expect(base.id).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each([
    ['seed', { seed: 2 }],
    ['type', { type: null }],
    ['settings', { config: { ...smallConfig, learningRate: 1e-3 } }],
    ['corpus', { corpus: { id: 'other', name: 'moss', fingerprint: 'other' } }],
  ])('depends on the %s', (_member, change) => {
    expect(spec(change).id).not.toBe(spec().id);
  });

  it('is the same for a spec that already has one', () => {
    expect(runSpec(spec())).toEqual(spec());
  });
});

describe('expanding a plan', () => {
  it('makes a run of every task and seed, in order, none twice', () => {
    const specs = expandPlan(
      planFile({
        tasks: [
          { corpus: { name: 'moss' }, type: 'Disease' },
          { corpus: { name: 'fern' }, type: null },
          { corpus: { name: 'moss' }, type: 'Disease' },
        ],
        seeds: [3, 1],
      }),
      library,
    );
    expect(specs.map(({ corpus, type, seed }) => [corpus.name, type, seed])).toEqual([
      ['moss', 'Disease', 3],
      ['moss', 'Disease', 1],
      ['fern', null, 3],
      ['fern', null, 1],
    ]);
  });

  it('finds an input by its fingerprint under another name', () => {
    const renamed = { ...corpusRecord('moss'), name: 'moss 2' };
    const plan = planFile({ tasks: [{ corpus: { name: 'moss', fingerprint: renamed.fingerprint }, type: null }] });
    const [run] = expandPlan(plan, { ...library, corpora: [corpusRecord('fern'), renamed] });
    expect(run?.corpus).toEqual({ id: renamed.id, name: 'moss 2', fingerprint: renamed.fingerprint });
  });

  const empty = splitCounts(0, {});
  const refusals: [string, Parameters<typeof expandPlan>, object][] = [
    [
      'a missing corpus',
      [planFile({ tasks: [{ corpus: { name: 'lichen' }, type: null }] }), library],
      { code: 'plan/corpus-missing', expected: 'lichen', got: 'moss, fern' },
    ],
    [
      'a corpus of other content',
      [planFile({ tasks: [{ corpus: { name: 'moss', fingerprint: 'f00d' }, type: null }] }), library],
      { code: 'plan/corpus-differs', expected: 'fingerprint f00d' },
    ],
    [
      'a missing model',
      [planFile({ model: { name: 'large' } }), { ...library, models: [] }],
      { code: 'plan/model-missing', expected: 'large', got: 'an empty library' },
    ],
    [
      'a model of other content',
      [planFile({ model: { name: 'tiny', fingerprint: 'f00d' } }), library],
      { code: 'plan/model-differs' },
    ],
    [
      'a type the corpus lacks',
      [planFile({ tasks: [{ corpus: { name: 'moss' }, type: 'Gene' }] }), library],
      { code: 'plan/unknown-type', expected: 'Chemical, Disease', got: 'Gene' },
    ],
    [
      'a corpus without train sentences',
      [
        planFile(),
        {
          ...library,
          corpora: [corpusRecord('moss', { counts: { ...corpusRecord('moss').counts, train: empty } })],
        },
      ],
      { code: 'plan/no-train-sentences' },
    ],
    [
      'a train split without the type',
      [
        planFile(),
        {
          ...library,
          corpora: [
            corpusRecord('moss', {
              counts: { ...corpusRecord('moss').counts, train: splitCounts(2, { Chemical: 1 }) },
            }),
          ],
        },
      ],
      { code: 'plan/no-train-mentions' },
    ],
  ];
  it.each(refusals)('refuses %s', (_what, [plan, held], error) => {
    expect(() => expandPlan(plan, held)).toThrow(expect.objectContaining(error));
  });
});

describe('the plan of runs', () => {
  it('expands to those runs again', () => {
    const plan = planFile({ tasks: planFile().tasks.concat({ corpus: { name: 'fern' }, type: null }), seeds: [1, 2] });
    const runs = expandPlan(plan, library);
    expect(expandPlan(planOfRuns(runs), library)).toEqual(runs);
  });

  it('refuses runs of different settings and says what differs', () => {
    const other = spec({ config: { ...smallConfig, epochs: 9 } });
    expect(() => planOfRuns([spec(), other])).toThrow(
      expect.objectContaining({ code: 'plan/mixed', got: expect.stringContaining('settings') }),
    );
    expect(() => planOfRuns([])).toThrow(expect.objectContaining({ code: 'plan/empty' }));
  });
});

describe('parsing a plan', () => {
  it('takes what it wrote', () => {
    expect(parsePlan(JSON.parse(JSON.stringify(planFile())))).toEqual(planFile());
  });

  it.each([
    ['other JSON', { name: 'package' }, 'plan/foreign'],
    ['null', null, 'plan/foreign'],
    ['a later version', { ...planFile(), version: 2 }, 'plan/newer'],
    ['a plan without seeds', { ...planFile(), seeds: [] }, 'plan/invalid'],
    ['an unknown member', { ...planFile(), extra: 1 }, 'plan/invalid'],
  ])('refuses %s', (_what, json, code) => {
    expect(() => parsePlan(json)).toThrow(expect.objectContaining({ code }));
  });
});
