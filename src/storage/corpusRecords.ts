// Corpora in a store: `corpus/<id>/record` beside one record of sentences a split.
import { SPLITS, type CorpusSentences, type Sentence, type Split } from '../data/corpus.ts';
import { corpusRecordSchema, type CorpusRecord } from '../schema/corpusRecord.ts';
import { sentencesSchema } from '../schema/sentences.ts';
import { LabError } from '../util/labError.ts';
import { listRecords, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/** Stores a corpus, its record last: a corpus that is listed is whole. Throws LabError `storage/full`. */
export async function saveCorpus(store: Store, record: CorpusRecord, sentences: CorpusSentences): Promise<void> {
  for (const split of SPLITS) await writeJson(store, splitKey(record.id, split), sentences[split]);
  await writeCorpusRecord(store, record);
}

/** Replaces the record of a stored corpus, as a new name asks for. */
export async function writeCorpusRecord(store: Store, record: CorpusRecord): Promise<void> {
  await writeJson(store, `corpus/${record.id}/record`, record);
}

export function listCorpusRecords(store: Store): Promise<RecordList<CorpusRecord>> {
  return listRecords(store, 'corpus', corpusRecordSchema);
}

/** The sentences of a stored corpus. Throws LabError `storage/missing` when a split is not there, `storage/corrupt` when it cannot be read. */
export async function readCorpusSentences(store: Store, id: string): Promise<CorpusSentences> {
  const [train, devel, test] = await Promise.all(SPLITS.map((split) => readSplit(store, id, split)));
  return { train: train ?? [], devel: devel ?? [], test: test ?? [] };
}

export async function removeCorpus(store: Store, id: string): Promise<void> {
  await removeRecord(store, 'corpus', id);
}

async function readSplit(store: Store, id: string, split: Split): Promise<readonly Sentence[]> {
  const key = splitKey(id, split);
  const sentences = await readJson(store, key, sentencesSchema);
  if (sentences === undefined) {
    throw new LabError('storage/missing', 'Sentences of the corpus are no longer stored.', { expected: key });
  }
  return sentences;
}

function splitKey(id: string, split: Split): string {
  return `corpus/${id}/${split}`;
}
