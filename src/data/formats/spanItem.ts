// Reads a JSON item that is a text with character spans, as written by doccano, spaCy, prodigy and Label Studio.
import type { Span } from '../documents/document.ts';
import type { WrittenMention } from '../documents/placeMentions.ts';
import { isJsonRecord, isTexts, listOf, numberOf, spelled, type JsonRecord } from './jsonItems.ts';

/** Whether an object is a task: the data shown, and its annotations or predictions. */
function isLabelStudioTask(value: JsonRecord): boolean {
  const said = [value.annotations, value.completions, value.predictions];
  return isJsonRecord(value.data) && said.some((list) => Array.isArray(list));
}

/** Reads the first annotation that was not cancelled; without annotations, the first prediction. Offsets are counted as browsers do. */
function readLabelStudioTask(task: JsonRecord, line: number | null): SpanItem | string {
  const data = isJsonRecord(task.data) ? task.data : {};
  const texts = Object.values(data).filter((one) => typeof one === 'string');
  const text = typeof data.text === 'string' ? data.text : texts[0];
  if (text === undefined) return 'a task whose data hold a text';
  const people = [...listOf(task.annotations), ...listOf(task.completions)].filter(isJsonRecord);
  const used =
    people.find((one) => one.was_cancelled !== true) ?? (people.length > 0 ? undefined : listOf(task.predictions)[0]);
  const results = isJsonRecord(used) ? listOf(used.result) : [];
  return {
    id: spelled(data.id) ?? spelled(task.id),
    text,
    written: results.flatMap((result) => (isJsonRecord(result) ? mentionsOfResult(result.value, line) : [])),
    unit: 'UTF-16 units',
    isRejected: people.length > 0 && used === undefined,
  };
}

/** Relations and choices have no labels; they are listed among the mentions and are skipped. */
function mentionsOfResult(value: unknown, line: number | null): WrittenMention[] {
  if (!isJsonRecord(value) || !isTexts(value.labels)) return [];
  const span = { start: numberOf(value.start), end: numberOf(value.end) };
  const text = typeof value.text === 'string' ? value.text : null;
  return value.labels.map((type) => ({ type, fragments: [span], text, line }));
}

export interface SpanItem {
  readonly id: string | null;
  readonly text: string;
  readonly written: readonly WrittenMention[];
  /** The unit its tool counts in: Python code points, browsers UTF-16 units. */
  readonly unit: 'code points' | 'UTF-16 units';
  /** An annotator marked it as not to be used. */
  readonly isRejected: boolean;
}

const textKeys = ['text', 'data', 'content', 'sentence', 'raw'];
const mentionKeys = ['entities', 'ents', 'spans', 'label', 'labels', 'annotations', 'ner'];
const startKeys = ['start', 'start_offset', 'begin', 'from', 'offset'];
const endKeys = ['end', 'end_offset', 'to'];
const typeKeys = ['label', 'labels', 'type', 'tag', 'entity', 'entity_type', 'class', 'category', 'entity_group'];

/** Returns the item, or a text of what was expected. */
export function readSpanItem(value: unknown, line: number | null): SpanItem | string {
  // `[text, {"entities": [...]}]`, spaCy's training format.
  if (Array.isArray(value)) {
    const [text, notes] = value as readonly unknown[];
    const mentions = isJsonRecord(notes) ? (notes.entities ?? notes.spans ?? []) : notes;
    if (typeof text !== 'string') return 'a pair of a text and its entities';
    return itemOf({ text, entities: mentions }, text, mentions, line);
  }
  if (!isJsonRecord(value)) return 'an object with a text';
  if (isLabelStudioTask(value)) return readLabelStudioTask(value, line);
  const text = first(value, textKeys);
  if (typeof text !== 'string') return `a text under one of ${textKeys.join(', ')}`;
  return itemOf(value, text, mentionsIn(value), line);
}

/** Returns an item's id under any of the keys that tools use. */
export function idOfItem(value: JsonRecord): string | null {
  const meta = isJsonRecord(value.meta) ? value.meta : {};
  const found = [value.id, value.doc_id, value.document_id, value.pmid, value._id, meta.id, meta.pmid].map(spelled);
  return found.find((id) => id !== null) ?? null;
}

function itemOf(value: JsonRecord, text: string, mentions: unknown, line: number | null): SpanItem | string {
  if (!Array.isArray(mentions)) return 'a list of mentions, each with start, end and type';
  const written = mentions.map((one: unknown) => readMention(one, line));
  const whole = written.flatMap((one) => one ?? []);
  if (written.includes(null)) return 'mentions of start, end and type, such as [0, 5, "Disease"]';
  const isOfBrowser = mentions.some((one: unknown) => isJsonRecord(one) && Array.isArray(one.labels));
  return {
    id: idOfItem(value),
    text,
    written: whole,
    unit: isOfBrowser ? 'UTF-16 units' : 'code points',
    isRejected: value.answer === 'reject' || value.answer === 'ignore',
  };
}

/** Finds the first non-empty list under a known key; Label Studio's short export uses the name set in its project. */
function mentionsIn(value: JsonRecord): unknown {
  const lists = mentionKeys.map((key) => value[key]).filter((one) => Array.isArray(one));
  const named = lists.find((list) => list.length > 0) ?? lists[0];
  if (named !== undefined) return named;
  return (
    Object.values(value).find((list) => listOf(list).some((one) => isJsonRecord(one) && Array.isArray(one.labels))) ??
    []
  );
}

/** Returns one mention for each of its types; null if it is not a mention. */
function readMention(value: unknown, line: number | null): WrittenMention[] | null {
  if (Array.isArray(value)) {
    const [start, end, type = ''] = value as readonly unknown[];
    return mentionsOf(start, end, [type], null, line);
  }
  if (!isJsonRecord(value)) return null;
  const start = first(value, startKeys);
  const end = first(value, endKeys) ?? (typeof value.length === 'number' ? numberOf(start) + value.length : undefined);
  const types = first(value, typeKeys) ?? '';
  const text = typeof value.text === 'string' ? value.text : null;
  return mentionsOf(start, end, Array.isArray(types) ? types : [types], text, line);
}

function mentionsOf(
  start: unknown,
  end: unknown,
  types: readonly unknown[],
  text: string | null,
  line: number | null,
): WrittenMention[] | null {
  const span = spanOf(start, end);
  if (span === null || types.some((type) => typeof type !== 'string' && typeof type !== 'number')) return null;
  const names = types.length === 0 ? [''] : types;
  return names.map((type) => ({ type: String(type), fragments: [span], text, line }));
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
