// Reads a task of Label Studio: its text is in one of its data fields, its mentions in the results of one of its annotations.
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { WrittenMention } from '../documents/countings.ts';
import { decodeReferences, saysTheSame } from '../documents/sameText.ts';
import { isJsonRecord, isTexts, listOf, numberOf, spelled, type JsonRecord, type SpanItem } from './documentReading.ts';

/** Whether an object is a task: the data shown, and its annotations or predictions. */
export function isLabelStudioTask(value: unknown): value is JsonRecord {
  if (!isJsonRecord(value)) return false;
  const said = [value.annotations, value.completions, value.predictions];
  return isJsonRecord(value.data) && said.some((list) => Array.isArray(list));
}

/** What the tasks of a file say together. */
export interface TaskFacts {
  /** The data fields of the texts that regions are in, by the names of their tags; null where nothing says which field it is. */
  readonly fields: ReadonlyMap<string, string | null>;
  /** Whether a person annotated a task: predictions of models are then not read. */
  readonly hasPeople: boolean;
  /** Tasks that no person annotated and that have predictions. */
  readonly predictedTasks: number;
  readonly predictions: number;
  /** Whether all of them were written by the lab, which also writes what a person has reviewed as predictions. */
  readonly isOwn: boolean;
}

/** The name of the lab as the model of the predictions that it writes. */
export const ownModel = 'BioNER Lab';

/** Finds the field of each text: where the most texts of its regions fit, or else the one of its name. Takes time linear in the tasks. */
export function factsOfTasks(values: readonly unknown[]): TaskFacts {
  const tasks = values.filter(isLabelStudioTask);
  const hasPeople = tasks.some((task) => peopleOf(task).length > 0);
  const votes = new Map<string, Map<string, number>>();
  let [predictedTasks, predictions, isOwn] = [0, 0, true];
  for (const task of tasks) {
    const predicted = peopleOf(task).length > 0 ? [] : listOf(task.predictions);
    if (predicted.length > 0) predictedTasks++;
    predictions += predicted.length;
    isOwn &&= predicted.every((one) => isJsonRecord(one) && one.model_version === ownModel);
    const regions = regionsOf(annotationOf(task, hasPeople).used).filter(isOfText);
    for (const { textName } of regions) votes.set(textName, votes.get(textName) ?? new Map<string, number>());
    for (const [field, text] of textsIn(task)) {
      for (const region of regions) {
        const own = votes.get(region.textName);
        if (fits(text, region))
          own?.set(field, Math.floor(own.get(field) ?? 0) + 1 + (field === region.textName ? 0.5 : 0)); // prettier-ignore
        else if (field === region.textName && own?.has(field) === false) own.set(field, 0.5);
      }
    }
  }
  const fields = new Map([...votes].map(([name, own]) => [name, mostVoted(own)]));
  return { fields, hasPeople, predictedTasks, predictions, isOwn };
}

function mostVoted(votes: ReadonlyMap<string, number>): string | null {
  return [...votes].sort((left, right) => right[1] - left[1])[0]?.[0] ?? null;
}

/** Warns of predictions of models, whether they are read or not, and lists the texts if tasks have several. */
export function reportTasks(facts: TaskFacts, issues: IssueList): void {
  const { hasPeople, predictedTasks, predictions, isOwn } = facts;
  const fields = [...fieldsIn(facts)];
  if (fields.length > 1) {
    const message = `Regions are in several texts of a task (${fields.slice(0, 5).map(quoted).join(', ')}): each text is a document.`;
    issues.add('info', 'corpus/several-texts', null, message);
  }
  if (predictedTasks === 0) return;
  const message = hasPeople
    ? `${predictions} predictions of models are not read: ${predictedTasks} tasks that no person annotated are left out, as people annotated others.`
    : `No person annotated a task: predictions of models are read, the first of each of ${predictedTasks} tasks.`;
  issues.add(isOwn && !hasPeople ? 'info' : 'warning', 'corpus/predictions', null, message);
}

