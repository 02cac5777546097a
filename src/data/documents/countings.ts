// Lists the ways in which a file may count the characters of a text, and finds the one that its mentions fit.
import type { MentionLink } from '../corpus/corpus.ts';
import { byteOffsets, codePointOffsets, codeUnitOffsets, type CharacterOffsets } from './annotateDocument.ts';
import type { Span } from './document.ts';
import { hasWhiteEdge, isWordCut, saysTheSame } from './sameText.ts';

/** A mention before validation. */
export interface WrittenMention {
  /** May be empty: the mention then gets type `untypedName`. */
  readonly type: string;
  /** In the file's units, in any order; `end` is exclusive, unless the file's counting has inclusive ends. */
  readonly fragments: readonly Span[];
  /** The mention's text according to the file; null or blank if it gives none. Any white space counts as one space. */
  readonly text: string | null;
  readonly line: number | null;
  /** Absent for a mention without an id. */
  readonly link?: MentionLink;
}

/** A way of counting: reads a fragment as a span of UTF-16 units; null if it is not within the text, or not ascending. */
export interface Counting {
  readonly spanOf: (fragment: Span) => Span | null;
  /** Completes "counted in …". */
  readonly name: string;
  /** 0: expected of its format; 1: common; 2: used only where it explains more texts of mentions than all others. */
  readonly rank: 0 | 1 | 2;
}

/** A text that offsets may refer to in place of the document's, and where its units are in the document's text. */
interface TextView {
  readonly text: string;
  readonly unitOf: (unit: number) => number | null;
  readonly name: string;
}

export type CountedUnit = 'code points' | 'UTF-16 units';

export interface CountingHints {
  /** The unit that is tried first. */
  readonly unit?: CountedUnit;
  /** Whether the file itself says that it counts in `unit`. */
  readonly isStated?: boolean;
  /** Whether the file's format has the last character where others have the end. */
  readonly hasInclusiveEnds?: boolean;
  /** Whether a byte order mark was removed before the text. */
  readonly hadMark?: boolean;
  /** The offset of a line feed that the format adds, and a tool may not have counted; null if there is none. */
  readonly addedBreak?: number | null;
}

const mark = '\ufeff';
const nonAscii = /[^\x00-\x7f]/;

/** Returns every plausible counting of a text, the expected one first. Each takes time linear in the text at its first use. */
export function plausibleCountings(text: string, hints: CountingHints = {}): Countings {
  const { unit = 'code points', hasInclusiveEnds = false } = hints;
  const other: CountedUnit = unit === 'code points' ? 'UTF-16 units' : 'code points';
  const units = nonAscii.test(text) || hints.hadMark === true ? ([unit, other, 'bytes'] as const) : ([unit] as const);
  const countings: Counting[] = [];
  viewsOf(text, hints).forEach((view, viewIndex) => {
    units.forEach((counted, unitIndex) => {
      const offsetsOf = lazily(() => systems[counted](view.text));
      for (const isInclusive of [hasInclusiveEnds, !hasInclusiveEnds]) {
        for (const base of [0, 1]) {
          const isExpected = isInclusive === hasInclusiveEnds && base === 0;
          const start = (offset: number) => unitIn(view, offsetsOf(offset - base));
          const end = (offset: number) => unitIn(view, offsetsOf(offset - base + (isInclusive ? 1 : 0)));
          const ends = isInclusive === hasInclusiveEnds ? '' : isInclusive ? ', with inclusive ends' : ', with exclusive ends'; // prettier-ignore
          countings.push({
            spanOf: (fragment) => ascending(start(fragment.start), end(fragment.end)),
            name: `${counted}${view.name}${ends}${base === 1 ? ', from 1' : ''}`,
            rank: !isExpected ? 2 : viewIndex + unitIndex === 0 ? 0 : hints.isStated === true ? 2 : 1,
          });
        }
      }
    });
  });
  return ranked(countings);
}

/** At least one way of counting, in the order in which they are tried. */
export type Countings = readonly [Counting, ...Counting[]];

/** Moves a counting of a part to the whole text: offsets of the file begin at `by`, the part at `start`. */
export function shiftedCounting({ spanOf, name, rank }: Counting, by: number, start: number): Counting {
  return {
    spanOf(fragment) {
      const span = spanOf({ start: fragment.start - by, end: fragment.end - by });
      return span === null ? null : { start: span.start + start, end: span.end + start };
    },
    name,
    rank,
  };
}

/** Orders countings by rank; those of one rank keep their order. */
export function ranked(countings: readonly Counting[]): Countings {
  const [first, ...others] = [...countings].sort((left, right) => left.rank - right.rank);
  return [first ?? { spanOf: () => null, name: 'nothing', rank: 0 }, ...others];
}

const systems: Readonly<Record<CountedUnit | 'bytes', (text: string) => CharacterOffsets>> = {
  'code points': codePointOffsets,
  'UTF-16 units': codeUnitOffsets,
  bytes: byteOffsets,
};

function lazily(make: () => CharacterOffsets): CharacterOffsets {
  let made: CharacterOffsets | null = null;
  return (offset) => (made ??= make())(offset);
}

function unitIn({ unitOf }: TextView, unit: number | null): number | null {
  return unit === null ? null : unitOf(unit);
}

