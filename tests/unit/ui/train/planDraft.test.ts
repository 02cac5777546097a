// Proves that the form turns into the plan it shows, finds a plan's inputs in the library by content, and says what is missing.
import { describe, expect, it } from 'vitest';
import { presets } from '../../../../src/lab/plans/presets.ts';
import type { PlanFile } from '../../../../src/schema/resultFile.ts';
import {
  draftOfPlan,
  draftOfSearch,
  draftWith,
  followCorpora,
  isPlanDraft,
  looseTasks,
  nearestPreset,
  newPlanDraft,
  samplePlan,
  taskOfCorpus,
  withSeeds,
  type PlanDraft,
  type SearchDraft,
} from '../../../../src/ui/train/planDraft.ts';
import { readPlanDraft, readSeeds } from '../../../../src/ui/train/readPlanDraft.ts';
import { fakeCorpus, fakeCorpusSentences, fakeModel } from '../../../fixtures/fakeRecords.ts';

const sizes = { train: 100, devel: 10, test: 10 };
const sample = fakeCorpus('sample', ['Chemical'], fakeCorpusSentences(sizes, ['Chemical']), { builtIn: true });
const types = ['Cell', 'Organ'];
const older = fakeCorpus('older', types, fakeCorpusSentences(sizes, types), { addedAt: '2025-01-01T00:00:00.000Z' });
const newer = fakeCorpus('newer', types, fakeCorpusSentences(sizes, types), { addedAt: '2025-02-01T00:00:00.000Z' });
const tiny = fakeModel('tiny', true, 1_900_000);
const large = fakeModel('large', false, 360_000_000);
const library = { corpora: [sample, newer, older], models: [large, tiny] };

const plan: PlanFile = {
  format: 'bioner-lab-plan',
  version: 2,
  name: 'two categories',
  methods: ['STL', 'MTL-XC', 'MTL-LS'],
  slicingRates: [0, 0.5],
  biases: 'perLayer',
  frozen: true,
  model: { name: 'large', fingerprint: large.fingerprint },
  categories: [
    {
      name: 'organs',
      typeName: 'Organ',
      tasks: [
        { corpus: { name: 'newer', fingerprint: newer.fingerprint }, type: 'Organ' },
        { corpus: { name: 'sample', fingerprint: sample.fingerprint }, type: null },
      ],
    },
    {
      name: 'cells',
      typeName: 'Cell',
      tasks: [{ corpus: { name: 'older', fingerprint: older.fingerprint }, type: 'Cell' }],
    },
  ],
  seeds: [0, 4294967295],
  rounds: { count: 3, epochs: 30 },
  config: { ...presets.released.config, epochs: 7 },
};

describe('a search for the slicing rate', () => {
  const searched: PlanFile = {
    ...plan,
    rounds: { count: 0, epochs: 1 },
    config: { ...presets.normal.config, epochs: 8 },
    search: { policy: 'race', rungs: [2, 4], finalists: 3, choose: 'end' },
  };
  const problemsOf = (search: Partial<SearchDraft>, change: Partial<PlanDraft> = {}): readonly string[] => {
    const draft = draftOfPlan(searched);
    return [
      ...readPlanDraft(
        { ...draft, ...change, search: { ...draftOfSearch('top', 8), ...search } },
        library,
      ).problems.keys(),
    ];
  };

  it('goes through the form unchanged, and is absent where there is none', () => {
    expect(readPlanDraft(draftOfPlan(searched), library).plan?.search).toEqual(searched.search);
    const { search: _none, ...whole } = searched;
    expect(readPlanDraft(draftOfPlan(whole), library).plan).not.toHaveProperty('search');
    const single = { ...draftOfPlan(searched), methods: ['STL' as const] };
    expect(readPlanDraft(single, library).plan).not.toHaveProperty('search');
  });

  it('starts with the best two after half of the epochs', () => {
    const read = readPlanDraft({ ...draftOfPlan(searched), search: draftOfSearch('top', 8) }, library);
    expect(read.plan?.search).toEqual({ policy: 'top', rungs: [4], finalists: 2, choose: 'rung' });
  });

  it('says in its fields what is wrong with it', () => {
    expect(problemsOf({ rungs: '1, 2' })).toEqual(['search.rungs']);
    expect(problemsOf({ policy: 'race', rungs: '2, 1' })).toEqual(['search.rungs']);
    expect(problemsOf({ rungs: 'two' })).toEqual(['search.rungs']);
    expect(problemsOf({ policy: 'race', finalists: '1' })).toEqual(['search.finalists']);
    expect(problemsOf({ finalists: '1' })).toEqual([]);
    expect(problemsOf({ rungs: '9' })).toEqual(['search']);
    expect(problemsOf({}, { rounds: { count: '1', epochs: '1' } })).toEqual(['search']);
    expect(problemsOf({}, { config: { ...draftOfPlan(searched).config, trainOn: 'train+devel' } })).toEqual(['search']);
    expect(problemsOf({}, { config: { ...draftOfPlan(searched).config, steps: '100' } })).toEqual(['search']);
  });
});

