// Declares the calls and events between the lab and the training server.
import type { AnnotatedMention, DocumentText } from '../data/documents/document.ts';
import type { BaselineName, LanguageChoice, WordsOrigin } from '../data/words/baselines.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MixedPrecision } from '../schema/machineSettings.ts';
import type { EncoderFacts, ModelRecord, ModelSource } from '../schema/modelRecord.ts';
import type { Environment, RunRecord, RunSpec } from '../schema/runRecord.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import type { GradientsRequest } from '../schema/storedGradients.ts';
import type { Progress } from '../util/work.ts';
import type { Client } from './calls.ts';
import type { ExportedFile, PredictedSentence, TaggerExport, TaggerRef } from './taggerRef.ts';
import type {
  MeasuredStep,
  MemoryEstimate,
  PlainNetwork,
  PredictedTime,
  SelfTestCheck,
  TrainingEvent,
} from './trainingEvent.ts';

export type BackendName = Environment['backend'];
/** `auto` chooses WebGPU on a hardware adapter, else wasm. */
export type BackendChoice = BackendName | 'auto';

/** Which backend runs, why, and how the user can get a faster one (null if there is no way). */
export interface BackendReport {
  readonly environment: Environment;
  readonly reason: string;
  readonly remedy: string | null;
  readonly selfTest: readonly SelfTestCheck[];
  readonly mixedPrecision: MixedPrecision;
  /** Threads of the engine on the processor; absent where it does not train there. */
  readonly threads?: ThreadChoice;
  /** Present where the engine on the processor can round multiply-adds once. */
  readonly fusable?: true;
}

/** How many threads the engine uses on the processor, and may. */
export interface ThreadChoice {
  readonly used: number;
  /** Used unless a person chooses another number. */
  readonly usual: number;
  readonly most: number;
  /** Why there can be only one; null if there can be more. */
  readonly onlyOne: string | null;
}

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One update of a model under a configuration, on sequences of `pieces` pieces. */
export interface StepRequest {
  readonly modelId: string;
  readonly config: TrainingConfig;
  readonly pieces: number;
  /** Taggers of other tasks that it reads, as CollaboNet does; absent without them. */
  readonly helpers?: number;
}

/** The same for a model in the library, or for one of which only the configuration file is available. */
export interface EstimateRequest extends Omit<StepRequest, 'modelId' | 'helpers'> {
  readonly model: { readonly id: string } | { readonly configFile: NamedBytes };
}

/** Text to tag. */
export interface TaggingRequest {
  /** Identifies this work in its events and for `interrupt`, as a run's id does. */
  readonly id: string;
  readonly tagger: TaggerRef;
  /** Few enough for one message: the caller sends the rest in further calls. */
  readonly documents: readonly DocumentText[];
}

/** A network of words to make. */
export interface BaselineRequest {
  /** Identifies this work in its events and for `interrupt`. */
  readonly id: string;
  /** Of the new model. */
  readonly name: string;
  readonly form: BaselineName;
  /** The corpora whose words it has. */
  readonly corpora: readonly { readonly id: string; readonly name: string }[];
  /** A file of word vectors, which is read as a stream; null without one. */
  readonly vectors: VectorsFile | null;
  /** Words from the start of that file that it has, too. */
  readonly firstWords: number;
  /** Language models over characters, for a network that reads them; absent: trained as the network's form says. */
  readonly language?: LanguageChoice | undefined;
}

/** `bytes`: a blob, or where files are no blobs that another thread may read, a stream, which is transferred. */
export interface VectorsFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly bytes: Blob | ReadableStream<Uint8Array<ArrayBuffer>>;
}

export interface BaselineMade {
  readonly record: ModelRecord;
  readonly origin: WordsOrigin;
}

/** Progress in sequences predicted, sentences tagged, or bytes of word vectors read. */
export interface PredictingEvent extends Progress {
  readonly kind: 'predicting';
}

/** An event with the id of its run or other work. */
export type RunEvent = (TrainingEvent | PredictingEvent) & { readonly runId: string };

