// Reads a JSON item that is a text with character spans, as written by doccano, spaCy, prodigy, DataTurks and BigBio.
import { looksLikeTag } from '../corpus/tagScheme.ts';
import {
  plausibleCountings,
  type CountedUnit,
  type CountingHints,
  type Countings,
  type WrittenMention,
} from '../documents/countings.ts';
import type { Span } from '../documents/document.ts';
import { isJsonRecord, isTexts, listOf, numberOf, spelled, type JsonRecord, type SpanItem } from './documentReading.ts';
import { factsOfTasks, isLabelStudioTask, isReference, readLabelStudioTask, type TaskFacts } from './labelStudio.ts';
import { TypeMembers, type CountedText, type LooseMention, type TypeCandidate } from './mentionTypes.ts';

export const textKeys = ['text', 'data', 'content', 'sentence', 'raw'];
const mentionKeys = ['entities', 'ents', 'spans', 'label', 'labels', 'annotations', 'annotation', 'ner', 'mentions'];
const startKeys = ['start', 'start_offset', 'begin', 'from', 'offset', 'start_char', 'startOffset'];
const endKeys = ['end', 'end_offset', 'to', 'end_char', 'endOffset'];
/** Say that they count characters, where `start` and `end` beside them may count tokens. */
const characterKeys = [['start_char', 'end_char'], ['char_start', 'char_end'], ['start_offset', 'end_offset']] as const; // prettier-ignore
const pairKeys = ['points', 'span', 'offsets', 'offset', 'ranges', 'range', 'locations', 'position', 'positions'];
const typeKeys = ['label', 'labels', 'type', 'tag', 'entity_type', 'class', 'category', 'entity_group', 'entity', 'hypertextlabels']; // prettier-ignore
const mentionTextKeys = ['text', 'mention', 'surface', 'quote'];

/** What the items of a file say together. */
export interface ItemFacts {
  readonly types: TypeMembers;
  readonly tasks: TaskFacts;
}

/** Looks at all items of a file before they are read. Takes time linear in them. */
export function factsOfItems(values: readonly unknown[]): ItemFacts {
  const types = new TypeMembers();
  for (const value of values) {
    if (isLabelStudioTask(value)) continue;
    const parts = partsOf(value);
    if (typeof parts === 'string') continue;
    const mentions = listOf(parts.mentions.list);
    const counted = countedText(parts.text, hintsOf(parts.value, mentions));
    for (const one of mentions) {
      const mention = looseMention(one);
      if (mention !== null) types.add(mention, counted);
    }
  }
  return { types, tasks: factsOfTasks(values) };
}

/** Returns the texts of an item, each with its mentions, or a text of what was expected. */
export function readSpanItem(value: unknown, line: number | null, facts: ItemFacts): readonly (SpanItem | string)[] {
  return isLabelStudioTask(value) ? readLabelStudioTask(value, line, facts.tasks) : [readText(value, line, facts)];
}

function readText(value: unknown, line: number | null, facts: ItemFacts): SpanItem | string {
  const parts = partsOf(value);
  if (typeof parts === 'string') return parts;
  const { text, mentions } = parts;
  if (isJsonRecord(value) && isReference(text) && listOf(mentions.list).length > 0 && /[/\\]/.test(text)) {
    return `the text itself, got a path or URL of a file, ${JSON.stringify(text.slice(0, 80))}`;
  }
  return itemOf(parts, line, facts.types);
}

interface ItemParts {
  readonly value: JsonRecord;
  readonly text: string;
  readonly mentions: KeyedMentions;
}

