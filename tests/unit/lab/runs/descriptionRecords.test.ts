// Proves that names, notes, tags and the archive of runs and experiments are stored, travel in result files, and never change which runs are equal.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { buildComparisons } from '../../../../src/lab/comparison/comparison.ts';
import { parseResultFile } from '../../../../src/lab/plans/resultFiles.ts';
import { describedBy } from '../../../../src/lab/runs/descriptionRecords.ts';
import type { Lab } from '../../../../src/lab/state/labState.ts';
import { changedDescription, descriptionLimits, descriptionSchema } from '../../../../src/schema/libraryRecord.ts';
import { closeLabs, notices, openLab, settled, stockedLab } from '../../../fixtures/labBench.ts';
import { planFile } from '../../../fixtures/records.ts';

afterEach(closeLabs);

const about = (lab: Lab, kind: 'runs' | 'experiments', id: string) => describedBy(lab.getState(), kind)(id);

function experimentId(lab: Lab): string {
  const records = lab.getState().runs.map(({ record }) => record);
  const layersOf = (id: string) => lab.getState().models.find((model) => model.id === id)?.layers;
  return buildComparisons(records, layersOf)[0]?.id ?? '';
}

async function trainedLab() {
  const opened = await stockedLab();
  const [runId = ''] = await opened.lab.startPlan(planFile());
  await settled(opened.lab);
  return { ...opened, runId };
}

async function exportedTo(lab: Lab, runId: string, into: Lab): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(lab.exportResult([runId])));
  const drop = { path: 'from.result.json', sizeBytes: bytes.length, bytes: () => Promise.resolve(bytes) };
  await into.importFiles([drop]);
}

describe('a description', () => {
  it('survives reopening the lab, apart from the record of the run', async () => {
    const { lab, store, runId } = await trainedLab();
    const before = lab.getState().runs[0]?.record;
    await lab.describe('runs', [runId], { name: ' First look ', notes: 'Too few epochs.', addTags: ['draft', ' to  do '] }); // prettier-ignore
    await lab.describe('experiments', [experimentId(lab)], { name: 'Moss', archived: true });
    const { lab: reopened } = await openLab({ store });
    expect(about(reopened, 'runs', runId)).toEqual({
      name: 'First look',
      notes: 'Too few epochs.',
      tags: ['draft', 'to do'],
    });
    expect(about(reopened, 'experiments', experimentId(reopened))).toEqual({ name: 'Moss', archived: true });
    expect(reopened.getState().runs[0]?.record).toEqual(before);
  });

  it('changes several runs at once, and loses none of two changes at the same moment', async () => {
    const { lab } = await trainedLab();
    await Promise.all([
      lab.describe('runs', ['a', 'b'], { archived: true }),
      lab.describe('runs', ['b'], { addTags: ['late'] }),
    ]);
    expect(about(lab, 'runs', 'a')).toEqual({ archived: true });
    expect(about(lab, 'runs', 'b')).toEqual({ archived: true, tags: ['late'] });
    await lab.describe('runs', ['a', 'b'], { archived: false, removeTags: ['late'] });
    expect(about(lab, 'runs', 'b')).toEqual({});
  });

  it('goes with the run that is removed', async () => {
    const { lab, runId } = await trainedLab();
    await lab.describe('runs', [runId], { notes: 'Of one patient.' });
    await lab.removeRun(runId);
    expect(lab.getState().descriptions.runs).toEqual({});
  });

  it('that is too long is refused with what is expected, and the old one stays', async () => {
    const { lab, runId } = await trainedLab();
    await lab.describe('runs', [runId], { name: 'short' });
    const name = 'x'.repeat(descriptionLimits.nameLength + 1);
    await expect(lab.describe('runs', [runId], { name })).rejects.toMatchObject({
      code: 'description/too-long',
      expected: 'at most 200 characters',
      got: '201 characters',
    });
    expect(about(lab, 'runs', runId)).toEqual({ name: 'short' });
  });

  it('that is damaged in storage is left out with a notice, and the lab opens', async () => {
    const { lab, store, runId } = await trainedLab();
    await lab.describe('runs', [runId], { name: 'short' });
    await store.write('lab/descriptions', new TextEncoder().encode('{"runs":1}'));
    const { lab: reopened } = await openLab({ store });
    expect(reopened.getState()).toMatchObject({ opened: true, descriptions: { runs: {}, experiments: {} } });
    expect(reopened.getState().runs).toHaveLength(1);
    expect(notices(reopened).join()).toContain('lab/descriptions');
  });

  it('always fits its schema after a change, whatever is entered', () => {
    const text = fc.string({ maxLength: 40 });
    const change = fc.record(
      { name: text, notes: text, archived: fc.boolean(), addTags: fc.array(text), removeTags: fc.array(text) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 5 }), (changes) => {
        const after = changes.reduce(changedDescription, {});
        expect(descriptionSchema.parse(after)).toEqual(after);
        expect(new Set(after.tags).size).toBe(after.tags?.length ?? 0);
      }),
      { seed: 17 },
    );
  });
});

describe('a result file', () => {
  it('carries descriptions into another lab, where one written there comes first', async () => {
    const { lab, runId } = await trainedLab();
    await lab.describe('runs', [runId], { name: 'First look', notes: 'Too few epochs.', archived: true });
    await lab.describe('experiments', [experimentId(lab)], { name: 'Moss' });
    const { lab: other } = await openLab({});
    await exportedTo(lab, runId, other);
    expect(about(other, 'runs', runId)).toEqual({ name: 'First look', notes: 'Too few epochs.', archived: true });
    expect(about(other, 'experiments', experimentId(lab))).toEqual({ name: 'Moss' });
    await other.describe('runs', [runId], { name: '', archived: false });
    expect(about(other, 'runs', runId)).toEqual({ notes: 'Too few epochs.' });
    await other.describe('runs', [runId], { notes: '' });
    expect(about(other, 'runs', runId)).toEqual({});
  });

  it('has the same runs and plan with and without them, and no member for them where nothing was written', async () => {
    const { lab, runId } = await trainedLab();
    const plain = lab.exportResult([runId]);
    expect(plain).not.toHaveProperty('descriptions');
    await lab.describe('runs', [runId], { name: 'First look' });
    const described = lab.exportResult([runId]);
    expect(described.runs).toEqual(plain.runs);
    expect(described.plan).toEqual(plain.plan);
    expect(parseResultFile(JSON.stringify(described)).descriptions).toEqual({
      runs: { [runId]: { name: 'First look' } },
      experiments: {},
    });
  });
});
