// Reads and writes CoNLL: rows of a token and its tags, with a blank line after each sentence.
import { LabError } from '../../util/labError.ts';
import type { Sentence } from '../corpus/corpus.ts';
import type { ConllSource } from '../corpus/corpusSource.ts';
import { IssueList, quoted } from '../corpus/issues.ts';
import { looksLikeTag, mentionsToTags, splitTag, tagOfDialect, tagOfType, type TagParts } from '../corpus/tagScheme.ts';
import type { AnnotatedDocument } from '../documents/document.ts';
import { tokenMentions } from '../documents/documentSentences.ts';
import { conllLayout, isBlank, splitCells, type ConllLayout } from './conllLayout.ts';
import { decodeText, encodingFault, maxLineLength, type DecodedText } from './decodeText.ts';
import { spellConfidence } from './spellConfidence.ts';
import { readTaggedMentions, type TaggedSentence } from './taggedMentions.ts';

/**
 * Returns the sentences whose rows all have a token and a known tag. `-DOCSTART-` rows end a sentence, comment lines do not; both
 * are left out. Every problem goes to `issues` with its line.
 */
export function readConllRows(text: DecodedText, layout: ConllLayout, issues: IssueList): TaggedSentence[] {
  const { separator, columns, tokenColumn, tagColumn } = layout;
  const sentences: TaggedSentence[] = [];
  const knownTags = new Map<string, TagParts>();
  const documents = new Tally();
  const comments = new Tally();
  let tokens: string[] = [];
  let tags: TagParts[] = [];
  let lines: number[] = [];
  let broken = false;

  const endSentence = () => {
    if (tokens.length > 0 && !broken) sentences.push({ tokens, tags, lines });
    if (tokens.length > 0) {
      tokens = [];
      tags = [];
      lines = [];
    }
    broken = false;
  };
  const reject = (code: string, line: number, message: string) => {
    broken = true;
    issues.add('error', code, line, message);
  };

  for (let index = 0; index < text.lines.length; index++) {
    const row = text.lines[index] ?? '';
    const line = index + 1;
    if (isBlank(row)) {
      const fault = text.faults.get(line);
      if (fault === undefined) endSentence();
      else if (fault === 'invalid-utf8') reject('corpus/invalid-utf8', line, 'Not UTF-8: the sentence is left out.');
      else reject('corpus/long-line', line, `Longer than ${maxLineLength} characters: the sentence is left out.`);
      continue;
    }
    const cells = splitCells(row, separator);
    const token = (cells[tokenColumn] ?? '').trim();
    if (token === '-DOCSTART-' || row.startsWith('-DOCSTART-')) {
      documents.add(line);
      endSentence();
      continue;
    }
    const tagText = (cells[tagColumn] ?? '').trim();
    if (row.startsWith('#') && isComment(row, cells.length === columns, looksLikeTag(tagText), separator)) {
      comments.add(line);
      continue;
    }
    if (cells.length !== columns) {
      const message = `Expected ${columns} columns, got ${cells.length}: the sentence is left out.`;
      reject('corpus/columns', line, message);
      continue;
    }
    if (token === '') {
      reject('corpus/empty-token', line, 'The token is empty: the sentence is left out.');
      continue;
    }
    let tag = knownTags.get(tagText);
    if (tag === undefined) {
      tag = splitTag(tagText);
      if (tagOfDialect(tag) === null) {
        const message = `Unknown tag ${quoted(tagText)}: expected O, B-…, I-… and the like; the sentence is left out.`;
        reject('corpus/unknown-tag', line, message);
        continue;
      }
      knownTags.set(tagText, tag);
    }
    tokens.push(token);
    tags.push(tag);
    lines.push(line);
  }
  endSentence();

  documents.report(issues, 'corpus/docstart', '-DOCSTART- rows mark documents and are left out');
  comments.report(issues, 'corpus/comment', 'comment lines are left out');
  return sentences;
}

/** A `#` may also be a token: followed by a tag, it is a row. In tab-separated files, `# ` opens a comment only before a text that is not a tag. */
function isComment(row: string, hasAllColumns: boolean, hasTag: boolean, separator: 'tab' | 'space'): boolean {
  if (!hasAllColumns) return true;
  return !hasTag && (separator === 'space' || row.startsWith('# '));
}

/** Counts lines of one harmless kind, reported once. */
class Tally {
  count = 0;
  firstLine: number | null = null;

  add(line: number): void {
    this.count++;
    this.firstLine ??= line;
  }

