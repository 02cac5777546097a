// Remembers which runs are under way, so that a tab that was taken away can go on with them.
import { readQueueRecord, writeQueueRecord } from '../storage/queueRecord.ts';
import type { Store } from '../storage/store.ts';
import type { Schedule } from './scheduler.ts';

export interface QueueMemory {
  /** What was under way when the lab was left: the run on the device, then those that waited, in order. */
  recall(): Promise<readonly string[]>;
  /** Stores what is under way where it differs from what is stored. */
  keep(plan: Schedule): void;
}

export function createQueueMemory(store: Store): QueueMemory {
  let kept = '';
  let writing: Promise<unknown> = Promise.resolve();

  return {
    async recall() {
      // Without the record nothing goes on by itself, and a person resumes what is paused.
      const runIds = await readQueueRecord(store).catch(() => []);
      kept = runIds.join();
      return runIds;
    },
    keep({ activeRunId, queue }) {
      const runIds = [...(activeRunId === null ? [] : [activeRunId]), ...queue];
      if (runIds.join() === kept) return;
      kept = runIds.join();
      writing = writing.then(() => writeQueueRecord(store, runIds)).catch(() => undefined);
    },
  };
}
