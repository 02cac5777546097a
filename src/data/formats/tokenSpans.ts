// Reads JSON items that are lists of tokens with spans of tokens, as written by SpERT, DyGIE, W2NER and GLiNER.
import type { Mention } from '../corpus/corpus.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { TypeNames } from '../corpus/tagScheme.ts';
import { flatMentions } from '../documents/annotateDocument.ts';
import type { DocumentMention, Span } from '../documents/document.ts';
import { untypedName } from '../documents/placeMentions.ts';
import { saysTheSame } from '../documents/sameText.ts';
import { isJsonRecord, listOf, spelled, type JsonItem } from './documentReading.ts';
import { isBesideMentions, looksLikeSpan } from './spanItem.ts';
import { taggedPlaces, tagRanks, tokensOfItem, type TokenLayer } from './tokenItem.ts';

const spanKeys = ['entities', 'ner', 'spans', 'ents', 'mentions', 'entity_mentions', 'ranges', 'annotations', 'labels', 'label']; // prettier-ignore

/** Tokens with mentions as written: the offsets count tokens, or characters of the tokens joined by spaces. */
export interface SpannedTokens {
  readonly tokens: readonly string[];
  readonly mentions: readonly WrittenSpan[];
  readonly line: number | null;
}

interface WrittenSpan {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly text: string | null;
}

/**
 * Finds the members of a file's items that have spans of their tokens, the one to read first: those of known keys, then those of others,
 * which are not read. Takes time linear in the items.
 */
export function spanColumnsOf(items: readonly JsonItem[]): readonly (TokenLayer & { readonly isKnown: boolean })[] {
  const layers = new Map<string, { count: number; readonly types: Set<string> }>();
  for (const { value } of items) {
    if (!isJsonRecord(value)) continue;
    for (const [key, list] of Object.entries(value)) {
      const isKnown = spanKeys.includes(key);
      if (!Array.isArray(list) || (!isKnown && isBesideMentions(key))) continue;
      const members = list.filter((one: unknown) => typeof one === 'object' && one !== null);
      const spans = members.flatMap((one: unknown) => readSpan(one) ?? []);
      const count = isKnown
        ? Math.max(spans.length, members.filter(looksLikeSpan).length)
        : spans.filter(isTyped).length;
      if (count === 0 && (!isKnown || members.length === 0)) continue;
      const layer = layers.get(key) ?? { count: 0, types: new Set<string>() };
      layers.set(key, layer);
      layer.count += count;
      for (const { type } of spans) layer.types.add(type);
    }
  }
  return [...layers]
    .map(([key, { count, types }]): TokenLayer & { readonly isKnown: boolean } => {
      const isKnown = spanKeys.includes(key);
      const rank = tagRanks + (isKnown ? spanKeys.indexOf(key) : spanKeys.length);
      return { key, form: 'spans', count, types, isByName: count === 0, rank, isKnown };
    })
    .sort((left, right) => Number(left.isByName) - Number(right.isByName) || left.rank - right.rank);
}

/** Whether a span under a key that is not known has a type, which lists of other numbers have not. */
function isTyped({ type }: WrittenSpan): boolean {
  return /\p{L}/u.test(type);
}

/** Whether a layer has mentions in some item that the layer that is read has not. */
export function addsMentions(values: readonly unknown[], layer: TokenLayer, read: TokenLayer): boolean {
  if (layer.form === 'tags' && areNumbersOfTags(values, layer.key, read.key)) return false;
  const isExact = layer.form === 'tags' && read.form === 'tags';
  // Spans may count anything, so that only the order of their types is compared.
  const written = (one: readonly [number, string]) => (isExact ? one.join(' ') : one[1]);
  return values.some((value) => {
    if (!isJsonRecord(value)) return false;
    const [own, others] = [layer, read].map(({ form, key }) =>
      (form === 'tags' ? taggedPlaces(value[key]) : spanPlaces(value[key]))?.map(written).join('\n'),
    );
    // Such an item is read by its other spans.
    if (layer.form === 'spans' && read.form === 'spans' && spanKeyOf(value, read.key) !== read.key) return false;
    if (own === undefined) return listOf(value[layer.key]).length > 0;
    return own !== '' && own !== others;
  });
}

/** Whether each number of a column always goes with one tag of another column, and the tag with the number. */
function areNumbersOfTags(values: readonly unknown[], key: string, tagKey: string): boolean {
  const [tagOf, numberOf] = [new Map<unknown, unknown>(), new Map<unknown, unknown>()];
  const pairs = (one: unknown, other: unknown) => {
    if (!tagOf.has(one)) tagOf.set(one, other);
    if (!numberOf.has(other)) numberOf.set(other, one);
    return typeof one === 'number' && tagOf.get(one) === other && numberOf.get(other) === one;
  };
  return values.every((value) => {
    const [numbers, tags] = isJsonRecord(value) ? [listOf(value[key]), listOf(value[tagKey])] : [[], []];
    return numbers.every((one, index) => pairs(one, tags[index]));
  });
}

