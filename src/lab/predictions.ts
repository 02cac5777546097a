// Predictions of snapshots on request, as a job that can be cancelled, in the format that is asked for.
import type { DocumentText } from '../data/annotatedDocument.ts';
import type { NamedFile } from '../data/formats/namedFile.ts';
import { writeConll } from '../data/formats/writeConll.ts';
import { writeDocuments } from '../data/formats/writeDocuments.ts';
import type { PredictedSentence } from '../schema/predictedSentence.ts';
import type { PredictionRequest } from '../schema/predictionRequest.ts';
import { readCorpusTexts } from '../storage/corpusRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import type { ServerClient } from '../../workers/protocol.ts';
import type { Board } from './board.ts';
import { documentsOfSplit } from './documentsOfSplit.ts';
import type { Lab, PredictionFormat } from './labState.ts';
import { requireInputs } from './requireInputs.ts';

/** What `Lab.predictions` does. */
export function createPredictions({
  client,
  board,
  store,
}: {
  readonly client: ServerClient;
  readonly board: Board;
  readonly store: Store;
}): Lab['predictions'] {
  return async (request, format) => {
    const state = board.getState();
    const view = state.runs.find(({ record }) => record.spec.id === request.runId);
    if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: request.runId });
    requireInputs(state, view.record.spec);
    // A server that is lost predicts no more.
    const cancel = () => void client.call('interrupt', { runId: request.runId, how: 'stop' }).catch(() => undefined);
    const sentences = await board.during(labelOf(request), (report) => predicted(client, request, report), cancel);
    if (sentences === null) return null;
    const corpus = view.record.spec.tasks[request.task]?.corpus;
    const texts = corpus === undefined ? null : await readCorpusTexts(store, corpus.id);
    const name = `${corpus?.name ?? 'corpus'}-${request.split}`;
    return filesOf(sentences, format, name, texts && texts[request.split]);
  };
}

async function predicted(
  client: ServerClient,
  request: PredictionRequest,
  report: (done: number, total: number) => void,
): Promise<readonly PredictedSentence[] | null> {
  const stopListening = client.onEvent((event) => {
    if (event.kind === 'predicting' && event.runId === request.runId) report(event.done, event.total);
  });
  try {
    return await client.call('predict', request);
  } finally {
    stopListening();
  }
}

function filesOf(
  sentences: readonly PredictedSentence[],
  format: PredictionFormat,
  name: string,
  texts: readonly DocumentText[] | null,
): NamedFile[] {
  if (format === 'rows') {
    const columns = [sentences.map(({ gold }) => gold), sentences.map((sentence) => sentence.predicted)];
    return [{ path: `${name}.conll`, bytes: new TextEncoder().encode(writeConll(sentences, columns)) }];
  }
  return writeDocuments(format, documentsOfSplit(name, sentences, texts), { name });
}

function labelOf({ epoch, split }: PredictionRequest): string {
  return `Predicting the ${split} split with the snapshot of epoch ${epoch}`;
}
