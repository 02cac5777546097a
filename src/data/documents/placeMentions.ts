// Locates mentions, as written in a file, in the text of their document, and reports those that do not fit.
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { CorpusDocument, DocumentMention, Span } from './document.ts';
import type { CharacterOffsets } from './offsets.ts';

/** A mention before validation. */
export interface WrittenMention {
  /** May be empty: the mention then gets type `untypedName`. */
  readonly type: string;
  /** In the file's units, in any order; `end` is exclusive. */
  readonly fragments: readonly Span[];
  /** The mention's text according to the file; null if it gives none. Any white space counts as one space. */
  readonly text: string | null;
  readonly line: number | null;
}

/** The type of mentions whose file gives none. */
export const untypedName = 'entity';

/**
 * Returns the mentions that fit. One with offsets outside the text is an error that makes the whole document faulty, since nothing
 * says where it belongs; one whose text differs from the document's makes the sentences there faulty. One without a visible
 * character is left out with a warning, one without a type gets `untypedName`.
 */
export function placeMentions(
  text: string,
  offsetsOf: CharacterOffsets,
  written: readonly WrittenMention[],
  issues: IssueList,
): Pick<CorpusDocument, 'mentions' | 'faults'> {
  const mentions: DocumentMention[] = [];
  const faults: Span[] = [];
  for (const { type, fragments, text: expected, line } of written) {
    const spans = placeFragments(fragments, offsetsOf);
    if (spans === null) {
      const spelled = fragments.map(({ start, end }) => `${start} to ${end}`).join(', ') || 'nowhere';
      const message = `The span ${spelled} is not within the text: the document is left out.`;
      issues.add('error', 'corpus/span', line, message);
      faults.push({ start: 0, end: text.length });
      continue;
    }
    const joined = joinTouching(text, spans);
    const [first] = joined;
    if (first === undefined) {
      issues.add('warning', 'corpus/blank-mention', line, 'The mention holds no visible character: left out.');
      continue;
    }
    const found = spans.map(({ start, end }) => text.slice(start, end));
    if (expected !== null && !saysTheSame(found, expected)) {
      const message = `Expected ${quoted(expected)}, but the text has ${excerpt(found)}: the sentence is left out.`;
      issues.add('error', 'corpus/span-text', line, message);
      faults.push({ start: first.start, end: joined.at(-1)?.end ?? first.end });
      continue;
    }
    const name = type.trim().replace(/\s+/g, '_');
    if (name === '') {
      const message = `The mention ${excerpt(found)} has no type: read as type "${untypedName}".`;
      issues.add('warning', 'corpus/untyped-mention', line, message);
    }
    mentions.push({ type: name || untypedName, fragments: joined, line });
  }
  return { mentions, faults };
}

/** Counts the mentions whose text matches the document at their offsets. */
function countFitting(text: string, offsetsOf: CharacterOffsets, written: readonly WrittenMention[]): number {
  return written.filter(({ fragments, text: expected }) => {
    const spans = placeFragments(fragments, offsetsOf);
    return spans !== null && saysTheSame(textsOf(text, spans), expected ?? '');
  }).length;
}

function textsOf(text: string, spans: readonly Span[]): string[] {
  return spans.map(({ start, end }) => text.slice(start, end));
}

function placeFragments(fragments: readonly Span[], offsetsOf: CharacterOffsets): Span[] | null {
  const spans: Span[] = [];
  for (const fragment of fragments) {
    const start = offsetsOf(fragment.start);
    const end = offsetsOf(fragment.end);
    if (start === null || end === null || start >= end) return null;
    spans.push({ start, end });
  }
  return spans.length === 0 ? null : spans;
}

/** Sorts and trims fragments; merges those that overlap or are separated only by white space, and drops blank ones. */
function joinTouching(text: string, spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...spans].sort((left, right) => left.start - right.start)) {
    const written = text.slice(span.start, span.end);
    const start = span.start + (written.length - written.trimStart().length);
    const end = start + written.trim().length;
    if (start === end) continue;
    const last = joined.at(-1);
    if (last !== undefined && (start <= last.end || text.slice(last.end, start).trim() === '')) {
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    } else {
      joined.push({ start, end });
    }
  }
  return joined;
}

/** The beginning of each text, so that reporting long mentions takes no longer than reading them. */
function excerpt(texts: readonly string[]): string {
  return quoted(texts.map((text) => text.slice(0, 50)).join(' '));
}

/** Whether the concatenated texts equal the expected one apart from white space; stops at the first difference. */
function saysTheSame(found: readonly string[], expected: string): boolean {
  if (found.length === 1 && found[0] === expected) return true;
  let next = visibleFrom(expected, 0);
  for (const text of found) {
    for (let at = visibleFrom(text, 0); at < text.length; at = visibleFrom(text, at + 1)) {
      if (text.charCodeAt(at) !== expected.charCodeAt(next)) return false;
      next = visibleFrom(expected, next + 1);
    }
  }
  return next >= expected.length;
}

/** Index of the first visible character at or after `start`; the length if there is none. */
function visibleFrom(text: string, start: number): number {
  let at = start;
  while (at < text.length && isWhite(text.charCodeAt(at))) at++;
  return at;
}

function isWhite(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return /\s/.test(String.fromCharCode(unit));
}

/** A way of counting offsets, applied to one text. */
export type OffsetSystem = (text: string) => CharacterOffsets;

/** Returns the first of `systems` under which the most mentions match their text; stops at once if the first explains all. */
export function fittingOffsets(
  text: string,
  written: readonly WrittenMention[],
  systems: readonly [OffsetSystem, ...OffsetSystem[]],
): CharacterOffsets {
  const [first, ...others] = systems;
  let best = first(text);
  const reported = written.filter((mention) => mention.text !== null);
  let fitting = countFitting(text, best, reported);
  for (const system of others) {
    if (fitting === reported.length) break;
    const offsets = system(text);
    const count = countFitting(text, offsets, reported);
    if (count > fitting) [best, fitting] = [offsets, count];
  }
  return best;
}
