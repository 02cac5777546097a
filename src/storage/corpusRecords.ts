// Corpora in a store: `corpus/<id>/record` beside one record of sentences a split, and one of texts where it came as documents.
import { SPLITS, type CorpusSentences, type Sentence, type Split } from '../data/corpus/corpus.ts';
import type { CorpusTexts } from '../data/documents/document.ts';
import {
  corpusRecordSchema,
  sentencesSchema,
  storedTextsSchema,
  storeTexts,
  unstoreTexts,
  type CorpusRecord,
} from '../schema/corpusRecord.ts';
import { LabError } from '../util/labError.ts';
import { listRecords, readJson, removeRecord, writeJson, type RecordList } from './records.ts';
import type { Store } from './store.ts';

/**
 * Stores a corpus, with the texts of its documents where it has them, its record last: a corpus that is listed is whole.
 * Throws LabError `storage/full`.
 */
export async function saveCorpus(
  store: Store,
  record: CorpusRecord,
  sentences: CorpusSentences,
  texts: CorpusTexts | null = null,
): Promise<void> {
  for (const split of SPLITS) await writeJson(store, splitKey(record.id, split), sentences[split]);
  if (texts !== null) await saveCorpusTexts(store, record.id, texts);
  await writeCorpusRecord(store, record);
}

/** Stores the texts of a corpus. Throws LabError `storage/full`. */
export async function saveCorpusTexts(store: Store, id: string, texts: CorpusTexts): Promise<void> {
  for (const split of SPLITS) await writeJson(store, textsKey(id, split), storeTexts(texts[split]));
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

/** The texts of a stored corpus; null for one that came as rows of tokens. Throws LabError `storage/corrupt` when they cannot be read. */
export async function readCorpusTexts(store: Store, id: string): Promise<CorpusTexts | null> {
  const read = (split: Split) => readJson(store, textsKey(id, split), storedTextsSchema);
  const [train, devel, test] = await Promise.all(SPLITS.map(read));
  if (train === undefined || devel === undefined || test === undefined) return null;
  return { train: unstoreTexts(train), devel: unstoreTexts(devel), test: unstoreTexts(test) };
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

function textsKey(id: string, split: Split): string {
  return `corpus/${id}/texts/${split}`;
}

function splitKey(id: string, split: Split): string {
  return `corpus/${id}/${split}`;
}
