// Proves that tables of scores are read back as they were written, refused with the line that is wrong, and shown as reported figures on their tasks only.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { detectFormat } from '../../../../src/data/import/detectFormat.ts';
import { taskKey, type Comparison } from '../../../../src/lab/comparison/comparison.ts';
import { matchReported } from '../../../../src/lab/comparison/comparisonCurves.ts';
import { comparisonTables } from '../../../../src/lab/comparison/comparisonTables.ts';
import { parseReportedScores, reportedScoresCsv } from '../../../../src/lab/library/scoreTables.ts';
import type { ReportedScore } from '../../../../src/schema/resultFile.ts';
import { csvRows, csvText } from '../../../../src/util/csv.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { closeLabs, notices, openLab } from '../../../fixtures/labBench.ts';

afterEach(closeLabs);

const percent = fc.double({ min: 0, max: 100, noNaN: true });
const word = fc.string({ minLength: 1, maxLength: 20 }).map((text) => text.trim()).filter((text) => text !== '' && !/^['\t\r]/.test(text)); // prettier-ignore
const score: fc.Arbitrary<ReportedScore> = fc.record({
  name: word,
  method: fc.constantFrom('STL', 'MTL-XC', 'MTL-LS', null),
  rate: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  task: word,
  precision: fc.option(percent),
  recall: fc.option(percent),
  f1: fc.double({ min: 1.5, max: 100, noNaN: true }),
  source: fc.option(word),
});

const table = (...lines: readonly string[]): string => ['name,task,f1', ...lines].join('\n');

function faultOf(text: string): string {
  try {
    parseReportedScores(text);
  } catch (error) {
    return LabError.describe(LabError.toData(error));
  }
  return 'read';
}

describe('a table of scores', () => {
  it('is read back as it was written, whatever its texts contain', () => {
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 20 }), (scores) => {
        const unsigned = scores.map((one) => ({ ...one, rate: one.rate === null ? null : one.rate + 0 }));
        expect(parseReportedScores(reportedScoresCsv(unsigned))).toEqual(unsigned);
      }),
      { seed: 17 },
    );
  });

  it('may have its columns in any order, semicolons, a byte order mark, quotes and empty lines', () => {
    const text = '\uFEFF"Task";F1;Method;rate\r\n"NCBI-disease";88.5;mtl-ls;0.25\r\n\r\n';
    expect(parseReportedScores(text)).toEqual([
      { name: 'MTL-LS 0.25', method: 'MTL-LS', rate: 0.25, task: 'NCBI-disease', precision: null, recall: null, f1: 88.5, source: null }, // prettier-ignore
    ]);
  });

  it.each([
    ['a,b\n1,2', /columns.*task, f1/],
    ['name,task,f1\n', /no scores/],
    [table('A,moss,88', 'B,moss,high'), /Line 3: f1 is not a number/],
    [table('A,moss,188'), /Line 2: f1.*percent from 0 to 100/],
    [table('A,moss,'), /Line 2: f1/],
    [table('A,,80'), /Line 2: task/],
    [table('A,moss,0.88', 'B,moss,0.91'), /at most 1.*in percent/],
    ['method,task,f1\nCNN,moss,80', /Line 2: method.*STL, MTL-XC/],
  ])('%j is refused with what is expected', (text, fault) => {
    expect(faultOf(text)).toMatch(fault);
  });

  it('is known by its first line, and rows of tokens are not taken for one', () => {
    const kind = (text: string) => detectFormat('x.csv', new TextEncoder().encode(text));
    expect(kind(reportedScoresCsv([]))).toBe('scores');
    expect(kind('f1;Task;name\n88;moss;A')).toBe('scores');
    expect(kind('moss,B-Herb\nheals,O\nrot,B-Disease\n')).toBe('corpus');
    expect(kind('token,tag\nmoss,B-Herb\nheals,O\nthe,O\n')).toBe('corpus');
  });
});

