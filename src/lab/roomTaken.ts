// What takes room in the store and can be removed without taking anything from what is still to be trained.
import { runBytes } from '../storage/runBytes.ts';
import type { Store } from '../storage/store.ts';
import { totalSize } from '../util/totalSize.ts';
import type { LabState, RoomItem } from './labState.ts';

/** Largest first; corpora and results are small beside these. Bytes of runs are read from the store. */
export async function roomTaken(
  store: Store,
  { runs, models, downloads, queue, activeRunId, needsRoom }: LabState,
): Promise<readonly RoomItem[]> {
  const records = runs.map(({ record }) => record);
  const isOpen = (id: string): boolean => id === activeRunId || id === needsRoom || queue.includes(id);
  const isStartedFrom = (id: string): boolean => records.some(({ spec }) => spec.parent === id);
  const items: RoomItem[] = [];
  for (const { spec } of records) {
    if (isOpen(spec.id) || isStartedFrom(spec.id)) continue;
    items.push({ kind: 'run', id: spec.id, sizeBytes: await runBytes(store, spec.id) });
  }
  for (const { id, files, builtIn } of models) {
    const isNeeded = records.some(({ spec, status }) => spec.model.id === id && status !== 'finished');
    if (!builtIn && !isNeeded) items.push({ kind: 'model', id, sizeBytes: totalSize(files) });
  }
  for (const { record, receivedBytes, jobId } of downloads) {
    if (jobId === null) items.push({ kind: 'download', id: record.id, sizeBytes: receivedBytes });
  }
  return items.filter(({ sizeBytes }) => sizeBytes > 0).sort((one, other) => other.sizeBytes - one.sizeBytes);
}