function spanPlaces(list: unknown): readonly (readonly [number, string])[] | null {
  if (!Array.isArray(list)) return null;
  const spans = list.map((one: unknown) => readSpan(one));
  const whole = spans.flatMap((span) => span ?? []).sort((left, right) => left.start - right.start);
  return whole.length < spans.length ? null : whole.map(({ start, type }) => [start, type]);
}

/** Whether all mentions may count tokens. */
export function isWithinTokens({ tokens, mentions }: SpannedTokens): boolean {
  return mentions.every(({ start, end }) => start >= 0 && start <= end && end <= tokens.length);
}

/** Returns the key of an item's spans: that of the file, or where the item has none under it, a known one with spans. */
export function spanKeyOf(value: unknown, key: string): string {
  if (!isJsonRecord(value) || (value[key] ?? null) !== null) return key;
  return spanKeys.find((one) => listOf(value[one]).some((span) => readSpan(span) !== null)) ?? key;
}

/** Returns the tokens of an item and its mentions, or a text of what was expected. */
export function readSpannedTokens(value: unknown, key: string, line: number | null): SpannedTokens | string {
  const tokens = tokensOfItem(value);
  if (tokens === null || !isJsonRecord(value)) return 'Expected an object with tokens and spans of them';
  if (tokens.some((token) => token.trim() === '')) return 'A token is empty';
  const list = value[key] ?? [];
  const named = `under ${JSON.stringify(key)}`;
  if (!Array.isArray(list)) return `Expected a list of mentions ${named}`;
  const mentions = list.map((one: unknown) => readSpan(one));
  const whole = mentions.flatMap((one) => one ?? []);
  if (whole.length < mentions.length) return `Expected mentions of start, end and type ${named}, such as [0, 1, "Disease"]`; // prettier-ignore
  return { tokens, mentions: whole, line };
}

/** Keys of offsets in the objects that are read. */
export const offsetKeys = ['index', 'start', 'token_start', 'begin', 'start_token', 'end', 'token_end', 'end_token'];

export function readSpan(value: unknown): WrittenSpan | null {
  if (Array.isArray(value)) {
    const [one, two, three = ''] = value as readonly unknown[];
    if (Array.isArray(one)) return indexSpan(one, two, null);
    return typeof one === 'string' ? spanOf(two, three, one, null) : spanOf(one, two, three, null);
  }
  if (!isJsonRecord(value)) return null;
  const type = value.type ?? value.label ?? value.entity_type ?? value.tag ?? '';
  const text = typeof value.text === 'string' ? value.text : null;
  if (Array.isArray(value.index)) return indexSpan(value.index, type, text);
  const start = value.start ?? value.token_start ?? value.begin ?? value.start_token;
  return spanOf(start, value.end ?? value.token_end ?? value.end_token, type, text);
}

/** A list of the indices of neighbouring tokens; its last one is included. */
function indexSpan(indices: readonly unknown[], type: unknown, text: string | null): WrittenSpan | null {
  const first = Number(indices[0]);
  const isRun = indices.length > 0 && indices.every((index, at) => index === first + at);
  return isRun ? spanOf(first, first + indices.length - 1, type, text) : null;
}

function spanOf(start: unknown, end: unknown, type: unknown, text: string | null): WrittenSpan | null {
  const name = spelled(type) ?? (type === '' ? '' : null);
  if (!Number.isInteger(start) || !Number.isInteger(end) || name === null) return null;
  return { start: Number(start), end: Number(end), type: name, text };
}

type Reading = (tokens: readonly string[], span: WrittenSpan) => Span | null;

/** What offsets may mean. */
const readings = {
  'tokens, with the end after the last one': (tokens, { start, end }) => within(tokens, start, end),
  'tokens, with the last one as the end': (tokens, { start, end }) => within(tokens, start, end + 1),
  characters: (tokens, { start, end }) => {
    const span = { start: -1, end: -1 };
    let at = 0;
    for (let index = 0; index < tokens.length && at <= end; index++) {
      if (at === start) span.start = index;
      at += (tokens[index] ?? '').length;
      if (at === end) span.end = index + 1;
      at++;
    }
    return within(tokens, span.start, span.end);
  },
} as const satisfies Readonly<Record<string, Reading>>;
type ReadingName = keyof typeof readings;

function within(tokens: readonly string[], start: number, end: number): Span | null {
  return start >= 0 && start < end && end <= tokens.length ? { start, end } : null;
}

