// Reads from storage what the training server computes with: inputs of runs, and corpora and vectors to make networks of words from.
import { restrictToType, type Task } from '../src/data/corpus/corpus.ts';
import { baselineForms } from '../src/data/words/baselines.ts';
import type { EngineHome } from '../src/engine/network/computeOptions.ts';
import { mergedTypeName, traitsOf } from '../src/schema/methods.ts';
import type { RunSpec } from '../src/schema/runRecord.ts';
import type { GradientsRequest, PredictionRequest } from '../src/schema/storedPredictions.ts';
import { readCorpusSentences } from '../src/storage/corpusRecords.ts';
import { readModelRecord } from '../src/storage/modelRecords.ts';
import { readRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { annotatedTypes, type TaskText } from '../src/training/encodeTasks.ts';
import { importModel } from '../src/training/importModel.ts';
import { loadModel, loadTagger } from '../src/training/loadTagger.ts';
import { measureTaskGradients, predictElsewhere, predictSnapshot } from '../src/training/predictSnapshot.ts';
import { encoderOfRun, fixedWeights } from '../src/training/startWeights.ts';
import { makeBaseline } from '../src/training/words/makeBaseline.ts';
import { drain, macrotask, unlessAborted, type Progress } from '../src/util/clock.ts';
import { LabError } from '../src/util/labError.ts';
import type {
  BaselineMade,
  BaselineRequest,
  PredictedSentence,
  RunEvent,
  VectorsFile,
} from '../src/wire/trainingProtocol.ts';

// Reads from storage what a run trains and predicts on: its model, the text of its tasks, and what a request for predictions or gradients names.

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

// Makes networks of words from stored corpora and a file of vectors, and stores them as models of the library.

type Turn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Needs the device only to train language models, so that it works beside a run. */
export class BaselineMaking {
  private readonly store: Store;
  private readonly emit: (event: RunEvent) => void;
  private readonly turn: Turn;
  private readonly underWay = new Map<string, AbortController>();

  /** `turn` does work when the device is free. */
  constructor(store: Store, emit: (event: RunEvent) => void, turn: Turn) {
    this.store = store;
    this.turn = turn;
    this.emit = emit;
  }

  /** Returns the model, which is in the library then; null when interrupted. Throws `vectors/...`, `model/...` and what storage throws; then nothing is stored. */
  async make(request: BaselineRequest): Promise<BaselineMade | null> {
    const abort = new AbortController();
    this.underWay.set(request.id, abort);
    try {
      const made = () => this.made(request, abort.signal);
      const trains = baselineForms[request.form].language !== undefined && !('files' in (request.language ?? {}));
      return await unlessAborted(abort.signal, () => (trains ? this.turn(made) : made()));
    } finally {
      this.underWay.delete(request.id);
    }
  }

  /** Does nothing if no such work is under way. */
  interrupt(id: string): void {
    this.underWay.get(id)?.abort();
  }

  /** Reads the corpora, makes the files with progress in bytes, and stores them as any dropped model. */
  private async made({ id, name, form, corpora, vectors, firstWords, language }: BaselineRequest, signal: AbortSignal) {
    signal.throwIfAborted();
    const texts = [];
    for (const corpus of corpora) {
      texts.push({ name: corpus.name, sentences: await readCorpusSentences(this.store, corpus.id) });
    }
    const file = vectors && { name: vectors.name, sizeBytes: vectors.sizeBytes, stream: () => streamOf(vectors.bytes) };
    const making = makeBaseline({ form, corpora: texts, vectors: file, firstWords, language }, signal);
    const { files, origin } = await drain(making, async (progress) => {
      this.emit({ kind: 'predicting', runId: id, ...progress });
      await macrotask();
      signal.throwIfAborted();
    });
    return { record: await importModel(this.store, name, false, files), origin };
  }
}

/** Opens what came with the call: a blob can be read again, a stream only once. */
function streamOf(bytes: VectorsFile['bytes']): ReadableStream<Uint8Array<ArrayBuffer>> {
  return bytes instanceof Blob ? bytes.stream() : bytes;
}
