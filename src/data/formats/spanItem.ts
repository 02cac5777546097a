// Reads a JSON item that is a text with character spans, as written by doccano, spaCy, prodigy, DataTurks and BigBio.
import type { CountedUnit, WrittenMention } from '../documents/countings.ts';
import type { Span } from '../documents/document.ts';
import { looksLikeTag } from '../corpus/tagScheme.ts';
import { isJsonRecord, isTexts, listOf, numberOf, spelled, type JsonRecord } from './jsonItems.ts';
import { isLabelStudioTask, isReference, readLabelStudioTask, type TextField } from './labelStudio.ts';
import type { SpanItem } from './jsonItems.ts';

export const textKeys = ['text', 'data', 'content', 'sentence', 'raw'];
const mentionKeys = ['entities', 'ents', 'spans', 'label', 'labels', 'annotations', 'annotation', 'ner', 'mentions'];
const startKeys = ['start', 'start_offset', 'begin', 'from', 'offset', 'start_char', 'startOffset'];
const endKeys = ['end', 'end_offset', 'to', 'end_char', 'endOffset'];
const pairKeys = ['points', 'span', 'offsets', 'offset', 'ranges', 'range', 'locations', 'position', 'positions'];
const typeKeys = ['label', 'labels', 'type', 'tag', 'entity', 'entity_type', 'class', 'category', 'entity_group', 'hypertextlabels']; // prettier-ignore
const mentionTextKeys = ['text', 'mention', 'surface', 'quote'];

/** Returns the item, or a text of what was expected. */
export function readSpanItem(value: unknown, line: number | null, field: TextField): SpanItem | string {
  // `[text, {"entities": [...]}]`, spaCy's training format.
  if (Array.isArray(value)) {
    const [text, notes] = value as readonly unknown[];
    const mentions = isJsonRecord(notes) ? (notes.entities ?? notes.spans ?? []) : notes;
    if (typeof text !== 'string') return 'a pair of a text and its entities';
    return itemOf({ text, entities: mentions }, text, { key: 'entities', list: mentions }, line);
  }
  if (!isJsonRecord(value)) return 'an object with a text';
  if (isLabelStudioTask(value)) return readLabelStudioTask(value, line, field);
  const mentions = mentionsIn(value);
  const text = first(value, textKeys) ?? textAround(value, mentions.list);
  if (typeof text !== 'string') return `a text under one of ${textKeys.join(', ')}`;
  if (isReference(text) && listOf(mentions.list).length > 0 && /[/\\]/.test(text)) {
    return `the text itself, got a path or URL of a file, ${JSON.stringify(text.slice(0, 80))}`;
  }
  return itemOf(value, text, mentions, line);
}

/** Returns an item's id under any of the keys that tools use. */
export function idOfItem(value: JsonRecord): string | null {
  const meta = isJsonRecord(value.meta) ? value.meta : {};
  const found = [value.id, value.doc_id, value.document_id, value.pmid, value._id, meta.id, meta.pmid].map(spelled);
  return found.find((id) => id !== null) ?? null;
}

/** The key under which an item may say how it counts, with the names that Azure's services use. */
export const unitKey = 'stringIndexType';
export const codePointName = 'UnicodeCodePoint';

function statedUnit(name: unknown): CountedUnit | null {
  if (name === codePointName) return 'code points';
  return name === 'Utf16CodeUnit' ? 'UTF-16 units' : null;
}

interface KeyedMentions {
  readonly key: string;
  readonly list: unknown;
}

function itemOf(value: JsonRecord, text: string, { key, list }: KeyedMentions, line: number | null): SpanItem | string {
  const named = `under ${JSON.stringify(key.slice(0, 40))}`;
  if (!Array.isArray(list)) return `a list of mentions ${named}, each with start, end and type`;
  const written = list.map((one: unknown) => readMention(one, text, line));
  const whole = written.flatMap((one) => one ?? []);
  if (written.includes(null)) return `mentions of start, end and type ${named}, such as [0, 5, "Disease"]`;
  const unknown = unknownAnnotations(value, key);
  if (unknown !== null) {
    return `mentions under a known key, such as entities, got ${JSON.stringify(unknown.slice(0, 40))} in a form that is not read`;
  }
  const isOfBrowser = list.some((one: unknown) => isJsonRecord(one) && Array.isArray(one.labels));
  const stated = statedUnit(value[unitKey]);
  const hasPoints = list.some((one: unknown) => isJsonRecord(one) && Array.isArray(one.points));
  return {
    id: idOfItem(value),
    text,
    written: whole,
    hints: {
      unit: stated ?? (isOfBrowser || hasPoints ? 'UTF-16 units' : 'code points'),
      isStated: stated !== null,
      hasInclusiveEnds: hasPoints,
    },
    unread: unreadList(value, key),
    isRejected: value.answer === 'reject' || value.answer === 'ignore',
  };
}

