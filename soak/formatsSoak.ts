// Writes hostile documents in every format, reads them, writes what was read in every format again, and counts what differs.
import { mentionsToTags, typeName } from '../src/data/corpus/tagScheme.ts';
import {
  annotationFormats,
  type AnnotatedDocument,
  type AnnotatedMention,
  type AnnotationFormat,
  type Span,
} from '../src/data/documents/document.ts';
import { sentencesOfDocument, sentenceSpans, tokenSpans } from '../src/data/documents/documentSentences.ts';
import { writeDocuments } from '../src/data/formats/writeDocuments.ts';
import { readDocuments } from '../src/data/import/readDocuments.ts';
import { writeConll } from '../src/data/rows/conll.ts';
import { conlleval, predictionRows } from '../src/metrics/scores/scoreSplit.ts';
import { Rng } from '../src/util/random.ts';
import type { SoakRow } from './soakRow.ts';

/** Words, and what breaks readers: marks, joiners, surrogates, control characters, what looks like syntax of a format. */
const pieces = [
  ...[
    'a',
    'IL-2',
    'p53',
    'Aspirin',
    'β-catenin',
    'é',
    'o\u0301',
    'ﬁ',
    'ß',
    '中文',
    'עברית',
    'न',
    '½',
    'Ⅳ',
    '7',
    '(',
    '.',
    '-',
    "'",
  ],
  ...[
    '🐦',
    '𝛃',
    '👩‍🔬',
    '🏳️‍🌈',
    '\u{10ffff}',
    '\ud800',
    '\udc00',
    '\ufffd',
    '\u0301',
    '\u200b',
    '\u200d',
    '\u00ad',
    '\u202e',
    '\u2060',
  ],
  ...['\0', '\x01', '\x07', '\x1b', '\x7f', '\x85', '\ufffe', '\uffff'],
  ...[
    '"',
    '\\',
    '\\n',
    '\\u0041',
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
    '&',
    '&amp;',
    '&#13;',
    '<b>',
    ']]>',
    '<!--',
    '|',
    '|t|',
    '12|a|',
    '#',
    '# ',
  ],
  ...['O', 'B-X', 'T1', 'E1', '0 4;6 9', ';', ',', '%', '$', '_', '__proto__', 'constructor', '1e999'],
];
const blanks = [
  ' ',
  ' ',
  ' ',
  ' ',
  '  ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '\n\n',
  '\u2028',
  '\u2029',
  '\u00a0',
  '\u3000',
  '\ufeff',
  '\v',
  '\f',
];
const types = ['Drug', 'Adverse Event', 'Multi-part_type', 'gene/protein', ' padded ', 'tab\tin', 'O', 'B-', '类型', 'a&b"c"<d>', '__proto__', 'T|x']; // prettier-ignore
const ids = ['PMID-7', 'fen/1', 'a&b "c"', 'é🐦', '..', 'Con', ' x ', '12|t|', '\u2028', ''];

/** Draws a document whose mentions consist of whole tokens; some tokens hold white space, as in rows separated by tabs. */
export function hostileDocument(rng: Rng, number: number): AnnotatedDocument {
  const pick = <Item>(items: readonly Item[]): Item => items[rng.integer(items.length)] as Item;
  let text = pick(['', '', '', '\ufeff', '\n', ' ']);
  for (let word = 1 + rng.integer(16); word > 0; word--) {
    for (let piece = 1 + rng.integer(2); piece > 0; piece--) text += pick(pieces);
    if (word > 1 || rng.integer(4) === 0) text += pick(blanks);
  }
  if (!/[\p{L}\p{N}]/u.test(text)) text += ' a';
  const sentences = sentenceSpans(text, [], []).map((span) => joinedTokens(rng, text, tokenSpans(text, span, [])));
  const mentions: AnnotatedMention[] = [];
  for (const tokens of sentences) {
    for (let index = 0; index < tokens.length; index++) {
      if (rng.integer(3) > 0) continue;
      const last = Math.min(tokens.length - 1, index + rng.integer(3));
      const [start, end] = [tokens[index]?.start ?? 0, tokens[last]?.end ?? 0];
      mentions.push({ type: pick(types), start, end, confidence: pick([null, 0.5, 1]) });
      index = last;
    }
  }
  return {
    id: `${String(number).padStart(6, '0')}${pick(ids)}`,
    text,
    sentences: sentences.filter((tokens) => tokens.length > 0),
    mentions,
  };
}

