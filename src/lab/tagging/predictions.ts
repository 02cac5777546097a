// Computes with taggers as cancellable jobs: predictions, gradients, exports, counts of older runs, a text while it is typed; and reads the text to tag.
import { SPLITS, type CorpusSentences, type Mention } from '../../data/corpus/corpus.ts';
import type { AnnotatedDocument, AnnotatedMention, CorpusTexts, DocumentText } from '../../data/documents/document.ts';
import {
  annotateSentences,
  documentOfLongText,
  documentOfText,
  documentsOfSentences,
} from '../../data/documents/documentSentences.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import { runRecordSchema, type RunRecord, type TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { readCorpusSentences, readCorpusTexts } from '../../storage/corpusRecords.ts';
import { writeRunRecord } from '../../storage/runRecords.ts';
import type { Store } from '../../storage/store.ts';
import { macrotask, type Progress } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { totalSize, type DroppedFile, type NamedFile } from '../../util/namedFile.ts';
import { validate } from '../../util/validate.ts';
import type { AnalysisQuery } from '../../wire/analysisProtocol.ts';
import type { TextReading } from '../../wire/readingProtocol.ts';
import type { PredictedSentence, ServerClient, TaggerExport, TaggerRef } from '../../wire/trainingProtocol.ts';
import { requireInputs } from '../plans/expandPlan.ts';
import type { Lab, LabState, PredictionFormat, TaggingSource } from '../state/labState.ts';
import { throttledProgress, type JobControl, type LabStore } from '../state/labStore.ts';
import { runTitle } from '../state/runViews.ts';
import { offeredTaggers, type OfferedTagger } from './offeredTaggers.ts';

// Runs snapshot predictions, gradients and tagger exports as cancellable jobs: predictions are written in a file format or stored.

/** Implements what the lab does with snapshots and their predictions. */
export function createPredictions({
  client,
  labStore,
  store,
}: {
  readonly client: ServerClient;
  readonly labStore: LabStore;
  readonly store: Store;
}): Pick<Lab, 'predictions' | 'keepPredictions' | 'measureGradients' | 'exportCorpus' | 'exportTagger'> {
  /** The task to predict on; undefined if the run has no such task, which the server rejects. */
  function taskOf({ runId, task, elsewhere }: PredictionRequest): TaskRef | undefined {
    const state = labStore.getState();
    const view = state.runs.find(({ record }) => record.spec.id === runId);
    if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
    const { spec } = view.record;
    const corpus = elsewhere && state.corpora.find(({ id }) => id === elsewhere.corpusId);
    if (elsewhere !== undefined && corpus === undefined) {
      throw new LabError('corpus/unknown', 'There is no such corpus.', { got: elsewhere.corpusId });
    }
    // Predicting elsewhere needs the model, and no text that the run was trained on.
    requireInputs(state, corpus === undefined ? spec : { ...spec, tasks: [] });
    return corpus === undefined ? spec.tasks[task] : { corpus, type: elsewhere?.type ?? null };
  }

  /** Number of sentences to predict on, for progress; 0 for an unknown task. */
  function sizeOf(request: PredictionRequest): number {
    const id = taskOf(request)?.corpus.id;
    return labStore.getState().corpora.find((corpus) => corpus.id === id)?.counts[request.split].sentences ?? 0;
  }

  /** Awaits a call about a run while reporting its progress in sequences. */
  async function duringCall<Answer>(
    runId: string,
    { report, signal }: Pick<JobControl, 'report' | 'signal'>,
    call: () => Promise<Answer>,
  ): Promise<Answer> {
    const stopListening = client.onEvent((event) => {
      if (event.kind === 'predicting' && event.runId === runId) report(event);
    });
    // A lost server has stopped predicting already.
    const interrupt = (): void => void client.call('interrupt', { runId, how: 'stop' }).catch(() => undefined);
    signal.addEventListener('abort', interrupt);
    try {
      return await call();
    } finally {
      signal.removeEventListener('abort', interrupt);
      stopListening();
    }
  }

  return {
    exportTagger: createTaggerExport({ client, labStore }),

    async predictions(request, format) {
      const corpus = taskOf(request)?.corpus;
      const sentences = await labStore.during(
        labelOf(request),
        (job) => duringCall(request.runId, job, () => client.call('predict', request)),
        { cancellable: true },
      );
      if (sentences === null) return null;
      const texts = corpus === undefined ? null : await readCorpusTexts(store, corpus.id);
      const name = `${corpus?.name ?? 'corpus'}-${request.split}`;
      return filesOf(sentences, format, name, texts && texts[request.split]);
    },

    async measureGradients(request) {
      const state = labStore.getState();
      const view = state.runs.find(({ record }) => record.spec.id === request.runId);
      if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: request.runId });
      requireInputs(state, view.record.spec);
      const measure = () => client.call('measureGradients', request);
      const label = `Measuring gradients of ${view.record.spec.tasks.length} tasks at the snapshot of epoch ${request.epoch}`;
      const measured = await labStore.during(label, (job) => duringCall(request.runId, job, measure), { cancellable: true }); // prettier-ignore
      return measured === true;
    },

    async exportCorpus(corpusId, format) {
      const corpus = labStore.getState().corpora.find(({ id }) => id === corpusId);
      if (corpus === undefined) throw new LabError('corpus/unknown', 'There is no such corpus.', { got: corpusId });
      const [sentences, texts] = await Promise.all([
        readCorpusSentences(store, corpusId),
        readCorpusTexts(store, corpusId),
      ]);
      const { writeDocuments } = await import('../../data/formats/writeDocuments.ts');
      return SPLITS.flatMap((split) => {
        const name = `${corpus.name}-${split}`;
        const files = writeDocuments(format, documentsOfSplit(name, sentences[split], texts && texts[split]), { name });
        return sentences[split].length === 0
          ? []
          : files.map(({ path, bytes }) => ({ path: `${split}/${path}`, bytes }));
      });
    },

    async keepPredictions(requests) {
      const sizes = requests.map(sizeOf);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      return labStore.during(
        keepingLabel(requests),
        async ({ report: reportAll, signal }) => {
          const reportDone = throttledProgress(reportAll, { phase: 'predicting', done: 0, of: total });
          let before = 0;
          for (const [index, request] of requests.entries()) {
            if (signal.aborted) return false;
            const size = sizes[index] ?? 0;
            const report = ({ done, of }: Progress): void => reportDone(before + Math.round((size * done) / of));
            const keep = () => client.call('keepPredictions', request);
            const saved = await duringCall(request.runId, { report, signal }, keep);
            if (saved === null) return false;
            before += size;
          }
          return true;
        },
        { cancellable: true },
      );
    },
  };
}

