// Counts the test sentences of runs that were trained before records had such counts, from their stored predictions.
import { runRecordSchema, type RunRecord } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { writeRunRecord } from '../../storage/runRecords.ts';
import type { Store } from '../../storage/store.ts';
import { validate } from '../../util/validate.ts';
import type { AnalysisQuery } from '../../wire/analysisProtocol.ts';
import type { Lab, LabState } from '../state/labState.ts';
import { runTitle } from '../state/runViews.ts';
import type { LabStore } from '../state/labStore.ts';

export interface CountingParts {
  readonly store: Store;
  readonly labStore: LabStore;
  readonly analyse: Lab['analyse'];
}

/** Implements `Lab.countSentences`. */
export async function countSentences(runIds: readonly string[], parts: CountingParts): Promise<number> {
  const asked = new Set(runIds);
  const records = parts.labStore.getState().runs.map(({ record }) => record);
  let counted = 0;
  for (const record of records) {
    if (!asked.has(record.spec.id) || !lacksCounts(record)) continue;
    try {
      if (await countRun(record, parts)) counted++;
    } catch (error) {
      // An export without counts is better than none.
      parts.labStore.notifyError(`The sentences of ${runTitle(record.spec, null)} could not be counted`, error);
    }
  }
  return counted;
}

/** Whether a run has scores on test that say nothing about its sentences. */
function lacksCounts({ status, snapshots, selectedEpoch }: RunRecord): boolean {
  const selected = snapshots.find(({ epoch }) => epoch === selectedEpoch);
  return status === 'finished' && selected !== undefined && selected.testCounts === undefined;
}

/** Adds the counts of a run's selected snapshot to its record; false where predictions are missing, or are not those that were scored. */
async function countRun(record: RunRecord, { store, labStore, analyse }: CountingParts): Promise<boolean> {
  const requests = requestsOf(record, labStore.getState());
  if (requests.every((request) => request === null)) return false;
  const testCounts = await analyse('testCounts', requests).answer;
  if (testCounts === null || testCounts.every((counts) => counts === null)) return false;
  const { snapshots, selectedEpoch, ...members } = record;
  const counted = snapshots.map((one) => (one.epoch === selectedEpoch ? { ...one, testCounts } : one));
  // The schema compares the sums with the scores.
  const next = validate(runRecordSchema, { ...members, snapshots: counted, selectedEpoch });
  if (!next.isFit) return false;
  await writeRunRecord(store, next.data);
  labStore.updateRun(record.spec.id, (view) => ({ ...view, record: next.data }));
  return true;
}

/** What to count for each task; null where it was not scored or its corpus is not in the library. */
function requestsOf({ spec, snapshots, selectedEpoch }: RunRecord, { corpora }: LabState): AnalysisQuery<'testCounts'> {
  return spec.tasks.map(({ corpus, type }, task) => {
    const scores = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[task];
    const found = corpora.find(({ fingerprint }) => fingerprint === corpus.fingerprint);
    if (scores == null || found === undefined || selectedEpoch === null) return null;
    const request: PredictionRequest = { runId: spec.id, epoch: selectedEpoch, split: 'test', task };
    return { request, task: { corpusId: found.id, type } };
  });
}
