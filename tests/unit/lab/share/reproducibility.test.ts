// Proves that the reproducibility sheet has the seeds, spreads, machines and digests of a result file, and that its outcomes change with any number of a run.
import { describe, expect, it } from 'vitest';
import { reproducibilitySheet, sheetMarkdown, type SheetSection } from '../../../../src/lab/share/reproducibility.ts';
import { sealResultFile, type ResultFile } from '../../../../src/schema/resultFile.ts';
import type { RunRecord } from '../../../../src/schema/runRecord.ts';
import { countedResult } from '../../../fixtures/countedResult.ts';

const section = (file: ResultFile, title: string): SheetSection => {
  const found = reproducibilitySheet(file).find((one) => one.title === title);
  if (found === undefined) throw new Error(`no section ${title}`);
  return found;
};
const changed = (file: ResultFile, change: (run: RunRecord, index: number) => RunRecord): ResultFile => {
  const { checksum: _checksum, ...members } = file;
  return sealResultFile({ ...members, runs: file.runs.map(change) });
};
const file = countedResult();

describe('reproducibilitySheet', () => {
  it('has the seeds and the spread over them, as computed by hand', () => {
    const row = section(file, 'Seeds and spread of test F1').rows.find(([task, method]) => task === 'heath · Disease' && method === 'STL'); // prettier-ignore
    const f1 = file.runs.flatMap(({ spec, snapshots }) =>
      spec.method === 'STL' && spec.tasks[0]?.corpus.name === 'heath'
        ? [snapshots.at(-1)?.test[0]?.lenient.overall.f1 ?? NaN]
        : [],
    );
    const mean = f1.reduce((sum, one) => sum + one, 0) / 3;
    const deviation = Math.sqrt(f1.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 2);
    expect(f1).toHaveLength(3);
    expect(row?.slice(2, 6)).toEqual(['1, 2, 3', '0', mean.toFixed(2), deviation.toFixed(2)]);
  });

  it('has whole digests of all inputs, and every run with its id', () => {
    const digests = section(file, 'Inputs').rows.map((row) => row.at(-1));
    const inputs = new Set(file.runs.flatMap(({ spec }) => spec.tasks.map(({ corpus }) => corpus.fingerprint)));
    expect(new Set(digests)).toEqual(new Set([...inputs, ...file.models.map(({ fingerprint }) => fingerprint)]));
    expect(section(file, 'Runs').rows.map(([id]) => id)).toEqual(file.runs.map(({ spec }) => spec.id));
  });

  it('gives equal outcomes to equal numbers, whenever and wherever they were computed', () => {
    const outcomes = (one: ResultFile) => section(one, 'Runs').rows.map((row) => row.at(-1));
    const elsewhere = changed(file, (run) => ({
      ...run,
      createdAt: '2020-01-01T00:00:00.000Z',
      environments: run.environments.map((one) => ({ ...one, device: 'Another GPU' })),
      epochs: run.epochs.map((point) => ({ ...point, elapsedMs: 99 })),
    }));
    expect(outcomes(elsewhere)).toEqual(outcomes(file));
    const other = changed(file, (run, index) =>
      index > 0 ? run : { ...run, epochs: run.epochs.map((point) => ({ ...point, loss: point.loss + 2 ** -40 })) },
    );
    expect(outcomes(other)[0]).not.toBe(outcomes(file)[0]);
    expect(outcomes(other).slice(1)).toEqual(outcomes(file).slice(1));
  });

  it('counts the runs of each machine, and says which went on elsewhere', () => {
    const moved = changed(file, (run, index) => {
      const [first] = run.environments;
      return index > 1 || first === undefined ? run : { ...run, environments: [first, { ...first, threads: 2 }] };
    });
    const machines = section(moved, 'Versions and machines').rows;
    expect(machines.map((row) => [row[0], row[4], row[5], row.at(-1)])).toEqual([
      ['1', 'Example GPU', '8', String(file.runs.length)],
      ['2', 'Example GPU', '2', '2'],
    ]);
    expect(section(moved, 'Runs').rows[0]?.[6]).toBe('1, 2');
    expect(section(moved, 'What is equal to the bit where').notes[0]).toContain(
      `2 of ${file.runs.length} trained runs went on`,
    );
    expect(section(file, 'What is equal to the bit where').notes[0]).toContain('to the same bits');
  });

  it('is Markdown in which names are text', () => {
    const odd = countedResult({ corpora: ['a|b<img>', 'shore'] });
    const text = sheetMarkdown(odd);
    expect(text).not.toContain('<img>');
    const tables = text.split('\n').filter((line) => line.startsWith('|'));
    const unescaped = tables.filter((line) => line.includes('a\\|b'));
    expect(unescaped.length).toBeGreaterThan(0);
    for (const line of tables) expect(line.replace(/\\\|/g, '').endsWith('|')).toBe(true);
  });
});