/** Finds the first non-empty list under a known key; Label Studio's short export uses the name set in its project. */
function mentionsIn(value: JsonRecord): KeyedMentions {
  const lists = mentionKeys.filter((key) => Array.isArray(value[key]));
  const named = lists.find((key) => listOf(value[key]).length > 0) ?? lists[0];
  if (named !== undefined && listOf(value[named]).length > 0) return { key: named, list: value[named] };
  const isLabelled = (one: unknown) => isJsonRecord(one) && (Array.isArray(one.labels) || isTexts(one.hypertextlabels));
  const custom = Object.keys(value).find((key) => listOf(value[key]).some(isLabelled));
  if (custom !== undefined) return { key: custom, list: value[custom] };
  if (named !== undefined) return { key: named, list: [] };
  // A label that is a word or a number is of the whole text; a list in a text, or an object, is something not read.
  const odd = mentionKeys.find((key) => isJsonRecord(value[key]) || isListInText(value[key]));
  return odd === undefined ? { key: '', list: [] } : { key: odd, list: value[odd] };
}

function isListInText(value: unknown): boolean {
  return typeof value === 'string' && /^\s*[[{(]/.test(value) && /[\])}]\s*$/.test(value);
}

/** Whether a text is tags of words, such as `B-Drug O`. */
function isTagsInText(value: unknown): boolean {
  return typeof value === 'string' && /(^|[\s,])[BS]-\S/.test(value) && /(^|[\s,])O(?=[\s,]|$)/.test(value);
}

/** What tools store beside mentions. */
const otherKeys = /^(tokens?|words?|sents?|sentences?|relations?|links?|edges|events?|coref\w*|comments?|meta\w*|cats|paragraphs|passages|sections|authors?|extras|versions|_.*|embedding|input_ids|\w*_mask|\w*score\w*)$/i; // prettier-ignore
const annotationNames = /entit|mention|annotations?(_|$)|span|(^|_)(ner|bio|iob|chemicals?|diseases?|genes?)(_|$)|label|(^|_)tags?($|_)|point|ranges?$/i; // prettier-ignore

/** Finds a key whose value looks like annotations but is not read; `read` is the key that is. */
function unknownAnnotations(value: JsonRecord, read: string): string | null {
  const hasRead = listOf(value[read]).length > 0;
  const found = Object.entries(value).find(([key, inner]) => {
    if (key === read || hasRead || otherKeys.test(key) || textKeys.includes(key)) return false;
    const list = Array.isArray(inner) ? inner : isJsonRecord(inner) ? Object.values(inner) : [];
    if (list.length === 0) return (isListInText(inner) || isTagsInText(inner)) && annotationNames.test(key);
    // Keywords of the whole text, unless they are tags of its words.
    if (/^tags?$/i.test(key) && isTexts(inner) && !inner.some((tag) => tag !== 'O' && looksLikeTag(tag))) return false;
    return list.some(looksLikeSpan) || (annotationNames.test(key) && (read === '' || !mentionKeys.includes(key)));
  });
  return found?.[0] ?? null;
}

/** Finds another list of mentions beside the one under `read`. */
function unreadList(value: JsonRecord, read: string): string | null {
  if (listOf(value[read]).length === 0) return null;
  const found = Object.entries(value).find(
    ([key, inner]) =>
      key !== read && !otherKeys.test(key) && !textKeys.includes(key) && listOf(inner).some(looksLikeSpan),
  );
  return found?.[0] ?? null;
}

/** Whether a value has two numbers, or a pair of them, as offsets would be. */
function looksLikeSpan(value: unknown): boolean {
  const members: readonly unknown[] = Array.isArray(value) ? value : isJsonRecord(value) ? Object.values(value) : [];
  if (members.filter((one) => Number.isInteger(one)).length >= 2) {
    return isJsonRecord(value) ? [...startKeys, ...endKeys].some((key) => Number.isInteger(value[key])) : true;
  }
  return members.some((one) => Array.isArray(one) && one.length === 2 && one.every((item) => Number.isInteger(item)));
}

/** A field of another name that has all texts of the mentions. */
function textAround(value: JsonRecord, mentions: unknown): string | undefined {
  const texts = listOf(mentions).flatMap((one) => (isJsonRecord(one) && typeof one.text === 'string' ? one.text : []));
  if (texts.length === 0) return undefined;
  return Object.values(value).find(
    (one): one is string => typeof one === 'string' && texts.every((text) => one.includes(text)),
  );
}

