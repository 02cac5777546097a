// The tables of a shared page: those of the comparison, the tested differences, and every run with its errors.
import type { ErrorTotals } from '../../metrics/significance/errorTotals.ts';
import { significanceDefaults } from '../../metrics/significance/significance.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { html, type Html } from '../../util/html.ts';
import { type ComparisonTable, type TableCell } from '../comparison/comparisonTables.ts';
import { variantName, variantOfSpec } from '../state/methodNames.ts';
import {
  counted,
  deviationText,
  probabilityText,
  signedText,
  VERDICT_WORDS,
  type TestedDifference,
} from '../comparison/differenceWords.ts';
import { cellText, publishedText } from '../comparison/tableText.ts';

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
