// Proves that plans expand to the right runs, are rejected with what was expected and found, and survive a round trip.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandPlan, parsePlan, runSpec } from '../../../../src/lab/plans/expandPlan.ts';
import { planOfRuns } from '../../../../src/lab/plans/exportResult.ts';
import type { TrainingConfig } from '../../../../src/schema/config.ts';
import { isSliced, METHODS, readsOthers } from '../../../../src/schema/methods.ts';
import type { PlanFile } from '../../../../src/schema/resultFile.ts';
import type { RunSpec } from '../../../../src/schema/runRecord.ts';
import {
  categoryPlan,
  corpusRecord,
  modelRecord,
  planFile,
  planOfTasks,
  smallConfig,
  spec,
  splitCounts,
} from '../../../fixtures/records.ts';

const planTasks = (plan: PlanFile) => plan.categories.flatMap(({ tasks }) => tasks);

const library = {
  corpora: [corpusRecord('moss'), corpusRecord('fern')],
  models: [modelRecord('tiny')],
};

describe('a run id', () => {
  it('does not depend on names', () => {
    const base = spec();
    const tasks = base.tasks.map(({ corpus, type }) => ({ corpus: { ...corpus, name: 'renamed' }, type }));
    expect(spec({ tasks, model: { ...base.model, name: 'renamed' } }).id).toBe(base.id);
    const together = spec({ category: { name: 'plant', typeName: 'Disease' } });
    expect(spec({ category: { name: 'renamed', typeName: 'Disease' } }).id).toBe(together.id);
    expect(base.id).toMatch(/^[0-9a-f]{16}$/);
  });

  const task = spec().tasks[0] ?? { corpus: { id: '', name: '', fingerprint: '' }, type: null };
  const changes: [string, Parameters<typeof spec>[0]][] = [
    ['method', { method: 'MTL-XC' }],
    ['seed', { seed: 2 }],
    ['type', { tasks: [{ ...task, type: null }] }],
    ['settings', { config: { ...smallConfig, learningRate: 1e-3 } }],
    ['corpus', { tasks: [{ ...task, corpus: { id: 'other', name: 'moss', fingerprint: 'other' } }] }],
    ['tasks', { tasks: [task, task] }],
    ['type name', { category: { name: 'plant', typeName: 'Rot' } }],
    ['slicing', { slicing: { layers: 1, biases: 'released', frozen: false } }],
    ['round', { round: 1 }],
    ['parent', { parent: 'abc' }],
  ];
  it.each(changes)('depends on the %s', (_member, change) => {
    expect(spec(change).id).not.toBe(spec().id);
  });

  it('is the same for a spec that already has one', () => {
    expect(runSpec(spec())).toEqual(spec());
  });
});