describe('planDraft', () => {
  it('offers the newest corpus of one’s own, all its types, on the built-in model', () => {
    const read = readPlanDraft(newPlanDraft(), library);
    expect(read.problems.size).toBe(0);
    expect(read.plan?.methods).toEqual(['STL']);
    expect(read.plan?.categories).toEqual([
      looseTasks([{ corpus: { name: 'newer', fingerprint: newer.fingerprint }, type: null }]),
    ]);
    expect(read.plan?.model.name).toBe('tiny');
    expect(read.plan?.config).toEqual(presets.quick.config);
  });

  it('gives a plan file back unchanged, beside the preset it is closest to', () => {
    const draft = draftOfPlan(plan);
    const read = readPlanDraft(draft, library);
    expect(read.plan).toEqual(plan);
    expect(draft.preset).toBe('released');
    expect([...read.changed]).toEqual(['epochs']);
  });

  it('shows and asks for what a BERT can have: its specials, no change of the preset, and no more pieces than positions', () => {
    const bert = { ...large, family: 'bert', positions: 512 } as const;
    const draft = draftOfPlan({ ...plan, config: presets.released.config });
    const read = readPlanDraft(draft, { ...library, models: [tiny, bert] });
    expect(read.entered.specials).toBe('cls-sep');
    expect(read.plan?.config).toEqual({ ...presets.released.config, specials: 'cls-sep' });
    expect(read.changed.size).toBe(0);
    expect(nearestPreset({ ...presets.released.config, specials: 'cls-sep' })).toBe('released');
    const long = { ...draft, config: { ...draft.config, maxPieces: '513' } };
    const refused = readPlanDraft(long, { ...library, models: [tiny, bert] });
    expect(refused.plan).toBeNull();
    expect(refused.problems.get('config.maxPieces')).toContain('512');
    expect(readPlanDraft(long, library).problems.size).toBe(0);
  });

  it('finds an input by its content when it was renamed', () => {
    const renamed = { ...library, corpora: [sample, older, { ...newer, name: 'other name' }] };
    expect(readPlanDraft(draftOfPlan(plan), renamed).plan?.categories[0]?.tasks[0]?.corpus.name).toBe('other name');
  });

  it('tells a missing input from one of the same name with other content', () => {
    const without = readPlanDraft(draftOfPlan(plan), { ...library, corpora: [sample] });
    expect(without.plan).toBeNull();
    expect(without.problems.get('categories.0.tasks.0')).toMatch(/not in the library/);
    const impostor = { ...newer, fingerprint: older.fingerprint };
    const differing = readPlanDraft(draftOfPlan(plan), { ...library, corpora: [sample, impostor] });
    expect(differing.problems.get('categories.0.tasks.0')).toMatch(/differs/);
    expect(differing.problems.has('categories.0.tasks.1')).toBe(false);
  });

  it('follows a chosen corpus whose content was corrected since', () => {
    const tasks = [{ corpus: { name: 'newer', fingerprint: 'before' }, type: 'Organ' }];
    const chosen = readPlanDraft({ ...newPlanDraft(), categories: [looseTasks(tasks)] }, library);
    expect(chosen.plan?.categories[0]?.tasks[0]?.corpus.fingerprint).toBe(newer.fingerprint);
  });

  it('follows a corpus of its tasks that was renamed, or corrected under its name, but not one of a plan file', () => {
    const draft = { ...newPlanDraft(), categories: [looseTasks([taskOfCorpus(newer), taskOfCorpus(older)])] };
    const corrected = { ...older, fingerprint: 'f'.repeat(64) };
    const followed = followCorpora(draft, [{ ...newer, name: 'renamed' }, corrected]);
    expect(followed.categories?.[0]?.tasks.map(({ corpus }) => corpus)).toEqual([
      { name: 'renamed', fingerprint: newer.fingerprint },
      { name: 'older', fingerprint: corrected.fingerprint },
    ]);
    expect(followCorpora(draft, [newer, older])).toBe(draft);
    expect(followCorpora({ ...draft, fromFile: true }, [corrected])).toMatchObject({ categories: draft.categories });
  });

  it('makes every corpus of a drop a task of a plan for single tasks, and leaves a category as it is', () => {
    const draft = newPlanDraft();
    const dropped = draftWith(draft, { corpora: [newer, older], models: [large, tiny] });
    expect(dropped.categories).toEqual([looseTasks([taskOfCorpus(newer), taskOfCorpus(older)])]);
    expect(dropped.model).toEqual({ name: 'large', fingerprint: large.fingerprint });
    const together = { ...draftOfPlan(plan), methods: ['STL', 'MTL-XC'] as const };
    expect(draftWith(together, { corpora: [newer], models: [] })).toEqual(together);
    expect(draftWith(draft, { corpora: [], models: [] })).toEqual(draft);
  });

  it('adds the lowest seeds that a plan does not have', () => {
    expect(withSeeds({ ...plan, seeds: [2, 7] }, 3).seeds).toEqual([2, 7, 1, 3, 4]);
    expect(withSeeds(plan, 0)).toEqual(plan);
  });

  it('knows a stored draft of this version of the form, and no other value', () => {
    const draft = { ...newPlanDraft(), categories: [looseTasks([taskOfCorpus(newer)])], model: { name: 'tiny' } };
    expect(isPlanDraft(JSON.parse(JSON.stringify(draft)))).toBe(true);
    expect(isPlanDraft(JSON.parse(JSON.stringify(newPlanDraft())))).toBe(true);
    const { seeds: _seeds, ...former } = draft;
    for (const other of [null, undefined, 1, [], {}, former, { ...draft, seeds: 1 }, { ...draft, more: true }]) {
      expect(isPlanDraft(other)).toBe(false);
    }
  });

  it('refuses a type the corpus does not have', () => {
    const [task] = plan.categories[0]?.tasks ?? [];
    if (task === undefined) throw new Error('no task');
    const wrong = { ...plan, categories: [looseTasks([{ ...task, type: 'Tissue' }])] };
    const read = readPlanDraft(draftOfPlan(wrong), library);
    expect(read.problems.get('categories.0.tasks.0')).toMatch(/no type Tissue/);
  });

  it('wants a type name, a method and a rate before tasks are trained together', () => {
    const problemsOf = (part: Partial<ReturnType<typeof newPlanDraft>>) =>
      readPlanDraft({ ...draftOfPlan(plan), ...part }, library).problems;
    const [organs] = plan.categories;
    if (organs === undefined) throw new Error('no category');
    expect([...problemsOf({ categories: [{ ...organs, typeName: null }] }).keys()]).toEqual(['categories.0']);
    expect(problemsOf({ categories: [{ ...organs, typeName: null }], methods: ['STL'] }).size).toBe(0);
    expect([...problemsOf({ categories: [organs, organs] }).keys()]).toEqual(['categories']);
    expect(
      problemsOf({ categories: [{ ...organs, tasks: [...organs.tasks, ...organs.tasks] }] }).get('categories.0'),
    ).toMatch(/twice/);
    expect([...problemsOf({ methods: [] }).keys()]).toEqual(['methods']);
    expect([...problemsOf({ slicingRates: [] }).keys()]).toEqual(['slicingRates']);
    expect([...problemsOf({ rounds: { count: '-1', epochs: '' } }).keys()]).toEqual(['rounds.count', 'rounds.epochs']);
  });

  it('leaves slicing rates out of a plan without MTL-LS', () => {
    const read = readPlanDraft({ ...draftOfPlan(plan), methods: ['STL', 'MTL-XC'] }, library);
    expect(read.plan?.slicingRates).toEqual([]);
  });

  it('asks for a corpus and a model while the library is empty', () => {
    const { plan: none, problems } = readPlanDraft(newPlanDraft(), { corpora: [], models: [] });
    expect(none).toBeNull();
    expect([...problems.keys()]).toEqual(['categories', 'model']);
  });

  it('makes the sample plan only of what came with the lab', () => {
    expect(samplePlan(library, newer.id)?.categories[0]?.tasks[0]?.corpus.name).toBe('sample');
    expect(samplePlan({ ...library, models: [large] }, null)).toBeNull();
  });
});

describe('readSeeds', () => {
  it('takes commas and spaces', () => {
    expect(readSeeds(' 1, 2 3;4\n')).toEqual([1, 2, 3, 4]);
  });

  it.each(['', ' , ', '1, 1', '-1', '1.5', '4294967296', 'one'])('refuses "%s" in words', (text) => {
    expect(typeof readSeeds(text)).toBe('string');
  });
});

describe('nearestPreset', () => {
  it.each(['quick', 'paper', 'released'] as const)('is %s for its own settings', (name) => {
    expect(nearestPreset(presets[name].config)).toBe(name);
  });
});
