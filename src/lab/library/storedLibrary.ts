// Reads everything stored into the lab's state, reports what could not be read once, and lists what can be removed to free storage.
import { cyclicRuns, neededRuns } from '../../schema/runLineage.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { listCorpusRecords } from '../../storage/corpusRecords.ts';
import { readMachineSettings } from '../../storage/machineRecords.ts';
import { listModelRecords } from '../../storage/modelRecords.ts';
import { removeRecord, UnreadableItem, type RecordList, type StoredKind } from '../../storage/records.ts';
import { listResults } from '../../storage/resultRecords.ts';
import { listRunRecords, runBytes } from '../../storage/runRecords.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import { totalSize } from '../../util/namedFile.ts';
import type { LabState, Notice, StoredItem } from '../state/labState.ts';
import { withoutItem, type LabStore } from '../state/labStore.ts';

export interface StoredLibraryParts {
  readonly store: Store;
  readonly labStore: LabStore;
  /** Parts of the library that read their own records, and answer with the items that cannot be read. */
  readonly restored: readonly { restore(): Promise<readonly UnreadableItem[]> }[];
}

export class StoredLibrary {
  private readonly parts: StoredLibraryParts;
  private readonly reported = new Set<string>();
  private reading: Promise<unknown> = Promise.resolve();

  constructor(parts: StoredLibraryParts) {
    this.parts = parts;
  }

  /** Does `work` once every earlier reading is over, so that no two overlap. */
  inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.reading.then(work);
    this.reading = done.catch(() => undefined);
    return done;
  }

  /**
   * Shows corpora, models, results and settings as they are stored, and what of them cannot be read; answers with the records of the runs. Nothing
   * that is stored keeps the lab from opening.
   */
  async read(): Promise<readonly RunRecord[]> {
    const { store, labStore, restored } = this.parts;
    const [corpora, models, storedRuns, results] = await Promise.all([
      listCorpusRecords(store),
      listModelRecords(store),
      listRunRecords(store),
      listResults(store),
    ]);
    const runs = { ...storedRuns, ...withoutCycles(storedRuns) };
    labStore.update(() => ({
      corpora: corpora.records,
      models: models.records,
      results: results.records,
      unreadable: [],
    }));
    for (const list of [corpora, models, runs, results] as readonly RecordList<unknown>[]) {
      list.unreadable.forEach(this.reportUnreadable);
    }
    await readMachineSettings(store)
      .then((machine) => labStore.update(() => ({ machine })))
      .catch((error: unknown) => {
        const reason = LabError.describe(LabError.toData(error));
        this.reportOnce(
          'warning',
          `The settings of this machine are the defaults until they are saved again. ${reason}`,
        );
      });
    for (const part of restored) {
      await part
        .restore()
        .then((unreadable) => unreadable.forEach(this.reportUnreadable))
        .catch(this.reportUnreadable);
    }
    for (const damage of runs.damaged) {
      this.reportOnce('warning', `${damage.message} It was damaged; the one before is used, and nothing is lost.`);
    }
    return runs.records;
  }

  /** Shows how much storage is used; nothing where the store cannot say. */
  async readUsage(): Promise<void> {
    const usage = await this.parts.store.usage().catch(() => null);
    this.parts.labStore.update(() => ({ usage }));
  }

  async removeUnreadable(kind: StoredKind, id: string): Promise<void> {
    const { store, labStore } = this.parts;
    if (!labStore.getState().unreadable.some((item) => item.kind === kind && item.id === id)) {
      throw new LabError('storage/unknown', 'There is no unreadable item of this name.', { got: `${kind} ${id}` });
    }
    await removeRecord(store, kind, id);
    labStore.update((state) => ({ unreadable: withoutItem(state.unreadable, kind, id) }));
  }

  private readonly reportUnreadable = (error: unknown): void => {
    const reason = LabError.toData(error);
    if (error instanceof UnreadableItem) {
      const { kind, id } = error;
      this.parts.labStore.update(({ unreadable }) => ({ unreadable: [...unreadable, { kind, id, reason }] }));
    }
    this.reportOnce('error', `Something stored was left out: ${LabError.describe(reason)}`);
  };

  /** What is read again is not reported again. */
  private reportOnce(severity: Notice['severity'], message: string): void {
    if (!this.reported.has(message)) this.parts.labStore.notify(severity, message);
    this.reported.add(message);
  }
}

/** Treats runs that descend from themselves as unreadable: none of them can ever start. */
function withoutCycles({ records, unreadable }: RecordList<RunRecord>): RecordList<RunRecord> {
  const cyclic = cyclicRuns(records.map(({ spec }) => spec));
  const refused = [...cyclic].map((id) => {
    const error = new LabError('storage/corrupt', `The stored run ${id} starts from itself.`, {
      expected: 'a run that starts from pretrained weights or from an earlier run',
    });
    return new UnreadableItem('run', id, error);
  });
  return {
    records: records.filter(({ spec }) => !cyclic.has(spec.id)),
    unreadable: [...unreadable, ...refused],
  };
}

/** What can be removed without taking anything from what is still to be trained, largest first; corpora and results are small beside these. Bytes of runs are read from the store. */
export async function removableItems(
  store: Store,
  { runs, models, downloads, queue, activeRunId, storageFullRun }: LabState,
): Promise<readonly StoredItem[]> {
  const records = runs.map(({ record }) => record);
  const isOpen = (id: string): boolean => id === activeRunId || id === storageFullRun || queue.includes(id);
  const needed = new Set(records.flatMap(({ spec }) => neededRuns(spec)));
  const isStartedFrom = (id: string): boolean => needed.has(id);
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