function fieldsIn({ fields }: TaskFacts): ReadonlySet<string> {
  return new Set([...fields.values()].flatMap((field) => field ?? []));
}

/**
 * Reads the annotation marked as ground truth, or else the first that was not cancelled; where no person annotated a task of the file, the
 * first prediction. Returns an item for each text that regions of the file are in; none for a task with predictions alone where people
 * annotated others; a text of what was expected if the task has no text or labels of a kind that is not read.
 */
export function readLabelStudioTask(
  task: JsonRecord,
  line: number | null,
  facts: TaskFacts,
): readonly (SpanItem | string)[] {
  if (facts.hasPeople && peopleOf(task).length === 0 && listOf(task.predictions).length > 0) return [];
  const texts = textsIn(task);
  const annotation = annotationOf(task, facts.hasPeople);
  const regions = regionsOf(annotation.used);
  const foreign = regions.map(({ value }) => foreignLabels(value)).find((key) => key !== undefined);
  if (foreign !== undefined) return [`labels of a text, got ${JSON.stringify(foreign)}`];
  const known = fieldsIn(facts);
  const [main = mainField(task, texts), ...others] = [...texts.keys()].filter((field) => known.has(field));
  const written = main === null ? undefined : texts.get(main);
  if (main === null || written === undefined) return [missingText(task)];
  const isNamed = others.length > 0;
  const fieldOf = ({ textName }: Region): string | null => {
    const field = facts.fields.get(textName) ?? null;
    if (field !== null) return texts.has(field) ? field : null;
    return textName === '' || facts.fields.size === 1 || texts.size === 1 ? main : null;
  };
  const own = (field: string) => regions.filter((region) => fieldOf(region) === field);
  const first = itemOf(written, own(main), line);
  if (typeof first === 'string') return [first];
  const unplaced = regions.filter((region) => isOfText(region) && fieldOf(region) === null).length;
  const id = spelled((isJsonRecord(task.data) ? task.data : {}).id) ?? spelled(task.id);
  const { further, isCancelled } = annotation;
  const shared = { id, isRejected: isCancelled };
  const items = [{ ...first, ...shared, further, unplaced, ...(isNamed && { part: main }) }];
  if (isCancelled) return items;
  const rest = others.map((field) => {
    const item = itemOf(texts.get(field) ?? '', own(field), line);
    return typeof item === 'string' ? item : { ...item, ...shared, part: field };
  });
  return [...items, ...rest];
}

/** Labels of something else than a text. */
function foreignLabels(value: JsonRecord): string | undefined {
  return Object.keys(value).find((key) => /.labels$/i.test(key) && key !== 'hypertextlabels');
}

/** The field of the text where no region says which it is; null if there is none. */
function mainField({ data }: JsonRecord, texts: ReadonlyMap<string, string>): string | null {
  // A remark beside the address of the text is not the text.
  if (isJsonRecord(data) && typeof data.text === 'string' && isReference(data.text)) return null;
  if (texts.has('text')) return 'text';
  return [...texts].sort((left, right) => right[1].length - left[1].length)[0]?.[0] ?? null;
}

function missingText({ data }: JsonRecord): string {
  const fields = isJsonRecord(data) ? Object.values(data) : [];
  const other = fields.find((one): one is string => typeof one === 'string' && isReference(one));
  if (other === undefined) return 'a task whose data hold a text';
  return `the text itself in the data of a task, got the path or URL of a file, ${JSON.stringify(other.slice(0, 80))}`;
}

type TextOfTask = Pick<SpanItem, 'text' | 'written' | 'hints' | 'isHtml' | 'unlabelled'>;

