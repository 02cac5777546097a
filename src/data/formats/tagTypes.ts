// Joins spans whose types are tags of words, such as B-Drug and I-Drug, to mentions, as taggers that were not asked to aggregate write them.
import { quoted, type IssueList } from '../corpus/issues.ts';
import { splitTag, tagOfDialect, type TagParts } from '../corpus/tagScheme.ts';
import { fittingCounting, plausibleCountings, spansOf, type WrittenMention } from '../documents/countings.ts';
import type { Span } from '../documents/document.ts';
import type { SpanItem } from './jsonItems.ts';

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
