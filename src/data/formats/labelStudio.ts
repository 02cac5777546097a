// Reads a task of Label Studio: its text is in one of its data fields, its mentions in the results of one of its annotations.
import type { WrittenMention } from '../documents/countings.ts';
import { decodeReferences, saysTheSame } from '../documents/sameText.ts';
import { isJsonRecord, isTexts, listOf, numberOf, spelled, type JsonRecord } from './jsonItems.ts';
import type { SpanItem } from './jsonItems.ts';

/** Whether an object is a task: the data shown, and its annotations or predictions. */
export function isLabelStudioTask(value: unknown): value is JsonRecord {
  if (!isJsonRecord(value)) return false;
  const said = [value.annotations, value.completions, value.predictions];
  return isJsonRecord(value.data) && said.some((list) => Array.isArray(list));
}

/** The name of the data field that holds the texts of a file's tasks; null if nothing says which. */
export type TextField = string | null;

/** Finds the field on which the most texts of mentions fit. Takes time linear in the tasks. */
export function textFieldOf(values: readonly unknown[]): TextField {
  const votes = new Map<string, number>();
  for (const value of values) {
    if (!isLabelStudioTask(value)) continue;
    const regions = regionsOf(annotationOf(value).used);
    for (const [field, text] of textsIn(value)) {
      const fitting = regions.filter((region) => fits(text, region)).length;
      if (fitting > 0) votes.set(field, (votes.get(field) ?? 0) + fitting);
    }
  }
  return [...votes].sort((left, right) => right[1] - left[1])[0]?.[0] ?? null;
}

/**
 * Reads the annotation marked as ground truth, or else the first that was not cancelled; without annotations, the first prediction.
 * Returns a text of what was expected if the task has no text or labels of a kind that is not read.
 */
export function readLabelStudioTask(task: JsonRecord, line: number | null, field: TextField): SpanItem | string {
  const data = isJsonRecord(task.data) ? task.data : {};
  const texts = textsIn(task);
  // Where nothing shows which field it is, a remark beside the address of the text is not the text.
  const isElsewhere = field === null && typeof data.text === 'string' && isReference(data.text);
  const written = isElsewhere
    ? undefined
    : (texts.get(field ?? '') ?? texts.get('text') ?? longest([...texts.values()]));
  if (written === undefined) {
    const other = Object.values(data).find((one): one is string => typeof one === 'string' && isReference(one));
    if (other === undefined) return 'a task whose data hold a text';
    return `the text itself in the data of a task, got the path or URL of a file, ${JSON.stringify(other.slice(0, 80))}`;
  }
  const { used, further, isCancelled } = annotationOf(task);
  const mentions: WrittenMention[] = [];
  let isHtml = false;
  let unlabelled = 0;
  for (const region of regionsOf(used)) {
    const { value } = region;
    const foreign = Object.keys(value).find((key) => /.labels$/i.test(key) && key !== 'hypertextlabels');
    if (foreign !== undefined) return `labels of a text, got ${JSON.stringify(foreign)}`;
    const types = typesOf(value);
    if (types === null) {
      if (value.start !== undefined && value.end !== undefined && !region.isLabelled) unlabelled++;
      continue;
    }
    const span = spanOf(value);
    if (span === null) return 'text offsets ("globalOffsets") of hypertext labels, got XPath offsets into HTML alone';
    isHtml ||= value.hypertextlabels !== undefined;
    const text = typeof value.text === 'string' ? value.text : null;
    const link = region.id === null ? {} : { link: { id: region.id } };
    for (const type of types) mentions.push({ type, fragments: [span], text, line, ...link });
  }
  return {
    id: spelled(data.id) ?? spelled(task.id),
    text: isHtml ? textOfHtml(written) : written,
    written: mentions,
    hints: { unit: 'UTF-16 units' },
    isRejected: isCancelled,
    isHtml,
    further,
    unlabelled,
  };
}

/** Begins the note of a region that says what it means, as Label Studio has no other field for ids. */
export const idNote = 'identifier ';

interface Region {
  /** The id in its note; null for none. */
  readonly id: string | null;
  readonly value: JsonRecord;
  /** Whether another result labels the same region. */
  readonly isLabelled: boolean;
}

