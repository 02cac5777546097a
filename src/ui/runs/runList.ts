// Lists runs for a table: what each cell shows, computed once for a record, and which rows are left by filters, in which order.
import type { Description } from '../../schema/libraryRecord.ts';
import type { RunRecord, RunStatus } from '../../schema/runRecord.ts';
import { methodName, runName, runProgress, shownF1, STATUS_WORDS } from '../shared/runName.ts';

/** A run as its row shows it. */
export interface RunLine {
  readonly id: string;
  readonly record: RunRecord;
  readonly description: Description;
  /** The name a person gave, else the task. */
  readonly name: string;
  readonly task: string;
  readonly method: string;
  /** What a filter looks through, in lower case. */
  readonly searched: string;
}

export const RUN_COLUMNS = [
  ['name', 'Run'],
  ['status', 'Status'],
  ['progress', 'Progress'],
  ['method', 'Method'],
  ['model', 'Model'],
  ['seed', 'Seed'],
  ['devel', 'Devel F1'],
  ['test', 'Test F1'],
  ['elapsed', 'Elapsed'],
  ['notes', 'Notes'],
] as const;
export type RunColumn = (typeof RUN_COLUMNS)[number][0];

export interface RunSort {
  readonly column: RunColumn;
  readonly descending: boolean;
}

export interface RunFilter {
  readonly text: string;
  /** Only runs with this tag; null for all. */
  readonly tag: string | null;
  readonly archived: 'hidden' | 'shown' | 'only';
}

export const NO_FILTER: RunFilter = { text: '', tag: null, archived: 'hidden' };

/** What of a list is in the address, by name: `find`, `tag` and `archived`, with a prefix where a page has several lists. */
export function filterNames(prefix: string): readonly string[] {
  return ['find', 'tag', 'archived'].map((name) => `${prefix}${name}`);
}

const ARCHIVED: readonly RunFilter['archived'][] = ['hidden', 'shown', 'only'];

/** Reads a filter as `filterTexts` writes it; what is missing or unknown is as usual. */
export function filterOf(texts: Readonly<Record<string, string>>, prefix: string): RunFilter {
  return {
    text: texts[`${prefix}find`] ?? '',
    tag: texts[`${prefix}tag`] ?? null,
    archived: ARCHIVED.find((one) => one === texts[`${prefix}archived`]) ?? 'hidden',
  };
}

export function filterTexts({ text, tag, archived }: RunFilter, prefix: string): Readonly<Record<string, string>> {
  return {
    ...(text !== '' && { [`${prefix}find`]: text }),
    ...(tag !== null && { [`${prefix}tag`]: tag }),
    ...(archived !== 'hidden' && { [`${prefix}archived`]: archived }),
  };
}

/** Reads an order as `sortText` writes it: `test` for ascending, `-test` for descending; null for none. */
export function sortOf(text: string | undefined): RunSort | null {
  const descending = text?.startsWith('-') === true;
  const column = RUN_COLUMNS.find(([id]) => id === text?.slice(descending ? 1 : 0))?.[0];
  return column === undefined ? null : { column, descending };
}

export function sortText({ column, descending }: RunSort): string {
  return `${descending ? '-' : ''}${column}`;
}

interface Remembered {
  readonly description: Description;
  readonly layers: number | undefined;
  readonly line: RunLine;
}

/** Lines by record: most of thousands stay when one changes. */
const linesByRecord = new WeakMap<RunRecord, Remembered>();

export function runLines(
  records: readonly RunRecord[],
  descriptionOf: (runId: string) => Description,
  layersOf: (modelId: string) => number | undefined,
): readonly RunLine[] {
  return records.map((record) => {
    const description = descriptionOf(record.spec.id);
    const layers = layersOf(record.spec.model.id);
    const known = linesByRecord.get(record);
    if (known?.description === description && known.layers === layers) return known.line;
    const line = lineOf(record, description, layers);
    linesByRecord.set(record, { description, layers, line });
    return line;
  });
}

function lineOf(record: RunRecord, description: Description, layers: number | undefined): RunLine {
  const { spec, status } = record;
  const task = runName(spec);
  const method = methodName(spec, layers);
  const { name = task, notes = '', tags = [] } = description;
  const searched = [name, task, method, spec.model.name, STATUS_WORDS[status], `seed ${spec.seed}`, ...tags, notes];
  return { id: spec.id, record, description, name, task, method, searched: searched.join('\n').toLowerCase() };
}