function itemOf(written: string, regions: readonly Region[], line: number | null): TextOfTask | string {
  const mentions: WrittenMention[] = [];
  let unlabelled = 0;
  for (const region of regions) {
    const { value } = region;
    const types = typesOf(value);
    if (types === null) {
      if (value.start !== undefined && value.end !== undefined && !region.isLabelled) unlabelled++;
      continue;
    }
    const span = spanOf(value);
    if (span === null) return 'text offsets ("globalOffsets") of hypertext labels, got XPath offsets into HTML alone';
    const text = typeof value.text === 'string' ? value.text : null;
    const link = region.id === null ? {} : { link: { id: region.id } };
    for (const type of types) mentions.push({ type, fragments: [span], text, line, ...link });
  }
  const isHtml = regions.some(({ value }) => value.hypertextlabels !== undefined);
  return {
    text: isHtml ? textOfHtml(written) : written,
    written: mentions,
    hints: { unit: 'UTF-16 units' },
    isHtml,
    unlabelled,
  };
}

/** Begins the note of a region that says what it means, as Label Studio has no other field for ids. */
export const idNote = 'identifier ';

interface Region {
  /** The id in its note; null for none. */
  readonly id: string | null;
  readonly value: JsonRecord;
  /** The name of the tag that shows its text; empty if the file does not say. */
  readonly textName: string;
  /** Whether another result labels the same region. */
  readonly isLabelled: boolean;
}

function regionsOf(annotation: unknown): Region[] {
  const results = isJsonRecord(annotation) ? listOf(annotation.result).filter(isJsonRecord) : [];
  const labelled = new Set(
    results.flatMap((one) => (isJsonRecord(one.value) && typesOf(one.value) !== null ? (spelled(one.id) ?? []) : [])),
  );
  return results.flatMap(({ id, value, meta, to_name: to }) => {
    if (!isJsonRecord(value)) return [];
    const notes = listOf(isJsonRecord(meta) ? meta.text : null);
    const note = notes.find((one): one is string => typeof one === 'string' && one.startsWith(idNote));
    return {
      id: note?.slice(idNote.length) ?? null,
      value,
      textName: spelled(to) ?? '',
      isLabelled: labelled.has(spelled(id) ?? ''),
    };
  });
}

/** Relations, choices and other results have no labels, and a region may have lost its own. */
function typesOf({ labels, hypertextlabels }: JsonRecord): readonly string[] | null {
  return [labels, hypertextlabels].filter(isTexts).find((one) => one.length > 0) ?? null;
}

/** Whether a region is a part of a text, rather than a choice or a rating of the whole. */
function isOfText({ value }: Region): boolean {
  return typesOf(value) !== null || (value.start !== undefined && value.end !== undefined);
}

/** Hypertext has global offsets beside XPaths, which are of no use without a browser; null if there are XPaths alone. */
function spanOf({ start, end, globalOffsets }: JsonRecord): { readonly start: number; readonly end: number } | null {
  if (isJsonRecord(globalOffsets)) return { start: numberOf(globalOffsets.start), end: numberOf(globalOffsets.end) };
  if ([start, end].some((one) => typeof one === 'string' && !/^\d+$/.test(one))) return null;
  return { start: numberOf(start), end: numberOf(end) };
}

/** The annotations of people, cancelled ones among them. */
function peopleOf({ annotations, completions }: JsonRecord): readonly JsonRecord[] {
  return [...listOf(annotations), ...listOf(completions)].filter(isJsonRecord);
}

function annotationOf(
  task: JsonRecord,
  hasPeople: boolean,
): {
  readonly used: unknown;
  /** Annotations that are not cancelled and not used. */
  readonly further: number;
  /** People cancelled all annotations. */
  readonly isCancelled: boolean;
} {
  const people = peopleOf(task);
  const valid = people.filter((one) => one.was_cancelled !== true);
  const used = valid.find((one) => one.ground_truth === true) ?? valid[0];
  if (people.length > 0) return { used, further: Math.max(0, valid.length - 1), isCancelled: used === undefined };
  return { used: hasPeople ? undefined : listOf(task.predictions)[0], further: 0, isCancelled: false };
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

/** Returns the text that a browser has for HTML: without comments, scripts, styles and tags, with character references decoded. */
function textOfHtml(html: string): string {
  const bare = html
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<[!/?a-zA-Z][^<>]*>/g, '');
  return decodeReferences(bare);
}