describe('expanding a plan', () => {
  it('makes a run for every task and seed, in order, without duplicates', () => {
    const specs = expandPlan(
      planOfTasks(
        [
          { corpus: { name: 'moss' }, type: 'Disease' },
          { corpus: { name: 'fern' }, type: null },
        ],
        { seeds: [3, 1, 3] },
      ),
      library,
    );
    expect(specs.map(({ tasks, seed }) => [tasks[0]?.corpus.name, tasks[0]?.type, seed])).toEqual([
      ['moss', 'Disease', 3],
      ['fern', null, 3],
      ['moss', 'Disease', 1],
      ['fern', null, 1],
    ]);
  });

  it('finds an input by its fingerprint under another name', () => {
    const renamed = { ...corpusRecord('moss'), name: 'moss 2' };
    const plan = planOfTasks([{ corpus: { name: 'moss', fingerprint: renamed.fingerprint }, type: null }]);
    const [run] = expandPlan(plan, { ...library, corpora: [corpusRecord('fern'), renamed] });
    expect(run?.tasks[0]?.corpus).toEqual({ id: renamed.id, name: 'moss 2', fingerprint: renamed.fingerprint });
  });

  it('fills in the only type of a corpus', () => {
    const corpora = [corpusRecord('moss', { types: ['Disease'] })];
    const untyped = planOfTasks([{ corpus: { name: 'moss' }, type: null }]);
    expect(expandPlan(untyped, { ...library, corpora })).toEqual(expandPlan(planFile(), { ...library, corpora }));
  });

  const empty = splitCounts(0, {});
  const refusals: [string, Parameters<typeof expandPlan>, object][] = [
    [
      'a missing corpus',
      [planOfTasks([{ corpus: { name: 'lichen' }, type: null }]), library],
      { code: 'plan/corpus-missing', expected: 'lichen', got: 'moss, fern' },
    ],
    [
      'a corpus of other content',
      [planOfTasks([{ corpus: { name: 'moss', fingerprint: 'f00d' }, type: null }]), library],
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
      [planOfTasks([{ corpus: { name: 'moss' }, type: 'Gene' }]), library],
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
  refusals.push(
    [
      'a task without a type among tasks trained together',
      [
        categoryPlan({
          categories: [{ name: 'plant', typeName: 'X', tasks: [{ corpus: { name: 'moss' }, type: null }] }],
        }),
        library,
      ],
      { code: 'plan/untyped-task', expected: 'Chemical or Disease' },
    ],
    [
      'a task twice',
      [planOfTasks([...planTasks(planFile()), ...planTasks(planFile())]), library],
      { code: 'plan/task-twice', got: 'moss Disease again' },
    ],
  );
  it.each(refusals)('rejects %s', (_what, [plan, library], error) => {
    expect(() => expandPlan(plan, library)).toThrow(expect.objectContaining(error));
  });
});

describe('expanding a plan of a category', () => {
  const described = (specs: readonly RunSpec[]) =>
    specs.map(({ method, tasks, slicing, round }) =>
      [method, tasks.map(({ corpus }) => corpus.name).join('+'), slicing?.layers ?? '', round].join(' '),
    );

  it('trains MTL-XC once for all slicings, and adds rounds to the requested methods', () => {
    const both = expandPlan(categoryPlan({ rounds: { count: 1, epochs: 7 } }), library);
    expect(described(both)).toEqual([
      ...['STL moss  0', 'STL moss  1', 'STL fern  0', 'STL fern  1', 'MTL-XC moss+fern  0', 'MTL-XC moss+fern  1'],
      ...['MTL-LS moss 0 0', 'MTL-LS moss 0 1', 'MTL-LS fern 0 0', 'MTL-LS fern 0 1'],
      ...['MTL-LS moss 1 0', 'MTL-LS moss 1 1', 'MTL-LS fern 1 0', 'MTL-LS fern 1 1'],
      ...['MTL-LS moss 2 0', 'MTL-LS moss 2 1', 'MTL-LS fern 2 0', 'MTL-LS fern 2 1'],
    ]);
    expect(both.map(({ round, config }) => [round, config.epochs])).toEqual(
      both.map(({ round }) => [round, round === 0 ? smallConfig.epochs : 7]),
    );
    const needed = expandPlan(categoryPlan({ methods: ['MTL-LS'], rounds: { count: 1, epochs: 7 } }), library);
    expect(described(needed).slice(0, 2)).toEqual(['MTL-XC moss+fern  0', 'MTL-LS moss 0 0']);
  });

  it('rounds rates to the nearest layer, once each', () => {
    const specs = expandPlan(categoryPlan({ methods: ['MTL-LS'], slicingRates: [0.4, 0.5, 0.6, 0.8] }), library);
    expect(described(specs)).toEqual([
      'MTL-XC moss+fern  0',
      'MTL-LS moss 1 0',
      'MTL-LS fern 1 0',
      'MTL-LS moss 2 0',
      'MTL-LS fern 2 0',
    ]);
  });

  it('makes the same STL runs for every category', () => {
    const alone = expandPlan(planFile(), library);
    const among = expandPlan(categoryPlan({ methods: ['STL'] }), library);
    expect(among.map(({ id }) => id)).toContain(alone[0]?.id);
  });
});

describe('a plan whose model is a BERT', () => {
  const bert = { ...library, models: [modelRecord('tiny', { family: 'bert', positions: 128 })] };
  const planWith = (specials: TrainingConfig['specials']) => categoryPlan({ config: { ...smallConfig, specials } });

  it('has sequences between [CLS] and [SEP] whatever its settings, and an XLNet never', () => {
    for (const specials of ['sep-cls', 'sep-sep-cls', 'cls-sep'] as const) {
      const runs = expandPlan(planWith(specials), bert);
      expect(new Set(runs.map(({ config }) => config.specials))).toEqual(new Set(['cls-sep']));
      const [ofXlnet] = expandPlan(planWith(specials), library);
      expect(ofXlnet?.config.specials).toBe(specials === 'cls-sep' ? 'sep-cls' : specials);
    }
  });

  it('has the same slices whatever its settings for biases, which only XLNet stacks', () => {
    const ids = (biases: PlanFile['biases']) => expandPlan(categoryPlan({ biases }), bert).map(({ id }) => id);
    expect(ids('perLayer')).toEqual(ids('released'));
  });

  it('equals the plan of its runs', () => {
    const runs = expandPlan(categoryPlan({ biases: 'perLayer' }), bert);
    expect(expandPlan(planOfRuns(runs, bert.models), bert)).toEqual(runs);
  });

  it('is rejected before training when sequences may exceed its positions', () => {
    const plan = planFile({ config: { ...smallConfig, maxPieces: 129 } });
    expect(() => expandPlan(plan, bert)).toThrow(
      expect.objectContaining({ code: 'plan/positions', expected: expect.stringContaining('128'), got: '129' }),
    );
    expect(expandPlan(planFile({ config: { ...smallConfig, maxPieces: 128 } }), bert)).toHaveLength(1);
  });
});

it('runs of an XLNet keep the ids they were published with', () => {
  const published = (file: string): unknown =>
    JSON.parse(readFileSync(new URL(`../../../../results/disease-sharing.${file}.json`, import.meta.url), 'utf8'));
  const specs = (published('result') as { runs: { spec: RunSpec }[] }).runs.map(({ spec: known }) => known);
  const counts = splitCounts(1, { Disease: 1 });
  const corpora = specs
    .flatMap(({ tasks }) => tasks)
    .map(({ corpus }) =>
      corpusRecord(corpus.name, {
        ...corpus,
        types: ['Disease'],
        counts: { train: counts, devel: counts, test: counts },
      }),
    );
  const models = specs.map(({ model }) => modelRecord(model.name, { ...model, layers: 4 }));
  const runs = expandPlan(parsePlan(JSON.stringify(published('plan'))), { corpora, models });
  expect(runs).toHaveLength(13);
  expect(runs.map(({ id }) => id).sort()).toEqual(specs.map(({ id }) => id).sort());
});

/** What trains any encoder and any category: others need BiLSTMs, or two tasks. */
const anyMethods = METHODS.filter((method) => !readsOthers(method));

/** Plans over two corpora, one model of two layers and any such methods, rates, seeds, rounds and categories. */
const anyPlan = fc
  .record({
    methods: fc.subarray([...anyMethods], { minLength: 1 }),
    slicingRates: fc.uniqueArray(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), { minLength: 1 }),
    frozen: fc.boolean(),
    seeds: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
    rounds: fc.record({ count: fc.integer({ min: 0, max: 2 }), epochs: fc.integer({ min: 1, max: 3 }) }),
    categories: fc
      .uniqueArray(fc.subarray(['moss', 'fern'], { minLength: 1 }), {
        minLength: 1,
        maxLength: 3,
        selector: (names) => names.join(),
      })
      .map((members) =>
        members.map((names, index) => ({
          name: `category ${index}`,
          typeName: 'Disease',
          tasks: names.map((name) => ({ corpus: { name }, type: 'Disease' })),
        })),
      ),
  })
  .map((changes) => planFile(changes));

describe('the runs of any plan', () => {
  it('have unique ids and follow the runs they start from', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const specs = expandPlan(plan, library);
        expect(new Set(specs.map(({ id }) => id)).size).toBe(specs.length);
        for (const [index, { parent, round, method }] of specs.entries()) {
          expect(parent !== null).toBe(round > 0 || isSliced(method));
          if (parent !== null) expect(specs.slice(0, index).map(({ id }) => id)).toContain(parent);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('equal the expansion of their plan', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const runs = expandPlan(plan, library);
        const again = expandPlan(planOfRuns(runs, library.models), library);
        expect(again.map(({ id }) => id).sort()).toEqual(runs.map(({ id }) => id).sort());
      }),
      { numRuns: 30 },
    );
  });
});

