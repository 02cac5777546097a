// What the store holds of runs beside their records: which are under way, and what can be removed to free storage.
import { readQueueRecord, writeQueueRecord } from '../../storage/machineRecords.ts';
import { runBytes } from '../../storage/runRecords.ts';
import type { Store } from '../../storage/store.ts';
import { totalSize } from '../../util/namedFile.ts';
import type { LabState, StoredItem } from '../state/labState.ts';
import type { Schedule } from './scheduler.ts';

/** Remembers which runs are under way, so that a tab that was taken away can go on with them. */
export interface QueueMemory {
  /** What was under way when the lab was left: the run on the device, then those that waited, in order. */
  recall(): Promise<readonly string[]>;
  /** Stores what is under way where it differs from what is stored. */
  keep(plan: Schedule): void;
}

/** Writes one after another; a write that fails is left to the next change, which writes all of it again. */
export function createQueueMemory(store: Store): QueueMemory {
  let saved = '';
  let writing: Promise<unknown> = Promise.resolve();

  return {
    async recall() {
      // Without the record nothing goes on by itself, and a person resumes what is paused.
      const runIds = await readQueueRecord(store).catch(() => []);
      saved = runIds.join();
      return runIds;
    },
    keep({ activeRunId, queue }) {
      const runIds = [...(activeRunId === null ? [] : [activeRunId]), ...queue];
      if (runIds.join() === saved) return;
      saved = runIds.join();
      writing = writing.then(() => writeQueueRecord(store, runIds)).catch(() => undefined);
    },
  };
}

/** Largest first; corpora and results are small beside these. Bytes of runs are read from the store. */
export async function removableItems(
  store: Store,
  { runs, models, downloads, queue, activeRunId, storageFullRun }: LabState,
): Promise<readonly StoredItem[]> {
  const records = runs.map(({ record }) => record);
  const isOpen = (id: string): boolean => id === activeRunId || id === storageFullRun || queue.includes(id);
  const isStartedFrom = (id: string): boolean => records.some(({ spec }) => spec.parent === id);
  const items: StoredItem[] = [];
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
