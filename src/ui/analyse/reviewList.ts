// The doubtful labels of a category as a file for people who go through them, fetched and written a few at a time.
import type { Lab } from '../../lab/labState.ts';
import { csvText } from '../../lab/tableText.ts';
import type { ReviewRow } from '../../metrics/reviewRows.ts';
import type { ReviewQuery } from '../../schema/labelsQuery.ts';

/** Rows fetched at once, few enough that the page does not stop. */
const ROWS = 1000;
const COLUMNS = ['kind', 'task', 'split', 'sentence', 'token', 'text', 'labelled', 'elsewhere'] as const;

export async function reviewList(
  lab: Lab,
  query: Omit<ReviewQuery, 'first' | 'count'>,
  format: 'csv' | 'json',
): Promise<Blob> {
  const parts: string[] = [format === 'csv' ? csvText([COLUMNS]) : '['];
  for (let first = 0, total = 1; first < total; first += ROWS) {
    const page = await lab.analyse('labelReview', { ...query, first, count: ROWS }).answer;
    total = page?.total ?? 0;
    parts.push(rowsText(page?.rows ?? [], format, first > 0));
  }
  if (format === 'json') parts.push('\n]\n');
  return new Blob(parts, { type: format === 'csv' ? 'text/csv' : 'application/json' });
}

function rowsText(rows: readonly ReviewRow[], format: 'csv' | 'json', goesOn: boolean): string {
  if (format === 'csv') return rows.length === 0 ? '' : csvText(rows.map((row) => COLUMNS.map((name) => row[name])));
  return rows.map((row, place) => `${goesOn || place > 0 ? ',' : ''}\n${JSON.stringify(row)}`).join('');
}
