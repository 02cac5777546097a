// Converts a document as annotated in its file into one with sentences, tokens and flat mentions, offsets counted in UTF-16 units.
import type { MentionLink } from '../corpus/corpus.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { AnnotatedDocument, CorpusDocument, DocumentMention, Span } from './document.ts';
import { sentenceSpans, tokenSpans } from './documentSentences.ts';

/**
 * Splits the document into sentences, leaves out those that touch a fault, and keeps the mentions in the rest. Every mention
 * consists of whole tokens. Takes time linear in the text, except for sorting mentions, faults and boundaries.
 */
export function annotateDocument(id: string, document: CorpusDocument, issues: IssueList): AnnotatedDocument {
  const { text, parts } = document;
  const mentions = flatMentions(document, issues);
  const touchesFault = faultTest(document.faults);
  const placed: AnnotatedDocument['mentions'][number][] = [];
  const sentences: Span[][] = [];
  let next = 0;
  for (const span of sentenceSpans(text, parts, mentions)) {
    const first = next;
    while ((mentions[next]?.end ?? Infinity) <= span.end) next++;
    if (touchesFault(span)) continue;
    const inside = mentions.slice(first, next);
    const cuts = inside.flatMap(({ start, end }) => [start, end]);
    sentences.push(tokenSpans(text, span, cuts));
    for (const { type, link, ...written } of inside) {
      placed.push({ type, ...trimmed(text, written), confidence: null, ...(link !== undefined && { link }) });
    }
  }
  return { id, text, sentences, mentions: placed };
}

/** Trims white space off both ends, since tokens contain none. */
function trimmed(text: string, { start, end }: Span): Span {
  const written = text.slice(start, end);
  const from = start + (written.length - written.trimStart().length);
  return { start: from, end: from + written.trim().length };
}

/** Returns a test for whether a span touches one of `faults`; call it with spans in ascending order. */
function faultTest(faults: readonly Span[]): (span: Span) => boolean {
  const sorted = [...faults].sort((left, right) => left.start - right.start);
  let next = 0;
  let reach = -Infinity;
  return ({ start, end }) => {
    for (let fault = sorted[next]; fault !== undefined && fault.start < end; fault = sorted[++next]) {
      reach = Math.max(reach, fault.end);
    }
    return reach > start;
  };
}

// Flattens mentions: resolves discontinuous, nested and crossing ones by rule and reports them.

export interface FlatMention extends Span {
  readonly type: string;
  readonly link?: MentionLink;
}

interface Placed extends FlatMention {
  readonly line: number | null;
}

/**
 * Returns mentions in order and without overlaps. A discontinuous mention becomes the span from its first to its last fragment if
 * no other mention reaches into a gap, else its first fragment. Of overlapping mentions the one that starts first is kept, then the
 * longer, then the first in the file; so of nested ones the outermost. Each mention changed or left out is a warning with its text.
 */
export function flatMentions({ text, mentions }: CorpusDocument, issues: IssueList): FlatMention[] {
  const placed = joinFragments(text, mentions, issues);
  // Sorting is stable, so file order decides last.
  placed.sort((left, right) => left.start - right.start || right.end - left.end);
  const chosen: FlatMention[] = [];
  let last: FlatMention | null = null;
  for (const mention of placed) {
    const { type, start, end, line, link } = mention;
    if (last === null || start >= last.end) {
      last = { type, start, end, ...(link !== undefined && { link }) };
      chosen.push(last);
      continue;
    }
    const isSame = start === last.start && end === last.end;
    const relation = isSame ? 'stands on the same text as' : end <= last.end ? 'is nested in' : 'crosses';
    const other = `${last.type} ${quoted(text.slice(last.start, last.end))}`;
    const message = `${type} ${quoted(text.slice(start, end))} ${relation} ${other}: left out.`;
    issues.add('warning', 'corpus/overlap', line, message);
  }
  return chosen;
}

