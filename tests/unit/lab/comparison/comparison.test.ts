// Proves with hand-worked numbers that runs are grouped correctly, that spreads are computed by source, and that devel alone selects the slicing rate.
import { describe, expect, it } from 'vitest';
import { buildComparisons, type Comparison, type Variant } from '../../../../src/lab/comparison/comparison.ts';
import { chosenOnDevel, variantSpread } from '../../../../src/lab/comparison/comparisonCurves.ts';
import { comparisonTables, type ComparisonTable } from '../../../../src/lab/comparison/comparisonTables.ts';
import { publishedScores } from '../../../../src/lab/comparison/publishedScores.ts';
import type { RunRecord, TaskRef } from '../../../../src/schema/runRecord.ts';
import { corpusRecord, smallConfig } from '../../../fixtures/records.ts';
import { scoredRun, type F1Pair } from '../../../fixtures/scoredRun.ts';

function taskOf(name: string, type = 'Disease'): TaskRef {
  const { id, fingerprint } = corpusRecord(name);
  return { corpus: { id, name, fingerprint }, type };
}
const ncbi = taskOf('NCBI-disease-IOB');
const bc5 = taskOf('BC5CDR-disease-IOB');
const category = { name: 'disease', typeName: 'Disease' };
const slicing = (layers: number) => ({ layers, biases: 'released' as const, frozen: false });

function stl(
  task: TaskRef,
  seed: number,
  pairs: readonly F1Pair[],
  round = 0,
  parent: string | null = null,
): RunRecord {
  const config = round === 0 ? smallConfig : { ...smallConfig, epochs: 30 };
  return scoredRun(
    { tasks: [task], seed, round, parent, config },
    pairs.map((pair) => [pair]),
  );
}
const xc = (seed: number, pairs: readonly F1Pair[]) =>
  scoredRun({ method: 'MTL-XC', tasks: [ncbi, bc5], category, seed }, [pairs]);
const ls = (from: RunRecord, task: TaskRef, layers: number, pair: F1Pair, changes = {}) =>
  scoredRun(
    {
      method: 'MTL-LS',
      tasks: [task],
      category,
      slicing: slicing(layers),
      parent: from.spec.id,
      seed: from.spec.seed,
      ...changes,
    },
    [[pair]],
  );

const first = stl(ncbi, 1, [
  [70, 60],
  [72, 62],
]);
const second = stl(ncbi, 2, [
  [74, 66],
  [76, 68],
]);
const again = stl(
  ncbi,
  1,
  [
    [80, 70],
    [81, 72],
  ],
  1,
  first.spec.id,
);
const together1 = xc(1, [
  [71, 64],
  [61, 54],
]);
const together2 = xc(2, [
  [73, 66],
  [63, 56],
]);
const quarter = ls(together1, ncbi, 1, [79, 61]);
const half1 = ls(together1, ncbi, 2, [80, 50]);
const half2 = ls(together2, ncbi, 2, [82, 52]);
const pool = [first, second, again, together1, together2, quarter, half1, half2];

const layersOf = () => 4;
function only(runs: readonly RunRecord[]): Comparison {
  const [comparison, ...others] = buildComparisons(runs, layersOf);
  if (comparison === undefined || others.length > 0)
    throw new Error(`expected one comparison, got ${others.length + 1}`);
  return comparison;
}
function variantOf(
  comparison: Comparison,
  task: TaskRef,
  method: Variant['method'],
  layers: number | null = null,
): Variant {
  const found = comparison.tasks
    .find(({ task: own }) => own.corpus.name === task.corpus.name)
    ?.variants.find((candidate) => candidate.method === method && candidate.layers === layers);
  if (found === undefined) throw new Error(`no ${method}`);
  return found;
}
const testF1 = { split: 'test', measure: 'f1' } as const;

