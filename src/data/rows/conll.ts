// Reads and writes CoNLL: rows of a token and its tags, with a blank line after each sentence.
import { LabError } from '../../util/labError.ts';
import { spellConfidence } from '../../util/wording.ts';
import type { ConllSource, Sentence } from '../corpus/corpus.ts';
import { IssueList } from '../corpus/issues.ts';
import { mentionsToTags, tagOfType } from '../corpus/tagScheme.ts';
import type { AnnotatedDocument } from '../documents/document.ts';
import { tokenMentions } from '../documents/documentSentences.ts';
import { misfit, surveyRows } from './columnSurvey.ts';
import { decodeText, transcodeUtf16 } from './decodeText.ts';
import { isBlank, splitCells } from './rowCells.ts';
import { openRowFile, type RowFile, type RowLayout } from './rowFile.ts';
import { layerOfSentences, readTaggedMentions } from './taggedMentions.ts';
import { readTaggedRows } from './taggedRows.ts';

/** The result of reading a CoNLL file: rows of a token, its tag and perhaps more columns, with a blank line after each sentence. */
interface ConllReading {
  /** Every sentence without an error, in file order. */
  readonly sentences: readonly Sentence[];
  /** How the file was read; null if it was refused as a whole. */
  readonly layout:
    (Pick<ConllSource, 'separator' | 'tokenColumn' | 'tagColumn' | 'scheme'> & { readonly columns: number }) | null;
  /** How many layers of nested annotation the file has, at least one. */
  readonly layerCount: number;
  readonly issues: IssueList;
}

/** How the rows of a file are to be read: with the layout of its corpus, and for layers as separate corpora, which of them. */
interface RowReadingOptions {
  readonly layout: RowLayout;
  /** 0-based; 0 unless the layout reads each layer. */
  readonly layerIndex: number;
}

/**
 * Reads the bytes of one file; never throws. `file` is the name used in issues. A sentence with an error is left out, the others
 * stay; mentions are read leniently, like conlleval, and tags that violate their scheme are listed. Without `options` the layout is
 * that of the file alone.
 */
export function readConll(bytes: Uint8Array, file: string, options: RowReadingOptions | null = null): ConllReading {
  const issues = new IssueList(file);
  const rows = openRowFile(bytes, file, issues, options?.layout.separator);
  if (rows === null) return { sentences: [], layout: null, layerCount: 1, issues };
  const survey = options === null ? surveyRows([rows]) : null;
  const layout = options?.layout ?? survey?.layout;
  const fault = options === null ? survey?.layout : misfit(rows, options.layout);
  if (fault !== null && fault !== undefined && 'code' in fault) {
    const { faults } = rows;
    reportFaultyLines(faults.keys().next().value, faults.size, issues);
    issues.add('error', fault.code, fault.line, fault.message);
    return { sentences: [], layout: null, layerCount: 1, issues };
  }
  if (layout === undefined || 'code' in layout) return { sentences: [], layout: null, layerCount: 1, issues };
  for (const doubt of survey?.survey?.doubts ?? []) issues.add('warning', 'corpus/columns-unsure', null, doubt);
  const { sentences: tagged, layerCount } = readConllRows(rows, layout, options?.layerIndex ?? 0, issues);
  const { sentences: withBlanks, scheme } = readTaggedMentions(tagged, issues);
  const sentences = withBlanks.flatMap((sentence, index) =>
    withoutBlanks(sentence, tagged[index]?.lines ?? [], issues),
  );
  remarkLength(sentences, issues);
  const { separator, columns } = rows;
  const { tokenColumn, tagColumn } = layout.choice;
  return { sentences, layout: { separator, columns, tokenColumn, tagColumn, scheme }, layerCount, issues };
}

/** Returns the sentences of a file with one tag for each token; of nested annotation, one layer. Tokens of white space alone are empty. */
export function readConllRows(rows: RowFile, layout: RowLayout, layerIndex: number, issues: IssueList) {
  return layerOfSentences(readTaggedRows(rows, layout, issues), layout, layerIndex, issues);
}

function remarkLength(sentences: readonly Sentence[], issues: IssueList): void {
  if (sentences.length === 0) issues.add('error', 'corpus/empty', null, 'The file has no usable sentence.');
  const [only] = sentences;
  const isWhole = issues.listed.every(({ severity }) => severity !== 'error');
  if (sentences.length === 1 && only !== undefined && only.tokens.length > longSentence && isWhole) {
    const message = `The file is one sentence of ${only.tokens.length} tokens: expected a blank line after each sentence.`;
    issues.add('warning', 'corpus/one-sentence', null, message);
  }
}

/** Tokens of a sentence that hardly is one. */
const longSentence = 1000;

/** Returns the sentence without tokens of white space alone; none if it has no other. A mention of such tokens alone is left out, too. */
function withoutBlanks(sentence: Sentence, lines: readonly number[], issues: IssueList): Sentence[] {
  const { tokens, mentions } = sentence;
  if (!tokens.includes('')) return [sentence];
  /** Number of tokens before each one that are not blank. */
  const before = [0];
  for (const token of tokens) before.push((before.at(-1) ?? 0) + (token === '' ? 0 : 1));
  const moved = mentions.flatMap(({ type, start, end }) => {
    const span = { type, start: before[start] ?? 0, end: before[end] ?? 0 };
    if (span.end > span.start) return [span];
    issues.add('warning', 'corpus/blank-mention', lines[start] ?? null, `A ${type} is only white space: left out.`);
    return [];
  });
  const visible = tokens.filter((token) => token !== '');
  return visible.length === 0 ? [] : [{ tokens: visible, mentions: moved }];
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
  const { lines, faults } = decodeText(transcodeUtf16(bytes) ?? bytes);
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
