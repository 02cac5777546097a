// Rebuilds Tables 1, 2 and 3 of the paper from the lab's runs beside the published figures, and adds a table of spreads by source.
import { rulesText } from '../../metrics/racing/raceWords.ts';
import type { Spread } from '../../metrics/scores/spanScore.ts';
import { significanceDefaults } from '../../metrics/significance/bootstrapIntervals.ts';
import { isSliced, PAPER_METHODS, raceRulesOf } from '../../schema/methods.ts';
import type { ReportedByTask, ReportedScore } from '../../schema/resultFile.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { rateName, variantName } from '../state/runViews.ts';
import {
  compareVariants,
  taskKey,
  type Comparison,
  type Measures,
  type TaskComparison,
  type Variant,
} from './comparison.ts';
import { chosenOnDevel, variantSpread, type MeasureName, type SpreadOver } from './comparisonCurves.ts';
import { differenceKey, type Distinction, type VariantKind } from './differenceFamily.ts';
import type { PublishedScores } from './publishedScores.ts';

export type TableCell =
  | { readonly kind: 'text'; readonly text: string }
  /** The lab's mean with its standard deviation over seeds and rounds, and the published figure. */
  | {
      readonly kind: 'score';
      readonly value: Spread | null;
      readonly published: number | null;
      readonly best: boolean;
      /** Whether the difference to STL is significant; false when untested. */
      readonly distinct: boolean;
    }
  /** A published number, or a mean or deviation alone. */
  | { readonly kind: 'number'; readonly value: number | null; readonly best: boolean };

export interface ComparisonTable {
  readonly id: 'methods' | 'table-1' | 'table-2' | 'table-3' | 'spreads' | 'reported';
  readonly title: string;
  readonly columns: readonly { readonly group: string; readonly name: string }[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly TableCell[] }[];
  readonly notes: readonly string[];
  /** Whether the scores were tested for significance. */
  readonly tested: boolean;
}

export type PublishedOf = (task: TaskRef) => PublishedScores | null;

const MEASURES: readonly (readonly [MeasureName, string])[] = [
  ['precision', 'P'],
  ['recall', 'R'],
  ['f1', 'F1'],
];
/** Marks a score that differs significantly from STL. */
export const DISTINCT_MARK = '†';

const MEAN_NOTE = 'Mean ± standard deviation over seeds and rounds of the selected snapshots’ test scores, in percent.';
const PUBLISHED_NOTE = 'Published: the figure of the paper, and ours minus it.';

/** Builds all four tables of a comparison, and one of reported figures where there are any on its tasks. */
export function comparisonTables(
  comparison: Comparison,
  publishedOf: PublishedOf,
  distinction: Distinction | null = null,
  reported: ReportedByTask = new Map(),
): readonly ComparisonTable[] {
  const isDistinct = (task: TaskRef, variant: VariantKind): boolean =>
    distinction?.distinct.has(differenceKey(task, variant)) === true;
  const tables = [table1, table2, (...known: Parameters<typeof table2>) => table3(...known, reported)].map((table) =>
    withDistinction(table(comparison, publishedOf, isDistinct), distinction),
  );
  const others = [methodsTable(comparison, isDistinct)].flatMap((table) =>
    table === null ? [] : [withDistinction(table, distinction)],
  );
  return [
    ...tables,
    ...others,
    ...(reported.size > 0 ? [reportedTable(comparison, reported)] : []),
    spreads(comparison),
  ];
}

type IsDistinct = (task: TaskRef, variant: VariantKind) => boolean;

function withDistinction(table: Omit<ComparisonTable, 'tested'>, distinction: Distinction | null): ComparisonTable {
  const hasPublished = table.rows.some(({ cells }) => cells.some((cell) => cell.kind === 'score' && cell.published !== null)); // prettier-ignore
  const shown = table.notes.map((note) => (note === MEAN_NOTE && hasPublished ? `${note} ${PUBLISHED_NOTE}` : note));
  // Without STL there is no difference that could have been tested.
  if (distinction === null || distinction.family === 0) return { ...table, notes: shown, tested: false };
  const isMarked = table.rows.some(({ cells }) => cells.some((cell) => cell.kind === 'score' && cell.distinct));
  const how = `randomisation test over sentences and t test over seeds, corrected by Holm over ${distinction.family} differences to STL, α ${significanceDefaults.alpha}`;
  const note = isMarked
    ? `${DISTINCT_MARK} An F1 that differs from that of STL by more than the noise of sentences and of seeds: ${how}.`
    : `No F1 here is shown to differ from that of STL by more than the noise of both sentences and seeds, which takes several seeds: ${how}.`;
  return { ...table, tested: true, notes: [...shown, note] };
}

