// Decides what the types of a file's mentions are: which member names them, and which are tags of words to join to mentions.
import { quoted, type IssueList } from '../corpus/issues.ts';
import { splitTag, tagOfDialect, type TagParts } from '../corpus/tagScheme.ts';
import {
  fittingCounting,
  plausibleCountings,
  spansOf,
  textsOf,
  type Counting,
  type WrittenMention,
} from '../documents/countings.ts';
import type { Span } from '../documents/document.ts';
import { isNormalisation, saysTheSame } from '../documents/sameText.ts';
import type { SpanItem } from './documentReading.ts';

// Decides, from all mentions of a file, which member of a mention is its type where texts, ids or confidences stand beside it.

/** A member of a mention that may be its type. */
export interface TypeCandidate {
  /** Its key, or `member` and its place in a list, from 1. */
  readonly key: string;
  /** At least one, none blank. */
  readonly values: readonly (string | number)[];
}

/** A mention of which it is not yet decided what its type is. */
export interface LooseMention {
  readonly fragments: readonly Span[];
  /** In the order in which they are preferred. */
  readonly candidates: readonly TypeCandidate[];
}

/** The text of an item, and the ways in which it may be counted. */
export interface CountedText {
  readonly text: string;
  /** Finds the countings when they are first needed. */
  readonly countings: () => readonly Counting[];
}

/** What is read as the type of a mention: several for several labels; none if no member is a type. */
export interface ChosenType {
  readonly types: readonly string[];
  /** The words that a member repeats; null if none does. */
  readonly text: string | null;
}

/** What the values under one key look like, in mentions with several candidates. */
interface MemberCounts {
  mentions: number;
  ownTexts: number;
  numbers: number;
  ids: number;
  /** Names of what a mention is, and not of what it is about. */
  kinds: number;
  readonly values: Set<string>;
  /** Whether all repeat the words of their mentions, those of mentions without another candidate too. */
  isOnlyText: boolean;
}

interface Doubt {
  readonly message: string;
  readonly line: number | null;
  count: number;
}

/** Mentions with several candidates that are looked at. */
const enoughMentions = 20_000;
/** From this many on, a type is expected to occur several times. */
const severalMentions = 6;
/** More than this are names rather than types, where something else may be the type. */
const mostTypes = 200;