  report(issues: IssueList, code: string, what: string): void {
    if (this.count > 0) issues.add('info', code, this.firstLine, `${this.count} ${what} (first here).`);
  }
}

/** The result of reading a CoNLL file: rows of a token, its tag and perhaps more columns, with a blank line after each sentence. */
interface ConllReading {
  /** Every sentence without an error, in file order. */
  readonly sentences: readonly Sentence[];
  /** How the file was read; null if it was refused as a whole. */
  readonly layout: (ConllLayout & { readonly scheme: ConllSource['scheme'] }) | null;
  readonly issues: IssueList;
}

/**
 * Reads the bytes of one file; never throws. `file` is the name used in issues. A sentence with an error is left out, the others
 * stay; mentions are read leniently, like conlleval, and tags that violate their scheme are listed.
 */
export function readConll(bytes: Uint8Array, file: string): ConllReading {
  const issues = new IssueList(file);
  const refuse = (code: string, line: number | null, message: string): ConllReading => {
    issues.add('error', code, line, message);
    return { sentences: [], layout: null, issues };
  };

  const unfit = encodingFault(bytes);
  if (unfit !== null) return refuse(unfit.code, null, unfit.message);
  const text = decodeText(bytes);
  const layout = conllLayout(text.lines);
  if ('code' in layout) {
    reportFaultyLines(text.faults.keys().next().value, text.faults.size, issues);
    return refuse(layout.code, layout.line, layout.message);
  }

  const tagged = readConllRows(text, layout, issues);
  const { sentences, scheme } = readTaggedMentions(tagged, issues);
  if (sentences.length === 0) issues.add('error', 'corpus/empty', null, 'The file has no usable sentence.');
  return { sentences, layout: { ...layout, scheme }, issues };
}

/** If nothing else is left of a file, its unreadable lines are the reason. */
function reportFaultyLines(firstLine: number | undefined, count: number, issues: IssueList): void {
  if (firstLine === undefined) return;
  issues.add(
    'error',
    'corpus/unreadable-lines',
    firstLine,
    `${count} lines are too long or not UTF-8, the first here.`,
  );
}

/** The result of reading rows of tokens without tags: one column, or several without mentions. */
interface TokenRows {
  /** In file order, all without mentions. */
  readonly sentences: readonly Sentence[];
  readonly issues: IssueList;
}

/**
 * Reads the tokens of a file from its first column, or its second after row numbers; a blank line ends a sentence, `-DOCSTART-`
 * rows and comments are left out. Never throws; a sentence with an unreadable line is left out.
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

/** One tag for each token of each sentence. */
type TagColumn = readonly (readonly string[])[];

/** Writes rows of a token and its tag from each column. Throws LabError `data/join` if a column does not have one tag per token. */
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
    for (const [index, token] of tokens.entries()) {
      lines.push([tokenCell(token), ...tags.map((column) => tagOfType(column[index] ?? ''))].join('\t'));
    }
    lines.push('');
  }
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * White space inside a token becomes a no-break space, at which neither readers of tabs nor conlleval split; zero bytes, which make a
 * file binary, become U+FFFD.
 */
function tokenCell(token: string): string {
  return token.trim().replace(/\s/g, '\u00a0').replaceAll('\0', '\ufffd') || '_';
}

/** Writes the rows of all documents. Each of several begins with a `-DOCSTART-` row. The text between tokens is not written. */
export function writeConllDocuments(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  const start = confidences ? '-DOCSTART-\tO\t_\n\n' : '-DOCSTART-\tO\n\n';
  const written = documents.map((document) => writeOne(document, confidences));
  return documents.length < 2 ? written.join('') : written.map((rows) => `${start}${rows}`).join('');
}

function writeOne(document: AnnotatedDocument, confidences: boolean): string {
  const mentions = tokenMentions(document);
  const sentences = document.sentences.map((tokens) => ({
    tokens: tokens.map(({ start, end }) => document.text.slice(start, end)),
  }));
  const lengthOf = (at: number) => sentences[at]?.tokens.length ?? 0;
  const tags = mentions.map((own, at) => mentionsToTags(own, lengthOf(at), 'IOB2'));
  if (!confidences) return writeConll(sentences, [tags]);
  const column = mentions.map((own, at) => {
    const cells = new Array<string>(lengthOf(at)).fill('_');
    for (const { start, end, confidence } of own) {
      if (confidence !== null) cells.fill(spellConfidence(confidence), start, end);
    }
    return cells;
  });
  return writeConll(sentences, [tags, column]);
}
