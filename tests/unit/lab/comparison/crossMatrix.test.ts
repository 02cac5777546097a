// Proves which taggers are on which test sets in the matrix of an experiment, what each score is computed from, and what is still to be predicted.
import { describe, expect, it } from 'vitest';
import { makeTagSet } from '../../../../src/data/corpus/tagScheme.ts';
import { buildComparisons } from '../../../../src/lab/comparison/comparison.ts';
import {
  askedCells,
  cellScores,
  crossMatrix,
  lackingRequests,
  matrixRows,
} from '../../../../src/lab/comparison/crossMatrix.ts';
import { expandPlan } from '../../../../src/lab/plans/expandPlan.ts';
import type { Method } from '../../../../src/schema/methods.ts';
import { queuedRun, type RunRecord } from '../../../../src/schema/runRecord.ts';
import { categoryPlan, corpusRecord, modelRecord } from '../../../fixtures/records.ts';

const library = { corpora: [corpusRecord('moss'), corpusRecord('fern')], models: [modelRecord('tiny', { layers: 2 })] };
const counts = { split: 'f', gold: '1*4', missed: '0*4', spurious: '0*4' };

/** Finished runs of a plan over moss and fern, whose records have the counts of the tasks they trained. */
function matrixOf(
  methods: readonly Method[],
  {
    types = ['Disease', 'Disease'],
    seeds = [1],
    own = true,
    tagged = (_: RunRecord): readonly string[] => ['Disease'],
  } = {},
) {
  const tasks = ['moss', 'fern'].map((name, index) => ({ corpus: { name }, type: types[index] ?? null }));
  const plan = categoryPlan({ methods: [...methods], slicingRates: [0.5], seeds, categories: [{ name: 'plant', typeName: 'Disease', tasks }] }); // prettier-ignore
  const records = expandPlan(plan, library).map((spec): RunRecord => {
    const record = queuedRun(spec, '2025-01-01T00:00:00.000Z');
    const snapshot = { epoch: 2, devel: spec.tasks.map(() => null), test: spec.tasks.map(() => null), testCounts: spec.tasks.map(() => counts) }; // prettier-ignore
    const tags = [...makeTagSet(tagged(record), 'IOB2', 'x').tags];
    return { ...record, status: 'finished', snapshots: [snapshot], selectedEpoch: 2, tags };
  });
  const [experiment] = buildComparisons(records, () => 2);
  if (experiment === undefined) throw new Error('the runs give an experiment');
  const ids = new Set(own ? records.map(({ spec }) => spec.id) : []);
  return { records, matrix: crossMatrix(experiment, { records, own: ids, corpora: library.corpora }) };
}

const named = ({ matrix }: ReturnType<typeof matrixOf>) =>
  matrix.rows.map(({ variant, task, cells }) => [
    `${variant} ${task?.corpus.name ?? 'all'}`,
    ...cells.map(
      ({ asked, isOwn, absent }) =>
      asked === null ? 'other type' : `${isOwn ? 'own' : 'other'} ${asked.sources.map((one) => ('runId' in one ? 'predict' : 'counts')).join('+')}${absent > 0 ? ` ${absent} absent` : ''}`, // prettier-ignore
    ),
  ]);

describe('crossMatrix', () => {
  it('has a row for each method, rate and task, joint ones once, and takes what records count', () => {
    expect(named(matrixOf(['STL', 'MTL-XC', 'MTL-LS']))).toEqual([
      ['STL fern', 'own counts', 'other predict'],
      ['STL moss', 'other predict', 'own counts'],
      ['MTL-XC all', 'own counts', 'own counts'],
      ['MTL-LS 0.50 fern', 'own counts', 'other predict'],
      ['MTL-LS 0.50 moss', 'other predict', 'own counts'],
    ]);
  });

  it('asks for every seed, on the corpus and the type of the column', () => {
    const { matrix, records } = matrixOf(['STL'], { seeds: [1, 2] });
    const sources = matrix.rows[0]?.cells[1]?.asked?.sources;
    const [moss] = library.corpora;
    expect(sources).toEqual(
      records
        .filter(({ spec }) => spec.tasks[0]?.corpus.name === 'fern')
        .map(({ spec }) => ({ runId: spec.id, epoch: 2, split: 'test', task: 0, elsewhere: { corpusId: moss?.id, type: 'Disease' } })), // prettier-ignore
    );
    expect(sources).toHaveLength(2);
  });

  it('tests taggers of one type on types of other names only where MTL-XC trains them as one', () => {
    const types = ['Disease', 'Chemical'];
    const tagged = ({ spec }: RunRecord): readonly string[] =>
      spec.method === 'MTL-PL'
        ? ['Chemical', 'Disease']
        : [spec.method === 'MTL-XC' ? 'Disease' : (spec.tasks[0]?.type ?? '')];
    expect(named(matrixOf(['STL', 'MTL-PL'], { types, tagged }))).toEqual([
      ['STL fern', 'own counts', 'other type'],
      ['STL moss', 'other type', 'own counts'],
      ['MTL-PL all', 'own counts', 'own counts'],
    ]);
    expect(named(matrixOf(['STL', 'MTL-XC'], { types, tagged })).slice(0, 2)).toEqual([
      ['STL fern', 'own counts', 'other predict'],
      ['STL moss', 'other predict', 'own counts'],
    ]);
  });

  it('says what cannot be predicted here: runs of result files have no weights', () => {
    expect(named(matrixOf(['STL'], { own: false }))).toEqual([
      ['STL fern', 'own counts', 'other  1 absent'],
      ['STL moss', 'other  1 absent', 'own counts'],
    ]);
  });

  it('finds what is to be predicted once, and puts answers into rows for a file', () => {
    const { matrix } = matrixOf(['STL', 'MTL-XC']);
    const asked = askedCells(matrix.rows);
    const score = (f1: number) => ({ score: { f1, low: f1 - 1, high: f1 + 1, trainings: 1 }, lacking: [] });
    const found = asked.map(({ sources }, index) =>
      sources.some((one) => 'runId' in one) ? { score: null, lacking: [0] } : score(index),
    );
    expect(lackingRequests([...asked, ...asked], [...found, ...found])).toHaveLength(2);
    const scores = cellScores(matrix.rows, found);
    expect(scores.map((row) => row.map((one) => one?.f1 ?? null))).toEqual([
      [0, null],
      [null, 3],
      [4, 5],
    ]);
    const [head, ...lines] = matrixRows(matrix, scores);
    expect(head).toEqual(['method', 'trained on', 'tested on', 'type', 'own', 'F1', 'low', 'high', 'trainings']);
    expect(lines.at(-1)).toEqual(['MTL-XC', 'all', 'moss', 'Disease', 'yes', 5, 4, 6, 1]);
    expect(lines[1]).toEqual(['STL', 'fern', 'moss', 'Disease', 'no', null, null, null, 0]);
  });
});
