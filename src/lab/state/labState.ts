// What the lab shows and what it can be asked to do: the contract between the lab and whoever wires a page to it.
import type { CorpusSentences, Split } from '../../data/corpus/corpus.ts';
import type { Issue } from '../../data/corpus/issues.ts';
import type { AnnotationFormat } from '../../data/formats/writeDocuments.ts';
import type { LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { DownloadRecord } from '../../schema/hubRecord.ts';
import type { Assignments, OwnCategory } from '../../schema/libraryRecord.ts';
import type { MachineSettings } from '../../schema/machineSettings.ts';
import type { EncoderFacts, ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanFile } from '../../schema/planFile.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import type { RunRecord, RunSpec, RunStatus } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import type { StoreUsage } from '../../storage/store.ts';
import type { LabErrorData } from '../../util/labError.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import type { Progress } from '../../util/work.ts';
import type { AnalysisAnswer, AnalysisName, AnalysisQuery } from '../../wire/analysisProtocol.ts';
import type { TaggerExport, TaggerRef } from '../../wire/taggerRef.ts';
import type { MemoryEstimate, MemoryReport, TrainingPhase } from '../../wire/trainingEvent.ts';
import type { BackendChoice, BackendReport, EstimateRequest, NamedBytes } from '../../wire/trainingProtocol.ts';

/** A question on its way: `cancel` gives it up, and its answer is null then. */
export interface AnalysisUnderWay<Answer> {
  readonly answer: Promise<Answer | null>;
  cancel(): void;
}

/** A file a person dropped: its path inside what was dropped, `/`-separated, and a way to its bytes. */
export interface DroppedFile {
  readonly path: string;
  readonly sizeBytes: number;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A run as the page shows it: the stored record, advanced by live events while it is on the device. */
export interface RunView {
  readonly record: RunRecord;
  /** Present while the run is on the device, with the progress of its phase. */
  readonly live: {
    readonly phase: TrainingPhase;
    readonly done: number;
    /** 0 when unknown. */
    readonly of: number;
    readonly tokensPerSecond: number | null;
    readonly remainingMs: number | null;
    readonly memory: MemoryReport | null;
  } | null;
}

export type BackendState =
  | { readonly status: 'starting' }
  | { readonly status: 'ready'; readonly report: BackendReport }
  | { readonly status: 'failed'; readonly error: LabErrorData };

/** Something worth telling the person, shown until dismissed. */
export interface Notice {
  readonly id: number;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
}

/** What takes storage and can be removed. */
export interface StoredItem {
  readonly kind: 'run' | 'model' | 'download';
  readonly id: string;
  readonly sizeBytes: number;
}

/** What a run asks of the machine, before it starts. */
export interface RunCost {
  /** Sequences an epoch shows; an upper bound where sentences are packed or left out. */
  readonly sequencesPerEpoch: number;
  readonly stepsPerEpoch: number;
  /** Updates in all. */
  readonly steps: number;
  /** Sequences to score in all: devel after each epoch, test for each kept snapshot. */
  readonly scoredSequences: number;
  /** Kept for good: one float32 copy of the parameters a snapshot. */
  readonly snapshotBytes: number;
  /** Kept while the run is under way: two resume points of parameters and both moments. */
  readonly resumeBytes: number;
}

export interface RunNode {
  readonly spec: RunSpec;
  /** `new` when the lab does not know the run. */
  readonly status: RunStatus | 'new';
  /** A finished run is not trained again. */
  readonly isReused: boolean;
  /** Ids of the runs that have to be finished before this one starts, nearest first. */
  readonly ancestors: readonly string[];
  readonly cost: RunCost;
  /** Updates still to be made. */
  readonly stepsLeft: number;
}

export interface RunGraph {
  /** Parents before the runs that start from them. */
  readonly nodes: readonly RunNode[];
  /** Runs still to be trained, and updates still to be made in all of them. */
  readonly runsLeft: number;
  readonly stepsLeft: number;
  /** Sequences still to be scored in all of them. */
  readonly scoredLeft: number;
  /** Bytes that the runs still to be trained will have added at the most: their snapshots, and the largest resume points. */
  readonly storageBytes: number;
  /** Some run packs its sequences, or leaves some out, so that steps are an upper bound. */
  readonly isUpperBound: boolean;
}

/** Long work that is not a run: an import, an export, the first install of the built-in model. */
export interface Job extends Progress {
  readonly id: number;
  readonly label: string;
  /** Absent where nobody knows. */
  readonly remainingMs?: number;
  /** Whether `cancelJob` ends it. */
  readonly cancellable?: boolean;
}

/** `rows`: a token, its gold tag and the predicted tag in each row, as conlleval reads them; else documents with confidences. */
export type PredictionFormat = 'rows' | AnnotationFormat;

/** What a person wants tagged. */
export type TaggingSource =
  | { readonly kind: 'text'; readonly text: string }
  /** Files of any format that is read, archives unpacked. */
  | { readonly kind: 'files'; readonly files: readonly DroppedFile[] }
  | { readonly kind: 'corpus'; readonly corpusId: string; readonly split: Split };

/** Text that was given to a tagger, and what has been found in it so far. */
export interface TaggingView {
  /** Another for each time that something is tagged. */
  readonly id: string;
  readonly tagger: TaggerRef;
  /** Types that the tagger knows. */
  readonly types: readonly string[];
  /** What the text is called. */
  readonly source: string;
  readonly status: 'reading' | 'tagging' | 'done' | 'stopped' | 'failed';
  /** Those tagged so far, in order, with the mentions that came with them. */
  readonly documents: readonly LabelledDocument[];
  /** Of all that were read. */
  readonly documentCount: number;
  /** In sentences, while it is tagged; time left null until there is an estimate. */
  readonly progress: (Progress & { readonly remainingMs: number | null }) | null;
  readonly issues: readonly Issue[];
  readonly issueCount: number;
  /** Why it failed. */
  readonly problem: LabErrorData | null;
}

/** A model of a hub, looked up: what its files are and what its configuration tells, before anything large is downloaded. */
export interface HubModel {
  readonly download: DownloadRecord;
  readonly encoder: EncoderFacts;
  readonly configFile: NamedBytes;
}

/** A model on its way from a hub, kept until it is whole or discarded. */
export interface ModelDownload {
  readonly record: DownloadRecord;
  /** What is stored; while a job works on it, the job tells more. */
  readonly receivedBytes: number;
  /** The job that works on it; null while it rests. */
  readonly jobId: number | null;
}

/** A result file brought in from elsewhere; its runs are shown like our own, but cannot be resumed. */
export interface ImportedResult {
  readonly id: string;
  readonly fileName: string;
  readonly file: ResultFile;
}

/** Which tab has the lab: this one, or another that does the training, while here is only something to be looked at. */
export type Owner = 'here' | 'elsewhere';

export interface LabState {
  readonly owner: Owner;
  /** False until the stored corpora, models, runs and results have been read. */
  readonly opened: boolean;
  readonly backend: BackendState;
  readonly corpora: readonly CorpusRecord[];
  readonly models: readonly ModelRecord[];
  readonly downloads: readonly ModelDownload[];
  /** Newest first. */
  readonly runs: readonly RunView[];
  /** Runs waiting for the device, in order; a run whose parent is not finished is passed over (see `waitsFor`). */
  readonly queue: readonly string[];
  readonly activeRunId: string | null;
  /** The run that was paused because the store is full; nothing is trained until room was made or it is resumed. */
  readonly storageFullRun: string | null;
  readonly results: readonly ImportedResult[];
  /** Categories a person made; `offeredCategories` has them beside the ready-made ones. */
  readonly categories: readonly OwnCategory[];
  /** Corpora that a person made stand for sub-tasks of the catalogue; `catalogueStatus` reads them. */
  readonly assignments: Assignments;
  /** What was given to a tagger last; null before the first time. */
  readonly tagging: TaggingView | null;
  readonly jobs: readonly Job[];
  readonly notices: readonly Notice[];
  readonly usage: StoreUsage | null;
  /** How this machine's GPU is to be used. */
  readonly machine: MachineSettings;
}

export interface Lab {
  getState(): LabState;
  /** Calls `listener` after every change; answers with the way to stop that. */
  subscribe(listener: () => void): () => void;

  /**
   * Reads everything stored, installs the built-in model and samples on first use, starts the backend. Where another tab has the lab, it is
   * only shown, until that tab is gone: calls that change something or need the device reject with LabError `lab/elsewhere` meanwhile.
   * `goOn`: runs that were under way when the lab was left go on, where they are paused otherwise.
   */
  open(choice: BackendChoice, options?: { readonly goOn?: boolean }): Promise<void>;
  /** Reads what another tab has stored meanwhile; nothing where the lab is this tab's own. */
  refresh(): Promise<void>;

  /**
   * Takes in whatever was dropped: corpora (files, folders, zips), model folders, result files and plan files are told apart.
   * Never throws for bad input: problems become the corpus' issues or notices.
   */
  importFiles(files: readonly DroppedFile[]): Promise<{
    readonly corpusIds: readonly string[];
    readonly modelIds: readonly string[];
    readonly resultIds: readonly string[];
    readonly plans: readonly PlanFile[];
  }>;
  readCorpus(corpusId: string): Promise<CorpusSentences>;
  renameCorpus(corpusId: string, name: string): Promise<void>;
  /** Moves one source file of a corpus to another split; answers with the corpus' new id, since its content changed. */
  moveSource(corpusId: string, file: string, split: Split): Promise<string>;
  removeCorpus(corpusId: string): Promise<void>;
  removeModel(modelId: string): Promise<void>;

  /**
   * Asks the hub of the machine's settings what a repository (`xlnet/xlnet-base-cased`) has at a branch, tag or commit, as a job that can be
   * cancelled; null when it was. Rejects with `hub/...`, or `model/config` for an encoder that the lab does not know.
   */
  lookUpModel(repository: string, revision: string): Promise<HubModel | null>;
  /**
   * Downloads a model, or what is missing of it, and takes it in, as jobs that can be cancelled; answers with the id of the model, or null
   * when it was cancelled. What came is kept whatever happens. Rejects with `hub/...`, `storage/full` before it begins where there is no
   * room, or as `importModel` does.
   */
  downloadModel(download: DownloadRecord): Promise<string | null>;
  /** Removes what came of a download. Throws `hub/busy` while it goes on. */
  discardDownload(downloadId: string): Promise<void>;
  /** Memory that an update of a model of the library, or of one looked up, will take on the GPU; null on a backend without one. */
  estimateMemory(request: EstimateRequest): Promise<MemoryEstimate | null>;

  /** Downloads the files of sub-tasks of the catalogue, as a job that can be cancelled; answers with their corpora. Rejects with `catalogue/...`. */
  fetchCatalogueTasks(subTaskIds: readonly string[]): Promise<readonly string[]>;
  cancelJob(jobId: number): void;
  /** Makes a corpus and one of its types stand for a sub-task of the catalogue; null for none by hand. */
  assignSubTask(subTaskId: string, task: { readonly corpusId: string; readonly type: string } | null): Promise<void>;
  /** Adds a category of one's own, or replaces the one of its name. Throws `category/...`. */
  saveCategory(category: OwnCategory): Promise<void>;
  removeCategory(name: string): Promise<void>;

  /** The runs of a plan with what they cost and which are here already. Throws `plan/...` as `startPlan` does. */
  previewPlan(plan: PlanFile): RunGraph;
  /** Memory that an update of the plan's longest sequences will take on the GPU; null on a backend without one. */
  estimatePlan(plan: PlanFile): Promise<MemoryEstimate | null>;
  /**
   * Measures one update of the plan's model, batches and usual length here, and answers with the time its runs will take and the most
   * memory an update takes. Throws `run/busy` while a run is on the device.
   */
  measurePlan(plan: PlanFile): Promise<{ readonly remainingMs: number; readonly peakBytes: number }>;
  /** Expands a plan into runs and queues them; answers with their ids. Throws `plan/...` when an input is missing or differs. */
  startPlan(plan: PlanFile): Promise<readonly string[]>;
  pauseRun(runId: string): Promise<void>;
  /** Queues a paused, stopped or failed run again, and before it the runs it waits for; it goes on from its last checkpoint. */
  resumeRun(runId: string): Promise<void>;
  /** The same for several runs, parents first. */
  resumeAll(runIds: readonly string[]): Promise<void>;
  /** Moves a waiting run one place in the queue; a run stays behind the one it starts from. */
  moveRun(runId: string, direction: 'up' | 'down'): void;
  /** Takes a run out for good until it is resumed: what waits for it stays queued. */
  stopRun(runId: string): Promise<void>;
  /** Throws `run/needed` while other runs start from it. */
  removeRun(runId: string): Promise<void>;

  /**
   * What a kept snapshot of an own run predicts, as files of a format, at least one, predicted anew as a job that can be cancelled; null
   * when it was. Rejects with `run/busy` while a run is on the device, `plan/...` when corpora or model are gone.
   */
  predictions(request: PredictionRequest, format: PredictionFormat): Promise<readonly NamedFile[] | null>;

  /**
   * Stores what kept snapshots of own runs predict, with probabilities, for analyses: predicted anew, one after the other, as a job that can
   * be cancelled. False when it was; what was stored by then stays. Rejects as `predictions` does, and with `storage/full`.
   */
  keepPredictions(requests: readonly PredictionRequest[]): Promise<boolean>;

  /**
   * Asks the analysis worker about corpora and predictions; `onProgress` is called with how far the answer is. The answer rejects as the question says,
   * and with `analysis/unavailable` or `worker/lost`.
   */
  analyse<Name extends AnalysisName>(
    name: Name,
    query: AnalysisQuery<Name>,
    onProgress?: (progress: Progress) => void,
  ): AnalysisUnderWay<AnalysisAnswer<Name>>;

  /**
   * Gives text to a tagger; `LabState.tagging` shows what comes of it, in place of what was tagged before, failures included. Rejects with
   * `tagger/unknown`.
   */
  tag(tagger: TaggerRef, source: TaggingSource): Promise<void>;
  /** Ends tagging; what was found stays. */
  stopTagging(): void;

  /**
   * The files of the folder that a trained tagger leaves as, chunk by chunk in turn, as a job that can be cancelled: false when it was.
   * The next chunk is made when `receive` has taken the one before. Rejects as loading a tagger does, and with what `receive` throws.
   */
  exportTagger(request: TaggerExport, receive: (chunk: NamedBytes) => Promise<void>): Promise<boolean>;

  /** The result file of one or more runs, own or imported, with the runs they start from. */
  exportResult(runIds: readonly string[]): ResultFile;
  /** The plan that would train these runs again, and those they start from, for headless. Throws `plan/mixed`. */
  exportPlan(runIds: readonly string[]): PlanFile;
  removeResult(resultId: string): Promise<void>;

  /** Kept for this machine; runs that start later follow it. */
  setMachine(settings: MachineSettings): Promise<void>;

  /** What can be removed to make room, largest first. */
  removableItems(): Promise<readonly StoredItem[]>;

  dismissNotice(noticeId: number): void;
}
