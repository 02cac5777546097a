// Predictions of snapshots on request, as a job that can be cancelled.
import { writeConll } from '../data/formats/writeConll.ts';
import type { PredictionRequest } from '../schema/predictionRequest.ts';
import { LabError } from '../util/labError.ts';
import type { ServerClient } from '../../workers/protocol.ts';
import type { Board } from './board.ts';
import type { Lab } from './labState.ts';
import { requireInputs } from './requireInputs.ts';

/** What `Lab.predictions` does. */
export function createPredictions({
  client,
  board,
}: {
  readonly client: ServerClient;
  readonly board: Board;
}): Lab['predictions'] {
  return (request) => {
    const state = board.getState();
    const view = state.runs.find(({ record }) => record.spec.id === request.runId);
    if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: request.runId });
    requireInputs(state, view.record.spec);
    const cancel = () => void client.call('interrupt', { runId: request.runId, how: 'stop' });
    return board.during(labelOf(request), (report) => predicted(client, request, report), cancel);
  };
}

async function predicted(
  client: ServerClient,
  request: PredictionRequest,
  report: (done: number, total: number) => void,
): Promise<string | null> {
  const stopListening = client.onEvent((event) => {
    if (event.kind === 'predicting' && event.runId === request.runId) report(event.done, event.total);
  });
  try {
    const sentences = await client.call('predict', request);
    return (
      sentences &&
      writeConll(sentences, [sentences.map(({ gold }) => gold), sentences.map(({ predicted }) => predicted)])
    );
  } finally {
    stopListening();
  }
}

function labelOf({ epoch, split }: PredictionRequest): string {
  return `Predicting the ${split} split with the snapshot of epoch ${epoch}`;
}
