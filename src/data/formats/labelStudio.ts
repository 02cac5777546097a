// Reads tasks of Label Studio's full export.
import type { WrittenMention } from '../placeMentions.ts';
import { isJsonRecord, isTexts, listOf, numberOf, spelled, type JsonRecord } from './jsonRecord.ts';
import type { SpanItem } from './spanItem.ts';

/** Whether an object is a task: what was shown beside what people or models said of it. */
export function isLabelStudioTask(value: JsonRecord): boolean {
  const said = [value.annotations, value.completions, value.predictions];
  return isJsonRecord(value.data) && said.some((list) => Array.isArray(list));
}

/**
 * The first annotation that was not cancelled; where nobody annotated, the first prediction. Offsets are what browsers count.
 */
export function readLabelStudioTask(task: JsonRecord, line: number | null): SpanItem | string {
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
    written: results.flatMap((result) => (isJsonRecord(result) ? mentionsOf(result.value, line) : [])),
    unit: 'UTF-16 units',
    isRejected: people.length > 0 && used === undefined,
  };
}

/** Relations and choices have no labels; those stand beside mentions and are passed over. */
function mentionsOf(value: unknown, line: number | null): WrittenMention[] {
  if (!isJsonRecord(value) || !isTexts(value.labels)) return [];
  const span = { start: numberOf(value.start), end: numberOf(value.end) };
  const text = typeof value.text === 'string' ? value.text : null;
  return value.labels.map((type) => ({ type, fragments: [span], text, line }));
}