/** Loads the formats when they are needed, because they are a large part of a page. */
async function filesOf(
  sentences: readonly PredictedSentence[],
  format: PredictionFormat,
  name: string,
  texts: readonly DocumentText[] | null,
): Promise<NamedFile[]> {
  if (format === 'rows') {
    const { writeConll } = await import('../../data/rows/conll.ts');
    const columns = [sentences.map(({ gold }) => gold), sentences.map((sentence) => sentence.predicted)];
    return [{ path: `${name}.conll`, bytes: new TextEncoder().encode(writeConll(sentences, columns)) }];
  }
  const { writeDocuments } = await import('../../data/formats/writeDocuments.ts');
  return writeDocuments(format, documentsOfSplit(name, sentences, texts), { name });
}

function labelOf({ epoch, split }: PredictionRequest): string {
  return `Predicting the ${split} split with the snapshot of epoch ${epoch}`;
}

function keepingLabel(requests: readonly PredictionRequest[]): string {
  const [first] = requests;
  return first !== undefined && requests.length === 1 ? labelOf(first) : `Predicting with ${requests.length} snapshots`;
}

/** Implements `Lab.exportTagger`. */
function createTaggerExport({
  client,
  labStore,
}: {
  readonly client: ServerClient;
  readonly labStore: LabStore;
}): Lab['exportTagger'] {
  return async (request, receive) => {
    const work = async ({ report, signal }: JobControl): Promise<boolean> => {
      const { exportId, files } = await client.call('exportTagger', request);
      const of = totalSize(files);
      let done = 0;
      try {
        for (;;) {
          const chunk = signal.aborted ? null : await client.call('exportedBytes', exportId);
          if (chunk === null) return !signal.aborted;
          await receive(chunk);
          done += chunk.bytes.byteLength;
          report({ phase: 'exporting', done, of });
        }
      } finally {
        await client.call('closeExport', exportId);
      }
    };
    return labStore.during(exportLabel(request), work, { cancellable: true });
  };
}

function exportLabel({ tagger }: TaggerExport): string {
  return tagger.kind === 'snapshot' ? `Exporting the model of epoch ${tagger.epoch}` : 'Exporting a model';
}

// Counts the test sentences of runs that were trained before records had such counts, from their stored predictions.

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