/** Test F1 of every method and rate side by side; null where there are none beside those of the paper, which have their tables. */
function methodsTable({ tasks }: Comparison, isDistinct: IsDistinct): Omit<ComparisonTable, 'tested'> | null {
  const all = tasks.flatMap(({ variants }) => variants);
  if (all.every(({ method }) => PAPER_METHODS.includes(method))) return null;
  const named = new Map(all.map((variant) => [variantName(variant), variant]));
  const kinds = [...named.values()].sort(compareVariants);
  return {
    id: 'methods',
    title: 'All methods: test F1',
    columns: kinds.map(({ method, layers, rate }) =>
      isSliced(method) ? { group: method, name: rateName(layers, rate) } : { group: 'No rate', name: method },
    ),
    rows: tasks.map((task) => ({
      name: taskName(task.task),
      cells: markBest(
        kinds.map(({ method, layers }) => scoreCell(task, find(task, method, layers), 'f1', null, isDistinct)),
      ),
    })),
    notes: [
      MEAN_NOTE,
      'A tagger of MTL-PL or AIO knows the types of all its corpora; on each of them only the types that it annotates are scored.',
    ],
  };
}

function table1(
  { tasks }: Comparison,
  publishedOf: PublishedOf,
  isDistinct: IsDistinct,
): Omit<ComparisonTable, 'tested'> {
  const methods = ['STL', 'MTL-XC'] as const;
  return {
    id: 'table-1',
    title: 'Table 1: STL and MTL-XC on test',
    columns: methods.flatMap((group) => MEASURES.map(([, name]) => ({ group, name }))),
    rows: tasks.map((task) => {
      const published = publishedOf(task.task);
      const cells = methods.flatMap((method) =>
        MEASURES.map(([measure]): ScoreCell => {
          const figures: Measures | null = (method === 'STL' ? published?.stl : published?.mtlXc) ?? null;
          return scoreCell(task, find(task, method), measure, figures?.[measure] ?? null, isDistinct);
        }),
      );
      // Marks the better of the two methods for each measure.
      const marked = MEASURES.map((_, index) => markBest([0, 3].flatMap((offset) => cells[offset + index] ?? [])));
      return {
        name: taskName(task.task),
        cells: [0, 1].flatMap((method) => marked.flatMap((pair) => pair[method] ?? [])),
      };
    }),
    notes: [MEAN_NOTE, ...contradictions(1, tasks, publishedOf)],
  };
}

function table2(
  { tasks }: Comparison,
  publishedOf: PublishedOf,
  isDistinct: IsDistinct,
): Omit<ComparisonTable, 'tested'> {
  const sliced = distinctLayers(tasks);
  return {
    id: 'table-2',
    title: 'Table 2: MTL-LS by slicing rate, test F1',
    columns: [
      ...sliced.map(({ layers, rate }) => ({ group: 'MTL-LS', name: rateName(layers, rate) })),
      { group: 'Reference', name: 'STL' },
      { group: 'Reference', name: 'MTL-XC' },
    ],
    rows: tasks.map((task) => {
      const published = publishedOf(task.task);
      const cells = sliced.map(({ layers, rate }) => {
        const figure =
          published?.mtlLs.find((known) => rate !== null && Math.abs(known.slicingRate - rate) < 1e-9)?.f1 ?? null;
        return scoreCell(task, find(task, 'MTL-LS', layers), 'f1', figure, isDistinct);
      });
      const references = [
        scoreCell(task, find(task, 'STL'), 'f1', published?.stl?.f1 ?? null, isDistinct),
        scoreCell(task, find(task, 'MTL-XC'), 'f1', published?.mtlXc?.f1 ?? null, isDistinct),
      ];
      return { name: taskName(task.task), cells: markBest([...cells, ...references]) };
    }),
    notes: [
      MEAN_NOTE,
      'Columns are slicing rates: the share of layers that start from MTL-XC. The best of a row is picked on test and is no choice of a rate: see Table 3.',
      ...contradictions(2, tasks, publishedOf),
    ],
  };
}

