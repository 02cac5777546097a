// Tables of results as HTML and Markdown: those of the comparison, the tested differences, and every run with its errors.
import type { AskedDifference } from '../../analysis/questions/systemsQuery.ts';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import { significanceDefaults, type ErrorTotals } from '../../metrics/significance/bootstrapIntervals.ts';
import type { Significance } from '../../metrics/significance/significance.ts';
import type { DescribedKind } from '../../schema/libraryRecord.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { html, type Html } from '../../util/html.ts';
import { ownValue } from '../../util/validate.ts';
import { buildComparisons, type Comparison } from '../comparison/comparison.ts';
import { comparisonTables, type ComparisonTable, type TableCell } from '../comparison/comparisonTables.ts';
import {
  baselinesOf,
  counted,
  deviationText,
  differenceFamily,
  distinctionOf,
  findingText,
  isVariant,
  leftOutText,
  probabilityText,
  signedText,
  VERDICT_WORDS,
  type TestedDifference,
} from '../comparison/differenceFamily.ts';
import { cellText, publishedText, tableText } from '../comparison/tableText.ts';
import { variantName, variantOfSpec } from '../state/runViews.ts';

/** Answers that take a while, as the analysis worker gives them. */
export interface PageAnalyses {
  significance(differences: readonly AskedDifference[]): Promise<readonly Significance[]>;
  errorTotals(counts: readonly PackedCounts[]): Promise<readonly ErrorTotals[]>;
}

