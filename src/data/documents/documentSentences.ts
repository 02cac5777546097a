// Splits documents into sentences of tokens by rules that are the same in every browser, and joins sentences to documents again.
import { LabError } from '../../util/labError.ts';
import type { Mention, Sentence } from '../corpus/corpus.ts';
import type { AnnotatedDocument, AnnotatedMention, DocumentText, Span } from './document.ts';

/** A mention as a span of tokens, with the tagger's confidence. */
type TokenMention = Mention & Pick<AnnotatedMention, 'confidence'>;

/** Returns the sentences of a document; every mention covers exactly its own tokens. Takes time linear in the text. */
export function sentencesOfDocument(document: AnnotatedDocument): Sentence[] {
  const mentions = tokenMentions(document);
  return document.sentences.map((tokens, at) => ({
    tokens: tokens.map(({ start, end }) => document.text.slice(start, end)),
    mentions: (mentions[at] ?? []).map(({ type, start, end, link }) => ({
      type,
      start,
      end,
      ...(link !== undefined && { link }),
    })),
  }));
}

/** Returns the mentions of each sentence, as spans of its tokens. */
export function tokenMentions({ sentences, mentions }: AnnotatedDocument): TokenMention[][] {
  let next = 0;
  return sentences.map((tokens) => {
    const own: TokenMention[] = [];
    const end = tokens.at(-1)?.end ?? 0;
    let token = 0;
    for (let mention = mentions[next]; mention !== undefined && mention.end <= end; mention = mentions[++next]) {
      while ((tokens[token]?.end ?? Infinity) <= mention.start) token++;
      const first = token;
      while ((tokens[token]?.start ?? Infinity) < mention.end) token++;
      const { type, confidence, link } = mention;
      own.push({ type, start: first, end: token, confidence, ...(link !== undefined && { link }) });
    }
    return own;
  });
}

/**
 * Adds mentions to a document, given for each of its sentences in order. A mention without a confidence gets null. Throws LabError
 * `data/mention` if a mention is not a token span of its sentence.
 */
export function annotateSentences(
  { id, text, sentences }: DocumentText,
  mentions: readonly (readonly (Mention & Partial<Pick<AnnotatedMention, 'confidence'>>)[])[],
): AnnotatedDocument {
  return {
    id,
    text,
    sentences,
    mentions: sentences.flatMap((tokens, at) =>
      (mentions[at] ?? []).map(({ type, start, end, confidence = null, link }) => {
        const first = tokens[start];
        const last = tokens[end - 1];
        if (first === undefined || last === undefined || end <= start) {
          throw new LabError('data/mention', `A mention does not fit into sentence ${at + 1} of ${id}.`, {
            expected: `a span within [0, ${tokens.length})`,
            got: `[${start}, ${end}) of type ${type}`,
          });
        }
        return { type, start: first.start, end: last.end, confidence, ...(link !== undefined && { link }) };
      }),
    ),
  };
}

/**
 * Makes texts with tokens separated by spaces and sentences by line feeds: one called `id` of all sentences, or ones of
 * `sentencesEach` sentences called `id-1`, `id-2` and so on.
 */
export function documentsOfSentences(
  sentences: readonly Pick<Sentence, 'tokens'>[],
  id: string,
  sentencesEach: number = Infinity,
): DocumentText[] {
  if (sentencesEach >= sentences.length) return sentences.length === 0 ? [] : [joinSentences(id, sentences)];
  const documents: DocumentText[] = [];
  for (let start = 0; start < sentences.length; start += sentencesEach) {
    documents.push(joinSentences(`${id}-${documents.length + 1}`, sentences.slice(start, start + sentencesEach)));
  }
  return documents;
}

function joinSentences(id: string, sentences: readonly Pick<Sentence, 'tokens'>[]): DocumentText {
  const lines: string[] = [];
  const spans: Span[][] = [];
  let index = 0;
  for (const { tokens } of sentences) {
    lines.push(tokens.join(' '));
    spans.push(
      tokens.map((token) => {
        const span = { start: index, end: index + token.length };
        index = span.end + 1;
        return span;
      }),
    );
  }
  return { id, text: lines.join('\n'), sentences: spans };
}

/** Splits a text into the sentences and tokens that a corpus would have. Takes time linear in the text. */
export function documentOfText(id: string, text: string): DocumentText {
  return { id, text, sentences: sentenceSpans(text, [], []).map((span) => tokenSpans(text, span, [])) };
}

/** Sentences split into tokens between two turns. */
const SENTENCES_A_TURN = 500;

/** Splits a text like `documentOfText`, and calls `turn` now and then, so that a page can draw meanwhile. */
export async function documentOfLongText(id: string, text: string, turn: () => Promise<void>): Promise<DocumentText> {
  const spans = sentenceSpans(text, [], []);
  const sentences: Span[][] = [];
  for (const [index, span] of spans.entries()) {
    if (index % SENTENCES_A_TURN === 0) await turn();
    sentences.push(tokenSpans(text, span, []));
  }
  return { id, text, sentences };
}

// Splits biomedical text into sentences and tokens by rules that are the same in every browser.

