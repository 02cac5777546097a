// Makes a network of words as a cancellable job, and puts the model into the library.
import { baselineForms, type BaselineName } from '../../data/words/baselines.ts';
import type { BaselineMade, BaselineRequest, ServerClient } from '../../wire/trainingProtocol.ts';
import { phaseProgress, withoutItem, type LabStore } from '../state/labStore.ts';
import { insertModel } from './models.ts';

/** First words of a file of vectors that a network has unless a person chooses otherwise: for other text than its corpora'. */
export const FIRST_WORDS = 20_000;
export const MOST_FIRST_WORDS = 1_000_000;

/** Returns a name that says what the network is made of. */
export function baselineName(
  form: BaselineName,
  corpora: readonly { readonly name: string }[],
  vectors: string | null,
): string {
  const [only] = corpora;
  const text = corpora.length === 1 && only !== undefined ? only.name : `${corpora.length} corpora`;
  return `${baselineForms[form].label}, ${text}${vectors === null ? '' : `, ${vectors}`}`;
}

let lastNumber = 0;

/** Implements `Lab.makeBaseline`. */
export function newBaseline(
  request: Omit<BaselineRequest, 'id'>,
  { client, labStore }: { readonly client: ServerClient; readonly labStore: LabStore },
): Promise<BaselineMade | null> {
  const id = `baseline-${++lastNumber}`;
  const { vectors } = request;
  const label = vectors === null ? `Making ${baselineForms[request.form].label}` : `Reading ${vectors.name}`;
  const work: Parameters<typeof labStore.during<BaselineMade | null>>[1] = async ({ report, signal }) => {
    const onProgress = phaseProgress(report);
    onProgress({ phase: label, done: 0, of: vectors?.sizeBytes ?? 0 });
    const stopListening = client.onEvent((event) => {
      if (event.kind !== 'predicting' || event.runId !== id) return;
      onProgress({ ...event, phase: event.phase === 'reading vectors' ? label : 'Training language models' });
    });
    // A lost server has stopped already.
    signal.addEventListener(
      'abort',
      () => void client.call('interrupt', { runId: id, how: 'stop' }).catch(() => undefined),
    );
    try {
      const streams = vectors?.bytes instanceof ReadableStream ? [vectors.bytes] : [];
      const made = await client.call('makeBaseline', { ...request, id }, streams);
      if (made === null) return null;
      const { record } = made;
      labStore.update(({ models, unreadable }) => ({
        models: insertModel(models, record),
        unreadable: withoutItem(unreadable, 'model', record.id),
      }));
      return made;
    } finally {
      stopListening();
    }
  };
  return labStore.during(label, work, { cancellable: true });
}
