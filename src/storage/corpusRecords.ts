// Stores corpora: `corpus/<id>/record`, plus one record of sentences per split, and one of texts for document corpora.
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

/** Stores a corpus, with the texts of its documents if any, and its record last: a listed corpus is complete. Throws LabError `storage/full`. */
export async function saveCorpus(
  store: Store,
  record: CorpusRecord,
  sentences: CorpusSentences,
  texts: CorpusTexts | null = null,
): Promise<void> {
  await saveCorpusSentences(store, record.id, sentences);
  if (texts !== null) await saveCorpusTexts(store, record.id, texts);
  await writeCorpusRecord(store, record);
}

/** Stores the sentences of a corpus. Throws LabError `storage/full`. */
export async function saveCorpusSentences(store: Store, id: string, sentences: CorpusSentences): Promise<void> {
  for (const split of SPLITS) await writeJson(store, splitKey(id, split), sentences[split]);
}

/** Stores the texts of a corpus. Throws LabError `storage/full`. */
export async function saveCorpusTexts(store: Store, id: string, texts: CorpusTexts): Promise<void> {
  for (const split of SPLITS) await writeJson(store, textsKey(id, split), storeTexts(texts[split]));
}

/** Replaces the record of a stored corpus, for example after renaming. */
export async function writeCorpusRecord(store: Store, record: CorpusRecord): Promise<void> {
  await writeJson(store, `corpus/${record.id}/record`, record);
}

export function listCorpusRecords(store: Store): Promise<RecordList<CorpusRecord>> {
  return listRecords(store, 'corpus', corpusRecordSchema);
}

/** Reads the sentences of a stored corpus. Throws LabError `storage/missing` if a split is not there, `storage/corrupt` if it cannot be read. */
export async function readCorpusSentences(store: Store, id: string): Promise<CorpusSentences> {
  const [train, devel, test] = await Promise.all(SPLITS.map((split) => readSplit(store, id, split)));
  return { train: train ?? [], devel: devel ?? [], test: test ?? [] };
}

/** Reads the texts of a stored corpus; null for one imported as rows of tokens. Throws LabError `storage/corrupt` if they cannot be read. */
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
