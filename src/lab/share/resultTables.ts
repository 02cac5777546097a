// Writes the tables of a result file as Markdown: Tables 1 to 3 of each category and the tested differences, for a paper or a README.
import type { ResultFile } from '../../schema/resultFile.ts';
import { buildComparisons } from '../comparison/comparison.ts';
import { comparisonTables, type ComparisonTable, type TableCell } from '../comparison/comparisonTables.ts';
import {
  deviationText,
  findingText,
  probabilityText,
  signedText,
  VERDICT_WORDS,
  type TestedDifference,
} from '../comparison/differenceWords.ts';
import { tableText } from '../comparison/tableText.ts';
import { variantName } from '../state/methodNames.ts';
import { differenceNotes } from './pageTables.ts';
import { headingOf, testedDifferences, type PageAnalyses } from './sharedPage.ts';

/** Published figures are left out: every cell would have one. Rejects as the analyses do. */
export async function resultTables(file: ResultFile, analyses: PageAnalyses): Promise<string> {
  const layers = new Map(file.models.map((model) => [model.id, model.layers]));
  const sections: string[] = [];
  for (const comparison of buildComparisons(file.runs, (modelId) => layers.get(modelId))) {
    const { tested, baseline, distinction } = await testedDifferences(comparison, analyses);
    const tables = comparisonTables(comparison, () => null, distinction).filter(({ id }) => id !== 'spreads');
    const differences = tested.length === 0 ? [] : [findingText(tested, baseline), tableText(differencesOf(tested, baseline), 'markdown')]; // prettier-ignore
    sections.push(
      [
        `## ${headingOf(comparison, file)}`,
        ...tables.map((table) => tableText(table, 'markdown').trimEnd()),
        ...differences,
      ].join('\n\n'),
    );
  }
  return `${sections.map((section) => section.trimEnd()).join('\n\n')}\n`;
}

const COLUMNS = [
  ['F1', 'difference'],
  ['interval', 'from'],
  ['interval', 'to'],
  ['p', 'sentences'],
  ['p', 'seeds'],
  ['±', 'seeds'],
  ['', 'verdict'],
] as const;

function differencesOf(tested: readonly TestedDifference[], baseline: string): ComparisonTable {
  const text = (value: string): TableCell => ({ kind: 'text', text: value });
  return {
    id: 'spreads',
    title: `Differences in test F1 from ${baseline}`,
    columns: COLUMNS.map(([group, name]) => ({ group, name })),
    rows: tested.map(({ difference: { task, variant }, found }) => ({
      name: `${task.corpus.name} · ${task.type ?? 'all types'} · ${variantName(variant)}`,
      cells: [
        signedText(found.difference.mean),
        signedText(found.difference.low),
        signedText(found.difference.high),
        probabilityText(found.sentences.adjusted),
        found.seeds === null ? '–' : probabilityText(found.adjusted),
        deviationText(found.spread.seeds),
        VERDICT_WORDS[found.verdict],
      ].map(text),
    })),
    notes: differenceNotes(tested.length),
    tested: true,
  };
}