describe('CSV', () => {
  it('is read back with its line breaks, quotes and separators', () => {
    const cell = fc.stringMatching(/^([ab,;"][ab,;"\n\r]{0,6})?$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constant('x'), cell, cell), { minLength: 1 }), (rows) => {
        const head = ['one', 'two', 'three'];
        expect(csvRows(csvText([head, ...rows])).map(({ cells }) => cells)).toEqual([head, ...rows]);
      }),
      { seed: 17 },
    );
  });
});

describe('reported figures', () => {
  const ref = (name: string, type: string | null) => ({ corpus: { id: name, name, fingerprint: name }, type });
  const comparison = {
    id: 'a',
    category: null,
    tasks: [ref('NCBI-disease-IOB', 'Disease'), ref('moss', 'Herb'), ref('moss', 'Cell')].map((task) => ({ task, variants: [] })), // prettier-ignore
  } as unknown as Comparison;
  const on = (task: string): ReportedScore => ({ name: 'A', method: null, rate: null, task, precision: null, recall: null, f1: 80, source: 'Paper' }); // prettier-ignore
  const tasksOf = (name: string) => [...matchReported(comparison, [{ id: '', fileName: '', scores: [on(name)] }]).byTask.keys()]; // prettier-ignore

  it('are on the task of their name, of the paper’s name, or of the corpus where it has one', () => {
    const [ncbi, herb] = comparison.tasks.map(({ task }) => taskKey(task));
    for (const name of [
      'NCBI-disease',
      'ncbi disease',
      'NCBI-disease-IOB',
      'NCBI-disease:disease',
      'NCBI-disease-IOB · Disease',
    ]) {
      expect(tasksOf(name), name).toEqual([ncbi]);
    }
    expect(tasksOf('Moss/Herb')).toEqual([herb]);
    expect(tasksOf('moss')).toEqual([]);
    expect(tasksOf('fern')).toEqual([]);
  });

  it('are columns of Table 3 and a table of their own, labelled, never best and never ours', () => {
    const { byTask } = matchReported(comparison, [{ id: '', fileName: '', scores: [on('moss Herb')] }]);
    const tables = comparisonTables(comparison, () => null, null, byTask);
    const third = tables.find(({ id }) => id === 'table-3');
    expect(third?.columns.at(-1)).toEqual({ group: 'Reported', name: 'A (Paper)' });
    expect(third?.rows.map(({ cells }) => cells.at(-1))).toEqual([null, 80, null].map((value) => ({ kind: 'number', value, best: false }))); // prettier-ignore
    const own = tables.find(({ id }) => id === 'reported');
    expect(own?.title).toMatch(/not trained here/);
    expect(own?.rows).toHaveLength(1);
    expect(comparisonTables(comparison, () => null).map(({ id }) => id)).not.toContain('reported');
  });

  it('are stored once from a drop, survive reopening, and can be removed', async () => {
    const { lab, store } = await openLab({});
    const bytes = new TextEncoder().encode(reportedScoresCsv([on('moss')]));
    const drop = { path: 'paper.csv', sizeBytes: bytes.length, bytes: () => Promise.resolve(bytes) };
    await lab.importFiles([drop]);
    await lab.importFiles([drop]);
    expect(lab.getState().reported).toMatchObject([{ fileName: 'paper.csv', scores: [on('moss')] }]);
    expect(notices(lab).join('\n')).toMatch(/1 score read as reported figures[^]*already read/);
    const { lab: reopened } = await openLab({ store });
    expect(reopened.getState().reported).toEqual(lab.getState().reported);
    await reopened.removeReported(reopened.getState().reported[0]?.id ?? '');
    expect(reopened.getState().reported).toEqual([]);
  });

  it('that are wrong are refused with the file, the line and what is expected', async () => {
    const { lab } = await openLab({});
    const bytes = new TextEncoder().encode(table('A,moss,high'));
    await lab.importFiles([{ path: 'paper.csv', sizeBytes: bytes.length, bytes: () => Promise.resolve(bytes) }]);
    expect(notices(lab).join()).toMatch(/paper\.csv was refused: Line 2: f1 is not a number/);
  });
});
