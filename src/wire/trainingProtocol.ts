// Everything that crosses between the lab and the training server, as types.
import type { AnnotatedMention, DocumentText } from '../data/documents/document.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MixedPrecision } from '../schema/machineSettings.ts';
import type { EncoderFacts, ModelRecord, ModelSource } from '../schema/modelRecord.ts';
import type { Environment, RunRecord, RunSpec } from '../schema/runRecord.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import type { Progress } from '../util/work.ts';
import type { Client } from './calls.ts';
import type { ExportedFile, PredictedSentence, TaggerExport, TaggerRef } from './taggerRef.ts';
import type { MeasuredStep, MemoryEstimate, SelfTestCheck, TrainingEvent } from './trainingEvent.ts';

export type BackendName = Environment['backend'];
/** `auto` takes WebGPU on a hardware adapter, else wasm. */
export type BackendChoice = BackendName | 'auto';

/** Which backend runs, why, and what a person can do to get a faster one (null when there is nothing to do). */
export interface BackendReport {
  readonly environment: Environment;
  readonly reason: string;
  readonly remedy: string | null;
  readonly selfTest: readonly SelfTestCheck[];
  readonly mixedPrecision: MixedPrecision;
}

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An update of a model under a configuration, on sequences of `pieces` pieces. */
export interface StepRequest {
  readonly modelId: string;
  readonly config: TrainingConfig;
  readonly pieces: number;
}

/** The same for a model of the library, or for one that is no more yet than its configuration file. */
export interface EstimateRequest extends Omit<StepRequest, 'modelId'> {
  readonly model: { readonly id: string } | { readonly configFile: NamedBytes };
}

/** Text to be tagged. */
export interface TaggingRequest {
  /** Stands for this work in its events and for `interrupt`, as a run's id does. */
  readonly id: string;
  readonly tagger: TaggerRef;
  /** Few enough for one message: whoever has many asks again. */
  readonly documents: readonly DocumentText[];
}

/** Sequences predicted, or sentences tagged, of all. */
export interface PredictingEvent extends Progress {
  readonly kind: 'predicting';
}

/** An event with the run, or other work, it is about. */
export type RunEvent = (TrainingEvent | PredictingEvent) & { readonly runId: string };

/** Calls the lab makes; each answers once. */
export interface ServerCalls {
  /** Chooses and starts the backend (once; later calls return the same report) and runs its self-test. */
  start(choice: BackendChoice): BackendReport;
  /** Verifies a dropped model folder, stores it, and describes it. Throws `model/...` with expected and got. */
  importModel(model: {
    readonly name: string;
    readonly builtIn: boolean;
    readonly files: readonly NamedBytes[];
    readonly source?: ModelSource;
  }): ModelRecord;
  /** Opens the folder that a trained tagger leaves as; `exportedBytes` gives its files. Throws as loading a tagger does. */
  exportTagger(request: TaggerExport): { readonly exportId: number; readonly files: readonly ExportedFile[] };
  /** The next bytes of an export's files in turn; null at the end, which closes it. Throws `export/closed` for one that is not open. */
  exportedBytes(exportId: number): NamedBytes | null;
  /** Gives an export up; nothing for one that is not open. */
  closeExport(exportId: number): void;
  /** What a configuration file alone tells. Throws `model/config`. */
  describeEncoder(configFile: NamedBytes): EncoderFacts;
  /** Memory that an update will take on the GPU, without touching it; null where there is none. */
  estimateMemory(request: EstimateRequest): MemoryEstimate | null;
  /** Measures one update of a model on batches of sequences of `pieces` pieces. Throws `run/busy` while a run is on the device. */
  measureStep(request: StepRequest): MeasuredStep;
  /** Starts a run, or resumes it from its checkpoint, and answers with the record as it leaves the device. Events come meanwhile. */
  train(spec: RunSpec): RunRecord;
  /**
   * The sentences of the split in order, or null when it was interrupted; `predicting` events come meanwhile. Throws `run/busy` while a
   * run is on the device, `checkpoint/missing` without the snapshot, `task/empty` without such sentences.
   */
  predict(request: PredictionRequest): readonly PredictedSentence[] | null;
  /** Like `predict`, but stores the mentions with their probabilities and answers that it has. Throws `storage/full` besides. */
  keepPredictions(request: PredictionRequest): true | null;
  /**
   * The mentions of each document in order, or null when it was interrupted; `predicting` events come meanwhile. The tagger stays loaded
   * until another one is asked for or a run starts. Throws `run/busy` while a run is on the device, and as loading a tagger does.
   */
  tag(request: TaggingRequest): readonly (readonly AnnotatedMention[])[] | null;
  /** `pause` writes a checkpoint and leaves the device with status paused; `stop` the same with status stopped. Predicting and tagging end with either. */
  interrupt(request: { readonly runId: string; readonly how: 'pause' | 'stop' }): void;
  /** Deletes everything stored for a run: record, resume point, snapshots. */
  removeRun(runId: string): void;
}

/** The lab's end: every call of the server as a promise, and its events. */
export type ServerClient = Client<ServerCalls, RunEvent>;
