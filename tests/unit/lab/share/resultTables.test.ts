// Proves that the Markdown tables of a result file state the means of its runs, and leave out what was not there to compare.
import { describe, expect, it } from 'vitest';
import { readResultFile } from '../../../../headless/readResultFile.ts';
import { resultTables } from '../../../../src/lab/share/pageTables.ts';

const noAnalyses = { significance: () => Promise.resolve([]), errorTotals: () => Promise.resolve([]) };

describe('resultTables', () => {
  it('writes the mean test F1 of each method over seeds', async () => {
    const file = await readResultFile('results/disease-sharing-gpu.result.json');
    const text = await resultTables(file, noAnalyses);
    const f1Of = (method: string, corpus: string): number => {
      const scores = file.runs
        .filter(({ spec }) => spec.method === method)
        .flatMap(({ spec, snapshots, selectedEpoch }) =>
          spec.tasks.flatMap((task, index) => {
            const test = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[index];
            return task.corpus.name === corpus && test !== undefined && test !== null ? [test.lenient.overall.f1] : [];
          }),
        );
      expect(scores).toHaveLength(3);
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    };
    expect(text).toMatch(/^## disease/);
    for (const corpus of ['NCBI-disease-IOB', 'BC5CDR-disease-IOB']) {
      const row = text.split('\n').find((line) => line.startsWith(`| ${corpus} · Disease |`)) ?? '';
      for (const method of ['STL', 'MTL-XC']) expect(row).toContain(f1Of(method, corpus).toFixed(2));
    }
    // Published figures are not in these tables, so that no note speaks of them.
    expect(text).not.toContain('Published');
  });
});