/** The calls of the training server; each answers once. */
export interface ServerCalls {
  /** Chooses and starts the backend (once; later calls return the same report) and runs its self-test. */
  start(choice: BackendChoice): BackendReport;
  /**
   * Reads the stored settings of this machine again; threads of the processor change at the next step of a run on the device, everything
   * else with the next run. Returns the report of the backend; null before it was started.
   */
  settingsChanged(): BackendReport | null;
  /** Verifies a dropped model folder, stores it and returns its record. Throws `model/...` with expected and got. */
  importModel(model: {
    readonly name: string;
    readonly builtIn: boolean;
    readonly files: readonly NamedBytes[];
    readonly source?: ModelSource;
  }): ModelRecord;
  /**
   * Makes a network of words from nothing and stores it, emitting `predicting` events in bytes, then steps of language models that are trained;
   * null when interrupted. Works beside a run, but language models are trained when the device is free. Throws `vectors/...`, `language/...`, `model/...`, what reading a corpus throws, or `storage/full`.
   */
  makeBaseline(request: BaselineRequest): BaselineMade | null;
  /** Opens the export of a trained tagger as a folder; `exportedBytes` returns its files. Throws as loading a tagger does. */
  exportTagger(request: TaggerExport): { readonly exportId: number; readonly files: readonly ExportedFile[] };
  /** Returns the next bytes of an export's files; null at the end, which closes it. Throws `export/closed` if it is not open. */
  exportedBytes(exportId: number): NamedBytes | null;
  /** Abandons an export; does nothing if it is not open. */
  closeExport(exportId: number): void;
  /** Describes an encoder from its configuration file alone. Throws `model/config`. */
  describeEncoder(configFile: NamedBytes): EncoderFacts;
  /** Estimates the memory of an update without computing one; null where the engine does not run. */
  estimateMemory(request: EstimateRequest): MemoryEstimate | PlainNetwork | null;
  /** Measures one update of a model on sequences of `pieces` pieces. Throws `run/busy` while a run is on the device. */
  measureStep(request: StepRequest): MeasuredStep;
  /**
   * Predicts how long runs take from their start, before any step of them, from the pace of this machine, which is measured first if it is not
   * known for this backend and these threads. Null where it cannot be known now: while a run trains, or without the engine. A run gets null if
   * its inputs are gone or cannot be encoded.
   */
  predictTimes(specs: readonly RunSpec[]): readonly (PredictedTime | null)[] | null;
  /** Starts a run or resumes it from its checkpoint, emitting events; returns the record when it leaves the device. */
  train(spec: RunSpec): RunRecord;
  /** The same up to the end of an epoch, the last one included: the record returns paused, and nothing of test was read. */
  trainTo(request: { readonly spec: RunSpec; readonly epoch: number }): RunRecord;
  /**
   * Predicts the sentences of the split in order, emitting `predicting` events; null when interrupted. Throws `run/busy` while a
   * run is on the device, `checkpoint/missing` without the snapshot, `task/empty` without such sentences.
   */
  predict(request: PredictionRequest): readonly PredictedSentence[] | null;
  /** Like `predict`, but stores the mentions with their probabilities and returns true. Also throws `storage/full`. */
  keepPredictions(request: PredictionRequest): true | null;
  /**
   * Measures and stores the projected gradients of a joint run's tasks at a snapshot, emitting `predicting` events in sequences; null when interrupted.
   * Throws `affinity/...`, `run/busy` while a run is on the device, `checkpoint/missing` without the snapshot, `storage/full`.
   */
  measureGradients(request: GradientsRequest): true | null;
  /**
   * Finds the mentions of each document in order, emitting `predicting` events; null when interrupted. The tagger stays loaded
   * until another one is requested or a run starts. Throws `run/busy` while a run is on the device, and as loading a tagger does.
   */
  tag(request: TaggingRequest): readonly (readonly AnnotatedMention[])[] | null;
  /** `pause` writes a checkpoint and ends the run with status paused, `stop` with status stopped. Either ends predicting and tagging. */
  interrupt(request: { readonly runId: string; readonly how: 'pause' | 'stop' }): void;
  /** Deletes everything stored for a run: record, resume point, snapshots. */
  removeRun(runId: string): void;
  /**
   * Verifies the snapshots of a run and returns the epochs of those that are lost; if there are any, the next `train` starts over. Throws
   * `run/busy` while a run is on the device.
   */
  resetDamagedRun(runId: string): readonly number[];
}

/** The lab's end: every call of the server as a promise, and its events. */
export type ServerClient = Client<ServerCalls, RunEvent>;
