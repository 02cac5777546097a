// The training server: answers the lab's calls, runs one training at a time, and is the only caller of training.
import type { AnnotatedMention } from '../src/data/documents/document.ts';
import { underlyingFailure, type DeviceHealth } from '../src/engine/gpu/device.ts';
import type { EngineGpu } from '../src/engine/network/computeOptions.ts';
import type { Platform } from '../src/engine/start/platform.ts';
import { startBackend, type StartedBackend } from '../src/engine/start/startBackend.ts';
import type { MachineSettings } from '../src/schema/machineSettings.ts';
import { configAsTrained, queuedRun, type Environment, type RunRecord, type RunSpec } from '../src/schema/runRecord.ts';
import type { PredictionRequest } from '../src/schema/storedPredictions.ts';
import { readCorpusSentences } from '../src/storage/corpusRecords.ts';
import { readMachineSettings } from '../src/storage/machineRecords.ts';
import { readModelRecord } from '../src/storage/modelRecords.ts';
import { readRunRecord, removeRun, writeRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { encodeTasks, type TaskText } from '../src/training/encodeTasks.ts';
import { taggerExports } from '../src/training/exportTagger.ts';
import { encoderFacts, encoderOfFile, importModel } from '../src/training/importModel.ts';
import { loadModel, readModelConfig } from '../src/training/loadModel.ts';
import { loadTagger } from '../src/training/loadTagger.ts';
import { estimateStep, measureStep } from '../src/training/measureStep.ts';
import { keepPredictions, predictSnapshot } from '../src/training/predictSnapshot.ts';
import { startWeights } from '../src/training/startWeights.ts';
import { openTagger, tagDocuments, type OpenTagger } from '../src/training/tagSentences.ts';
import { train } from '../src/training/train.ts';
import { gpuUnderSettings, tuneForRun } from '../src/training/tuneForRun.ts';
import { notBefore } from '../src/util/clock.ts';
import { LabError } from '../src/util/labError.ts';
import { softwareVersion } from '../src/util/softwareVersion.ts';
import type { AnswerMessage, CallMessage, Wire } from '../src/wire/calls.ts';
import { serve, type ServerPort } from '../src/wire/port.ts';
import type { PredictedSentence } from '../src/wire/taggerRef.ts';
import type { MeasuredStep, MemoryEstimate } from '../src/wire/trainingEvent.ts';
import type {
  BackendChoice,
  BackendReport,
  RunEvent,
  ServerCalls,
  TaggingRequest,
} from '../src/wire/trainingProtocol.ts';

interface Machine {
  readonly settings: MachineSettings;
  readonly gpu: EngineGpu | null;
  readonly environment: Environment;
}

export interface TrainingServerOptions {
  readonly store: Store;
  readonly wire: Wire<AnswerMessage<RunEvent>, CallMessage<ServerCalls>>;
  readonly platform: Platform;
}

/** Serves on `wire` until it is closed. Everything is read from and written to `store`. */
export function createTrainingServer({ store, wire, platform }: TrainingServerOptions): void {
  let starting: Promise<StartedBackend> | null = null;
  /** Settles when the device is free. */
  let before: Promise<unknown> = Promise.resolve();
  let running: { readonly runId: string; readonly abort: AbortController } | null = null;
  /** Predicting and tagging that was asked for and is not over. */
  const interruptible = new Set<{ readonly id: string; readonly abort: AbortController }>();
  /** The tagger used last, on the device. */
  let warm: { readonly key: string; readonly tagger: OpenTagger } | null = null;

  const exports = taggerExports(store, () => platform.taggerProgram());

  const port: ServerPort<RunEvent> = serve<ServerCalls, RunEvent>(wire, {
    async start(choice: BackendChoice): Promise<BackendReport> {
      starting ??= startBackend(choice, platform).catch((error: unknown) => {
        starting = null; // another choice may be tried
        throw error;
      });
      const backend = await starting;
      const { reason, remedy, selfTest, mixedPrecision } = backend;
      const { environment } = await underSettings(backend);
      return { environment, reason, remedy, selfTest, mixedPrecision };
    },
    importModel: ({ name, builtIn, files, source }) => importModel(store, name, builtIn, files, source),
    describeEncoder: (configFile) => encoderFacts(encoderOfFile(configFile)),
    exportTagger: exports.open,
    exportedBytes: exports.next,
    closeExport: exports.close,
    async measureStep({ modelId, config, pieces }): Promise<MeasuredStep> {
      refuseWhileTraining();
      const record = await readModelRecord(store, modelId);
      if (record === undefined) throw new LabError('run/model', 'The model is no longer in the library.');
      const model = await loadModel(store, record, config.lowerCase);
      return onDevice(async (backend) => {
        releaseTagger();
        const { gpu } = await underSettings(backend);
        return measureStep(model, config, pieces, backend.health, gpu);
      });
    },
    async estimateMemory({ model, config, pieces }): Promise<MemoryEstimate | null> {
      if (starting === null) return null;
      const { gpu } = await underSettings(await starting);
      if (gpu === null) return null;
      const encoder = 'id' in model ? await readModelConfig(store, model) : encoderOfFile(model.configFile);
      return estimateStep(encoder, config, pieces, gpu);
    },
    async train(spec: RunSpec): Promise<RunRecord> {
      refuseWhileTraining();
      const abort = new AbortController();
      running = { runId: spec.id, abort };
      try {
        return await onDevice((backend) => {
          releaseTagger();
          return runToEnd(spec, backend, abort.signal);
        });
      } finally {
        running = null;
      }
    },
    predict: (request: PredictionRequest) =>
      untilInterrupted(request.runId, async (backend, signal) => {
        return (await predictStored(request, backend, signal)).sentences;
      }),
    keepPredictions: (request: PredictionRequest) =>
      untilInterrupted(request.runId, async (backend, signal) => {
        const { spec, sentences } = await predictStored(request, backend, signal);
        await keepPredictions(store, spec, request, sentences.map(({ mentions }) => mentions)); // prettier-ignore
        return true as const;
      }),
    tag: (request: TaggingRequest) =>
      untilInterrupted(request.id, (backend, signal) => tagText(request, backend, signal)),
    interrupt({ runId, how }): void {
      if (running?.runId === runId) running.abort.abort(how);
      for (const { id, abort } of interruptible) if (id === runId) abort.abort(how);
    },
    async removeRun(runId: string): Promise<void> {
      if (running?.runId === runId)
        throw new LabError('run/busy', 'A run on the device cannot be removed; stop it first.');
      await removeRun(store, runId);
    },
  });

  function refuseWhileTraining(): void {
    if (running !== null) throw new LabError('run/busy', `Run ${running.runId} is on the device already.`);
  }

  /** Does `work` when the device is free of what was asked for before. */
  async function onDevice<Outcome>(work: (backend: StartedBackend) => Promise<Outcome>): Promise<Outcome> {
    if (starting === null) throw new LabError('run/backend', 'Work was asked for before the backend was started.');
    const backend = await starting;
    const outcome = before.then(() => work(backend));
    before = outcome.catch(() => undefined);
    return outcome;
  }

  /** What `work` gives, or null when it was interrupted. */
  async function untilInterrupted<Outcome>(
    id: string,
    work: (backend: StartedBackend, signal: AbortSignal) => Promise<Outcome>,
  ): Promise<Outcome | null> {
    refuseWhileTraining();
    const asked = { id, abort: new AbortController() };
    const { signal } = asked.abort;
    interruptible.add(asked);
    try {
      return await onDevice((backend) => {
        signal.throwIfAborted();
        return work(backend, signal);
      });
    } catch (error) {
      if (signal.aborted && error === signal.reason) return null;
      throw error;
    } finally {
      interruptible.delete(asked);
    }
  }

  /** Trains one run; whatever happens, its record ends up stored and told. */
  async function runToEnd(spec: RunSpec, backend: StartedBackend, signal: AbortSignal): Promise<RunRecord> {
    const machine = await underSettings(backend);
    let record = await recordFor(spec, machine.environment);
    try {
      const events = trainStored(record, backend.health, machine, signal);
      for (;;) {
        const next = await events.next();
        if (next.done === true) {
          record = next.value;
          break;
        }
        port.emit({ ...next.value, runId: spec.id });
      }
    } catch (error) {
      const isAsked = signal.aborted && error === signal.reason;
      const failure = isAsked ? null : LabError.toData(await underlyingFailure(error, backend.health));
      const isFull = failure?.code === 'storage/full';
      const stored = (await readRunRecord(store, spec.id)) ?? record;
      record = {
        ...stored,
        status: isAsked ? (error === 'pause' ? 'paused' : 'stopped') : isFull ? 'paused' : 'failed',
        failure,
        updatedAt: notBefore(new Date().toISOString(), stored.updatedAt),
      };
      // Without room the stored record still says that the run is under way: when the lab is opened again, it is paused.
      await writeRunRecord(store, record).catch((refused: unknown) => {
        if (!isFull) throw refused;
      });
    }
    port.emit({ kind: 'ended', runId: spec.id, record });
    return record;
  }

  async function* trainStored(
    record: RunRecord,
    health: DeviceHealth,
    machine: Machine,
    signal: AbortSignal,
  ): ReturnType<typeof train> {
    const { spec } = record;
    yield { kind: 'phase', phase: 'loading', done: 0, of: 0 };
    const { model, texts } = await readInputs(spec);
    const weights = await startWeights(spec, model.encoder, store);
    const tasks = yield* encodeTasks(texts, model, spec, signal);
    const config = configAsTrained(record);
    const gpu = machine.gpu && (yield* tuneForRun(machine.gpu, store, machine.settings, tasks, config, signal));
    return yield* train({ record, tasks, weights, store, health, gpu, signal });
  }

  /** The model and the text of a run. Throws LabError `run/model` or `storage/missing` when they are gone. */
  async function readInputs({ model: { id, name }, config, method, category, tasks }: RunSpec) {
    const record = await readModelRecord(store, id);
    if (record === undefined) throw new LabError('run/model', `The model ${name} is no longer in the library.`);
    const model = await loadModel(store, record, config.lowerCase);
    const typeName = method === 'MTL-XC' ? (category?.typeName ?? null) : null;
    const texts: TaskText[] = [];
    for (const { corpus, type } of tasks) {
      texts.push({ sentences: await readCorpusSentences(store, corpus.id), type, typeName });
    }
    return { model, texts };
  }

  async function predictStored(
    request: PredictionRequest,
    backend: StartedBackend,
    signal: AbortSignal,
  ): Promise<{ readonly spec: RunSpec; readonly sentences: readonly PredictedSentence[] }> {
    const record = await readRunRecord(store, request.runId);
    if (record === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: request.runId });
    const { spec } = record;
    const { gpu } = await underSettings(backend);
    const tagging = predictSnapshot(request, spec, await readInputs(spec), store, gpu, signal);
    for (;;) {
      const next = await tagging.next();
      if (backend.health.failure !== null) throw backend.health.failure;
      if (next.done === true) return { spec, sentences: next.value };
      port.emit({ kind: 'predicting', runId: request.runId, ...next.value });
    }
  }

  async function tagText(
    { id, tagger, documents }: TaggingRequest,
    backend: StartedBackend,
    signal: AbortSignal,
  ): Promise<readonly (readonly AnnotatedMention[])[]> {
    const { gpu, settings } = await underSettings(backend);
    const key = JSON.stringify([tagger, settings]);
    if (warm?.key !== key) {
      releaseTagger();
      warm = { key, tagger: openTagger(gpu, await loadTagger(store, tagger)) };
    }
    const tagging = tagDocuments(documents, warm.tagger, signal);
    for (;;) {
      const next = await tagging.next();
      if (backend.health.failure !== null) throw backend.health.failure;
      if (next.done === true) return next.value;
      port.emit({ kind: 'predicting', runId: id, ...next.value });
    }
  }

  /** Only while nothing is tagged: between the works of the device. */
  function releaseTagger(): void {
    warm?.tagger.predictor.dispose();
    warm = null;
  }

  /** The stored record of a run with this machine among its environments, or a new one. */
  async function recordFor(spec: RunSpec, environment: Environment): Promise<RunRecord> {
    const record = (await readRunRecord(store, spec.id)) ?? queuedRun(spec, new Date().toISOString());
    const known = JSON.stringify(record.environments.at(-1)) === JSON.stringify(environment);
    return { ...record, environments: known ? record.environments : [...record.environments, environment] };
  }

  /** The backend as the person's settings for this machine have it used. */
  async function underSettings(backend: StartedBackend): Promise<Machine> {
    const wanted = await readMachineSettings(store);
    const precision = backend.mixedPrecision.admitted ? wanted.precision : 'f32';
    const settings = { ...wanted, precision };
    const { name, device, threads } = backend;
    return {
      settings,
      gpu: backend.gpu && (await gpuUnderSettings(backend.gpu, store, settings)),
      environment: {
        software: softwareVersion,
        backend: name,
        device,
        threads,
        platform: platform.description,
        precision,
      },
    };
  }
}