function regionsOf(annotation: unknown): Region[] {
  const results = isJsonRecord(annotation) ? listOf(annotation.result).filter(isJsonRecord) : [];
  const labelled = new Set(
    results.flatMap((one) => (isJsonRecord(one.value) && typesOf(one.value) !== null ? (spelled(one.id) ?? []) : [])),
  );
  return results.flatMap(({ id, value, meta }) => {
    if (!isJsonRecord(value)) return [];
    const notes = listOf(isJsonRecord(meta) ? meta.text : null);
    const note = notes.find((one): one is string => typeof one === 'string' && one.startsWith(idNote));
    return { id: note?.slice(idNote.length) ?? null, value, isLabelled: labelled.has(spelled(id) ?? '') };
  });
}

/** Relations, choices and other results have no labels. */
function typesOf({ labels, hypertextlabels }: JsonRecord): readonly string[] | null {
  if (isTexts(labels)) return labels;
  return isTexts(hypertextlabels) ? hypertextlabels : null;
}

/** Hypertext has global offsets beside XPaths, which are of no use without a browser; null if there are XPaths alone. */
function spanOf({ start, end, globalOffsets }: JsonRecord): { readonly start: number; readonly end: number } | null {
  if (isJsonRecord(globalOffsets)) return { start: numberOf(globalOffsets.start), end: numberOf(globalOffsets.end) };
  if ([start, end].some((one) => typeof one === 'string' && !/^\d+$/.test(one))) return null;
  return { start: numberOf(start), end: numberOf(end) };
}

function annotationOf(task: JsonRecord): {
  readonly used: unknown;
  /** Annotations that are not cancelled and not used. */
  readonly further: number;
  /** People cancelled all annotations. */
  readonly isCancelled: boolean;
} {
  const people = [...listOf(task.annotations), ...listOf(task.completions)].filter(isJsonRecord);
  const valid = people.filter((one) => one.was_cancelled !== true);
  const used = valid.find((one) => one.ground_truth === true) ?? valid[0];
  if (people.length > 0) return { used, further: Math.max(0, valid.length - 1), isCancelled: used === undefined };
  return { used: listOf(task.predictions)[0], further: 0, isCancelled: false };
}

/** The data fields that may be the text: not paths, URLs or ids. */
function textsIn({ data }: JsonRecord): Map<string, string> {
  const fields = isJsonRecord(data) ? Object.entries(data) : [];
  return new Map(
    fields.flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' &&
      value.trim() !== '' &&
      !isReference(value) &&
      (name === 'text' || !(isIdentifier(value) || /^_?id$/i.test(name)))
        ? [[name, value]]
        : [],
    ),
  );
}

/** Whether a text is the address of a file rather than a text: a URL, or a path of folders or to a file with an extension. */
export function isReference(text: string): boolean {
  const one = text.trim();
  const hasExtension = /\.\w{2,5}(?:\?\S*)?$/.test(one);
  if (/^(?:[a-z][\w+.-]*:\/\/|www\.)\S/i.test(one)) return !/\s/.test(one) || hasExtension;
  if (/^(?:\.{0,2}|~)\/[\w.%-]+\/|^[A-Za-z]:\\/.test(one))
    return !/\s/.test(one) || (hasExtension && !one.includes('\n'));
  return !/\s/.test(one) && /\w\.(?:txt|html?|json|csv|tsv|xml|pdf|docx?|png|jpe?g|wav|mp3|md)(?:\?.*)?$/i.test(one);
}

/** Whether a text is a number or a UUID. */
function isIdentifier(text: string): boolean {
  return /^\s*(?:\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\s*$/i.test(text);
}

function fits(text: string, { value }: Region): boolean {
  const span = spanOf(value);
  if (typeof value.text !== 'string' || value.text.trim() === '' || span === null) return false;
  const shown = value.hypertextlabels === undefined ? text : textOfHtml(text);
  return (
    saysTheSame([shown.slice(span.start, span.end)], value.text) ||
    saysTheSame([Array.from(shown).slice(span.start, span.end).join('')], value.text)
  );
}

function longest(texts: readonly string[]): string | undefined {
  return [...texts].sort((left, right) => right.length - left.length)[0];
}

/** Returns the text that a browser has for HTML: without comments, scripts, styles and tags, with character references decoded. */
function textOfHtml(html: string): string {
  const bare = html
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<[!/?a-zA-Z][^<>]*>/g, '');
  return decodeReferences(bare);
}