describe('buildComparisons', () => {
  it('groups STL, MTL-XC and each slicing rate of a task, a round with its first training', () => {
    const comparison = only(pool);
    expect(comparison.category).toEqual(category);
    expect(comparison.tasks.map(({ task }) => task.corpus.name)).toEqual(['BC5CDR-disease-IOB', 'NCBI-disease-IOB']);
    const [, second] = comparison.tasks;
    expect(second?.variants.map(({ method, rate }) => [method, rate])).toEqual([
      ['STL', null],
      ['MTL-XC', null],
      ['MTL-LS', 0.25],
      ['MTL-LS', 0.5],
    ]);
    const trainings = variantOf(comparison, ncbi, 'STL').trainings;
    expect(trainings.map(({ seed, round }) => [seed, round])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
    ]);
    expect(trainings[0]?.curve).toEqual([
      { epoch: 1, f1: 70 },
      { epoch: 2, f1: 72 },
    ]);
  });

  it('reads each task of an MTL-XC run by its own scores', () => {
    const comparison = only(pool);
    expect(variantOf(comparison, ncbi, 'MTL-XC').trainings.map(({ test }) => test?.f1)).toEqual([64, 66]);
    expect(variantOf(comparison, bc5, 'MTL-XC').trainings.map(({ test }) => test?.f1)).toEqual([54, 56]);
  });

  it('never mixes different settings, kinds of slicing or category members', () => {
    const slower = stl(ncbi, 3, [[1, 1]]);
    const other = { ...slower, spec: { ...slower.spec, id: 'other', config: { ...smallConfig, learningRate: 1e-6 } } };
    const frozen = ls(together1, ncbi, 2, [80, 50], { slicing: { ...slicing(2), frozen: true } });
    const alone = scoredRun({ method: 'MTL-XC', tasks: [ncbi], category, seed: 1 }, [[[50, 50]]]);
    const comparisons = buildComparisons([...pool, other, frozen, alone], layersOf);
    expect(comparisons.length).toBe(4);
    const base = comparisons.find(({ slicing: way }) => way?.frozen === false);
    expect(base === undefined ? null : variantOf(base, ncbi, 'STL').trainings.length).toBe(3);
    expect(base === undefined ? null : variantOf(base, ncbi, 'MTL-XC').trainings.length).toBe(2);
  });

  it('compares tasks that were trained by STL alone, and nothing for an empty pool', () => {
    expect(only([first]).category).toBeNull();
    expect(buildComparisons([], layersOf)).toEqual([]);
  });
});

describe('spreads', () => {
  const single = variantOf(only(pool), ncbi, 'STL');

  it('over all trainings: the selected snapshots 62, 72, 68', () => {
    const value = variantSpread(single, { ...testF1, over: 'trainings' });
    expect(value?.mean).toBeCloseTo(202 / 3, 10);
    // Squares around 67.333: 28.444 + 21.778 + 0.444 = 50.667.
    expect(value?.deviation).toBeCloseTo(Math.sqrt(50.6666667 / 2), 6);
  });

  it('over seeds: their means 67 and 68', () => {
    expect(variantSpread(single, { ...testF1, over: 'seeds' })).toEqual({
      mean: 67.5,
      deviation: Math.sqrt(0.5),
      count: 2,
    });
  });

  it('over rounds: 62 and 72 of seed 1, whose squares are 50 with one degree of freedom', () => {
    expect(variantSpread(single, { ...testF1, over: 'rounds' })?.deviation).toBe(Math.sqrt(50));
  });

  it('over snapshots: 60 62, 70 72 and 66 68, each 2 apart', () => {
    const value = variantSpread(single, { ...testF1, over: 'snapshots' });
    expect(value?.mean).toBeCloseTo(398 / 6, 10);
    expect(value?.deviation).toBe(Math.sqrt(6 / 3));
  });

  it('counts only finished runs', () => {
    const running = only([{ ...first, status: 'running' }]);
    expect(variantSpread(variantOf(running, ncbi, 'STL'), { ...testF1, over: 'trainings' })).toBeNull();
  });
});