function ascending(start: number | null, end: number | null): Span | null {
  return start === null || end === null || start >= end ? null : { start, end };
}

/** The text as it is, and as a tool may have had it: with other line breaks, with or without a byte order mark, without an added break. */
function viewsOf(text: string, { hadMark = false, addedBreak = null }: CountingHints): TextView[] {
  const plain: TextView = { text, unitOf: (unit) => unit, name: '' };
  const views = [plain];
  if (text.includes('\r\n')) {
    views.push(withLineFeeds(text));
  } else if (text.includes('\n')) {
    const returned = text.replaceAll('\n', '\r\n');
    const units = unitsOf(returned, (unit) => returned[unit] === '\r');
    views.push({ text: returned, unitOf: (unit) => units[unit] ?? null, name: ' with two for a line break' });
  }
  if (addedBreak !== null) {
    views.push({
      text: text.slice(0, addedBreak) + text.slice(addedBreak + 1),
      unitOf: (unit) => (unit < addedBreak ? unit : unit + 1),
      name: ' without the break between the parts',
    });
  }
  return views.flatMap((view) => {
    if (hadMark) {
      const unitOf = (unit: number) => (unit < 1 ? null : view.unitOf(unit - 1));
      return [view, { text: mark + view.text, unitOf, name: `${view.name} with the byte order mark` }];
    }
    if (!view.text.startsWith(mark)) return [view];
    const unitOf = (unit: number) => view.unitOf(unit + 1);
    return [view, { text: view.text.slice(1), unitOf, name: `${view.name} without the byte order mark` }];
  });
}

/** For systems that wrote CRLF but counted it as one character. */
function withLineFeeds(text: string): TextView {
  const isSkipped = (unit: number) => text[unit] === '\n' && text[unit - 1] === '\r';
  const units = Array.from({ length: text.length + 1 }, (_, unit) => unit).filter((unit) => !isSkipped(unit));
  return {
    text: text.replaceAll('\r\n', '\n'),
    unitOf: (unit) => units[unit] ?? null,
    name: ' with one for a line break',
  };
}

/** For each unit of a longer text, the unit of the shorter one that lacks the units for which `isAdded` holds. */
function unitsOf(text: string, isAdded: (unit: number) => boolean): number[] {
  const units: number[] = [];
  let unit = 0;
  for (let at = 0; at <= text.length; at++) {
    units.push(unit);
    if (at < text.length && !isAdded(at)) unit++;
  }
  return units;
}

/**
 * Returns the counting under which the most mentions match their text; stops at once if the first explains all. Where the file gives no
 * texts, another counting is used only if the expected one puts a mention outside the text or on white space, or all of them inside words,
 * and the other puts all on whole words.
 */
export function fittingCounting(text: string, written: readonly WrittenMention[], countings: Countings): Counting {
  const reported = written.filter((mention) => hasText(mention));
  if (reported.length === 0) return wordCounting(text, written, countings);
  let best = countings[0];
  let fitting = -1;
  for (const counting of countings) {
    const count = reported.filter(({ fragments, text: expected }) => {
      const spans = spansOf(fragments, counting);
      return spans !== null && saysTheSame(textsOf(text, spans), expected ?? '');
    }).length;
    if (count > fitting) [best, fitting] = [counting, count];
    if (fitting === reported.length) break;
  }
  return best;
}

/** Whether the file gives the text of a mention. */
export function hasText({ text }: WrittenMention): boolean {
  return text !== null && text.trim() !== '';
}

function wordCounting(text: string, written: readonly WrittenMention[], countings: Countings): Counting {
  const [usual] = countings;
  const tried = written.filter(({ fragments }) => fragments.some(({ start, end }) => start !== end));
  const each = (counting: Counting, isAsExpected: (spans: readonly Span[]) => boolean) =>
    tried.every(({ fragments }) => {
      const spans = spansOf(fragments, counting);
      return spans !== null && isAsExpected(spans);
    });
  const isAmiss =
    tried.length > 0 &&
    tried.every(({ fragments }) => {
      const spans = spansOf(fragments, usual);
      return spans === null || isWordCut(text, spans);
    });
  if (!isAmiss && each(usual, (spans) => !hasWhiteEdge(text, spans))) return usual;
  const isOnWords = (spans: readonly Span[]) => !hasWhiteEdge(text, spans) && !isWordCut(text, spans);
  // Bytes shift everything after any letter outside ASCII: one mention may fall on a word by chance.
  const others = countings.filter(({ rank, name }) => rank === 1 && (tried.length > 1 || !name.startsWith('bytes')));
  return others.find((counting) => each(counting, isOnWords)) ?? usual;
}

/** Reads the fragments that are not empty; null if one of them is not within the text, or none is left. */
export function spansOf(fragments: readonly Span[], { spanOf }: Counting): Span[] | null {
  const spans: Span[] = [];
  for (const fragment of fragments) {
    const span = spanOf(fragment);
    if (span !== null) spans.push(span);
    else if (fragment.start !== fragment.end || fragments.length === 1) return null;
  }
  return spans.length === 0 ? null : spans;
}

export function textsOf(text: string, spans: readonly Span[]): string[] {
  return spans.map(({ start, end }) => text.slice(start, end));
}
