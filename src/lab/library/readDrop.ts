// Reads dropped files: corpora are assembled and stored, result and plan files parsed, models and texts to tag found.
import { describeSentences, type CorpusSentences } from '../../data/corpus/corpus.ts';
import { assembleCorpora, type AssembledCorpus } from '../../data/import/assembleCorpora.ts';
import { mebibytes, readingBounds } from '../../data/import/corpusChecks.ts';
import { readDocuments } from '../../data/import/readDocuments.ts';
import { isClutter, sortDroppedFiles, Unpacking, type DroppedModel } from '../../data/import/sortDrop.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { resultIdOf } from '../../schema/resultFile.ts';
import {
  readCorpusSentences,
  readCorpusTexts,
  saveCorpus,
  saveCorpusSentences,
  saveCorpusTexts,
} from '../../storage/corpusRecords.ts';
import { readResult, writeResult } from '../../storage/resultRecords.ts';
import type { Store } from '../../storage/store.ts';
import { macrotask, type WorkControl } from '../../util/clock.ts';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import { baseName, type DroppedFile, type NamedFile } from '../../util/namedFile.ts';
import { freeName } from '../../util/wording.ts';
import type {
  DropContext,
  DropReading,
  ModelReading,
  ReadCorpus,
  ReadFile,
  ReadResult,
  TextReading,
} from '../../wire/readingProtocol.ts';
import { parsePlan } from '../plans/expandPlan.ts';
import { parseResultFile } from '../plans/resultFiles.ts';
import { parseReportedScores } from './scoreTables.ts';

/** How a reading is watched and ended: it stops between two files once the signal is aborted. */
export type ReadingControl = WorkControl;

/**
 * Reads what was dropped and stores its corpora and results, one after the other. Whatever the files contain, what is wrong with them is
 * part of the answer, and so is what there was no room for. Rejects with the reason of the signal, or when a file cannot be read.
 */
export async function readDrop(
  files: readonly DroppedFile[],
  context: DropContext,
  store: Store,
  { signal, report }: ReadingControl,
): Promise<DropReading> {
  const watched = watchedFiles(files, { signal, report });
  const drop = await sortDroppedFiles(watched);
  signal.throwIfAborted();
  const assembly = assembleCorpora(drop.corpusFiles, context.choices);
  const isWanted = ({ group }: { readonly group: string }) => context.only === null || context.only === group;
  const corpora = assembly.corpora.filter(isWanted);
  const read: ReadCorpus[] = [];
  const unstored: { readonly name: string; readonly error: LabErrorData }[] = [];
  const of = corpora.length + drop.results.length;
  for (const [done, corpus] of corpora.entries()) {
    signal.throwIfAborted();
    report({ phase: 'storing', done, of });
    const stored = read.map(({ id, record, name }) => ({ id, name: record?.name ?? name }));
    try {
      read.push(await storeCorpus(corpus, { ...context, corpora: [...context.corpora, ...stored] }, store));
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'storage/full') throw error;
      unstored.push({ name: corpus.name, error: LabError.toData(error) });
    }
  }
  const results: ReadFile<ReadResult>[] = [];
  for (const [done, file] of drop.results.entries()) {
    signal.throwIfAborted();
    report({ phase: 'storing', done: corpora.length + done, of });
    results.push(await readFile(file, (text) => storeResult(baseName(file.path), text, store)));
  }
  return {
    corpora: read,
    unstored,
    refused: assembly.refused.filter(isWanted),
    models: drop.models.map((model) => modelReading(model, new Set(watched))),
    plans: await Promise.all(drop.plans.map((file) => readFile(file, parsePlan))),
    results,
    scores: await Promise.all(drop.scores.map((file) => readFile(file, parseReportedScores))),
    foreign: drop.foreign,
    others: [...drop.others, ...assembly.ignored.map(({ file }) => file)],
    issues: drop.issues,
  };
}

/** Reports the share of the bytes read before each file, and gives other work a turn. */
function watchedFiles(files: readonly DroppedFile[], { signal, report }: ReadingControl): readonly DroppedFile[] {
  const of = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let done = 0;
  return files.map((file) => ({
    ...file,
    bytes: async () => {
      await macrotask();
      signal.throwIfAborted();
      report({ phase: 'reading', done, of });
      done += file.sizeBytes;
      return file.bytes();
    },
  }));
}

