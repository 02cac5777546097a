// Reads and writes tables of scores as CSV, and stores those that were read: figures of papers and other programs, apart from runs.
import {
  reportedFilesSchema,
  reportedScoreSchema,
  type ReportedFile,
  type ReportedScore,
} from '../../schema/resultFile.ts';
import { readJson, writeJson } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { csvRows, csvText } from '../../util/csv.ts';
import { fingerprint } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { spellValue } from '../../util/wording.ts';
import type { LabStore } from '../state/labStore.ts';

/** The columns of the table; of these `task`, `f1`, and `name` or `method` are needed. */
export const REPORTED_COLUMNS = ['name', 'method', 'rate', 'task', 'precision', 'recall', 'f1', 'source'] as const;
type Column = (typeof REPORTED_COLUMNS)[number];

/** More rows are no table of a paper. */
const MOST_SCORES = 5000;

/** Writes scores as a table that `parseReportedScores` reads back. */
export function reportedScoresCsv(scores: readonly ReportedScore[]): string {
  return csvText([REPORTED_COLUMNS, ...scores.map((score) => REPORTED_COLUMNS.map((column) => score[column]))]);
}

/** Parses a table of scores. Throws LabError `scores/invalid` with the line and what is expected there. */
export function parseReportedScores(text: string): readonly ReportedScore[] {
  const lines = csvRows(text.replace(/^\uFEFF/, ''));
  const head = lines[0]?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const columns = new Map(
    REPORTED_COLUMNS.flatMap((column): [Column, number][] => {
      const at = head.indexOf(column);
      return at < 0 ? [] : [[column, at]];
    }),
  );
  if (!columns.has('f1') || !columns.has('task') || !(columns.has('name') || columns.has('method'))) {
    throw invalid('The first line does not name the columns.', `task, f1, and name or method, of ${REPORTED_COLUMNS.join(', ')}`, head.join(', ')); // prettier-ignore
  }
  const body = lines.slice(1).filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  if (body.length === 0)
    throw invalid('The table has no scores.', 'a line for each score', 'only the names of columns');
  if (body.length > MOST_SCORES) {
    throw invalid('The table has too many scores.', `at most ${MOST_SCORES}`, String(body.length));
  }
  const scores = body.map(({ line, cells }) => {
    return scoreOf(line, (column) => cells[columns.get(column) ?? -1]?.trim().replace(/^'(?=[=+\-@])/, '') ?? '');
  });
  if (scores.every(({ f1 }) => f1 <= 1)) {
    throw invalid('Every F1 is at most 1.', 'scores in percent, such as 86.44', 'scores that look like shares of 1');
  }
  return scores;
}

function scoreOf(line: number, cell: (column: Column) => string): ReportedScore {
  const number = (column: Column): number | null => {
    const text = cell(column);
    if (text === '') return null;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw invalid(`Line ${line}: ${column} is not a number.`, 'a number with a point', spellValue(text));
  };
  const method = cell('method') === '' ? null : cell('method').toUpperCase();
  const rate = number('rate');
  const name = cell('name') === '' ? `${method ?? ''}${rate === null ? '' : ` ${rate.toFixed(2)}`}` : cell('name');
  const score = {
    name,
    method,
    rate,
    task: cell('task'),
    precision: number('precision'),
    recall: number('recall'),
    f1: number('f1'),
    source: cell('source') === '' ? null : cell('source'),
  };
  const parsed = reportedScoreSchema.safeParse(score);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const column = String(issue?.path[0] ?? 'score') as Column;
  throw invalid(`Line ${line}: ${column} is not valid.`, EXPECTED[column], spellValue(score[column]));
}

const EXPECTED: Readonly<Record<Column, string>> = {
  name: 'the name of the system, or a method',
  method: 'STL, MTL-XC, MTL-LS or nothing',
  rate: 'a slicing rate from 0 to 1, or nothing',
  task: 'the name of a corpus, with its type if it has several',
  precision: 'percent from 0 to 100, or nothing',
  recall: 'percent from 0 to 100, or nothing',
  f1: 'percent from 0 to 100',
  source: 'where the figure is from, or nothing',
};

function invalid(message: string, expected: string, got: string): LabError {
  return new LabError('scores/invalid', message, { expected, got: got === '' ? 'nothing' : got });
}

const RECORD_KEY = 'lab/reportedScores';

/** Stores the files of reported scores, all in one small record. */
export class ReportedScores {
  private readonly parts: { readonly store: Store; readonly labStore: LabStore };

  constructor(parts: { readonly store: Store; readonly labStore: LabStore }) {
    this.parts = parts;
  }

  /** Shows what is stored. Throws LabError `storage/corrupt`. */
  async restore(): Promise<readonly []> {
    const { store, labStore } = this.parts;
    const reported = (await readJson(store, RECORD_KEY, reportedFilesSchema)) ?? [];
    labStore.update(() => ({ reported }));
    return [];
  }

  /** Stores the scores of a file and says so; the same scores are stored once. */
  async add(fileName: string, scores: readonly ReportedScore[]): Promise<string> {
    const { labStore } = this.parts;
    const id = fingerprint(scores).slice(0, 16);
    const { reported } = labStore.getState();
    if (reported.some((file) => file.id === id)) {
      labStore.notify('info', `The scores of ${fileName} were already read.`);
      return id;
    }
    await this.keep([...reported, { id, fileName, scores: [...scores] }]);
    const count = `${scores.length} ${scores.length === 1 ? 'score' : 'scores'}`;
    labStore.notify(
      'info',
      `${fileName}: ${count} read as reported figures. They are shown in the experiments on their tasks.`,
    );
    return id;
  }

  async remove(id: string): Promise<void> {
    await this.keep(this.parts.labStore.getState().reported.filter((file) => file.id !== id));
  }

  private async keep(reported: readonly ReportedFile[]): Promise<void> {
    await writeJson(this.parts.store, RECORD_KEY, reported);
    this.parts.labStore.update(() => ({ reported }));
  }
}
