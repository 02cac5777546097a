// Declares the calls and events between the lab and the training server: runs, their events, taggers and what is computed with them.
import type { Mention } from '../data/corpus/corpus.ts';
import type { AnnotatedMention, DocumentText } from '../data/documents/document.ts';
import type { BaselineName, LanguageChoice, WordsOrigin } from '../data/words/baselines.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MixedPrecision } from '../schema/machineSettings.ts';
import type { EncoderFacts, ModelRecord, ModelSource } from '../schema/modelRecord.ts';
import type { Environment, EpochPoint, RunRecord, RunSpec, StepPoint } from '../schema/runRecord.ts';
import type { GradientsRequest, PredictionRequest } from '../schema/storedPredictions.ts';
import type { OnnxPrecision } from '../schema/taggerFiles.ts';
import type { Progress } from '../util/clock.ts';
import type { Client } from './calls.ts';

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

// Declares the events of a run, and memory, timing and self-test reports of a backend.

/** Memory as the backend counts it. `gpuBytes` is null on a backend without GPU. */
export interface MemoryReport {
  readonly liveTensors: number;
  readonly tensorBytes: number;
  readonly gpuBytes: number | null;
}

/** Estimated memory of one update, from its planned launches: on the GPU, or in the engine's linear memory on the processor. */
export interface MemoryEstimate {
  readonly bytes: number;
  /** The part for parameters, gradients and moments. */
  readonly bankBytes: number;
  /** Whether the backward pass recomputes activations instead of storing them. */
  readonly recomputed: boolean;
  /** Whether it fits into the GPU memory given in the settings, or into what WebAssembly can address. */
  readonly fits: boolean;
  /** Present where the engine trains on the processor. */
  readonly onProcessor?: true;
}

/** Stands for an estimate where the engine cannot compute an encoder. */
export interface PlainNetwork {
  /** Says why the plain network runs instead. */
  readonly plainNetwork: string;
}

/** One measured update: its time, and the peak bytes of all tensors, weights and moments included. */
export interface MeasuredStep {
  readonly stepMs: number;
  readonly peakBytes: number;
}

/** The predicted time of a run from its start to its end, and its parts. */
export interface PredictedTime {
  /** Reading and verifying the model, comparing and encoding the text, recording launches. */
  readonly preparingMs: number;
  readonly stepsMs: number;
  readonly scoringMs: number;
  readonly savingMs: number;
  readonly totalMs: number;
}

/** `comparing`: training text with test text; `tuning`: finds the fastest matrix products on this GPU; `compiling`: compiles its pipelines. */
export type TrainingPhase =
  'loading' | 'comparing' | 'encoding' | 'tuning' | 'compiling' | 'training' | 'evaluating' | 'saving';

/** An event of a run in progress. */
export type TrainingEvent =
  | { readonly kind: 'started'; readonly record: RunRecord }
  /** Progress of a phase, in sentences or steps. */
  | (Progress & { readonly kind: 'phase'; readonly phase: TrainingPhase })
  | {
      readonly kind: 'step';
      readonly point: StepPoint;
      readonly totalSteps: number;
      readonly tokensPerSecond: number;
      /** Estimate for the rest of the run, evaluations included; null until there is one. */
      readonly remainingMs: number | null;
      readonly memory: MemoryReport;
    }
  | { readonly kind: 'epoch'; readonly point: EpochPoint }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly sizeBytes: number }
  /** The run left the device: paused, stopped, failed or finished; the record is already stored. */
  | { readonly kind: 'ended'; readonly record: RunRecord };

/** `maxError` is the largest absolute difference between the backend and plain JavaScript in float64; Infinity when the op did not run. */
export interface SelfTestCheck {
  readonly name: string;
  readonly maxError: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

// Declares references to trained taggers, their predictions, and their exported files.

/** Refers to a trained tagger in the lab: a run's snapshot, or a model with a tagging head. */
export type TaggerRef =
  | { readonly kind: 'snapshot'; readonly runId: string; readonly epoch: number }
  | { readonly kind: 'model'; readonly modelId: string };

/** Which trained tagger to export as a folder, and with which weight type. */
export interface TaggerExport {
  readonly tagger: TaggerRef;
  /** Type of the weights of transformers' file; F16 halves the size and rounds. */
  readonly precision: 'F32' | 'F16';
  /** A folder with an ONNX graph in that precision in place of transformers' weights; absent for those. */
  readonly onnx?: OnnxPrecision;
  /** Exports a run's adapters and head alone, in the form of Hugging Face's PEFT, instead of the model with them merged. */
  readonly adapters?: true;
}

/** A file of the exported folder, listed before its bytes are sent. */
export interface ExportedFile {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface SureMention extends Mention {
  /** Exact probability of the whole mention under the tagger, 0 to 1. */
  readonly confidence: number;
}

/** Tags of each token, in the run's scheme, and the mentions decoded from the predicted tags as conlleval does. */
export interface PredictedSentence {
  readonly tokens: readonly string[];
  readonly gold: readonly string[];
  readonly predicted: readonly string[];
  readonly mentions: readonly SureMention[];
  /** The exact probability of each annotated mention, in order. */
  readonly annotated: readonly number[];
}
