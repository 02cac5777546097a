// Reads sentences with tags from the rows of a file, once the columns of its corpus are known.
import { quoted, type IssueList } from '../corpus/issues.ts';
import { looksLikeTag, type TagParts } from '../corpus/tagScheme.ts';
import { tagsOfCell, usualDialect, type TagDialect } from '../corpus/tagSequences.ts';
import { isDocumentMark } from './columnFacts.ts';
import { SentenceNumbers } from './columnSurvey.ts';
import { maxLineLength } from './decodeText.ts';
import { withUnquotedSeparator, type FileRow } from './rowCells.ts';
import { lengthOf, type RowFile, type RowLayout } from './rowFile.ts';
import type { StackedSentence } from './taggedMentions.ts';

/**
 * Returns the sentences whose rows all have the columns of the layout and known tags. `-DOCSTART-` rows end a sentence, comment lines
 * do not; both are left out, as are CoNLL-U's ranges and empty nodes. Every problem goes to `issues` with its line.
 */
export function readTaggedRows(file: RowFile, layout: RowLayout, issues: IssueList): StackedSentence[] {
  return new TaggedRows(file, layout, issues).read();
}

class TaggedRows {
  private readonly file: RowFile;
  private readonly layout: RowLayout;
  private readonly issues: IssueList;
  private readonly columns: readonly { readonly index: number; readonly dialect: TagDialect }[];
  private readonly known: readonly Map<string, readonly TagParts[]>[];
  private readonly sentences: StackedSentence[] = [];
  private readonly counts = {
    documents: new Tally(),
    comments: new Tally(),
    within: new Tally(),
    headers: new Tally(),
    ranges: new Tally(),
    spaced: new Tally(),
    numbers: new Tally(),
    phrases: new Tally(),
    blanks: new Tally(),
    empty: new Tally(),
  };
  private tokens: string[] = [];
  private tags: (readonly TagParts[])[][] = [];
  private lines: number[] = [];
  private broken = false;

  constructor(file: RowFile, layout: RowLayout, issues: IssueList) {
    this.file = file;
    this.layout = layout;
    this.issues = issues;
    const { choice, dialects } = layout;
    const indices = choice.layer === 'only' ? [choice.tagColumn] : choice.layerColumns;
    this.columns = indices.map((index) => ({ index, dialect: dialects[index] ?? usualDialect }));
    this.known = indices.map(() => new Map<string, readonly TagParts[]>());
  }

  read(): StackedSentence[] {
    const numbers = new SentenceNumbers(this.layout);
    for (const row of this.file.rows()) {
      if (row.cells === null) this.endAt(row.line);
      else this.addRow(row, row.cells, numbers);
    }
    this.endSentence();
    this.report();
    return this.sentences;
  }

  /** Ends the sentence at a blank line, or breaks it at one that is not readable. */
  private endAt(line: number): void {
    const fault = this.file.faults.get(line);
    if (fault === undefined) this.endSentence();
    else if (fault === 'invalid-utf8') {
      this.reject('corpus/invalid-utf8', line, 'Not UTF-8: the sentence is left out.');
    } else {
      this.reject('corpus/long-line', line, `Longer than ${maxLineLength} characters: the sentence is left out.`);
    }
  }

  private addRow(row: FileRow, written: readonly string[], numbers: SentenceNumbers): void {
    const { line } = row;
    const { counts } = this;
    const { columns, header } = this.file;
    if (isDocumentMark(row)) {
      counts.documents.add(line);
      this.endSentence();
      return;
    }
    const cells = withUnquotedSeparator({ text: row.text, cells: written }, this.file, this.layout.choice.tokenColumn);
    const tags = this.columns.map(({ index }, at) => this.tagsOf((cells[index] ?? '').trim(), at));
    const isWhole = lengthOf(cells, columns) === columns;
    if (row.text.startsWith('#') && this.isComment(row.text, cells, isWhole, tags[0] !== null)) {
      (this.tokens.length > 0 || this.mayBeToken(cells) ? counts.within : counts.comments).add(line);
      return;
    }
    if (header !== null && isWhole && header.every((name, column) => name === (cells[column] ?? '').trim())) {
      counts.headers.add(line);
      return;
    }
    if (numbers.begins(cells)) {
      if (this.tokens.length > 0 || this.broken) counts.numbers.add(line);
      this.endSentence();
    }
    if (!isWhole) {
      const message = `Expected ${columns} columns, got ${cells.length}: the sentence is left out.`;
      this.reject('corpus/columns', line, message);
      return;
    }
    if (this.isRange(cells)) {
      counts.ranges.add(line);
      if (!tags.some((own) => own !== null && own.length > 0)) return;
      const message = 'The tag of a range of tokens, or of an empty node, is left out with its row.';
      this.issues.add('warning', 'corpus/range-tag', line, message);
      return;
    }
    const unknown = tags.indexOf(null);
    if (unknown >= 0) {
      const { index = 0, dialect = usualDialect } = this.columns[unknown] ?? {};
      const got = quoted((cells[index] ?? '').trim());
      const message = `Unknown tag ${got}: expected ${examples(dialect)} and the like; the sentence is left out.`;
      this.reject('corpus/unknown-tag', line, message);
      return;
    }
    const token = (cells[this.layout.choice.tokenColumn] ?? '').trim();
    if (token === '') (this.isEmptyToken(row.text, cells) ? counts.empty : counts.blanks).add(line);
    if (row.hasSpaces === true) counts.spaced.add(line);
    if (token.includes(' ')) counts.phrases.add(line);
    this.tokens.push(token);
    this.lines.push(line);
    tags.forEach((own, at) => (this.tags[at] ??= []).push(own ?? []));
  }