describe('the slicing rate', () => {
  it('is the one with the best devel F1, however bad its test F1', () => {
    const [, task] = only(pool).tasks;
    // Devel 79 against (80 + 82) / 2, test 61 against 51.
    expect(task === undefined ? null : chosenOnDevel(task)?.rate).toBe(0.5);
  });

  it('is the lower of two tied ones, and null without devel', () => {
    const choose = (...runs: readonly RunRecord[]) =>
      chosenOnDevel(only(runs).tasks[0] ?? { task: ncbi, variants: [] });
    expect(choose(ls(together1, ncbi, 3, [80, 90]), ls(together1, ncbi, 1, [80, 10]))?.layers).toBe(1);
    expect(choose(ls(together1, ncbi, 3, [null, 90]))).toBeNull();
  });
});

describe('comparisonTables', () => {
  const tables = new Map(comparisonTables(only(pool), publishedScores).map((table) => [table.id, table]));
  const row = (id: ComparisonTable['id'], name: string) => {
    const table = tables.get(id);
    const found = table?.rows.find((candidate) => candidate.name.startsWith(name));
    if (table === undefined || found === undefined) throw new Error(`no row ${name}`);
    return new Map(table.columns.map(({ group, name: column }, index) => [`${group} ${column}`, found.cells[index]]));
  };

  it('has precision, recall and F1 of both methods beside the published ones in Table 1', () => {
    const cells = row('table-1', 'NCBI');
    expect(cells.get('STL F1')).toMatchObject({ published: 88.26, best: true });
    expect(cells.get('MTL-XC F1')).toMatchObject({ value: { mean: 65 }, published: 88.75, best: false });
    expect(cells.get('MTL-XC P')).toMatchObject({ value: { mean: 66 }, published: 87.8 });
    expect(row('table-1', 'BC5CDR').get('STL F1')).toMatchObject({ value: null, published: 86.44, best: false });
  });

  it('has each rate with its published figure in Table 2, and only the best of the row in bold', () => {
    const cells = row('table-2', 'NCBI');
    expect(cells.get('MTL-LS 0.25')).toMatchObject({ value: { mean: 61 }, published: 85.23, best: false });
    expect(cells.get('MTL-LS 0.50')).toMatchObject({ value: { mean: 51, deviation: Math.SQRT2 }, published: 86.79 });
    expect([...cells.values()].filter((cell) => cell?.kind === 'score' && cell.best)).toEqual([
      cells.get('Reference STL'),
    ]);
  });

  it('reports in Table 3 the test score of the rate selected on devel, beside the published systems', () => {
    const cells = row('table-3', 'NCBI');
    expect(cells.get('Chosen on devel Slicing rate')).toEqual({ kind: 'text', text: '0.50' });
    expect(cells.get('Chosen on devel Devel F1')).toMatchObject({ value: { mean: 81 } });
    expect(cells.get('Test F1 MTL-LS')).toMatchObject({ value: { mean: 51 }, published: 89.25, best: false });
    expect(cells.get('Published BioBERT')).toEqual({ kind: 'number', value: 89.36, best: true });
    expect(tables.get('table-3')?.notes.join(' ')).toMatch(/test scores had no part/);
  });

  it('notes where the published tables contradict themselves', () => {
    const epi = taskOf('BioNLP11EPI-IOB', 'Protein');
    const [table1, table2] = comparisonTables(only([stl(epi, 1, [[1, 1]])]), publishedScores);
    expect(table1?.notes.join(' ')).toMatch(/86\.05/);
    expect(table2?.notes.join(' ')).not.toMatch(/86\.05/);
  });

  it('has no published figures for tasks that are not in the paper', () => {
    const [table1] = comparisonTables(only([stl(taskOf('moss'), 1, [[1, 1]])]), publishedScores);
    expect(table1?.rows[0]?.cells.every((cell) => cell.kind === 'score' && cell.published === null)).toBe(true);
  });
});