function joinFragments(text: string, mentions: readonly DocumentMention[], issues: IssueList): Placed[] {
  if (mentions.every(({ fragments }) => fragments.length <= 1)) return mentions.flatMap((one) => spanOf(one) ?? []);
  const fragments = mentions.flatMap((mention) => mention.fragments);
  fragments.sort((left, right) => left.start - right.start);
  const starts = fragments.map((fragment) => fragment.start);
  /** The furthest end among the fragments up to and including each one. */
  const reach: number[] = [];
  for (const { end } of fragments) reach.push(Math.max(end, reach.at(-1) ?? 0));
  // A mention's own fragments never reach into its gaps, so any fragment there is another mention's.
  const isFree = (gap: Span) => {
    const before = countBelow(starts, gap.end);
    return before === 0 || (reach[before - 1] ?? 0) <= gap.start;
  };
  return mentions.flatMap((mention) => {
    const hull = spanOf(mention);
    const [first] = mention.fragments;
    if (hull === null || first === undefined || mention.fragments.length === 1) return hull ?? [];
    const gaps = mention.fragments
      .slice(1)
      .map((fragment, index) => ({ start: mention.fragments[index]?.end ?? 0, end: fragment.start }));
    const whole = gaps.every(isFree);
    const span = whole ? hull : { ...hull, ...first };
    const pieces = mention.fragments.map(({ start, end }) => text.slice(start, Math.min(end, start + 50))).join(' … ');
    const read = whole ? 'read from first to last fragment' : 'another mention reaches between, so read as';
    const message = `${mention.type} ${quoted(pieces)} is discontinuous: ${read} ${quoted(text.slice(span.start, span.end))}.`;
    issues.add('warning', 'corpus/discontinuous', mention.line, message);
    return span;
  });
}

/** Spans the first fragment to the last. */
function spanOf({ type, fragments, line, link }: DocumentMention): Placed | null {
  const [first] = fragments;
  const last = fragments.at(-1);
  return first === undefined || last === undefined
    ? null
    : { type, start: first.start, end: last.end, line, ...(link !== undefined && { link }) };
}

/** Counts how many of the ascending numbers are below `limit`. */
function countBelow(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Converts offsets as counted by a file into UTF-16 units, as counted by JavaScript.

/** Maps a file's offset to a UTF-16 offset; null if it lies outside the text or inside a character. */
export type CharacterOffsets = (offset: number) => number | null;

const astral = /[\ud800-\udbff][\udc00-\udfff]/;

/** For files that count Unicode code points, as Python does. Takes time linear in the text to build, constant to call. */
export function codePointOffsets(text: string): CharacterOffsets {
  if (!astral.test(text)) return codeUnitOffsets(text);
  const unitOf: number[] = [];
  let unit = 0;
  for (const character of text) {
    unitOf.push(unit);
    unit += character.length;
  }
  unitOf.push(unit);
  return (offset) => unitOf[offset] ?? null;
}

/** For files that count UTF-16 units, as JavaScript and Java do. */
export function codeUnitOffsets(text: string): CharacterOffsets {
  return (offset) => {
    if (!Number.isInteger(offset) || offset < 0 || offset > text.length) return null;
    return isInsidePair(text, offset) ? null : offset;
  };
}

/** For files that count bytes of UTF-8, as the BioC specification requires. */
export function byteOffsets(text: string): CharacterOffsets {
  if (/^[\x00-\x7f]*$/.test(text)) return codeUnitOffsets(text);
  const unitOf: (number | null)[] = [];
  let unit = 0;
  for (const character of text) {
    const byte = unitOf.length;
    unitOf[byte + bytesOf(character.codePointAt(0) ?? 0) - 1] = null;
    unitOf.fill(null, byte);
    unitOf[byte] = unit;
    unit += character.length;
  }
  unitOf.push(unit);
  return (offset) => unitOf[offset] ?? null;
}

/** The inverse: counts the code points of `text` before a UTF-16 offset. */
export function countCodePoints(text: string): (unit: number) => number {
  if (!astral.test(text)) return (unit) => unit;
  const counts = new Uint32Array(text.length + 1);
  for (let unit = 0; unit < text.length; unit++) {
    counts[unit + 1] = (counts[unit] ?? 0) + (isInsidePair(text, unit + 1) ? 0 : 1);
  }
  return (unit) => counts[unit] ?? unit;
}

function bytesOf(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

function isInsidePair(text: string, offset: number): boolean {
  const isHigh = /[\ud800-\udbff]/.test(text.charAt(offset - 1));
  return isHigh && /[\udc00-\udfff]/.test(text.charAt(offset));
}
