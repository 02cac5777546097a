// Writes the checkpoints of a run while it goes on: on the thread that trains, or in a Worker that takes their memory.
import { tensorsWithPrefix } from '../model/blocks/parameterLocation.ts';
import type { RunRecord } from '../schema/runRecord.ts';
import { writeRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import type { Client } from '../wire/calls.ts';
import { saveCheckpoint, saveSnapshot, type Checkpoint } from './checkpoint.ts';

const CHECKPOINT_EVERY_MS = 30_000;
/** Writing checkpoints may take one part in this many of the time. */
const CHECKPOINT_SHARE = 20;

/** Milliseconds until the next checkpoint, after one that kept the device waiting for `tookMs`. */
export function untilCheckpointMs(tookMs: number): number {
  return Math.max(CHECKPOINT_EVERY_MS, CHECKPOINT_SHARE * tookMs);
}

/** What is reported of a checkpoint that is stored. */
export interface StoredCheckpoint {
  readonly step: number;
  readonly sizeBytes: number;
}

interface CheckpointWriting {
  readonly record: RunRecord;
  readonly checkpoint: Checkpoint;
}

/** Where the checkpoints of a run go. */
export interface CheckpointTarget {
  /** Stores a resume point with the run's record and, at the end of an epoch, its snapshot. The tensors are not used afterwards. */
  write(writing: CheckpointWriting): Promise<StoredCheckpoint>;
  /**
   * Of a step's time, what the next one waits while a checkpoint is being written on the same thread: without turns of the event loop it would take
   * as many steps as it has transactions. 0 where another thread writes.
   */
  readonly waitShare: number;
}

/** The calls of a Worker that stores checkpoints. */
export interface CheckpointCalls {
  /** Answers once the Worker listens. */
  ready(): true;
  write(writing: CheckpointWriting): StoredCheckpoint;
}

/** Writes into a store from this thread. Throws LabError `storage/full`. */
export function checkpointsInto(store: Store): CheckpointTarget {
  return {
    waitShare: 0.1,
    async write({ record, checkpoint: { position, tensors } }) {
      const { id, config } = record.spec;
      if (position.stepInEpoch === 0) {
        const { weights } = tensorsWithPrefix(tensors);
        await saveSnapshot(store, id, position.epoch, weights, config.snapshots);
      }
      // The history first: what it has beyond the checkpoint is dropped on resuming, what it lacks would be lost.
      await writeRunRecord(store, record);
      return { step: position.step, sizeBytes: await saveCheckpoint(store, id, { position, tensors }) };
    },
  };
}

/** A Worker, opened for the first checkpoint; where it does not start, this thread writes into `store`. */
export function checkpointsElsewhere(open: () => Client<CheckpointCalls, never>, store: Store): CheckpointTarget {
  let opened: Promise<CheckpointTarget> | null = null;
  let waitShare = 0;
  const begin = async (): Promise<CheckpointTarget> => {
    try {
      const client = open();
      await client.call('ready', undefined);
      return { waitShare, write: (writing) => client.call('write', writing, memoryOf(writing.checkpoint)) };
    } catch {
      const here = checkpointsInto(store);
      waitShare = here.waitShare;
      return here;
    }
  };
  return {
    get waitShare() {
      return waitShare;
    },
    write: async (writing) => (await (opened ??= begin())).write(writing),
  };
}

/** The memory of a checkpoint's tensors, each once. */
function memoryOf({ tensors }: Checkpoint): readonly ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { values } of tensors.values()) {
    const { buffer } = values;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === values.byteLength) buffers.add(buffer);
  }
  return [...buffers];
}

/** Writes the checkpoints of a run while it goes on, one at a time. */
export class CheckpointWriter {
  private readonly target: CheckpointTarget;
  private writing: Promise<StoredCheckpoint> | null = null;
  private isSettled = false;

  constructor(target: CheckpointTarget) {
    this.target = target;
  }

  /** Begins to write a checkpoint with the run's record; collect what was begun before first. */
  begin(record: RunRecord, checkpoint: Checkpoint): void {
    if (this.writing !== null) throw new Error('the checkpoint before has not been collected');
    this.isSettled = false;
    this.writing = this.target.write({ record, checkpoint }).finally(() => (this.isSettled = true));
    // `collect` throws it.
    this.writing.catch(() => undefined);
  }

  /** What was begun, once it is stored; null if it is not within `waitMs`, which may be Infinity. Throws what writing threw. */
  async collect({ waitMs }: { readonly waitMs: number }): Promise<StoredCheckpoint | null> {
    const { writing } = this;
    if (writing === null) return null;
    if (!this.isSettled && waitMs > 0 && waitMs < Infinity) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, waitMs)));
      await Promise.race([this.settle(), late]);
      clearTimeout(timer);
    }
    if (!this.isSettled && waitMs < Infinity) return null;
    this.writing = null;
    return writing;
  }

  /** Resolves once nothing is being written, whatever became of it. */
  async settle(): Promise<void> {
    await this.writing?.catch(() => undefined);
  }
}
