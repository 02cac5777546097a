// Reads from storage what a run trains and predicts on: its model, the text of its tasks, and what a request for predictions or gradients names.
import { restrictToType, type Task } from '../src/data/corpus/corpus.ts';
import type { EngineHome } from '../src/engine/network/computeOptions.ts';
import { mergedTypeName, traitsOf } from '../src/schema/methods.ts';
import type { RunSpec } from '../src/schema/runRecord.ts';
import type { PredictionRequest } from '../src/schema/storedPredictions.ts';
import type { GradientsRequest } from '../src/schema/storedGradients.ts';
import { readCorpusSentences } from '../src/storage/corpusRecords.ts';
import { readModelRecord } from '../src/storage/modelRecords.ts';
import { readRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';
import type { Progress } from '../src/util/work.ts';
import type { PredictedSentence } from '../src/wire/taggerRef.ts';
import { annotatedTypes, type TaskText } from '../src/training/encodeTasks.ts';
import { loadModel } from '../src/training/loadModel.ts';
import { loadTagger } from '../src/training/loadTagger.ts';
import { predictElsewhere, predictSnapshot } from '../src/training/predictSnapshot.ts';
import { encoderOfRun, fixedWeights } from '../src/training/startWeights.ts';
import { measureTaskGradients } from '../src/training/taskGradients.ts';

/** The model of a run, its encoder, its fixed weights and its text. Throws LabError `run/model`, `model/damaged` or `corpus/damaged` when they are gone or damaged, and as `fixedWeights` does. */
export async function readInputs(store: Store, spec: RunSpec) {
  const { model: { id, name }, config, method, category, tasks } = spec; // prettier-ignore
  const record = await readModelRecord(store, id);
  if (record === undefined) throw new LabError('run/model', `The model ${name} is no longer in the library.`);
  const model = await loadModel(store, record, config.lowerCase);
  const encoder = encoderOfRun(model.config, spec);
  const fixed = await fixedWeights(store, spec, encoder, () => Promise.resolve(model.encoder));
  return { model, encoder, fixed, texts: await readTexts(store, { method, category, tasks }) };
}

/** The text of each task of a run, as its method trains on it. Throws LabError `corpus/damaged`. */
export async function readTexts(
  store: Store,
  { method, category, tasks }: Pick<RunSpec, 'method' | 'category' | 'tasks'>,
): Promise<readonly TaskText[]> {
  const { asks, labels } = traitsOf(method);
  const typeName = mergedTypeName({ method, category });
  const texts: TaskText[] = [];
  for (const { corpus, type } of tasks) {
    const sentences = await readCorpusSentences(store, corpus.id).catch(asDamaged(corpus.name));
    texts.push({ sentences, type, typeName, annotated: null, asks });
  }
  if (labels !== 'partial') return texts;
  return texts.map((text, index) => ({ ...text, annotated: annotatedTypes(text.sentences, tasks, index) }));
}

export interface RequestedPredictions {
  readonly spec: RunSpec;
  readonly sentences: readonly PredictedSentence[];
}

/** Predicts what a request names. Yields progress in sequences. Throws as `predictSnapshot` and `predictElsewhere` do, and `run/unknown`. */
export async function* predictRequested(
  store: Store,
  request: PredictionRequest,
  home: EngineHome | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, RequestedPredictions> {
  const { runId, epoch, split, elsewhere } = request;
  const spec = await specOf(store, runId);
  if (elsewhere === undefined) {
    const { model, encoder, fixed, texts } = await readInputs(store, spec);
    const inputs = { texts, fixed, model: { ...model, config: encoder } };
    return { spec, sentences: yield* predictSnapshot(request, spec, inputs, store, home, signal) };
  }
  const sentences = (await readTask(store, elsewhere))[split];
  const loaded = await loadTagger(store, { kind: 'snapshot', runId, epoch });
  return { spec, sentences: yield* predictElsewhere(loaded, sentences, elsewhere.type, home, signal) };
}

/** Measures and stores the gradients that a request names. Yields progress in sequences. Throws as `measureTaskGradients` does, and `run/unknown`. */
export async function* measureRequested(
  store: Store,
  request: GradientsRequest,
  home: EngineHome | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, true> {
  const spec = await specOf(store, request.runId);
  yield* measureTaskGradients(request, spec, await readInputs(store, spec), store, home, signal);
  return true;
}

async function specOf(store: Store, runId: string): Promise<RunSpec> {
  const record = await readRunRecord(store, runId);
  if (record !== undefined) return record.spec;
  throw new LabError('run/unknown', 'There is no such run.', { got: runId });
}

async function readTask(store: Store, { corpusId, type }: Task) {
  const { devel, test } = await readCorpusSentences(store, corpusId).catch(asDamaged(corpusId));
  return { devel: restrictToType(devel, type), test: restrictToType(test, type) };
}

/** Handles the rejection of reading a corpus: says what brings damaged sentences back. */
function asDamaged(name: string): (error: unknown) => never {
  return (error) => {
    const { code, expected, got } = LabError.toData(error);
    if (code !== 'storage/corrupt' && code !== 'storage/missing') throw error;
    const message = `What is stored of the corpus ${name} is damaged: import the same files again, then resume the run.`;
    throw new LabError('corpus/damaged', message, {
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got }),
      cause: error,
    });
  };
}