describe('the plan of runs', () => {
  it('rejects runs with different settings and says what differs', () => {
    const other = spec({ config: { ...smallConfig, learningRate: 9e-4 } });
    expect(() => planOfRuns([spec(), other], [])).toThrow(
      expect.objectContaining({ code: 'plan/mixed', got: expect.stringContaining('settings') }),
    );
    expect(() => planOfRuns([], [])).toThrow(expect.objectContaining({ code: 'plan/empty' }));
  });

  it('rejects runs without their parents, and slicings of two kinds', () => {
    const runs = expandPlan(categoryPlan(), library);
    const mixed = expect.objectContaining({ code: 'plan/mixed' });
    expect(() => planOfRuns(runs.filter(({ method }) => method === 'MTL-LS'), library.models)).toThrow(mixed); // prettier-ignore
    const frozen = expandPlan(categoryPlan({ frozen: true }), library);
    expect(() => planOfRuns([...runs, ...frozen], library.models)).toThrow(mixed);
    expect(planOfRuns(frozen, library.models)).toMatchObject({ frozen: true, slicingRates: [0, 0.5, 1] });
  });
});

describe('parsing a plan', () => {
  it('accepts an exported plan', () => {
    expect(parsePlan(JSON.stringify(planFile()))).toEqual(planFile());
  });

  it('accepts a plan of version 1', () => {
    const {
      methods,
      slicingRates: _rates,
      biases: _biases,
      frozen: _frozen,
      categories,
      rounds: _rounds,
      ...rest
    } = planFile();
    const { steps: _steps, mixing: _mixing, ...config } = rest.config;
    const [method] = methods;
    const old = { ...rest, version: 1, method, tasks: categories[0]?.tasks, config };
    expect(parsePlan(JSON.stringify(old))).toMatchObject({ version: 2, methods, categories, rounds: { count: 0 } });
  });

  it.each([
    ['other JSON', { name: 'package' }, 'plan/foreign'],
    ['null', null, 'plan/foreign'],
    ['a later version', { ...planFile(), version: 3 }, 'plan/newer'],
    ['a plan without seeds', { ...planFile(), seeds: [] }, 'plan/invalid'],
    ['an unknown member', { ...planFile(), extra: 1 }, 'plan/invalid'],
  ])('refuses %s', (_what, json, code) => {
    expect(() => parsePlan(JSON.stringify(json))).toThrow(expect.objectContaining({ code }));
  });
});