/** Joins a few neighbouring tokens of a line. */
function joinedTokens(rng: Rng, text: string, tokens: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const token of tokens) {
    const last = joined.at(-1);
    const isOneLine = last !== undefined && !/[\r\n]/.test(text.slice(last.end, token.start));
    if (last !== undefined && isOneLine && rng.integer(12) === 0)
      joined[joined.length - 1] = { start: last.start, end: token.end };
    else joined.push(token);
  }
  return joined;
}

/** What every format must give back: the visible text, and the visible text, type and position in it of each mention. */
function essenceOf(documents: readonly AnnotatedDocument[]): string {
  const spans: (string | number)[][] = [];
  let shown = '';
  for (const { text, sentences, mentions } of documents) {
    const starts = new Map<number, number>();
    for (const token of sentences.flat()) {
      starts.set(token.start, shown.length);
      shown += visible(text.slice(token.start, token.end));
    }
    for (const { type, start, end } of mentions) {
      spans.push([starts.get(start) ?? -1, visible(text.slice(start, end)), typeName(type)]);
    }
  }
  return JSON.stringify([shown, spans]);
}

/** Without white space; characters that XML or text files cannot hold are U+FFFD. */
function visible(text: string): string {
  return text.replace(/[^\s\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd').replace(/\s/g, '');
}

function readBack(format: AnnotationFormat, documents: readonly AnnotatedDocument[]): readonly AnnotatedDocument[] {
  return readDocuments(writeDocuments(format, documents)).documents;
}

/** Counts the documents that are not read as they were written; each alone if not all of a batch are. */
function countLost(
  documents: readonly AnnotatedDocument[],
  read: (some: readonly AnnotatedDocument[]) => readonly AnnotatedDocument[],
): number {
  if (essenceOf(read(documents)) === essenceOf(documents)) return 0;
  if (documents.length === 1) return 1;
  return Math.max(
    1,
    documents.reduce((sum, one) => sum + countLost([one], read), 0),
  );
}

/** Whether conlleval finds in our rows as many mentions as the documents have, all correct. */
function isScored(documents: readonly AnnotatedDocument[]): boolean {
  const sentences = documents.flatMap((document) => sentencesOfDocument(document));
  const tags = sentences.map(({ tokens, mentions }) => mentionsToTags(mentions, tokens.length, 'IOB2'));
  const { gold, predicted } = predictionRows(writeConll(sentences, [tags, tags]));
  const { overall } = conlleval(gold, predicted).entities;
  const count = sentences.reduce((sum, { mentions }) => sum + mentions.length, 0);
  return overall.gold === count && overall.predicted === count && overall.correct === count;
}

const batchSize = 20;

/** Returns a row for each writer and reader, for each pair of formats in a chain, and for conlleval; the first documents that are lost are shown. */
export function formatsSoak(
  { texts, seed }: { readonly texts: number; readonly seed: number },
  say: (line: string) => void,
): readonly SoakRow[] {
  const lost = new Map<string, number>();
  const add = (name: string, count: number, documents: readonly AnnotatedDocument[]): void => {
    const before = lost.get(name) ?? 0;
    if (before === 0 && count > 0) say(`${name}: ${JSON.stringify(documents.map(({ id, text }) => [id, text]))}`);
    lost.set(name, before + count);
  };
  for (let done = 0; done < texts; done += batchSize) {
    const size = Math.min(batchSize, texts - done);
    const documents = Array.from({ length: size }, (_, index) =>
      hostileDocument(Rng.seeded(seed).fork(done + index), done + index),
    );
    add('conlleval', documents.filter((document) => !isScored([document])).length, documents);
    for (const first of annotationFormats) {
      add(
        first,
        countLost(documents, (some) => readBack(first, some)),
        documents,
      );
      // BRAT's files are read in order of their names.
      const read = readBack(first, documents).map((one, index) => ({
        ...one,
        id: `${String(index).padStart(6, '0')}${one.id}`,
      }));
      for (const second of annotationFormats) {
        const name = `${first} and then ${second}`;
        add(
          name,
          countLost(read, (some) => readBack(second, some)),
          read,
        );
      }
    }
    if ((done / batchSize) % 50 === 49) say(`${done + size} of ${texts} texts`);
  }
  return [...lost].map(([name, count]) => ({ injected: name, times: texts, lost: count }));
}
