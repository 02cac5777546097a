// Decides, from all mentions of a file, which member of a mention is its type where texts, ids or confidences stand beside it.
import { spansOf, textsOf, type Counting } from '../documents/countings.ts';
import type { Span } from '../documents/document.ts';
import { isNormalisation, saysTheSame } from '../documents/sameText.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';

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
