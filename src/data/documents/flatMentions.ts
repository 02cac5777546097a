// Flattens mentions: resolves discontinuous, nested and crossing ones by rule and reports them.
import type { MentionLink } from '../corpus/corpus.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { CorpusDocument, DocumentMention, Span } from './document.ts';

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