async function readFile<Content>(
  { path, bytes }: NamedFile,
  read: (text: string) => Content | Promise<Content>,
): Promise<ReadFile<Content>> {
  const name = baseName(path);
  try {
    return { name, content: await read(new TextDecoder().decode(bytes)) };
  } catch (error) {
    return { name, error: LabError.toData(error) };
  }
}

/** Stores a result file, unless it is stored already. Throws the LabError for which it is refused, or `storage/full`. */
async function storeResult(fileName: string, text: string, store: Store): Promise<ReadResult> {
  if (text.length > readingBounds.resultBytes) {
    throw new LabError('result/too-large', 'The result file is too large to be shown: export fewer runs in one file.', {
      expected: `at most ${mebibytes(readingBounds.resultBytes)}`,
      got: mebibytes(text.length),
    });
  }
  const file = parseResultFile(text);
  const id = resultIdOf(file);
  const stored = await unlessDamaged(() => readResult(store, id));
  if (stored === undefined) await writeResult(store, { id, fileName, file });
  return { id };
}

/** Files of the drop itself are named, those from archives are handed over as blobs. */
function modelReading({ files, ...model }: DroppedModel, dropped: ReadonlySet<DroppedFile>): ModelReading {
  const contentOf = (file: DroppedFile): Blob | null => (dropped.has(file) ? null : (file.blob ?? null));
  return { ...model, files: files.map((file) => ({ path: file.path, content: contentOf(file) })) };
}

/** Stores a corpus that is not stored yet; of a stored one, what is damaged or missing is written again. */
async function storeCorpus(
  { name, group, survey, sentences, texts, ...description }: AssembledCorpus,
  { corpora, builtIn, addedAt }: DropContext,
  store: Store,
): Promise<ReadCorpus> {
  const id = description.fingerprint.slice(0, 16);
  if (corpora.some((corpus) => corpus.id === id)) {
    const isMended = await mendCorpus(description.fingerprint, sentences, texts, store);
    return { id, record: null, isMended, name, group, survey };
  }
  const record: CorpusRecord = {
    version: 1,
    id,
    name: freeName(name, corpora.map((corpus) => corpus.name)), // prettier-ignore
    ...description,
    builtIn,
    addedAt,
  };
  await saveCorpus(store, record, sentences, texts);
  return { id, record, isMended: false, name, group, survey };
}

/**
 * Writes what is damaged of a stored corpus again, and answers with whether there was anything. Also saves the texts of a corpus that came
 * as rows before, or when texts were not saved yet.
 */
async function mendCorpus(
  fingerprint: string,
  sentences: CorpusSentences,
  texts: AssembledCorpus['texts'],
  store: Store,
): Promise<boolean> {
  const id = fingerprint.slice(0, 16);
  const isWhole = await unlessDamaged(async () => {
    return describeSentences(await readCorpusSentences(store, id)).fingerprint === fingerprint;
  });
  if (isWhole !== true) await saveCorpusSentences(store, id, sentences);
  const stored = await unlessDamaged(() => readCorpusTexts(store, id));
  if (texts !== null && (stored ?? null) === null) await saveCorpusTexts(store, id, texts);
  return isWhole !== true || (texts !== null && stored === undefined);
}

/** Returns what `read` finds, or undefined where that is damaged or gone. */
async function unlessDamaged<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LabError && (error.code === 'storage/corrupt' || error.code === 'storage/missing')) {
      return undefined;
    }
    throw error;
  }
}

/** Reads files to be tagged, archives unpacked. Rejects with the reason of the signal, or when a file cannot be read. */
export async function readTexts(files: readonly DroppedFile[], control: ReadingControl): Promise<TextReading> {
  const texts: NamedFile[] = [];
  const unpacking = new Unpacking();
  async function unpack(file: NamedFile, depth = 0): Promise<void> {
    const unpacked = await unpacking.open(file, depth);
    if (unpacked === null || unpacked.by === 'parquet') texts.push(...(unpacked?.files ?? [file]));
    else for (const inner of unpacked.files) await unpack(inner, unpacked.by === 'zip' ? depth : depth + 1);
  }
  for (const { path, bytes } of watchedFiles(files, control)) {
    if (!isClutter(path)) await unpack({ path, bytes: await bytes() });
  }
  const reading = readDocuments(texts);
  return {
    documents: reading.documents,
    issues: [...unpacking.issues, ...reading.issues],
    issueCount: unpacking.issueCount + reading.issueCount,
  };
}
