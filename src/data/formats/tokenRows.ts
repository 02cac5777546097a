// Reads rows of tokens without tags: one column, or columns none of which says mentions.
import type { Sentence } from '../corpus.ts';
import { IssueList } from '../issueList.ts';
import { isBlank, splitCells } from './conllLayout.ts';
import { decodeText } from './decodeText.ts';

export interface TokenRows {
  /** In file order, all without mentions. */
  readonly sentences: readonly Sentence[];
  readonly issues: IssueList;
}

/**
 * The tokens of a file, from its first column, or its second behind row numbers; a blank line ends a sentence, `-DOCSTART-`
 * rows and comments are left out. Never throws; a sentence with a line that cannot be read is left out.
 */
export function readTokenRows(bytes: Uint8Array, file: string): TokenRows {
  const issues = new IssueList(file);
  const { lines, faults } = decodeText(bytes);
  const separator = lines.some((line) => line.includes('\t')) ? 'tab' : 'space';
  const sentences: Sentence[] = [];
  let tokens: string[] = [];
  let broken = false;
  const endSentence = () => {
    if (tokens.length > 0 && !broken) sentences.push({ tokens, mentions: [] });
    tokens = [];
    broken = false;
  };
  lines.forEach((row, index) => {
    const fault = faults.get(index + 1);
    if (fault !== undefined) {
      broken = true;
      const what = fault === 'invalid-utf8' ? 'Not UTF-8' : 'Too long for a row';
      issues.add('error', `corpus/${fault}`, index + 1, `${what}: the sentence is left out.`);
    } else if (isBlank(row) || row.startsWith('-DOCSTART-')) {
      endSentence();
    } else if (!(row.startsWith('# ') && !row.includes('\t'))) {
      const cells = splitCells(row, separator).map((cell) => cell.trim());
      const isNumbered =
        cells.length > 1 && /^\d+([-.]\d+)?$/.test(cells[0] ?? '') && tokens.length + 1 === Number(cells[0]);
      const token = cells[isNumbered ? 1 : 0] ?? '';
      if (token !== '') tokens.push(token);
    }
  });
  endSentence();
  return { sentences, issues };
}

/** Whether a text is a column of tokens rather than prose: single words, with blank lines or full stops among them. */
export function looksLikeTokens(text: string): boolean {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  const rows = lines.filter((line) => line !== '');
  const hasBorder = lines.slice(1).some((line, index) => line === '' && lines[index] !== '') || rows.includes('.');
  return rows.length > 2 && hasBorder && rows.every((row) => !/\s/.test(row));
}
