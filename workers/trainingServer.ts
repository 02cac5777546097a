// The training server: answers the lab's calls, runs one training at a time, and is the only caller of training.
import { underlyingFailure, type DeviceHealth } from '../src/engine/gpu/device.ts';
import { processorFeatures } from '../src/engine/processor/processorModule.ts';
import { startBackend, type Platform, type StartedBackend } from '../src/engine/start/startBackend.ts';
import { defaultMachineSettings } from '../src/schema/machineSettings.ts';
import {
  configAsTrained,
  queuedRun,
  statusAfterError,
  statusAfterInterrupt,
  type Environment,
  type RunRecord,
  type RunSpec,
} from '../src/schema/runRecord.ts';
import type { PredictionRequest } from '../src/schema/storedPredictions.ts';
import { readMachineSettings } from '../src/storage/machineRecords.ts';
import { readModelRecord } from '../src/storage/modelRecords.ts';
import { ifCorrupt } from '../src/storage/records.ts';
import { readRunRecord, removeRun, writeRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { withFeatures } from '../src/training/batches.ts';
import { resetDamagedRun } from '../src/training/checkpoint.ts';
import { checkpointsInto, type CheckpointTarget } from '../src/training/checkpointWriter.ts';
import { encodeTasks } from '../src/training/encodeTasks.ts';
import { taggerExports } from '../src/training/export/exportTagger.ts';
import { encoderFacts, encoderOfFile, importModel } from '../src/training/importModel.ts';
import { loadModel, loadTagger, readModelConfig, type BaseWeights } from '../src/training/loadTagger.ts';
import { estimateStep, measureStep } from '../src/training/measureStep.ts';
import { keepPredictions } from '../src/training/predictSnapshot.ts';
import { initialEncoder, startWeights, withDrawnHelpers } from '../src/training/startWeights.ts';
import { openTagger, tagDocuments, type OpenTagger } from '../src/training/tagSentences.ts';
import { train } from '../src/training/train.ts';
import { drain, notBefore, type Progress } from '../src/util/clock.ts';
import { LabError } from '../src/util/labError.ts';
import type { AnswerMessage, CallMessage, Wire } from '../src/wire/calls.ts';
import { serve, type Handlers, type ServerPort } from '../src/wire/port.ts';
import type {
  BackendChoice,
  BackendReport,
  EstimateRequest,
  MeasuredStep,
  MemoryEstimate,
  PlainNetwork,
  RunEvent,
  ServerCalls,
  StepRequest,
  TaggingRequest,
} from '../src/wire/trainingProtocol.ts';
import {
  BaselineMaking,
  measureRequested,
  predictRequested,
  readInputs,
  readTexts,
  type RequestedPredictions,
} from './runInputs.ts';
import {
  fittingMachine,
  homeOf,
  machineUnderSettings,
  threadChoice,
  TimePredictions,
  tuneForRun,
  type TrainingMachine,
} from './trainingMachine.ts';

export interface TrainingServerOptions {
  readonly store: Store;
  readonly wire: Wire<AnswerMessage<RunEvent>, CallMessage<ServerCalls>>;
  readonly platform: Platform;
  /** Writes checkpoints into `store`; absent: this thread does. */
  readonly checkpoints?: CheckpointTarget;
}

/** Serves on `wire` until it is closed. Everything is read from and written to `store`. */
export function createTrainingServer(options: TrainingServerOptions): void {
  new TrainingServer(options);
}

/** A call that `interrupt` can end. */
interface Interruptible {
  readonly id: string;
  readonly abort: AbortController;
}

class TrainingServer {
  private readonly store: Store;
  private readonly platform: Platform;
  private readonly checkpoints: CheckpointTarget;
  private readonly port: ServerPort<RunEvent>;
  private starting: Promise<StartedBackend> | null = null;
  /** Settles when the device is free. */
  private deviceFree: Promise<unknown> = Promise.resolve();
  private running: Interruptible | null = null;
  private readonly timing: TimePredictions;
  private changingThreads: Promise<unknown> = Promise.resolve();
  /** Predicting and tagging that was requested and is not over. */
  private readonly predicting = new Set<Interruptible>();
  /** The tagger used last, on the device. */
  private warm: { readonly key: string; readonly tagger: OpenTagger; readonly base: BaseWeights | null } | null = null;

  constructor({ store, wire, platform, checkpoints = checkpointsInto(store) }: TrainingServerOptions) {
    this.store = store;
    this.checkpoints = checkpoints;
    this.platform = platform;
    this.timing = new TimePredictions(store, {
      machine: async () => (this.starting === null ? null : this.underSettings(await this.starting)),
      isTraining: () => this.running !== null,
      turn: (work) => this.onDevice(work),
      readInputs: (spec) => readTexts(store, spec),
    });
    this.port = serve<ServerCalls, RunEvent>(wire, this.handlers());
  }

  private handlers(): Handlers<ServerCalls> {
    const { store, platform } = this;
    const exports = taggerExports(store, platform);
    const baselines = new BaselineMaking(
      store,
      (event) => this.port.emit(event),
      (work) => this.onDevice(work),
    );
    return {
      start: (choice) => this.start(choice),
      settingsChanged: () => this.settingsChanged(),
      importModel: ({ name, builtIn, files, source }) => importModel(store, name, builtIn, files, source),
      describeEncoder: (configFile) => encoderFacts(encoderOfFile(configFile)),
      makeBaseline: (request) => baselines.make(request),
      exportTagger: exports.open,
      exportedBytes: exports.next,
      closeExport: exports.close,
      measureStep: (request) => this.measureStep(request),
      estimateMemory: (request) => this.estimateMemory(request),
      predictTimes: (specs) => this.timing.predict(specs),
      train: (spec) => this.train(spec, Infinity),
      trainTo: ({ spec, epoch }) => this.train(spec, epoch),
      predict: (request) =>
        this.untilInterrupted(request.runId, async (backend, signal) => {
          return (await this.predictStored(request, backend, signal)).sentences;
        }),
      keepPredictions: (request) =>
        this.untilInterrupted(request.runId, async (backend, signal) => {
          const { spec, sentences } = await this.predictStored(request, backend, signal);
          const annotated = request.elsewhere === undefined ? sentences.flatMap((one) => one.annotated) : null;
          await keepPredictions(store, spec, request, sentences.map(({ mentions }) => mentions), annotated); // prettier-ignore
          return true as const;
        }),
      measureGradients: (request) =>
        this.untilInterrupted(request.runId, async (backend, signal) => {
          this.releaseTagger();
          const home = homeOf(await this.underSettings(backend));
          return this.predicted(request.runId, backend, measureRequested(store, request, home, signal));
        }),
      tag: (request) => this.untilInterrupted(request.id, (backend, signal) => this.tagText(request, backend, signal)),
      interrupt: ({ runId, how }) => {
        for (const { id, abort } of [this.running, ...this.predicting].filter((call) => call !== null)) {
          if (id === runId) abort.abort(how);
        }
        baselines.interrupt(runId);
      },
      removeRun: async (runId) => {
        if (this.running?.id === runId)
          throw new LabError('run/busy', 'A run on the device cannot be removed; stop it first.');
        await removeRun(store, runId);
      },
      resetDamagedRun: async (runId) => {
        this.refuseWhileTraining();
        const record = await readRunRecord(store, runId);
        if (record === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
        return resetDamagedRun(store, record);
      },
    };
  }

  private async start(choice: BackendChoice): Promise<BackendReport> {
    this.starting ??= this.startWithThreads(choice).catch((error: unknown) => {
      this.starting = null; // another choice may be tried
      throw error;
    });
    return this.report(await this.starting);
  }

  private async startWithThreads(choice: BackendChoice): Promise<StartedBackend> {
    return startBackend(choice, this.platform, await this.threadsWanted());
  }

  /** As the settings say; what cannot be read is reported when the lab reads it. */
  private async threadsWanted(): Promise<number> {
    const { usual, most } = this.platform.engineThreads;
    const { threads = usual } = await readMachineSettings(this.store).catch(ifCorrupt(defaultMachineSettings));
    return Math.min(threads, most);
  }

  private async report(backend: StartedBackend): Promise<BackendReport> {
    const { reason, remedy, selfTest, mixedPrecision } = backend;
    const { environment } = await this.underSettings(backend);
    const threads = threadChoice(backend, this.platform);
    const fusable = backend.processor !== null && processorFeatures().relaxed && { fusable: true as const };
    return { environment, reason, remedy, selfTest, mixedPrecision, ...(threads !== null && { threads }), ...fusable };
  }

  private async settingsChanged(): Promise<BackendReport | null> {
    const backend = await this.starting?.catch(() => null);
    if (backend == null) return null;
    const pool = backend.processor?.pool;
    if (pool != null) {
      this.changingThreads = this.changingThreads.then(async () => pool.use(await this.threadsWanted()));
      await this.changingThreads;
    }
    return this.report(backend);
  }

  private async measureStep({ modelId, config, pieces, helpers = 0 }: StepRequest): Promise<MeasuredStep> {
    this.refuseWhileTraining();
    const record = await readModelRecord(this.store, modelId);
    if (record === undefined) throw new LabError('run/model', 'The model is no longer in the library.');
    const loaded = await loadModel(this.store, record, config.lowerCase);
    const model = helpers === 0 ? loaded : withDrawnHelpers(loaded, helpers);
    return this.onDevice(async (backend) => {
      this.releaseTagger();
      const home = homeOf(await this.underSettings(backend));
      return measureStep(model, config, pieces, backend.health, home);
    });
  }

  private async estimateMemory({
    model,
    config,
    pieces,
  }: EstimateRequest): Promise<MemoryEstimate | PlainNetwork | null> {
    if (this.starting === null) return null;
    const home = homeOf(await this.underSettings(await this.starting));
    if (home === null) return null;
    const encoder = 'id' in model ? await readModelConfig(this.store, model) : encoderOfFile(model.configFile);
    return estimateStep(encoder, config, pieces, home);
  }

  /** Trains one run, to its end or that of an epoch; whatever happens, its record ends up stored and sent. */
  private async train(spec: RunSpec, until: number): Promise<RunRecord> {
    this.refuseWhileTraining();
    const abort = new AbortController();
    this.running = { id: spec.id, abort };
    try {
      return await this.onDevice(async (backend) => {
        this.releaseTagger();
        const machine = await fittingMachine(backend, await this.underSettings(backend), this.store, spec);
        const begun = await this.recordFor(spec, machine.environment);
        const record = await drain(this.trainStored(begun, until, backend.health, machine, abort.signal), (event) =>
          this.port.emit({ ...event, runId: spec.id }),
        ).catch((error: unknown) => this.recordAfterError(error, begun, backend.health, abort.signal));
        this.port.emit({ kind: 'ended', runId: spec.id, record });
        return record;
      });
    } finally {
      this.running = null;
    }
  }

  /** Everything that a run needs is read, then it is trained to its end. */
  private async *trainStored(
    record: RunRecord,
    until: number,
    health: DeviceHealth,
    machine: TrainingMachine,
    signal: AbortSignal,
  ): ReturnType<typeof train> {
    const { store, checkpoints } = this;
    const { spec } = record;
    yield { kind: 'phase', phase: 'loading', done: 0, of: 0 };
    const { model, encoder, fixed, texts } = await readInputs(this.store, spec);
    const pretrained = initialEncoder(model.config, model.encoder, spec.seed);
    const weights = () => startWeights(spec, pretrained, store, encoder);
    const encoded = yield* encodeTasks(texts, { ...model, config: encoder }, spec, signal);
    const tasks = yield* withFeatures(encoded, new Map([...pretrained, ...fixed]), signal);
    const config = configAsTrained(record);
    const gpu = machine.gpu && (yield* tuneForRun(machine.gpu, store, machine.settings, tasks, config, signal));
    const home = homeOf({ ...machine, gpu });
    return yield* train({ record, tasks, pretrained, fixed, weights, store, checkpoints, health, home, signal, until });
  }

  /** Stores the record of a run that an interruption or an error took off the device. */
  private async recordAfterError(
    error: unknown,
    begun: RunRecord,
    health: DeviceHealth,
    signal: AbortSignal,
  ): Promise<RunRecord> {
    const isInterrupted = signal.aborted && error === signal.reason;
    const failure = isInterrupted ? null : LabError.toData(await underlyingFailure(error, health));
    const stored = (await readRunRecord(this.store, begun.spec.id)) ?? begun;
    const record: RunRecord = {
      ...stored,
      status: failure === null ? statusAfterInterrupt(error === 'pause' ? 'pause' : 'stop') : statusAfterError(failure),
      failure,
      updatedAt: notBefore(new Date().toISOString(), stored.updatedAt),
    };
    // While storage is full the stored record still says that the run is under way: when the lab is opened again, it is paused.
    await writeRunRecord(this.store, record).catch((refused: unknown) => {
      if (failure?.code !== 'storage/full') throw refused;
    });
    return record;
  }

  private async predictStored(
    request: PredictionRequest,
    backend: StartedBackend,
    signal: AbortSignal,
  ): Promise<RequestedPredictions> {
    const home = homeOf(await this.underSettings(backend));
    return this.predicted(request.runId, backend, predictRequested(this.store, request, home, signal));
  }

  private async tagText({ id, tagger, documents }: TaggingRequest, backend: StartedBackend, signal: AbortSignal) {
    const machine = await this.underSettings(backend);
    const key = JSON.stringify([tagger, machine.settings]);
    if (this.warm?.key !== key) {
      const known = this.warm?.base ?? null;
      this.releaseTagger();
      const loaded = await loadTagger(this.store, tagger, known);
      this.warm = { key, tagger: openTagger(homeOf(machine), loaded), base: loaded.base };
    }
    return this.predicted(id, backend, tagDocuments(documents, this.warm.tagger, signal));
  }

  /** The outcome of predicting or tagging, its progress sent; no number is trusted once the device failed. */
  private async predicted<Outcome>(
    runId: string,
    { health }: StartedBackend,
    events: AsyncGenerator<Progress, Outcome>,
  ): Promise<Outcome> {
    const assertHealthy = (): void => {
      if (health.failure !== null) throw health.failure;
    };
    const outcome = await drain(events, (progress) => {
      assertHealthy();
      this.port.emit({ kind: 'predicting', runId, ...progress });
    });
    assertHealthy();
    return outcome;
  }

  private refuseWhileTraining(): void {
    if (this.running !== null) throw new LabError('run/busy', `Run ${this.running.id} is on the device already.`);
  }

  /** Does `work` when the device is free of what was requested before. */
  private async onDevice<Outcome>(work: (backend: StartedBackend) => Promise<Outcome>): Promise<Outcome> {
    if (this.starting === null) {
      throw new LabError('run/backend', 'Work was requested before the backend was started.');
    }
    const backend = await this.starting;
    const outcome = this.deviceFree.then(() => work(backend));
    this.deviceFree = outcome.catch(() => undefined);
    return outcome;
  }

  /** What `work` gives, or null when it was interrupted. */
  private async untilInterrupted<Outcome>(
    id: string,
    work: (backend: StartedBackend, signal: AbortSignal) => Promise<Outcome>,
  ): Promise<Outcome | null> {
    this.refuseWhileTraining();
    const call = { id, abort: new AbortController() };
    const { signal } = call.abort;
    this.predicting.add(call);
    try {
      return await this.onDevice((backend) => {
        signal.throwIfAborted();
        return work(backend, signal);
      });
    } catch (error) {
      if (signal.aborted && error === signal.reason) return null;
      throw error;
    } finally {
      this.predicting.delete(call);
    }
  }

  /** Only while nothing is tagged: between two pieces of work on the device. */
  private releaseTagger(): void {
    this.warm?.tagger.predictor.dispose();
    this.warm = null;
  }

  private underSettings(backend: StartedBackend): Promise<TrainingMachine> {
    return machineUnderSettings(backend, this.store, this.platform);
  }

  /** The stored record of a run with this machine among its environments, or a new one. */
  private async recordFor(spec: RunSpec, environment: Environment): Promise<RunRecord> {
    const record = (await readRunRecord(this.store, spec.id)) ?? queuedRun(spec, new Date().toISOString());
    const isKnown = JSON.stringify(record.environments.at(-1)) === JSON.stringify(environment);
    return { ...record, environments: isKnown ? record.environments : [...record.environments, environment] };
  }
}