function table3(
  { tasks }: Comparison,
  publishedOf: PublishedOf,
  isDistinct: IsDistinct,
  reported: ReportedByTask,
): Omit<ComparisonTable, 'tested'> {
  const systems = [
    ...new Set(
      tasks.flatMap(({ task }) =>
        (publishedOf(task)?.systems ?? []).flatMap(({ name, f1 }) => (f1 === null ? [] : name)),
      ),
    ),
  ];
  const others = [...new Set([...reported.values()].flat().map(reportedLabel))];
  return {
    id: 'table-3',
    title: 'Table 3: the slicing rate chosen on devel, test F1',
    columns: [
      { group: 'Chosen on devel', name: 'Slicing rate' },
      { group: 'Chosen on devel', name: 'Devel F1' },
      { group: 'Test F1', name: 'MTL-LS' },
      { group: 'Test F1', name: 'STL' },
      ...systems.map((name) => ({ group: 'Published', name })),
      ...others.map((name) => ({ group: 'Reported', name })),
    ],
    rows: tasks.map((task) => {
      const published = publishedOf(task.task);
      const chosen = chosenOnDevel(task);
      const scores = markBest([
        scoreCell(task, chosen, 'f1', published?.table3.mtlLs ?? null, isDistinct),
        scoreCell(task, find(task, 'STL'), 'f1', published?.table3.stl ?? null, isDistinct),
        ...systems.map((name): TableCell => {
          return {
            kind: 'number',
            value: published?.systems.find((system) => system.name === name)?.f1 ?? null,
            best: false,
          };
        }),
      ]);
      const devel =
        chosen === null ? null : variantSpread(chosen, { split: 'devel', measure: 'f1', over: 'trainings' });
      return {
        name: taskName(task.task),
        cells: [
          { kind: 'text', text: chosen === null ? '–' : rateName(chosen.layers, chosen.rate) },
          { kind: 'score', value: devel, published: null, best: false, distinct: false },
          ...scores,
          ...others.map((name): TableCell => {
            const score = reported.get(taskKey(task.task))?.find((one) => reportedLabel(one) === name);
            return { kind: 'number', value: score?.f1 ?? null, best: false };
          }),
        ],
      };
    }),
    notes: [
      'The slicing rate is the one with the highest mean devel F1; test scores had no part in the choice.',
      ...tasks.flatMap(searchNote),
      MEAN_NOTE,
      ...(others.length > 0 ? [REPORTED_NOTE] : []),
      ...contradictions(3, tasks, publishedOf),
    ],
  };
}

/** How the rate of a task was found, where it was by a search that dropped others. */
function searchNote({ task, variants }: TaskComparison): readonly string[] {
  const trainings = variants.flatMap((variant) => (variant.method === 'MTL-LS' ? variant.trainings : []));
  const rules = trainings.map(({ search }) => raceRulesOf(search)).find((found) => found !== null);
  if (rules == null) return [];
  const finished = trainings.filter(({ status }) => status === 'finished').length;
  return [`${taskName(task)}: the rate was found by a search (${rulesText(rules)}), which trained ${finished} of ${trainings.length} runs to their end; the others were dropped on devel.`]; // prettier-ignore
}

/** Lists the reported figures, each with its source; the lab's own are in the other tables. */
function reportedTable({ tasks }: Comparison, reported: ReportedByTask): ComparisonTable {
  const number = (value: number | null): TableCell => ({ kind: 'number', value, best: false });
  return {
    id: 'reported',
    tested: false,
    title: 'Reported figures, not trained here',
    columns: [
      { group: 'Reported', name: 'System' },
      { group: 'Reported', name: 'P' },
      { group: 'Reported', name: 'R' },
      { group: 'Reported', name: 'F1' },
      { group: 'Reported', name: 'Source' },
    ],
    rows: tasks.flatMap(({ task }) =>
      (reported.get(taskKey(task)) ?? []).map((score) => ({
        name: taskName(task),
        cells: [
          { kind: 'text' as const, text: reportedSystem(score) },
          number(score.precision),
          number(score.recall),
          number(score.f1),
          { kind: 'text' as const, text: score.source ?? 'not given' },
        ],
      })),
    ),
    notes: [REPORTED_NOTE],
  };
}

const REPORTED_NOTE =
  'Reported: figures read from a table, of a paper or another program. They have no sentences and no seeds here, and take no part in tests of significance or in what is marked as best.';

function reportedLabel(score: ReportedScore): string {
  return score.source === null ? reportedSystem(score) : `${reportedSystem(score)} (${score.source})`;
}

/** With the slicing rate, which distinguishes rows of one system. */
function reportedSystem({ name, rate }: ReportedScore): string {
  return rate === null || name.includes(rate.toFixed(2)) ? name : `${name} ${rate.toFixed(2)}`;
}