/** Members of a mention that are texts and not its type; any other text would be a type under an unknown key. */
const plainKeys = /id$|^(text|mention|surface|quote|word|name|value|note|comment|source|user|annotator|color|start|end|begin|from|to|offset|.*offset|.*(date|time|_at)|norm.*|kb.*|url|link)$/i; // prettier-ignore

/** Returns one mention for each of its types; null if it is not a mention. */
function readMention(value: unknown, text: string, line: number | null): WrittenMention[] | null {
  if (Array.isArray(value)) return readMentionList(value, text, line);
  if (!isJsonRecord(value)) return null;
  const types = first(value, typeKeys) ?? '';
  if (types === '' && Object.entries(value).some(([key, one]) => typeof one === 'string' && !plainKeys.test(key)))
    return null;
  const given = first(value, mentionTextKeys);
  const own = isTexts(given) ? given.join(' ') : typeof given === 'string' ? given : null;
  return mentionsOf(fragmentsOf(value), Array.isArray(types) ? types : [types], own, line, idIn(value));
}

/** `[0, 5, "Disease"]`, `["Disease", 0, 5]` or `[[0, 5], "Disease"]`, perhaps with the text before or after the type. */
function readMentionList(value: readonly unknown[], text: string, line: number | null): WrittenMention[] | null {
  const pair = Array.isArray(value[0]) ? fragmentsIn([value[0]]) : null;
  if (pair !== null) return mentionsOf(pair, [value[1] ?? ''], null, line);
  const [one, two, three = '', four] = value;
  if (typeof one === 'string' && !/^\d+$/.test(one)) {
    const span = spanOf(two, three);
    return span === null ? null : mentionsOf([span], [one], null, line);
  }
  const span = spanOf(one, two);
  if (span === null) return null;
  const isTextFirst =
    typeof three === 'string' && typeof four === 'string' && text.slice(span.start, span.end) === three && three !== '';
  return mentionsOf([span], [isTextFirst ? four : three], null, line);
}

function fragmentsOf(value: JsonRecord): Span[] | null {
  const globalOffsets = isJsonRecord(value.globalOffsets) ? value.globalOffsets : null;
  const source = globalOffsets ?? value;
  const start = first(source, startKeys);
  const length = source.length;
  const end = first(source, endKeys) ?? (typeof length === 'number' ? numberOf(start) + length : undefined);
  const span = spanOf(start, end);
  if (span !== null) return [span];
  const list = pairKeys.map((key) => value[key]).find((one) => Array.isArray(one));
  if (!Array.isArray(list)) return null;
  return list.every((one) => typeof one === 'number') ? fragmentsIn([list]) : fragmentsIn(list);
}

/** Pairs of offsets, or objects of start and end. */
function fragmentsIn(list: readonly unknown[]): Span[] | null {
  const spans = list.map((one) => {
    if (Array.isArray(one)) return one.length === 2 ? spanOf(one[0], one[1]) : null;
    return isJsonRecord(one) ? spanOf(first(one, startKeys), first(one, endKeys)) : null;
  });
  const whole = spans.flatMap((span) => span ?? []);
  return whole.length === list.length && list.length > 0 ? whole : null;
}

function mentionsOf(
  fragments: readonly Span[] | null,
  types: readonly unknown[],
  text: string | null,
  line: number | null,
  id: string | null = null,
): WrittenMention[] | null {
  if (fragments === null || types.some((type) => typeof type !== 'string' && typeof type !== 'number')) return null;
  const names = types.length === 0 ? [''] : types;
  return names.map((type) => ({ type: String(type), fragments, text, line, ...(id !== null && { link: { id } }) }));
}

/** What a mention means: spaCy's `kb_id`, or the first of BigBio's `normalized`. */
function idIn(value: JsonRecord): string | null {
  const [first] = listOf(value.normalized);
  const written = [value.kb_id, value.identifier, isJsonRecord(first) ? first.db_id : undefined].map(spelled);
  return written.find((id) => id !== null) ?? null;
}

/** Offsets are numbers, or strings of digits in older exports. */
function spanOf(start: unknown, end: unknown): Span | null {
  const [from, to] = [start, end].map((one) => (typeof one === 'string' && /^\d+$/.test(one) ? Number(one) : one));
  return typeof from === 'number' && typeof to === 'number' ? { start: from, end: to } : null;
}

function first(value: JsonRecord, keys: readonly string[]): unknown {
  const key = keys.find((name) => value[name] !== undefined && value[name] !== null);
  return key === undefined ? undefined : value[key];
}