const idLike = /^(?:[\w.]+:)?(?:[a-z]{0,2}|ent(?:ity)?|ann(?:otation)?|span|mention)[-_#]?\d+$|^https?:\/\/|^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i; // prettier-ignore
const kindLike = /^(?:named[ _-]?)?(?:entity|entities|mention|span|annotation|ner)$/i;

/** First `add` the mentions of a file, then ask for the type of each. */
export class TypeMembers {
  readonly #counts = new Map<string, MemberCounts>();
  readonly #doubts = new Map<string, Doubt>();
  #added = 0;

  add({ fragments, candidates }: LooseMention, counted: CountedText): void {
    const isAlone = candidates.length === 1;
    if (!isAlone && this.#added++ >= enoughMentions) return;
    for (const { key, values } of candidates) {
      const counts = this.#counts.get(key) ?? noCounts();
      this.#counts.set(key, counts);
      // Most files have one candidate, and types that are no words of their texts.
      if (isAlone && !counts.isOnlyText) continue;
      const written = values.map(String);
      const isOwn = written.every((value) => ownText(value, fragments, counted) !== null);
      counts.isOnlyText &&= isOwn;
      counts.values.add(written.join('\n'));
      if (isAlone) continue;
      counts.mentions++;
      if (isOwn) counts.ownTexts++;
      if (written.every((value) => Number.isFinite(Number(value)))) counts.numbers++;
      if (written.every((value) => idLike.test(value))) counts.ids++;
      if (written.every((value) => kindLike.test(value))) counts.kinds++;
    }
  }

  typeOf({ fragments, candidates }: LooseMention, counted: CountedText, line: number | null): ChosenType {
    const ordered = candidates
      .map((candidate) => ({ ...candidate, doubt: this.#doubtOf(candidate.key) }))
      .sort((left, right) => left.doubt - right.doubt);
    const [best, second] = ordered;
    if (best === undefined) return { types: [], text: null };
    if (second?.doubt === best.doubt && second.values.join('\n') !== best.values.join('\n')) {
      this.#remark(best, second, line);
    }
    const texts = ordered.filter(({ doubt }) => doubt === doubts.ownText).flatMap(({ values }) => values);
    const found = texts.map((value) => ownText(String(value), fragments, counted)).find((one) => one !== null) ?? null;
    return { types: this.#isOnlyText(best.key) ? [] : best.values.map(String), text: found };
  }

  /** How much speaks against a key, as one of `doubts`. */
  #doubtOf(key: string): number {
    const { mentions, ownTexts, numbers, ids, kinds, values } = this.#counts.get(key) ?? noCounts();
    if (mentions === 0) return doubts.none;
    const isVaried = values.size > mostTypes || (2 * values.size > mentions && mentions >= severalMentions);
    if (2 * ownTexts >= mentions) return doubts.ownText;
    if (numbers === mentions) return doubts.number;
    // Ids of annotations may start again in each text, so that they are few.
    if (ids === mentions) return doubts.id;
    return kinds === mentions || isVaried ? doubts.unlike : doubts.none;
  }

  /** Whether all values are the words of their mentions: those are not types even where nothing else is. */
  #isOnlyText(key: string): boolean {
    const { isOnlyText, values } = this.#counts.get(key) ?? noCounts();
    return isOnlyText && values.size > 1;
  }

  #remark(used: TypeCandidate, other: TypeCandidate, line: number | null): void {
    const key = `${used.key} ${other.key}`;
    const known = this.#doubts.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const [one, two] = [used, other].map((member) => `${quoted(member.values.join(', '))} (${named(member.key)})`);
    this.#doubts.set(key, { message: `Either ${one} or ${two} may be the type of a mention`, line, count: 1 });
  }

  /** Warns of mentions with two members that may be their type. */
  report(issues: IssueList): void {
    for (const { message, line, count } of this.#doubts.values()) {
      const others = count === 1 ? '' : `, as of ${count - 1} more`;
      issues.add('warning', 'corpus/two-types', line, `${message}${others}: the first of the two is read.`);
    }
  }
}

const doubts = { none: 0, unlike: 1, id: 2, number: 3, ownText: 4 } as const;

function noCounts(): MemberCounts {
  return { mentions: 0, ownTexts: 0, numbers: 0, ids: 0, kinds: 0, values: new Set(), isOnlyText: true };
}

function named(key: string): string {
  return /^member \d+$/.test(key) ? key : quoted(key.slice(0, 40));
}

/** Returns what the text has at the place of a mention if a value repeats it, under any counting; null if it does not. */
function ownText(value: string, fragments: readonly Span[], { text, countings }: CountedText): string | null {
  if (value.trim() === '') return null;
  let alike: string | null = null;
  for (const counting of countings()) {
    const spans = spansOf(fragments, counting);
    if (spans === null) continue;
    const found = textsOf(text, spans).map((one) => one.slice(0, 3 * value.length + 16));
    if (saysTheSame(found, value)) return found.join(' ');
    if (alike === null && mayBeginAlike(found[0] ?? '', value) && isNormalisation(found.join(' '), value))
      alike = found.join(' ');
  }
  return alike;
}

/** Whether the beginnings of two texts may be normalised to the same: those of letters and digits in ASCII only if they are equal. */
function mayBeginAlike(found: string, value: string): boolean {
  const [left = '', right = ''] = [found, value].map((one) => /^\s*([a-z0-9])/i.exec(one)?.[1]?.toLowerCase());
  return left === '' || right === '' || left === right;
}

// Joins spans whose types are tags of words, such as B-Drug and I-Drug, to mentions, as taggers that were not asked to aggregate write them.

/** What may be items of a file; a text says what was expected of one that is none. */
type MaybeItem = SpanItem | string;

/**
 * Joins spans to mentions and drops the prefixes of their types where all types of a file have one and some begin a mention; an info says
 * so. Where only some have one, nothing is changed, with a warning. Takes time of order n log n in the mentions of an item.
 */
export function joinTagTypes(items: readonly MaybeItem[], issues: IssueList): readonly MaybeItem[] {
  const { tags, others } = typesIn(items);
  const [tag] = tags.keys();
  if (tag === undefined) return items;
  const openers = [...tags.values()].filter(({ prefix }) => prefix === 'B' || prefix === 'S');
  // One type may be called B-cell.
  const isName = tags.size === 1 && [...tags.values()].every(({ type }) => /^\p{Ll}/u.test(type));
  if (others.size > 0 || openers.length === 0 || isName) {
    const [other] = others;
    const what = other === undefined ? 'nothing else shows that they are' : `others do not, such as ${quoted(other)}`;
    const message = `Types begin like tags of words, such as ${quoted(tag)}, but ${what}: read as written.`;
    issues.add('warning', 'corpus/tag-types', null, message);
    return items;
  }
  let [spans, joined, outside] = [0, 0, 0];
  const read = items.map((item) => {
    if (typeof item === 'string') return item;
    const whole = joinSpans(item);
    const own = item.written.filter(({ type }) => type.trim() !== 'O').length;
    spans += own;
    joined += own - whole.length;
    outside += item.written.length - own;
    return { ...item, written: whole };
  });
  const named = [...tags.keys()].slice(0, 4).map(quoted).join(', ');
  const left = outside === 0 ? '' : `, and ${outside} of type "O" are left out`;
  const message = `Types are tags of words (${named}): their prefixes are dropped, and ${joined} of ${spans} spans are joined to the one before${left}.`;
  issues.add('info', 'corpus/tag-types', null, message);
  return read;
}

interface TypesOfFile {
  /** Types that are tags, with their parts in IOBES. */
  readonly tags: ReadonlyMap<string, TagParts>;
  readonly others: ReadonlySet<string>;
}

function typesIn(items: readonly MaybeItem[]): TypesOfFile {
  const tags = new Map<string, TagParts>();
  const others = new Set<string>();
  for (const item of items) {
    if (typeof item === 'string' || item.isRejected) continue;
    for (const { type } of item.written) {
      const written = type.trim();
      if (written === '' || written === 'O' || tags.has(written) || others.has(written)) continue;
      const parts = tagOfDialect(splitTag(written));
      if (parts === null || parts.type === '') others.add(written);
      else tags.set(written, parts);
    }
  }
  return { tags, others };
}

interface OpenMention {
  /** Where it is in the list of whole mentions. */
  readonly index: number;
  readonly prefix: string;
  /** In units of UTF-16. */
  readonly end: number;
}

/** Joins a span that continues a mention to the span before it of the same type, with only white space between. */
function joinSpans({ text, written, hints }: SpanItem): readonly WrittenMention[] {
  const counting = fittingCounting(text, written, plausibleCountings(text, hints));
  const placed = written.map((mention) => ({ mention, place: placeOf(spansOf(mention.fragments, counting)) }));
  placed.sort((left, right) => (left.place?.start ?? Infinity) - (right.place?.start ?? Infinity) || 0);
  const whole: WrittenMention[] = [];
  const open = new Map<string, OpenMention>();
  for (const { mention, place } of placed) {
    if (mention.type.trim() === 'O') continue;
    const { prefix, type } = tagOfDialect(splitTag(mention.type.trim())) ?? { prefix: '', type: mention.type };
    const before = open.get(type);
    const first = before === undefined ? undefined : whole[before.index];
    const continues =
      (prefix === 'I' || prefix === 'E') && (before?.prefix === 'B' || before?.prefix === 'I') && place !== null;
    if (continues && first !== undefined && isNext(text, before.end, place.start)) {
      whole[before.index] = joinedTo(first, mention);
      open.set(type, { index: before.index, prefix, end: place.end });
    } else {
      if (place !== null) open.set(type, { index: whole.length, prefix, end: place.end });
      whole.push({ ...mention, type });
    }
  }
  return whole;
}

/** The only span; null for none, or several. */
function placeOf(spans: readonly Span[] | null): Span | null {
  return spans?.length === 1 ? (spans[0] ?? null) : null;
}

function isNext(text: string, end: number, start: number): boolean {
  return start >= end && text.slice(end, start).trim() === '';
}

function joinedTo(first: WrittenMention, next: WrittenMention): WrittenMention {
  const start = first.fragments[0]?.start ?? 0;
  const text = first.text === null || next.text === null ? null : `${first.text} ${next.text}`;
  return { ...first, fragments: [{ start, end: next.fragments[0]?.end ?? start }], text };
}
