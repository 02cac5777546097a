// Cuts JSON items that are documents of sentences into items of one sentence each, as DyGIE writes them.
import { quoted, type IssueList } from '../corpus/issues.ts';
import { isJsonRecord, listOf, spelled, type JsonItem, type JsonRecord } from './documentReading.ts';
import { isBesideMentions, isListInText, isTagsInText } from './spanItem.ts';
import { offsetKeys, readSpan } from './tokenSpans.ts';

/**
 * Cuts documents of sentences into items, one for each: `{"sentences": [[…]], "ner": [[[0, 1, "Drug"]]]}`, as DyGIE writes it. Every
 * member with a value for each sentence is shared out. Offsets run through the document unless more spans are within their sentences otherwise.
 */
export function sentencesOfItems(items: readonly JsonItem[], issues: IssueList): readonly JsonItem[] {
  const fits = new Map<string, { through: number; within: number }>();
  const cut = items.map((item) => {
    const { value } = item;
    if (!isJsonRecord(value) || !isTokenLists(value.sentences)) return null;
    const shared = sharedMembers(value, value.sentences);
    for (const [key, shares] of shared.members) {
      const count = fits.get(key) ?? { through: 0, within: 0 };
      fits.set(key, count);
      countFits(shares, shared, count);
    }
    return shared;
  });
  const isWithin = (key: string) => (fits.get(key)?.within ?? 0) > (fits.get(key)?.through ?? 0);
  for (const key of fits.keys()) {
    if (!isWithin(key)) continue;
    const message = `The spans under ${quoted(key)} fit only when counted from the first token of their sentence: read so.`;
    issues.add('warning', 'corpus/counting', null, message);
  }
  return items.flatMap((item, at): readonly JsonItem[] => {
    const shared = cut[at] ?? null;
    if (shared === null || !isJsonRecord(item.value)) return [item];
    const id = spelled(item.value.doc_key) ?? spelled(item.value.id);
    return shared.sentences.map((tokens, index): JsonItem => {
      const own = shared.members.flatMap(([key, shares]): [string, unknown][] => {
        const share = shares[index];
        const by = isWithin(key) ? 0 : (shared.firsts[index] ?? 0);
        return share === undefined
          ? []
          : [[key, Array.isArray(share) ? share.map((one) => movedSpan(one, by)) : share]];
      });
      const named: JsonRecord = id === null ? {} : { id: `${id}-${index + 1}` };
      return { value: { ...Object.fromEntries(own), ...named, tokens }, line: item.line };
    });
  });
}

/** A document whose members are shared out to its sentences. */
interface SharedDocument {
  readonly sentences: readonly (readonly string[])[];
  /** The index in the document of each sentence's first token. */
  readonly firsts: readonly number[];
  readonly members: readonly (readonly [key: string, shares: readonly unknown[]])[];
}

function isTokenLists(value: unknown): value is readonly (readonly string[])[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => Array.isArray(one) && one.every((token) => typeof token === 'string')); // prettier-ignore
}

function sharedMembers(value: JsonRecord, sentences: readonly (readonly string[])[]): SharedDocument {
  let total = 0;
  const firsts = sentences.map((tokens) => (total += tokens.length) - tokens.length);
  const sentenceOf = sentences.flatMap((tokens, index) => tokens.map(() => index));
  const sharesOf = (member: unknown): readonly unknown[] => {
    const list = Array.isArray(member) ? (member as readonly unknown[]) : numberedList(member);
    const spans = list?.map((one) => (isRowOfNumbers(one) ? null : readSpan(one))) ?? [];
    if (list !== null && list.length > 0 && spans.every((span) => span !== null)) {
      const shares: unknown[][] = firsts.map(() => []);
      // A span behind all tokens is reported with the last sentence.
      list.forEach((one, at) => shares[sentenceOf[spans[at]?.start ?? 0] ?? firsts.length - 1]?.push(one));
      return shares;
    }
    if (list?.length === sentences.length) return list;
    const isOfTokens = list?.length === total && list.every((one) => typeof one !== 'object');
    if (isOfTokens) return firsts.map((first, index) => list.slice(first, firsts[index + 1]));
    // Of what cannot be shared out, the beginning goes to every sentence, in a form that its reader refuses.
    const beginning = typeof member === 'object' && member !== null ? Object.entries(member).slice(0, 3) : [];
    if (isTagsInText(member) || isListInText(member)) beginning.push(['text', [String(member).slice(0, 80)]]);
    return beginning.length === 0 ? [] : firsts.map(() => Object.fromEntries(beginning));
  };
  const members = Object.entries(value).flatMap(([key, member]): [string, readonly unknown[]][] => {
    const shares = key === 'sentences' || key === 'id' || isBesideMentions(key) ? [] : sharesOf(member);
    return shares.length === 0 ? [] : [[key, shares]];
  });
  return { sentences, firsts, members };
}

/** Whether a value may be the numbers of a sentence's tags rather than a span. */
function isRowOfNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

/** Returns the list that `{"0": …, "1": …}` is; null for anything else. */
function numberedList(value: unknown): readonly unknown[] | null {
  if (!isJsonRecord(value)) return null;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => Number(key) < keys.length && /^\d+$/.test(key))
    ? keys.map((_, index) => value[index])
    : null;
}

/** Counts the spans behind the first sentence that are within theirs if offsets run through the document, and if they do not. */
function countFits(
  shares: readonly unknown[],
  { firsts, sentences }: SharedDocument,
  count: { through: number; within: number },
) {
  shares.forEach((share, index) => {
    const first = firsts[index] ?? 0;
    const length = sentences[index]?.length ?? 0;
    if (index === 0) return;
    for (const one of listOf(share)) {
      const span = readSpan(one);
      if (span === null) continue;
      if (span.start >= first && span.end <= first + length) count.through++;
      if (span.start < length && span.end <= length) count.within++;
    }
  });
}

/** Subtracts from the offsets of a span, in all forms that `readSpan` knows. */
function movedSpan(value: unknown, by: number): unknown {
  const moved = (one: unknown): unknown => (typeof one === 'number' ? one - by : one);
  const movedList = (list: unknown): unknown => (Array.isArray(list) ? list.map(moved) : moved(list));
  if (by === 0 || readSpan(value) === null) return value;
  // The third member of a list is an offset if the first one is the type.
  if (Array.isArray(value)) {
    return value.map((one, index) =>
      index < 2 || (index === 2 && typeof value[0] === 'string') ? movedList(one) : one,
    );
  }
  if (!isJsonRecord(value)) return value;
  const offsets = Object.entries(value).map(([key, one]) => [key, offsetKeys.includes(key) ? movedList(one) : one]);
  return Object.fromEntries(offsets) as JsonRecord;
}
