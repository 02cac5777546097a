// Proves that the table of runs filters by every word, tag and archive, sorts stably with missing values last, and goes to a CSV file whole.
import { describe, expect, it } from 'vitest';
import type { Description } from '../../../../src/schema/libraryRecord.ts';
import type { RunRecord } from '../../../../src/schema/runRecord.ts';
import { filteredLines, NO_FILTER, runLines, runRows, sortedLines, tagsOf } from '../../../../src/ui/runs/runList.ts';
import { fakeCorpus, fakeCorpusSentences, fakeModel, fakeRun } from '../../../fixtures/fakeRecords.ts';

const corpus = fakeCorpus('moss', ['Cell'], fakeCorpusSentences({ train: 60, devel: 10, test: 10 }, ['Cell']));
const model = fakeModel('tiny', true, 1_900_000);
const finished = fakeRun(corpus, model, { status: 'finished' });

function run(id: string, changes: Partial<RunRecord['spec']> = {}, of: RunRecord = finished): RunRecord {
  return { ...of, spec: { ...of.spec, id, ...changes } };
}

const waiting = { ...finished, status: 'queued' as const, epochs: [], snapshots: [], selectedEpoch: null };
const records = [run('a', { seed: 10 }), run('b', { seed: 2 }), run('c', { seed: 1 }, waiting)];
const descriptions: Readonly<Record<string, Description>> = {
  a: { name: 'First look', tags: ['draft', 'fern'] },
  b: { archived: true, notes: 'Too few epochs, see "a".' },
};
const NOTHING: Description = {};
const lines = runLines(
  records,
  (id) => descriptions[id] ?? NOTHING,
  () => 4,
);
const ids = (of: readonly { readonly id: string }[]) => of.map(({ id }) => id).join('');

describe('the filter of runs', () => {
  it('hides what is archived until it is asked for', () => {
    expect(ids(filteredLines(lines, NO_FILTER))).toBe('ac');
    expect(ids(filteredLines(lines, { ...NO_FILTER, archived: 'shown' }))).toBe('abc');
    expect(ids(filteredLines(lines, { ...NO_FILTER, archived: 'only' }))).toBe('b');
  });

  it('finds every word, in names, tasks, tags, notes and status, in any order', () => {
    const found = (text: string) => ids(filteredLines(lines, { text, tag: null, archived: 'shown' }));
    expect(found('LOOK first')).toBe('a');
    expect(found('moss seed')).toBe('abc');
    expect(found('few epochs')).toBe('b');
    expect(found('queued')).toBe('c');
    expect(found('fern queued')).toBe('');
  });

  it('leaves the runs of a tag, of which it knows all', () => {
    expect(ids(filteredLines(lines, { ...NO_FILTER, tag: 'fern' }))).toBe('a');
    expect(tagsOf(lines)).toEqual(['draft', 'fern']);
  });

  it('makes a line again only for a record or a description that has changed', () => {
    const again = runLines(
      records,
      (id) => (id === 'a' ? { name: 'Other' } : (descriptions[id] ?? NOTHING)),
      () => 4,
    );
    expect(again.map((line, index) => line === lines[index])).toEqual([false, true, true]);
  });
});

describe('the order of runs', () => {
  it('is by number or text, with missing values last both ways', () => {
    expect(ids(sortedLines(lines, { column: 'seed', descending: false }))).toBe('cba');
    expect(ids(sortedLines(lines, { column: 'seed', descending: true }))).toBe('abc');
    expect(ids(sortedLines(lines, { column: 'test', descending: false }))).toBe('abc');
    expect(ids(sortedLines(lines, { column: 'test', descending: true }))).toBe('abc');
    expect(ids(sortedLines(lines, { column: 'name', descending: false }))).toBe('abc');
    expect(ids(sortedLines(lines, { column: 'status', descending: false }))).toBe('cab');
    expect(sortedLines(lines, null)).toBe(lines);
  });
});

describe('the CSV file of runs', () => {
  it('has what identifies a run, and the chosen columns unrounded', () => {
    const [head, first, , third] = runRows(lines, ['name', 'seed', 'test', 'elapsed']);
    expect(head).toEqual(['id', 'name', 'tags', 'task', 'seed', 'test F1', 'elapsed s']);
    const f1 = finished.snapshots.find(({ epoch }) => epoch === finished.selectedEpoch)?.test[0]?.lenient.overall.f1;
    expect(first?.slice(0, 4)).toEqual(['a', 'First look', 'draft; fern', lines[0]?.task]);
    expect(first?.slice(4)).toEqual([10, f1, finished.elapsedMs / 1000]);
    expect(third?.[5]).toBe(null);
  });
});