// Tags a short text while it is typed: each call cancels the one before, and the tagging that a page shows stays.

/** Finds the tagger that came with the lab, once it is installed; `Lab.wantShippedTagger` installs it. `offeredTaggers` has it among the others. */
export function shippedTagger({
  models,
}: Pick<LabState, 'models'>): (OfferedTagger & { readonly model: ModelRecord }) | null {
  for (const tagger of offeredTaggers({ runs: [], models }))
    if ('model' in tagger && tagger.model.builtIn) return tagger;
  return null;
}

/** Longest text, in characters: what a page tags at every pause in typing has to be done before the next. */
export const MOST_LIVE_CHARACTERS = 2000;

/** One text at a time, of one page. */
export class LiveTagging {
  private readonly client: ServerClient;
  private lastNumber = 0;
  /** The id of the call under way. */
  private current: string | null = null;

  constructor(client: ServerClient) {
    this.client = client;
  }

  /** Implements `Lab.tagLive`. */
  readonly tag: Lab['tagLive'] = async (tagger: TaggerRef, text: string): Promise<AnnotatedDocument | null> => {
    this.stop();
    const document = documentOfText('text', text.slice(0, MOST_LIVE_CHARACTERS));
    if (document.sentences.length === 0) return { ...document, mentions: [] };
    const id = `live-${++this.lastNumber}`;
    this.current = id;
    try {
      const found = await this.client.call('tag', { id, tagger, documents: [document] });
      // Interrupted too late, or by a later call.
      if (found === null || this.current !== id) return null;
      return { ...document, mentions: found[0] ?? [] };
    } catch (error) {
      // A run that has the device is no failure: the text is tagged once it is done.
      if (this.current !== id || isBusy(error)) return null;
      throw error;
    } finally {
      if (this.current === id) this.current = null;
    }
  };

  /** Cancels the call under way, which then answers null. */
  private stop(): void {
    if (this.current === null) return;
    // A lost server has stopped tagging already.
    this.client.call('interrupt', { runId: this.current, how: 'stop' }).catch(() => undefined);
    this.current = null;
  }
}

function isBusy(error: unknown): boolean {
  return LabError.toData(error).code === 'run/busy';
}

// What a person chooses to tag with and to tag: taggers named and grouped, and text pasted, of files or of a corpus.

/** Sentences per document when document boundaries are unknown. */
const SENTENCES_A_DOCUMENT = 50;

interface MentionedSentence {
  readonly tokens: readonly string[];
  readonly mentions: readonly (Mention & Partial<Pick<AnnotatedMention, 'confidence'>>)[];
}

/**
 * Annotates the texts that the sentences come from, in order. Without texts (null), makes documents named `name-1` and so on, with tokens
 * joined by spaces.
 */
export function documentsOfSplit(
  name: string,
  sentences: readonly MentionedSentence[],
  texts: readonly DocumentText[] | null,
): AnnotatedDocument[] {
  let next = 0;
  return (texts ?? documentsOfSentences(sentences, name, SENTENCES_A_DOCUMENT)).map((document) => {
    const own = sentences.slice(next, next + document.sentences.length);
    next += document.sentences.length;
    return annotateSentences(document, own.map(({ mentions }) => mentions)); // prettier-ignore
  });
}

/** Rejects if a file or corpus cannot be read at all. */
export async function readTextSource(
  source: TaggingSource,
  library: {
    readonly nameOf: (corpusId: string) => string;
    readonly read: (corpusId: string) => Promise<CorpusSentences>;
    readonly textsOf: (corpusId: string) => Promise<CorpusTexts | null>;
    readonly readFiles: (files: readonly DroppedFile[]) => Promise<TextReading>;
  },
): Promise<TextReading> {
  switch (source.kind) {
    case 'text':
      return withoutIssues([{ ...(await documentOfLongText('text', source.text, macrotask)), mentions: [] }]);
    case 'files':
      return library.readFiles(source.files);
    case 'corpus': {
      const sentences = (await library.read(source.corpusId))[source.split];
      const id = `${library.nameOf(source.corpusId)}-${source.split}`;
      const texts = await library.textsOf(source.corpusId);
      return withoutIssues(documentsOfSplit(id, sentences, texts && texts[source.split]));
    }
  }
}

function withoutIssues(documents: readonly AnnotatedDocument[]): TextReading {
  return { documents: documents.filter(({ sentences }) => sentences.length > 0), issues: [], issueCount: 0 };
}