/** Words with a full stop that do not end a sentence. Case matters: `ca.` is circa, `Ca.` calcium at a sentence end. */
const abbreviations = new Set(
  (
    'e.g i.e eg ie E.g I.e cf Cf vs viz ca approx Approx fig figs Fig Figs FIG ref refs Ref Refs eq eqs Eq Eqs Tab Suppl suppl ' +
    'Dr Prof Mr Mrs St Jr Sr vol Vol pp ssp subsp var str gen serov Dept Univ incl excl esp'
  ).split(' '),
);
/** Words with a full stop that end a sentence if one of `openers` follows. */
const mayEnd = new Set('al sp spp nov cv resp'.split(' '));
/** Words that begin a sentence even after a single letter or one of `mayEnd`: `vitamin C. The rats`, but `by J. Moran`. */
const openers = new Set(
  (
    'A After Although An And As At Because Both But By Data Despite During Each Finally For From Further ' +
    'Furthermore Here How However If In Indeed It Its Methods Moreover Most No None Of On One Our Overall Patients ' +
    'Results Several Since Some Such That The Their Then There Therefore These They This Those Three Thus To Two ' +
    'Under Using We What When Whereas Whether Which While With'
  ).split(' '),
);
/** A terminator, closing marks after it, white space, opening marks, and the next word. */
const candidate = /(?<![.!?])[.!?]+[)\]}"'”’»]*\s+(?=[([{"'“‘«]*([\p{L}\p{N}\p{M}]+))/gu;
const lineBreak = /\r\n|\r|\n/g;

/**
 * Returns the sentences of `text`, in order and disjoint; together they contain every visible character. A sentence ends at a
 * terminator that is not explained by an abbreviation, initial or list number, at a blank line, at a line break not followed by a
 * lower-case letter, and at `parts`; it never ends inside one of `wholes`, which are in order and disjoint.
 */
export function sentenceSpans(text: string, parts: readonly number[], wholes: readonly Span[]): Span[] {
  const borders = new Set([...parts, ...lineBorders(text), ...terminatorBorders(text)]);
  const sentences: Span[] = [];
  let start = 0;
  let whole = 0;
  for (const border of [...borders].sort((left, right) => left - right)) {
    while ((wholes[whole]?.end ?? Infinity) <= border) whole++;
    if ((wholes[whole]?.start ?? Infinity) < border) continue;
    sentences.push({ start, end: border });
    start = border;
  }
  sentences.push({ start, end: text.length });
  return sentences.filter((sentence) => /\S/.test(text.slice(sentence.start, sentence.end)));
}

function lineBorders(text: string): number[] {
  const borders: number[] = [];
  for (const match of text.matchAll(lineBreak)) {
    const at = match.index + match[0].length;
    // A line that continues in lower case was wrapped; all other lines are headings, paragraphs or sentences.
    if (!/^[ \t]*\p{Ll}/u.test(text.slice(at, at + 40))) borders.push(at);
  }
  return borders;
}

function terminatorBorders(text: string): number[] {
  const borders: number[] = [];
  let start = 0;
  for (const match of text.matchAll(candidate)) {
    const [whole, next = ''] = match;
    const border = match.index + whole.length;
    // The preceding word lies within this window; looking no further keeps time linear.
    const before = text.slice(Math.max(start, match.index - 40), match.index);
    const line = /[^\r\n]*$/.exec(before)?.[0] ?? '';
    const isFirst = line.length < before.length || match.index - start <= 40;
    const endsHere = whole.startsWith('.') && !whole.startsWith('..') ? endsAtStop(line, isFirst, next) : opens(next);
    if (!endsHere) continue;
    borders.push(border);
    start = border;
  }
  return borders;
}

function endsAtStop(before: string, isFirst: boolean, next: string): boolean {
  if (!opens(next)) return false;
  // `1. Methods` at the start of a sentence.
  if (isFirst && /^\s*[([]?(\d{1,3}|\p{L})$/u.test(before)) return false;
  const word = /[^\s()[\]{},;:/]*$/.exec(before)?.[0] ?? '';
  if (/^\p{Lu}$/u.test(word) || mayEnd.has(word)) return openers.has(next);
  if (/^nos?$/i.test(word)) return !/^\d/.test(next);
  return !abbreviations.has(word);
}

/** Whether a sentence may begin with this word: capitals, digits, or names like p53 and mRNA. */
function opens(word: string): boolean {
  return /^\p{Lo}|[\p{Lu}\p{Lt}\p{N}]/u.test(word);
}

/**
 * A run of letters and digits is a token, and so is every other visible character; combining marks and joiners stay with their
 * base; a byte order mark is a joiner to Unicode, but white space here. This is common in biomedical corpora: `IL-2` is three tokens, `CD28` one.
 */
const tokenPattern = /[\p{L}\p{N}](?:(?!\ufeff)[\p{L}\p{N}\p{M}\p{Cf}])*|\S(?:(?!\ufeff)[\p{M}\p{Cf}])*/gu;

/**
 * Returns the tokens of `text` between `start` and `end`, in order and disjoint. They contain every visible character and no white
 * space. `cuts`, ascending, are boundaries of mentions: a token is split where one falls inside it.
 */
export function tokenSpans(text: string, { start, end }: Span, cuts: readonly number[]): Span[] {
  const tokens: Span[] = [];
  let nextCut = 0;
  for (const match of text.slice(start, end).matchAll(tokenPattern)) {
    let from = start + match.index;
    const to = from + match[0].length;
    for (let cut = cuts[nextCut]; cut !== undefined && cut < to; cut = cuts[++nextCut]) {
      if (cut <= from) continue;
      tokens.push({ start: from, end: cut });
      from = cut;
    }
    tokens.push({ start: from, end: to });
  }
  return tokens;
}
