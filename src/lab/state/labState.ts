// Declares the lab's state and its methods: the contract between the lab and the pages.
import type { ColumnChoice, ColumnQuestion, CorpusSentences, Split } from '../../data/corpus/corpus.ts';
import type { Issue } from '../../data/corpus/issues.ts';
import type { AnnotatedDocument, AnnotationFormat } from '../../data/documents/document.ts';
import type { LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import type { CorpusRecord, DictionaryRecord } from '../../schema/corpusRecord.ts';
import type {
  Assignments,
  DescribedKind,
  DescriptionChange,
  Descriptions,
  DownloadRecord,
  ModelDownload,
} from '../../schema/libraryRecord.ts';
import type { MachineSettings } from '../../schema/machineSettings.ts';
import type { EncoderFacts, ModelRecord } from '../../schema/modelRecord.ts';
import type { OwnCategory, PlanFile, ReportedFile, ResultFile } from '../../schema/resultFile.ts';
import type { ReviewRecord } from '../../schema/reviewRecord.ts';
import type { RunGraph } from '../../schema/runLineage.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import type { GradientsRequest, PredictionRequest } from '../../schema/storedPredictions.ts';
import type { ShippedTagger } from '../../schema/taggerFiles.ts';
import type { StoredKind } from '../../storage/records.ts';
import type { StoreUsage } from '../../storage/store.ts';
import type { Progress } from '../../util/clock.ts';
import type { LabErrorData } from '../../util/labError.ts';
import type { DroppedFile, NamedFile } from '../../util/namedFile.ts';
import type { AnalysisAnswer, AnalysisName, AnalysisQuery } from '../../wire/analysisProtocol.ts';
import type {
  BackendChoice,
  BackendReport,
  BaselineMade,
  BaselineRequest,
  EstimateRequest,
  MemoryEstimate,
  MemoryReport,
  NamedBytes,
  PlainNetwork,
  TaggerExport,
  TaggerRef,
  TrainingPhase,
} from '../../wire/trainingProtocol.ts';
import type { LabDictionaries } from '../dictionaries/storedDictionary.ts';
import type { Review } from '../review/review.ts';
import type { LabReviews } from '../review/reviewCorpus.ts';

/** An analysis in progress; after `cancel` its answer is null. */
export interface AnalysisUnderWay<Answer> {
  readonly answer: Promise<Answer | null>;
  cancel(): void;
}

/** A run as shown on the page: the stored record, updated by live events while it is on the device. */
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

/** A message for the user, shown until dismissed. */
export interface Notice {
  readonly id: number;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  /** Code of the error that the message describes, if it describes one. */
  readonly code?: string;
  /** Where to go on from it: an item of the library, or the place for text to tag. */
  readonly about?: NoticeSubject;
}

export type NoticeSubject =
  | { readonly kind: 'corpus'; readonly id: string }
  | { readonly kind: 'corpora' | 'models' | 'dictionaries' | 'tagging' };

/** A stored item that cannot be shown, and why. It is in no other list; it can only be removed. */
export interface UnreadableRecord {
  readonly kind: StoredKind;
  readonly id: string;
  readonly reason: LabErrorData;
}

/** A stored item that can be removed to free space. */
export interface StoredItem {
  readonly kind: 'run' | 'model' | 'download';
  readonly id: string;
  readonly sizeBytes: number;
}

/** A long operation other than a run: an import, an export, the first install of the built-in model. */
export interface Job extends Progress {
  readonly id: number;
  readonly label: string;
  /** Absent when unknown. */
  readonly remainingMs?: number;
  /** Whether `cancelJob` can cancel it. */
  readonly cancellable?: boolean;
}

/** `rows`: token, gold tag and predicted tag per row, as conlleval reads them; else documents with confidences. */
export type PredictionFormat = 'rows' | AnnotationFormat;

/** The text to tag. */
export type TaggingSource =
  | { readonly kind: 'text'; readonly text: string }
  /** Files of any supported format; archives are unpacked. */
  | { readonly kind: 'files'; readonly files: readonly DroppedFile[] }
  | { readonly kind: 'corpus'; readonly corpusId: string; readonly split: Split };

/** The text being tagged and the mentions found so far. */
export interface TaggingView {
  /** Unique per call of `Lab.tag`; the review has the same. */
  readonly id: string;
  readonly tagger: TaggerRef;
  /** Entity types of the tagger. */
  readonly types: readonly string[];
  /** Name of the text. */
  readonly source: string;
  readonly status: 'reading' | 'tagging' | 'done' | 'stopped' | 'failed';
  /** Documents tagged so far, in order, with their predicted and original mentions. */
  readonly documents: readonly LabelledDocument[];
  /** Number of documents read in total. */
  readonly documentCount: number;
  /** In sentences, while tagging; `remainingMs` is null until there is an estimate. */
  readonly progress: (Progress & { readonly remainingMs: number | null }) | null;
  readonly issues: readonly Issue[];
  readonly issueCount: number;
  /** Why tagging failed. */
  readonly problem: LabErrorData | null;
  /** The review of what was found; null until tagging has ended. */
  readonly review: Review | null;
}

/** A model on a hub: its files and configuration, looked up before anything large is downloaded. */
export interface HubModel {
  readonly download: DownloadRecord;
  readonly encoder: EncoderFacts;
  readonly configFile: NamedBytes;
}

/** An imported result file; its runs are shown like the lab's own but cannot be resumed. */
export interface ImportedResult {
  readonly id: string;
  readonly fileName: string;
  readonly file: ResultFile;
}

/** Which tab owns the lab: this one, or another that trains, while this one is read-only. */
export type Owner = 'here' | 'elsewhere';

export interface LabState {
  readonly owner: Owner;
  /** False until the stored corpora, models, runs and results have been read. */
  readonly opened: boolean;
  readonly backend: BackendState;
  readonly corpora: readonly CorpusRecord[];
  readonly models: readonly ModelRecord[];
  readonly dictionaries: readonly DictionaryRecord[];
  readonly downloads: readonly ModelDownload[];
  /** Newest first. */
  readonly runs: readonly RunView[];
  /** Runs waiting for the device, in order; a run whose parent is unfinished is skipped (see `waitsFor`). */
  readonly queue: readonly string[];
  readonly activeRunId: string | null;
  /** The run that was paused because storage is full; nothing trains until space is freed or it is resumed. */
  readonly storageFullRun: string | null;
  /** Ids of the runs that a waiting run of a race waits for, by its id. */
  readonly rungWaits: Readonly<Record<string, readonly string[]>>;
  readonly results: readonly ImportedResult[];
  /** Oldest first; each until it is answered or the page is closed, because the files are not stored. */
  readonly columnQuestions: readonly ColumnQuestion[];
  readonly unreadable: readonly UnreadableRecord[];
  /** User-defined categories; `offeredCategories` lists them with the predefined ones. */
  readonly categories: readonly OwnCategory[];
  /** Corpora that the user assigned to sub-tasks of the catalogue; `catalogueStatus` reads them. */
  readonly assignments: Assignments;
  /** The tagger that comes with the lab; its model is among `models` once it is installed. */
  readonly shipped: ShippedTagger;
  /** What a person wrote about runs and experiments here; `describedBy` adds what result files say. */
  readonly descriptions: Descriptions;
  /** Scores of papers and other programs that were read from tables. */
  readonly reported: readonly ReportedFile[];
  /** The latest tagging, or the review that was opened since; null before the first. */
  readonly tagging: TaggingView | null;
  /** Stored reviews, newest first. */
  readonly reviews: readonly ReviewRecord[];
  readonly jobs: readonly Job[];
  readonly notices: readonly Notice[];
  readonly usage: StoreUsage | null;
  /** Settings of this machine. */
  readonly machine: MachineSettings;
}

export interface Lab {
  getState(): LabState;
  /** Calls `listener` after every change; returns the function that unsubscribes it. */
  subscribe(listener: () => void): () => void;

  /**
   * Reads everything stored, installs the built-in model and samples on first use, starts the backend. While another tab owns the lab, this
   * one is read-only: calls that change something or need the device reject with LabError `lab/elsewhere`.
   * `goOn`: resumes the runs that were in progress when the lab was closed, instead of pausing them.
   * `waitForWanted`: installs model and samples only after `wantBuiltIns`.
   */
  open(choice: BackendChoice, options?: { readonly goOn?: boolean; readonly waitForWanted?: boolean }): Promise<void>;
  /** Installs the built-in model and samples if they are not, as soon as the lab is open. */
  wantBuiltIns(): void;
  /**
   * Fetches and installs the tagger that comes with the lab, as soon as the lab is open in this tab; `LabState.shipped` says how far it is, and
   * why it failed. `again`: also after a person removed it.
   */
  wantShippedTagger(again?: boolean): Promise<void>;
  /** Rereads the store, which another tab may have changed; does nothing when this tab owns the lab. */
  refresh(): Promise<void>;

  /**
   * Imports dropped files, detecting corpora (files, folders, zips), model folders, result files, tables of scores and plan files.
   * Never throws for bad input: problems become issues of the corpus or notices.
   */
  importFiles(files: readonly DroppedFile[]): Promise<{
    readonly corpusIds: readonly string[];
    readonly modelIds: readonly string[];
    readonly resultIds: readonly string[];
    readonly plans: readonly PlanFile[];
  }>;
  /**
   * Reads the files of a question again with these columns and returns the ids of the corpora; those read before are removed unless a
   * run needs them. The question stays if the files are refused again.
   */
  chooseColumns(questionId: number, choice: ColumnChoice): Promise<readonly string[]>;
  /** Leaves the corpus as it was read, or out if it was refused. */
  dismissColumns(questionId: number): void;
  readCorpus(corpusId: string): Promise<CorpusSentences>;
  renameCorpus(corpusId: string, name: string): Promise<void>;
  /** Moves one source file of a corpus to another split; returns the corpus' new id, since its content changed. */
  moveSource(corpusId: string, file: string, split: Split): Promise<string>;
  removeCorpus(corpusId: string): Promise<void>;
  /** Writes the splits of a corpus in a format, each in a folder; documents keep their text. */
  exportCorpus(corpusId: string, format: AnnotationFormat): Promise<readonly NamedFile[]>;
  removeModel(modelId: string): Promise<void>;
  /**
   * Makes a network of words from corpora and, if there are any, vectors of words, as a cancellable job; null when cancelled. Rejects with
   * `vectors/...`, `model/...`, `corpus/damaged` or `storage/full`.
   */
  makeBaseline(request: Omit<BaselineRequest, 'id'>): Promise<BaselineMade | null>;

  /**
   * Looks up a repository (`xlnet/xlnet-base-cased`) at a branch, tag or commit on the configured hub, as a cancellable job; null when
   * cancelled. Rejects with `hub/...`, or `model/config` for an unsupported encoder.
   */
  lookUpModel(repository: string, revision: string): Promise<HubModel | null>;
  /**
   * Downloads a model, or the missing rest of it, and imports it, as cancellable jobs; returns the id of the model, or null when
   * cancelled. Received bytes stay stored in any case. Rejects with `hub/...`, `storage/full` before it starts if there is not enough
   * space, or as `importModel` does.
   */
  downloadModel(download: DownloadRecord): Promise<string | null>;
  /** Deletes a partial download. Throws `hub/busy` while it is in progress. */
  discardDownload(downloadId: string): Promise<void>;
  /** Estimates the memory of one update of a model in the library or looked up on a hub; null where the engine does not run. */
  estimateMemory(request: EstimateRequest): Promise<MemoryEstimate | PlainNetwork | null>;

  /** Downloads the corpora of catalogue sub-tasks as a cancellable job; returns the corpora's ids. Rejects with `catalogue/...`. */
  fetchCatalogueTasks(subTaskIds: readonly string[]): Promise<readonly string[]>;
  cancelJob(jobId: number): void;
  /** Assigns a corpus and one of its types to a sub-task of the catalogue; null clears the assignment. */
  assignSubTask(subTaskId: string, task: { readonly corpusId: string; readonly type: string } | null): Promise<void>;
  /** Saves a user-defined category, replacing one of the same name. Throws `category/...`. */
  saveCategory(category: OwnCategory): Promise<void>;
  removeCategory(name: string): Promise<void>;

  /** Expands a plan into its runs with their costs, and which already exist. Throws `plan/...` as `startPlan` does. */
  previewPlan(plan: PlanFile): RunGraph;
  /** Estimates the memory of one update on the plan's longest sequences; null where the engine does not run. */
  estimatePlan(plan: PlanFile): Promise<MemoryEstimate | PlainNetwork | null>;
  /**
   * Predicts the milliseconds that the plan's unfinished runs will take, before any step, from the pace of this machine, which is measured the
   * first time; null while that is not possible: the backend is not ready, a run trains, or the engine does not run here. Throws `plan/...` as
   * `startPlan` does.
   */
  predictPlan(plan: PlanFile): Promise<number | null>;
  /**
   * Measures one update of the plan's model with its batch size and typical sequence length; returns its time, the estimated time of the plan's runs
   * and the peak memory of an update. Throws `run/busy` while a run is on the device.
   */
  measurePlan(plan: PlanFile): Promise<{ readonly stepMs: number; readonly remainingMs: number; readonly peakBytes: number }>; // prettier-ignore
  /** Expands a plan into runs and queues them; returns their ids. Throws `plan/...` when an input is missing or differs. */
  startPlan(plan: PlanFile): Promise<readonly string[]>;
  pauseRun(runId: string): Promise<void>;
  /** Pauses the waiting runs, then the one on the device, so that nothing starts in between. */
  pauseAll(): Promise<void>;
  /** Queues a paused, stopped or failed run again, after the runs it waits for; it resumes from its last checkpoint. */
  resumeRun(runId: string): Promise<void>;
  /** The same for several runs, parents first. */
  resumeAll(runIds: readonly string[]): Promise<void>;
  /**
   * Mends what a run lacks: verifies the snapshots of the parent that a failed run starts from, else its own, trains the run that lost some again
   * from its start, to the same weights, and resumes the failed run. True if anything was lost. Throws `run/busy` while a run is on the device.
   */
  mendRun(runId: string): Promise<boolean>;
  /** Moves a waiting run one position in the queue; a run stays behind the one it starts from. */
  moveRun(runId: string, direction: 'up' | 'down'): void;
  /** Stops a run until it is resumed; runs that wait for it stay queued. */
  stopRun(runId: string): Promise<void>;
  /**
   * Changes name, notes, tags or archive of runs or experiments, own or imported. It never affects which runs are equal. Throws
   * `description/...`.
   */
  describe(kind: DescribedKind, ids: readonly string[], change: DescriptionChange): Promise<void>;
  /** Throws `run/needed` while other runs start from it. */
  removeRun(runId: string): Promise<void>;

  /**
   * Predicts with a saved snapshot of one of the lab's runs and writes one or more files of a format, as a cancellable job; null when
   * cancelled. Rejects with `run/busy` while a run is on the device, `plan/...` when corpora or model are missing.
   */
  predictions(request: PredictionRequest, format: PredictionFormat): Promise<readonly NamedFile[] | null>;

  /**
   * Predicts with saved snapshots of the lab's runs, one after the other, and stores mentions and probabilities for analyses, as a
   * cancellable job. False when cancelled; what was stored by then stays. Rejects as `predictions` does, and with `storage/full`.
   */
  keepPredictions(requests: readonly PredictionRequest[]): Promise<boolean>;
  /** Measures and stores the gradients of a joint run's tasks as a cancellable job; false when cancelled. Rejects as that call and `predictions` do. */
  measureGradients(request: GradientsRequest): Promise<boolean>;

  /**
   * Queries the analysis worker about corpora and predictions; an `of` of 0 in `onProgress` means unknown. The answer rejects as documented
   * for the query, and with `analysis/unavailable` or `worker/lost`.
   */
  analyse<Name extends AnalysisName>(
    name: Name,
    query: AnalysisQuery<Name>,
    onProgress?: (progress: Progress) => void,
  ): AnalysisUnderWay<AnalysisAnswer<Name>>;

  /**
   * Tags text; `LabState.tagging` holds the result, replacing the previous one, failures included. Rejects with
   * `tagger/unknown`.
   */
  tag(tagger: TaggerRef, source: TaggingSource): Promise<void>;
  /**
   * Tags a short text and returns it with its mentions, beside whatever `tag` shows; a text beyond `MOST_LIVE_CHARACTERS` is cut. Null when a
   * later call cancelled it, or while a run is on the device.
   */
  tagLive(tagger: TaggerRef, text: string): Promise<AnnotatedDocument | null>;
  /** Stops tagging; mentions found so far stay. */
  stopTagging(): void;
  readonly reviews: LabReviews;
  readonly dictionaries: LabDictionaries;

  /**
   * Exports a trained tagger as the files of a folder, chunk by chunk, as a cancellable job; false when cancelled.
   * Each chunk is made once `receive` has resolved for the previous one. Rejects as loading a tagger does, and with what `receive` throws.
   */
  exportTagger(request: TaggerExport, receive: (chunk: NamedBytes) => Promise<void>): Promise<boolean>;

  /**
   * Counts the test sentences of those of the lab's own runs whose records lack the counts, from their stored predictions, so that a result file
   * has them; answers with how many records have them now. Runs without predictions or corpus stay as they are, and what fails becomes a notice.
   */
  countSentences(runIds: readonly string[]): Promise<number>;

  /** Builds the result file of one or more runs, own or imported, with the runs they start from. */
  exportResult(runIds: readonly string[]): ResultFile;
  /** Builds the plan that trains these runs and those they start from, for headless. Throws `plan/mixed`. */
  exportPlan(runIds: readonly string[]): PlanFile;
  removeResult(resultId: string): Promise<void>;
  /** Removes the scores that were read from a table. */
  removeReported(fileId: string): Promise<void>;
  /** Removes everything stored for an item that cannot be read. Throws `storage/unknown` for anything else. */
  removeUnreadable(kind: StoredKind, id: string): Promise<void>;

  /** Saves the settings of this machine; threads of the processor change at the next step, everything else with the next run. */
  setMachine(settings: MachineSettings): Promise<void>;
  /** Lists what can be removed to free space, largest first. */
  removableItems(): Promise<readonly StoredItem[]>;
  dismissNotice(noticeId: number): void;
}