function spreads({ tasks }: Comparison): ComparisonTable {
  const over = (variant: Variant, source: SpreadOver): Spread | null =>
    variantSpread(variant, { split: 'test', measure: 'f1', over: source });
  const deviation = (value: Spread | null): TableCell => ({
    kind: 'number',
    value: value?.deviation ?? null,
    best: false,
  });
  return {
    id: 'spreads',
    tested: false,
    title: 'Spread of test F1 over seeds, rounds and snapshots',
    columns: [
      { group: 'Selected snapshots', name: 'Mean' },
      { group: 'Selected snapshots', name: '± seeds' },
      { group: 'Selected snapshots', name: '± rounds' },
      { group: 'Kept snapshots', name: 'Mean' },
      { group: 'Kept snapshots', name: '± snapshots' },
    ],
    rows: tasks.flatMap((task) =>
      task.variants.map((variant) => {
        const snapshots = over(variant, 'snapshots');
        return {
          name: `${taskName(task.task)} · ${variantName(variant)}`,
          cells: [
            { kind: 'number' as const, value: over(variant, 'trainings')?.mean ?? null, best: false },
            deviation(over(variant, 'seeds')),
            deviation(over(variant, 'rounds')),
            { kind: 'number' as const, value: snapshots?.mean ?? null, best: false },
            deviation(snapshots),
          ],
        };
      }),
    ),
    notes: [
      '± seeds: standard deviation of the seeds’ means. ± rounds: of the rounds of a seed, pooled over seeds. ± snapshots: of the last snapshots of a training (the paper keeps five), pooled over trainings.',
    ],
  };
}

type ScoreCell = Extract<TableCell, { kind: 'score' }>;

function scoreCell(
  { task }: TaskComparison,
  variant: Variant | null,
  measure: MeasureName,
  published: number | null,
  isDistinct: IsDistinct,
): ScoreCell {
  const value = variant === null ? null : variantSpread(variant, { split: 'test', measure, over: 'trainings' });
  const distinct = variant !== null && measure === 'f1' && isDistinct(task, variant);
  return { kind: 'score', value, published, best: false, distinct };
}

/** Marks the highest number, with ties at two decimals all marked; marks nothing when fewer than two are known. */
function markBest<Cell extends TableCell>(cells: readonly Cell[]): readonly Cell[] {
  const known = cells.flatMap((cell) => shownValue(cell) ?? []);
  if (known.length < 2) return cells;
  const most = Math.max(...known);
  return cells.map((cell) => ({ ...cell, best: shownValue(cell) === most }));
}

function shownValue(cell: TableCell): number | null {
  const value = cell.kind === 'score' ? cell.value?.mean : cell.kind === 'number' ? cell.value : null;
  return value == null ? null : Math.round(value * 100) / 100;
}

function find({ variants }: TaskComparison, method: Variant['method'], layers: number | null = null): Variant | null {
  return variants.find((variant) => variant.method === method && variant.layers === layers) ?? null;
}

function distinctLayers(tasks: readonly TaskComparison[]): readonly Pick<Variant, 'layers' | 'rate'>[] {
  const sliced = tasks.flatMap(({ variants }) => variants.filter(({ method }) => method === 'MTL-LS'));
  const byLayers = new Map(sliced.map(({ layers, rate }) => [layers, { layers, rate }]));
  return [...byLayers.values()].sort((left, right) => (left.layers ?? 0) - (right.layers ?? 0));
}

/** The catalogue's notes on the tasks' published figures that concern this table or no particular table. */
function contradictions(
  table: 1 | 2 | 3,
  tasks: readonly TaskComparison[],
  publishedOf: PublishedOf,
): readonly string[] {
  const subTasks = tasks.flatMap(({ task }) => publishedOf(task)?.subTask ?? []);
  const notes = subTasks.flatMap(({ dataset, category, notes: own }) =>
    own.filter((note) => isAbout(note, table)).map((note) => `Paper, ${dataset} (${category}): ${note}`),
  );
  const claim =
    'Paper: “MTL-LS is better than STL on all ten gene tasks” holds only when the rate of each row is picked on test; at one rate for all it does not.';
  return table === 2 && subTasks.some(({ category }) => category === 'gene') ? [...notes, claim] : notes;
}

function isAbout(note: string, table: number): boolean {
  return !/Table \d/.test(note) || note.includes(`Table ${table}`);
}

function taskName({ corpus, type }: TaskRef): string {
  return `${corpus.name} · ${type ?? 'all types'}`;
}