function partsOf(value: unknown): ItemParts | string {
  // `[text, {"entities": [...]}]`, spaCy's training format.
  if (Array.isArray(value)) {
    const [text, notes] = value as readonly unknown[];
    const list = isJsonRecord(notes) ? (notes.entities ?? notes.spans ?? []) : notes;
    if (typeof text !== 'string') return 'a pair of a text and its entities';
    return { value: { text, entities: list }, text, mentions: { key: 'entities', list } };
  }
  if (!isJsonRecord(value)) return 'an object with a text';
  const mentions = mentionsIn(value);
  const text = first(value, textKeys) ?? textAround(value, mentions.list);
  if (typeof text !== 'string') return `a text under one of ${textKeys.join(', ')}`;
  return { value, text, mentions };
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

function itemOf({ value, text, mentions }: ItemParts, line: number | null, types: TypeMembers): SpanItem | string {
  const { key, list } = mentions;
  const named = `under ${JSON.stringify(key.slice(0, 40))}`;
  if (!Array.isArray(list)) return `a list of mentions ${named}, each with start, end and type`;
  const hints = hintsOf(value, list);
  const counted = countedText(text, hints);
  const written = list.map((one: unknown) => readMention(one, counted, line, types));
  const whole = written.flatMap((one) => one ?? []);
  if (written.includes(null)) return `mentions of start, end and type ${named}, such as [0, 5, "Disease"]`;
  const unknown = unknownAnnotations(value, key);
  if (unknown !== null) {
    return `mentions under a known key, such as entities, got ${JSON.stringify(unknown.slice(0, 40))} in a form that is not read`;
  }
  return {
    id: idOfItem(value),
    text,
    written: whole,
    hints,
    unread: unreadList(value, key),
    isRejected: value.answer === 'reject' || value.answer === 'ignore',
  };
}

function hintsOf(value: JsonRecord, mentions: readonly unknown[]): CountingHints {
  const isOfBrowser = mentions.some((one) => isJsonRecord(one) && Array.isArray(one.labels));
  const stated = statedUnit(value[unitKey]);
  const hasPoints = mentions.some((one) => isJsonRecord(one) && Array.isArray(one.points));
  return {
    unit: stated ?? (isOfBrowser || hasPoints ? 'UTF-16 units' : 'code points'),
    isStated: stated !== null,
    hasInclusiveEnds: hasPoints,
  };
}

function countedText(text: string, hints: CountingHints): CountedText {
  let made: Countings | null = null;
  return { text, countings: () => (made ??= plausibleCountings(text, hints)) };
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

export function isListInText(value: unknown): boolean {
  return typeof value === 'string' && /^\s*[[{(]/.test(value) && /[\])}]\s*$/.test(value);
}

/** Whether a text is tags of words, such as `B-Drug O`. */
export function isTagsInText(value: unknown): boolean {
  return typeof value === 'string' && /(^|[\s,])[BS]-\S/.test(value) && /(^|[\s,])O(?=[\s,]|$)/.test(value);
}

/** What tools store beside mentions. */
const otherKeys = /^(tokens?|words?|sents?|sentences?|relations?|links?|edges|events?|coref\w*|comments?|meta\w*|cats|paragraphs|passages|sections|authors?|extras|versions|_.*|embedding|input_ids|\w*_mask|\w*score\w*)$/i; // prettier-ignore
const annotationNames = /entit|mention|annotations?(_|$)|span|(^|_)(ner|bio|iob|chemicals?|diseases?|genes?)(_|$)|label|(^|_)tags?($|_)|point|ranges?$/i; // prettier-ignore

/** Whether a key is one under which tools store something else than mentions. */
export function isBesideMentions(key: string): boolean {
  return otherKeys.test(key) || textKeys.includes(key);
}

export function isNamedAsAnnotations(key: string): boolean {
  return annotationNames.test(key);
}

/** Finds a key whose value looks like annotations but is not read; `read` is the key that is. */
function unknownAnnotations(value: JsonRecord, read: string): string | null {
  const hasRead = listOf(value[read]).length > 0;
  const found = Object.entries(value).find(([key, inner]) => {
    if (key === read || hasRead) return false;
    if (isBesideMentions(key)) return partKeys.test(key) && listOf(inner).some(hasAnnotations);
    const list = Array.isArray(inner) ? inner : isJsonRecord(inner) ? Object.values(inner) : [];
    if (list.length === 0) return (isListInText(inner) || isTagsInText(inner)) && annotationNames.test(key);
    // Keywords of the whole text, unless they are tags of its words.
    if (/^tags?$/i.test(key) && isTexts(inner) && !inner.some((tag) => tag !== 'O' && looksLikeTag(tag))) return false;
    return list.some(looksLikeSpan) || (annotationNames.test(key) && (read === '' || !mentionKeys.includes(key)));
  });
  return found?.[0] ?? null;
}

/** Parts of a text, which tools store beside its mentions; a part may have mentions of its text. */
const partKeys = /^(tokens?|words?|sents?|sentences?|paragraphs|passages|sections)$/i;

/** Whether a part of a text has a tag, or a list of spans with texts or types. */
function hasAnnotations(part: unknown): boolean {
  if (!isJsonRecord(part)) return false;
  return Object.entries(part).some(([key, inner]) => {
    if (!annotationNames.test(key)) return false;
    if (typeof inner === 'string') return /^[BIESLUMW]-\S/.test(inner);
    return listOf(inner).some((one) => looksLikeSpan(one) && Object.values(one as object).some((name) => typeof name === 'string')); // prettier-ignore
  });
}

/** Finds another list of mentions beside the one under `read`. */
function unreadList(value: JsonRecord, read: string): string | null {
  if (listOf(value[read]).length === 0) return null;
  const found = Object.entries(value).find(([key, inner]) => {
    if (key === read || isBesideMentions(key)) return false;
    // Objects of lists by type.
    const lists = isJsonRecord(inner) && annotationNames.test(key) ? Object.values(inner) : [];
    return listOf(inner).some(looksLikeSpan) || lists.some((list) => listOf(list).some(looksLikeSpan));
  });
  return found?.[0] ?? null;
}

/** Whether a value has two numbers, a pair of them, or a list of pairs, as offsets would be. */
export function looksLikeSpan(value: unknown): boolean {
  const members: readonly unknown[] = Array.isArray(value) ? value : isJsonRecord(value) ? Object.values(value) : [];
  if (members.filter((one) => Number.isInteger(one)).length >= 2) {
    return isJsonRecord(value) ? [...startKeys, ...endKeys].some((key) => Number.isInteger(value[key])) : true;
  }
  const isPair = (one: unknown) =>
    Array.isArray(one) && one.length === 2 && one.every((item) => Number.isInteger(item));
  return members.some((one) => isPair(one) || (listOf(one).length > 0 && listOf(one).every(isPair)));
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
function readMention(
  value: unknown,
  counted: CountedText,
  line: number | null,
  members: TypeMembers,
): WrittenMention[] | null {
  const mention = looseMention(value);
  if (mention === null) return null;
  const { types, text: repeated } = members.typeOf(mention, counted, line);
  const record = isJsonRecord(value) ? value : {};
  if (types.length === 0 && mustHaveType(record)) return null;
  const given = first(record, mentionTextKeys);
  const own = isTexts(given) ? given.join(' ') : typeof given === 'string' ? given : null;
  const id = idIn(record);
  const names = types.length === 0 ? [''] : types;
  return names.map((type) => ({
    type,
    fragments: mention.fragments,
    text: own ?? repeated,
    line,
    ...(id !== null && { link: { id } }),
  }));
}

/** Whether a text under an unknown key would be the type of a mention that has none under a known one. */
function mustHaveType(value: JsonRecord): boolean {
  if (typeKeys.some((key) => Array.isArray(value[key]))) return false;
  return Object.entries(value).some(
    ([key, one]) => typeof one === 'string' && !plainKeys.test(key) && (one === '' || !typeKeys.includes(key)),
  );
}

function looseMention(value: unknown): LooseMention | null {
  if (Array.isArray(value)) return looseList(value);
  if (!isJsonRecord(value)) return null;
  const keys = typeKeys.filter((key) => value[key] !== undefined && value[key] !== null);
  return looseOf(
    fragmentsOf(value),
    keys.map((key) => ({ key, value: value[key] })),
  );
}

/** `[0, 5, "Disease"]`, `["Disease", 0, 5]` or `[[0, 5], "Disease"]`, perhaps with a text, an id or a confidence beside the type. */
function looseList(value: readonly unknown[]): LooseMention | null {
  const [one, two, three] = value;
  const pair = Array.isArray(one) ? fragmentsIn([one]) : null;
  const isOffset = typeof one !== 'string' || /^\d+$/.test(one);
  const span = isOffset ? spanOf(one, two) : spanOf(two, three);
  const isMember = (at: number) => (pair !== null ? at > 0 : isOffset ? at > 1 : at === 0 || at > 2);
  const members = value.map((member, at) => ({ key: `member ${at + 1}`, value: member }));
  return looseOf(
    pair ?? (span === null ? null : [span]),
    members.filter((_, at) => isMember(at)),
  );
}

/** Null without fragments, or if something else stands where a type would be the first. */
function looseOf(
  fragments: readonly Span[] | null,
  members: readonly { readonly key: string; readonly value: unknown }[],
): LooseMention | null {
  if (fragments === null) return null;
  const candidates = members.flatMap(({ key, value }): TypeCandidate[] => {
    const values = (Array.isArray(value) ? value : [value]).filter(isTypeLike);
    return values.length === 0 ? [] : [{ key, values }];
  });
  const [member] = members;
  return candidates.length === 0 && member !== undefined && !isBlank(member.value) ? null : { fragments, candidates };
}

/** A fraction is a confidence. */
function isTypeLike(value: unknown): value is string | number {
  return typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && value.trim() !== '';
}

function isBlank(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isBlank);
  return typeof value === 'number' || (typeof value === 'string' && value.trim() === '');
}

function fragmentsOf(value: JsonRecord): Span[] | null {
  const globalOffsets = isJsonRecord(value.globalOffsets) ? value.globalOffsets : null;
  const source = globalOffsets ?? value;
  for (const [from, to] of characterKeys) {
    const stated = globalOffsets === null ? spanOf(value[from], value[to]) : null;
    if (stated !== null) return [stated];
  }
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
