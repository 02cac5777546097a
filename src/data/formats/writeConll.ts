// Writes sentences as CoNLL rows: a token and its tags, separated by tabs, a blank line behind every sentence.
import { LabError } from '../../util/labError.ts';

/** One tag for each token of each sentence. */
export type TagColumn = readonly (readonly string[])[];

/** Rows of token, then a tag of each column. Throws LabError `data/join` where a column has not one tag for every token. */
export function writeConll(
  sentences: readonly { readonly tokens: readonly string[] }[],
  columns: readonly TagColumn[],
): string {
  const lines: string[] = [];
  for (const [at, { tokens }] of sentences.entries()) {
    const tags = columns.map((column) => column[at] ?? []);
    const uneven = tags.find((column) => column.length !== tokens.length);
    if (uneven !== undefined) {
      throw new LabError('data/join', `Sentence ${at + 1} has not one tag for every token.`, {
        expected: `${tokens.length} tags`,
        got: `${uneven.length}`,
      });
    }
    for (const [place, token] of tokens.entries()) {
      lines.push([token, ...tags.map((column) => column[place] as string)].join('\t'));
    }
    lines.push('');
  }
  return lines.map((line) => `${line}\n`).join('');
}