/** What a filter looks at. */
export interface Filtered {
  readonly description: Description;
  readonly searched: string;
}

/** Returns the lines that a filter leaves: every word of its text has to occur. */
export function filteredLines<Line extends Filtered>(
  lines: readonly Line[],
  { text, tag, archived }: RunFilter,
): readonly Line[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== ''); // prettier-ignore
  return lines.filter(({ description, searched }) => {
    const isArchived = description.archived === true;
    if (archived === 'hidden' ? isArchived : archived === 'only' && !isArchived) return false;
    if (tag !== null && description.tags?.includes(tag) !== true) return false;
    return words.every((word) => searched.includes(word));
  });
}

const collator = new Intl.Collator('en', { numeric: true });
const STATUS_ORDER: readonly RunStatus[] = ['running', 'queued', 'paused', 'failed', 'stopped', 'finished'];

/** Returns the lines in order; what has no value comes last in both directions, and equal lines stay as they were. */
export function sortedLines(lines: readonly RunLine[], sort: RunSort | null): readonly RunLine[] {
  if (sort === null) return lines;
  const { column, descending } = sort;
  const sign = descending ? -1 : 1;
  const keyed = lines.map((line) => ({ line, key: sortKey(line, column) }));
  if (keyed.some(({ key }) => typeof key === 'string')) {
    // Few texts differ among thousands of runs: comparing ranks takes a fraction of comparing texts.
    const texts = [...new Set(keyed.flatMap(({ key }) => (typeof key === 'string' ? key : [])))].sort(collator.compare);
    const ranks = new Map(texts.map((text, rank) => [text, rank]));
    const ranked = keyed.map(({ line, key }) => ({ line, key: typeof key === 'string' ? (ranks.get(key) ?? 0) : key }));
    return byNumber(ranked, sign);
  }
  return byNumber(keyed as readonly Keyed[], sign);
}

interface Keyed {
  readonly line: RunLine;
  readonly key: number | null;
}

function byNumber(keyed: readonly Keyed[], sign: number): readonly RunLine[] {
  const sorted = [...keyed].sort((left, right) => {
    if (left.key === null || right.key === null) return Number(left.key === null) - Number(right.key === null);
    return sign * (left.key - right.key);
  });
  return sorted.map(({ line }) => line);
}

function sortKey({ record, description, name, method }: RunLine, column: RunColumn): string | number | null {
  switch (column) {
    case 'name':
      return name;
    case 'status':
      return STATUS_ORDER.indexOf(record.status);
    case 'progress':
      return runProgress(record);
    case 'method':
      return method;
    case 'model':
      return record.spec.model.name;
    case 'seed':
      return record.spec.seed;
    case 'devel':
    case 'test':
      return shownF1(record, column);
    case 'elapsed':
      return record.elapsedMs;
    case 'notes':
      return description.notes ?? null;
  }
}

/** The tags of runs, each once, in the order of the alphabet. */
export function tagsOf(lines: readonly Pick<RunLine, 'description'>[]): readonly string[] {
  return [...new Set(lines.flatMap(({ description }) => description.tags ?? []))].sort(collator.compare);
}

/** The table as rows of a CSV file, with a head: the chosen columns, and what identifies a run. Scores are unrounded, in percent. */
export function runRows(
  lines: readonly RunLine[],
  columns: readonly RunColumn[],
): readonly (readonly (string | number | null)[])[] {
  const names = new Map<RunColumn, string>(RUN_COLUMNS);
  const shown = columns.filter((column) => column !== 'name');
  const head = ['id', 'name', 'tags', 'task', ...shown.map((column) => fileColumn(names.get(column) ?? column))];
  return [
    head,
    ...lines.map((line) => [
      line.id,
      line.description.name ?? null,
      line.description.tags?.join('; ') ?? null,
      line.task,
      ...shown.map((column) => fileCell(line, column)),
    ]),
  ];
}

function fileColumn(name: string): string {
  return name === 'Elapsed' ? 'elapsed s' : name.toLowerCase().replace('f1', 'F1');
}

function fileCell(line: RunLine, column: RunColumn): string | number | null {
  const { record } = line;
  if (column === 'status') return STATUS_WORDS[record.status];
  if (column === 'elapsed') return record.elapsedMs / 1000;
  return sortKey(line, column);
}