  /** A cell without even white space, or a comma that is not in quotes, may be damage. */
  private isEmptyToken(row: string, cells: readonly string[]): boolean {
    const { separator } = this.file;
    const isUnquoted = (separator === 'comma' || separator === 'semicolon') && !row.includes('"');
    return (cells[this.layout.choice.tokenColumn] ?? '') === '' || isUnquoted;
  }

  /** Null if the cell holds no tags. */
  private tagsOf(text: string, at: number): readonly TagParts[] | null {
    const known = this.known[at];
    const before = known?.get(text);
    if (before !== undefined) return before;
    const tags = this.layout.choice.readsBareTypes
      ? bareTags(text)
      : tagsOfCell(text, this.columns[at]?.dialect ?? usualDialect);
    if (tags !== null) known?.set(text, tags);
    return tags;
  }

  /** A `#` may also be a token: followed by a tag, it is a row. In tab-separated files, `# ` opens a comment only before a text that is not a tag. */
  private isComment(row: string, cells: readonly string[], isWhole: boolean, hasTag: boolean): boolean {
    const { tokenColumn, tagColumn } = this.layout.choice;
    const isToken = (cells[tokenColumn] ?? '').trim() === '#';
    // Comments are between sentences; within one, a row of all columns is a token with an unknown tag.
    const isWithin = this.tokens.length > 0;
    if (!isWhole) return !(isToken && hasTag) && !(isWithin && /^#\s*$/.test(row));
    if (isWithin || (isToken && /^\p{Lu}-/u.test((cells[tagColumn] ?? '').trim()))) return false;
    return !hasTag && (this.file.separator === 'space' || row.startsWith('# '));
  }

  /**
   * Whether a line that is read as a comment may be a row for the token `#` that has lost a cell: a lone `#`, or one before a tag, a tab
   * or comma, or cells of marks, numbers and capitals that are one too few. Comments have words.
   */
  private mayBeToken(cells: readonly string[]): boolean {
    const [first = '', ...others] = cells.map((cell) => cell.trim());
    if (others.length > 0 && looksLikeTag(others.at(-1) ?? '')) return true;
    if (first !== '#') return false;
    if (others.length === 0 || this.file.separator !== 'space') return true;
    return others.length === this.file.columns - 2 && !others.some((cell) => /\p{Ll}/u.test(cell));
  }

  private isRange(cells: readonly string[]): boolean {
    const { rowNumberColumn } = this.layout;
    return rowNumberColumn !== null && /^\d+[-.]\d+$/.test((cells[rowNumberColumn] ?? '').trim());
  }

  private reject(code: string, line: number, message: string): void {
    this.broken = true;
    this.issues.add('error', code, line, message);
  }

  private endSentence(): void {
    const { tokens, tags, lines } = this;
    if (tokens.length > 0) {
      if (!this.broken) this.sentences.push({ tokens, tags, lines });
      this.tokens = [];
      this.tags = [];
      this.lines = [];
    }
    this.broken = false;
  }

  private report(): void {
    const { issues } = this;
    const { documents, comments, within, headers, ranges, spaced, numbers, phrases, blanks, empty } = this.counts;
    documents.report(issues, 'corpus/docstart', '-DOCSTART- rows mark documents and are left out');
    comments.report(issues, 'corpus/comment', 'comment lines are left out');
    within.report(
      issues,
      'corpus/comment-within',
      'lines begin with # within a sentence, alone or before a tag, and are left out',
      'warning',
    );
    headers.report(issues, 'corpus/header', 'rows repeat the header and are left out');
    ranges.report(issues, 'corpus/range', 'rows are ranges of tokens or empty nodes, as in CoNLL-U, and are left out');
    spaced.report(issues, 'corpus/mixed-separators', 'rows have spaces where others have tabs, and are split at these');
    numbers.report(
      issues,
      'corpus/sentence-numbers',
      'sentences end where the number of the sentence changes, not at a blank line',
    );
    phrases.report(issues, 'corpus/phrase-token', 'tokens are several words, and are read as one token each');
    blanks.report(issues, 'corpus/blank-token', 'tokens are only white space and are left out');
    empty.report(issues, 'corpus/empty-token', 'tokens are empty and are left out', 'warning');
  }
}

/** Types without a prefix. */
function bareTags(text: string): readonly TagParts[] {
  return text === 'O' || text === '' || text === '_' ? [] : [{ prefix: 'I', type: text }];
}

function examples({ affix, mark }: TagDialect): string {
  return affix === 'prefix' ? `O, B${mark}…, I${mark}…` : `O, …${mark}B, …${mark}I`;
}

/** Counts lines of one harmless kind, reported once. */
class Tally {
  private count = 0;
  private firstLine: number | null = null;

  add(line: number): void {
    this.count++;
    this.firstLine ??= line;
  }

  report(issues: IssueList, code: string, what: string, severity: 'info' | 'warning' = 'info'): void {
    if (this.count > 0) issues.add(severity, code, this.firstLine, `${this.count} ${what} (first here).`);
  }
}
