// Runs snapshot predictions, gradients and tagger exports as cancellable jobs: predictions are written in a file format or stored.
import { SPLITS } from '../../data/corpus/corpus.ts';
import type { DocumentText } from '../../data/documents/document.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { readCorpusSentences, readCorpusTexts } from '../../storage/corpusRecords.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import { totalSize, type NamedFile } from '../../util/namedFile.ts';
import type { Progress } from '../../util/work.ts';
import type { PredictedSentence, TaggerExport } from '../../wire/taggerRef.ts';
import type { ServerClient } from '../../wire/trainingProtocol.ts';
import { requireInputs } from '../plans/expandPlan.ts';
import type { Lab, PredictionFormat } from '../state/labState.ts';
import { throttledProgress, type JobControl, type LabStore } from '../state/labStore.ts';

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
      const [{ writeDocuments }, { documentsOfSplit }] = await writers();
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
  const [{ writeDocuments }, { documentsOfSplit }] = await writers();
  return writeDocuments(format, documentsOfSplit(name, sentences, texts), { name });
}

function writers() {
  return Promise.all([import('../../data/formats/writeDocuments.ts'), import('./readTextSource.ts')]);
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
