// Stores reviews: `review/<id>/record`, the text in parts, and the steps of the person in records of a hundred.
import {
  reviewPartSchema,
  reviewRecordSchema,
  reviewStepsSchema,
  type DocumentSlice,
  type ReviewRecord,
  type ReviewStep,
} from '../schema/reviewRecord.ts';
import { LabError } from '../util/labError.ts';
import { listRecords, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Steps in one record: each step writes one again, so it stays small. */
export const STEPS_A_RECORD = 100;

/** Stores the text of a review and then its record, which it returns: a listed review is complete. Throws LabError `storage/full`. */
export async function saveReview(
  store: Store,
  description: Omit<ReviewRecord, 'parts'>,
  parts: AsyncIterable<readonly DocumentSlice[]>,
): Promise<ReviewRecord> {
  let index = 0;
  for await (const part of parts) await writeJson(store, `review/${description.id}/part/${index++}`, part);
  const record = { ...description, parts: index };
  await writeJson(store, `review/${record.id}/record`, record);
  return record;
}

export function listReviewRecords(store: Store): Promise<RecordList<ReviewRecord>> {
  return listRecords(store, 'review', reviewRecordSchema);
}

/** Reads one part of the text. Throws LabError `storage/missing` if it is not there, `storage/corrupt` if it cannot be read. */
export async function readReviewPart(store: Store, id: string, index: number): Promise<readonly DocumentSlice[]> {
  const key = `review/${id}/part/${index}`;
  const part = await readJson(store, key, reviewPartSchema);
  if (part === undefined) {
    throw new LabError('storage/missing', 'Text of the review is no longer stored.', { expected: key });
  }
  return part;
}

/** Reads the steps of a review in order, a record at a time. Throws LabError `storage/corrupt` if some cannot be read. */
export async function* readReviewSteps(store: Store, id: string): AsyncGenerator<readonly ReviewStep[]> {
  for (let index = 0; ; index++) {
    const steps = await readJson(store, stepsKey(id, index), reviewStepsSchema);
    if (steps === undefined) return;
    yield steps;
  }
}

/** Writes the record of steps at this index again. Throws LabError `storage/full`, leaving the old one. */
export async function writeReviewSteps(
  store: Store,
  id: string,
  index: number,
  steps: readonly ReviewStep[],
): Promise<void> {
  await writeJson(store, stepsKey(id, index), steps);
}

export async function removeReview(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'review', id);
}

function stepsKey(id: string, index: number): string {
  return `review/${id}/steps/${index}`;
}