/**
 * Finds what the offsets of a file mean: what the texts of the mentions fit, or else what SpERT's objects and DyGIE's lists mean, unless
 * several spans would be empty or outside and none is under another meaning.
 */
function readingOf(
  sentences: readonly SpannedTokens[],
  isOfLists: boolean,
): { readonly name: ReadingName; readonly isSure: boolean } {
  const [exclusive, inclusive, characters] = Object.keys(readings) as ReadingName[];
  const order = (isOfLists ? [inclusive, exclusive, characters] : [exclusive, inclusive, characters]).flatMap((one) => one ?? []); // prettier-ignore
  const counts = order.map((name) => {
    let [fitting, invalid] = [0, 0];
    for (const { tokens, mentions } of sentences) {
      for (const mention of mentions) {
        const span = readings[name](tokens, mention);
        if (span === null) invalid++;
        else if (mention.text !== null && saysTheSame(tokens.slice(span.start, span.end), mention.text)) fitting++;
      }
    }
    return { name, fitting, invalid };
  });
  const [usual = { name: 'characters' as const, fitting: 0, invalid: 0 }] = counts;
  const best = [...counts].sort((left, right) => right.fitting - left.fitting)[0] ?? usual;
  if (best.fitting > usual.fitting) return { name: best.name, isSure: true };
  const other = usual.fitting === 0 && usual.invalid > 1 ? counts.find(({ invalid }) => invalid === 0) : undefined;
  if (other !== undefined) return { name: other.name, isSure: false };
  return { name: usual.name, isSure: true };
}

/** A sentence with flat mentions. */
interface FlatSentence {
  readonly tokens: readonly string[];
  readonly mentions: readonly Mention[];
}

/** Resolves the spans of a file's sentences; a span that is empty or outside, or whose text differs, costs the mention. */
export function placeTokenSpans(
  sentences: readonly SpannedTokens[],
  isOfLists: boolean,
  types: TypeNames,
  issues: IssueList,
): FlatSentence[] {
  const { name, isSure } = readingOf(sentences, isOfLists);
  if (!isSure) issues.add('warning', 'corpus/counting', null, `The spans fit only when counted in ${name}: read so.`);
  return sentences.map(({ tokens, mentions, line }) => {
    const placed = mentions.flatMap((mention): DocumentMention[] => {
      const spelling = `${mention.start} to ${mention.end}`;
      const span = readings[name](tokens, mention);
      if (span === null) {
        const isEmpty = mention.start === mention.end;
        const message = `The span ${spelling} is ${isEmpty ? 'empty' : 'not within the tokens'}: the mention is left out.`;
        issues.add(isEmpty ? 'warning' : 'error', isEmpty ? 'corpus/empty-mention' : 'corpus/span', line, message);
        return [];
      }
      const found = tokens.slice(span.start, span.end);
      if (mention.text !== null && mention.text.trim() !== '' && !saysTheSame(found, mention.text)) {
        const message = `Expected ${quoted(mention.text)}, but the tokens ${spelling} are ${quoted(found.join(' '))}: the mention is left out.`; // prettier-ignore
        issues.add('error', 'corpus/span-text', line, message);
        return [];
      }
      const type = types.nameOf(mention.type);
      if (type === '') {
        const message = `The mention ${quoted(found.join(' '))} has no type: read as type "${untypedName}".`;
        issues.add('warning', 'corpus/untyped-mention', line, message);
      }
      return [{ type: type || untypedName, fragments: [span], line }];
    });
    const plain = tokens.map((token) => token.trim().replace(/\s+/g, ' '));
    return { tokens: plain, mentions: flatTokenMentions(plain, placed, issues) };
  });
}

/** Resolves overlaps as in texts, on the tokens joined by spaces, so that messages show them. */
function flatTokenMentions(
  tokens: readonly string[],
  mentions: readonly DocumentMention[],
  issues: IssueList,
): Mention[] {
  const starts: number[] = [];
  let length = 0;
  for (const token of tokens) {
    starts.push(length);
    length += token.length + 1;
  }
  const inText = ({ start, end }: Span) => ({ start: starts[start] ?? 0, end: (starts[end] ?? length) - 1 });
  const indexOf = new Map(starts.map((start, index) => [start, index]));
  const spans = mentions.map((one) => ({ ...one, fragments: one.fragments.map(inText) }));
  return flatMentions({ text: tokens.join(' '), parts: [], mentions: spans, faults: [] }, issues).map((mention) => ({
    type: mention.type,
    start: indexOf.get(mention.start) ?? 0,
    end: indexOf.get(mention.end + 1) ?? tokens.length,
  }));
}