/** A table of the comparison, as the lab shows it: the best in bold, published figures in small print. */
export function comparisonTable({ title, columns, rows, notes }: ComparisonTable): Html {
  const groups: { readonly group: string; span: number }[] = [];
  for (const { group } of columns) {
    const last = groups.at(-1);
    if (last?.group === group) last.span++;
    else groups.push({ group, span: 1 });
  }
  return html`<h3>${title}</h3>
    <div class="wide">
      <table aria-label="${title}">
        <thead>
          <tr>
            <td></td>
            ${groups.map(({ group, span }) => html`<th scope="colgroup" colspan="${span}">${group}</th>`)}
          </tr>
          <tr>
            <th scope="col">Task</th>
            ${columns.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, cells }) =>
              html`<tr>
                <th scope="row" class="name">${name}</th>
                ${cells.map(tableCell)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${notesList(notes)}`;
}

function tableCell(cell: TableCell): Html {
  const text = cellText(cell);
  const published = publishedText(cell);
  const shown = cell.kind !== 'text' && cell.best ? html`<strong>${text}</strong>` : html`${text}`;
  return html`<td>
    ${shown}${published === null ? null : html` <small title="published score, and the difference from it">(${published})</small>`}
  </td>`;
}

/** The differences from a baseline with their intervals and verdicts. */
export function differenceTable(tested: readonly TestedDifference[], baseline: string): Html {
  const { alpha } = significanceDefaults;
  const columns = ['Pairs', 'Mean F1', baseline, 'p, sentences', 'Holm', 'p, seeds', 'Holm, both', '± seeds'];
  const rows = tested.map(({ difference: { task, variant, asked }, found }) => {
    const ofSeeds =
      found.seeds === null ? ['–', '–'] : [probabilityText(found.seeds.p), probabilityText(found.adjusted)];
    const numbers = [
      ...[String(asked.trainings.length), found.a.mean.toFixed(2), found.b.mean.toFixed(2)],
      ...[probabilityText(found.sentences.p), probabilityText(found.sentences.adjusted), ...ofSeeds],
      deviationText(found.spread.seeds),
    ];
    return html`<tr>
      <th scope="row" class="name">${task.corpus.name} · ${task.type ?? 'all types'} · ${variantName(variant)}</th>
      <td><strong>${signedText(found.difference.mean)}</strong></td>
      <td>${signedText(found.difference.low)} to ${signedText(found.difference.high)}</td>
      <td class="words-cell">${VERDICT_WORDS[found.verdict]}</td>
      ${numbers.map((number) => html`<td>${number}</td>`)}
    </tr>`;
  });
  return html`<div class="wide">
      <table aria-label="Differences from ${baseline}">
        <thead>
          <tr>
            <th scope="col">Task and variant</th>
            <th scope="col">Difference</th>
            <th scope="col">${100 * (1 - alpha)} % interval</th>
            <th scope="col" class="words-cell">Verdict</th>
            ${columns.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    ${notesList(differenceNotes(tested.length))}`;
}

/** Notes on how a number of differences was tested together. */
export function differenceNotes(count: number): readonly string[] {
  const { alpha, draws, resamples, seed } = significanceDefaults;
  return [
    `Mean test F1 of the selected snapshots, trainings paired by seed and round, with a bootstrap interval over sentences (${resamples.toLocaleString('en-US')} resamples).`,
    `p over sentences: paired approximate randomisation test (${draws.toLocaleString('en-US')} draws, random seed ${seed}). p over seeds: paired t test of the means by seed. Holm: corrected over ${counted(count, 'difference')}; more than noise means that the larger of both is below ${alpha}.`,
  ];
}

/** One row of `runTable`: a run on one of its tasks. */
export interface RunRow {
  readonly run: RunRecord;
  readonly task: number;
  /** Null without counts of sentences. */
  readonly totals: ErrorTotals | null;
  /** Layers of the run's model; null if unknown. */
  readonly layers: number | null;
  /** What its author called the run; null where nothing was said. */
  readonly name: string | null;
}

/** Every run on every task: scores on test, and the totals of its errors where the result has counts of sentences. */
export function runTable(rows: readonly RunRow[]): Html {
  const columns = ['Seed', 'Round', 'Epoch', 'Precision', 'Recall', 'F1', '95 % interval', 'Missed', 'Spurious', 'Sentences without error']; // prettier-ignore
  const lacking = rows.filter(({ totals }) => totals === null).length;
  return html`<div class="wide">
      <table aria-label="Runs">
        <thead>
          <tr>
            <th scope="col">Task and method</th>
            ${columns.map((name) => html`<th scope="col">${name}</th>`)}
            <th scope="col" class="words-cell">State</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(runRow)}
        </tbody>
      </table>
    </div>
    ${notesList([
      'Scores on test of the selected snapshot, exact spans and types as conlleval counts them, in percent; the interval is a bootstrap over sentences.',
      ...(lacking === 0
        ? []
        : [
            `${counted(lacking, 'row')} without interval and errors: not finished, or trained by a version of the lab that stored no counts of sentences.`,
          ]),
    ])}`;
}

function runRow({ run, task, totals, layers, name }: RunRow): Html {
  const { spec, selectedEpoch, snapshots, status } = run;
  const { corpus, type } = spec.tasks[task] ?? { corpus: { name: '' }, type: null };
  const scores = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[task]?.lenient.overall;
  const percent = (value: number | undefined): string => value?.toFixed(2) ?? '–';
  const cells = [
    ...[String(spec.seed), String(spec.round), selectedEpoch === null ? '–' : String(selectedEpoch)],
    ...[percent(scores?.precision), percent(scores?.recall), percent(scores?.f1)],
    totals === null ? '–' : `${totals.f1.low.toFixed(2)} to ${totals.f1.high.toFixed(2)}`,
    ...[totals?.missed, totals?.spurious].map((count) => count?.toLocaleString('en-US') ?? '–'),
    totals === null
      ? '–'
      : `${totals.withoutError.toLocaleString('en-US')} of ${totals.sentences.toLocaleString('en-US')}`,
  ];
  return html`<tr>
    <th scope="row" class="name">
      ${corpus.name} · ${type ?? 'all types'} ·
      ${variantOfSpec(spec, layers)}${name === null ? null : html`<br />${name}`}
    </th>
    ${cells.map((cell) => html`<td>${cell}</td>`)}
    <td class="words-cell">${status}</td>
  </tr>`;
}

function notesList(notes: readonly string[]): Html | null {
  return notes.length === 0
    ? null
    : html`<ul class="notes">
        ${notes.map((note) => html`<li>${note}</li>`)}
      </ul>`;
}

// Writes the tables of a result file as Markdown: Tables 1 to 3 of each category and the tested differences, for a paper or a README.

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

/** Heads a comparison: by the name that it was given, else by its category or corpora and its model. */
export function headingOf(comparison: Comparison, file: ResultFile): string {
  const name = comparison.category?.name ?? comparison.tasks.map(({ task }) => task.corpus.name).join(', ');
  return givenName(file, 'experiments', comparison.id) ?? `${name} · ${comparison.model.name}`;
}

/** Tests all differences from STL, or from the first variant there is. */
export async function testedDifferences(comparison: Comparison, analyses: PageAnalyses) {
  const baselines = baselinesOf(comparison);
  const stl = baselines.find((one) => isVariant(one, { method: 'STL', layers: null }));
  const reference = stl ?? baselines[0] ?? { method: 'STL', layers: null, rate: null };
  const baseline = variantName(reference);
  const family = differenceFamily(comparison, reference, { corpora: [], runs: new Set() });
  const found = family.differences.length === 0 ? [] : await analyses.significance(family.differences.map(({ asked }) => asked)); // prettier-ignore
  const tested = family.differences.flatMap((difference, index): TestedDifference[] => {
    const one = found[index];
    return one === undefined ? [] : [{ difference, found: one }];
  });
  // The tables mark what differs from STL.
  const distinction = stl === undefined || tested.length === 0 ? null : distinctionOf(family, found);
  return { tested, left: leftOutText(family.leftOut, baseline), baseline, distinction };
}

/** What its author called a run or an experiment; undefined where nothing was said. */
export function givenName(
  { descriptions }: ResultFile,
  kind: DescribedKind,
  id: string | undefined,
): string | undefined {
  return id === undefined || descriptions === undefined ? undefined : ownValue(descriptions[kind], id)?.name;
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
