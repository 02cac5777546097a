// The lab on this machine: wires the store, the servers and the parts of the lab together behind one interface.
import { neededRuns } from '../schema/runLineage.ts';
import type { RunRecord } from '../schema/runRecord.ts';
import { writeMachineSettings } from '../storage/machineRecords.ts';
import type { Store } from '../storage/store.ts';
import type { AnalysisClient } from '../wire/analysisProtocol.ts';
import type { ReadingClient } from '../wire/readingProtocol.ts';
import { publicRepository, type RequestFile } from '../wire/requestFile.ts';
import type { ServerClient } from '../wire/trainingProtocol.ts';
import { createOwnCategories } from './library/categories.ts';
import { Corpora, refuseInUse } from './library/corpora.ts';
import { Downloads } from './library/downloads.ts';
import { readerInThread, readerInWorker } from './library/fileReader.ts';
import { ColumnQuestions, createResults, Library } from './library/library.ts';
import { createBuiltIns, createModels, type FetchBuiltIn } from './library/models.ts';
import { PublicCorpora } from './library/publicCorpora.ts';
import { ReportedScores } from './library/scoreTables.ts';
import { removableItems, StoredLibrary } from './library/storedLibrary.ts';
import { expandPlan, requireInputs, requireParent } from './plans/expandPlan.ts';
import { exportPlan, exportResult, withParents } from './plans/exportResult.ts';
import { planTime, remainingMs, runGraph, typicalStep } from './plans/runGraph.ts';
import { describedExport, DescriptionRecords } from './runs/descriptionRecords.ts';
import { createQueueMemory, Runner } from './runs/runner.ts';
import { createAnalyses, createBackend, superviseServer } from './runs/supervisedServer.ts';
import type { Lab } from './state/labState.ts';
import { createLabStore, OwnerGuard, type Ownership } from './state/labStore.ts';
import { runViewsOf } from './state/runViews.ts';
import type { LiveTagging } from './tagging/predictions.ts';
import { createTagging, Dictionaries, Reviews } from './tagging/tagging.ts';

export interface LabParts {
  /** The same home that the training server writes to. */
  readonly store: Store;
  /** Where the lab may be open more than once; left out where it cannot. */
  readonly ownership?: Ownership;
  /** Opens a training server, and another after the first was lost and closed. */
  readonly openServer: () => ServerClient;
  /** Asks the browser to keep what is stored; left out where nobody clears it. */
  readonly keepData?: () => Promise<unknown>;
  /** Resolves after `waitMs` milliseconds; left out for the platform's own timers. */
  readonly wait?: (waitMs: number) => Promise<void>;
  /** Opens the analysis worker, once, when the first question comes; left out where nobody looks at results. */
  readonly openAnalysis?: () => AnalysisClient;
  /** Opens a Worker that reads dropped files; without one they are read in this thread. */
  readonly openReading?: () => ReadingClient;
  /** Null where nothing comes with the lab: then nothing is installed. */
  readonly fetchBuiltIn: FetchBuiltIn | null;
  /** Downloads files of the catalogue and models of a hub; without it they can only be dropped. */
  readonly requestFile?: RequestFile;
  /** Where the catalogue's folders are, the public repository where nothing is said. */
  readonly catalogueBase?: string;
  /** Name and version for result files. */
  readonly software: string;
  readonly now?: () => Date;
}

const waitFor = (waitMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, waitMs));

/** The members of `Lab` are own properties, so that callers may pass them on as functions; everything else is private. */
export class LocalLab implements Lab {
  readonly #parts: LabParts;
  readonly #labStore = createLabStore();
  readonly #guard: OwnerGuard;
  readonly #memory;
  readonly #server;
  readonly #backend;
  readonly #corpora;
  readonly #columnQuestions;
  readonly #models;
  readonly #results;
  readonly #categories;
  readonly #descriptions;
  readonly #reported;
  readonly #publicCorpora;
  readonly #downloads;
  readonly #library;
  readonly #stored;
  readonly #builtIns;
  readonly #runner;
  readonly #reviews;
  readonly #tagging;
  #live: LiveTagging | null = null;
  #becomeOurs: () => void = () => undefined;
  /** Resolves when what is stored has been read and this tab may change it. */
  readonly #ours = new Promise<void>((resolve) => (this.#becomeOurs = resolve));
  #want: () => void = () => undefined;
  readonly #wanted = new Promise<void>((resolve) => (this.#want = resolve));

  readonly getState = this.#labStore.getState;
  readonly subscribe = this.#labStore.subscribe;
  readonly cancelJob = this.#labStore.cancelJob;
  readonly dismissNotice = this.#labStore.dismiss;
  readonly readCorpus: Lab['readCorpus'];
  readonly lookUpModel: Lab['lookUpModel'];
  readonly analyse: Lab['analyse'];
  readonly stopTagging: Lab['stopTagging'];
  readonly dictionaries: Dictionaries;

  constructor(parts: LabParts) {
    const { store, wait = waitFor, fetchBuiltIn, requestFile = null, catalogueBase: base = publicRepository } = parts;
    const labStore = this.#labStore;
    this.#parts = parts;
    this.#guard = new OwnerGuard(labStore, parts.ownership);
    const server = superviseServer(parts.openServer);
    const timestamp = this.#timestamp;
    this.#server = server;
    this.#memory = createQueueMemory(store);
    this.#backend = createBackend({ server, labStore, wait });
    const reader = parts.openReading === undefined ? readerInThread(store) : readerInWorker(parts.openReading);
    this.#corpora = new Corpora({ store, reader, labStore, timestamp });
    this.#columnQuestions = new ColumnQuestions({ labStore, reader, corpora: this.#corpora });
    this.#models = createModels({ store, client: server, labStore });
    this.#results = createResults({ store, labStore });
    this.#categories = createOwnCategories({ store, labStore });
    this.#descriptions = new DescriptionRecords({ store, labStore });
    this.#reported = new ReportedScores({ store, labStore });
    this.#publicCorpora = new PublicCorpora({ store, labStore, corpora: this.#corpora, requestFile, base });
    this.#downloads = new Downloads({ store, client: server, labStore, models: this.#models, requestFile });
    this.#library = new Library({
      labStore,
      reader,
      corpora: this.#corpora,
      columnQuestions: this.#columnQuestions,
      models: this.#models,
      results: this.#results,
      reported: this.#reported,
    });
    this.#reviews = new Reviews({ store, labStore, corpora: this.#corpora, timestamp });
    this.dictionaries = new Dictionaries({
      store,
      reader,
      labStore,
      corpora: this.#corpora,
      timestamp,
      changing: (work) => this.#changing(work),
      removing: (work) => this.#removing(work),
    });
    const restored = [this.#categories, this.#descriptions, this.#reported, this.#publicCorpora, this.#downloads, this.#reviews, this.dictionaries]; // prettier-ignore
    this.#stored = new StoredLibrary({ store, labStore, restored });
    this.#builtIns =
      fetchBuiltIn && createBuiltIns({ store, labStore, corpora: this.#corpora, models: this.#models, fetchBuiltIn });
    this.#runner = new Runner({
      server,
      backend: this.#backend,
      labStore,
      store,
      memory: this.#memory,
      timestamp,
      stored: () => void this.#stored.readUsage(),
    });
    this.#tagging = createTagging({ client: server, reader, labStore, store, reviews: this.#reviews, timestamp });
    this.readCorpus = (id) => this.#corpora.read(id);
    this.lookUpModel = (repository, revision) => this.#downloads.lookUp(repository, revision);
    this.analyse = createAnalyses(parts.openAnalysis ?? null);
    this.stopTagging = this.#tagging.stop;
  }

  readonly open: Lab['open'] = async (choice, { goOn = false, waitForWanted = false } = {}) => {
    const claim = await this.#guard.claimed;
    const isOurs = claim?.isOurs ?? true;
    if (!isOurs) {
      await this.#stored.inTurn(() => this.#look());
      await claim?.whenOurs;
    }
    // A person who closes a tab has ended its training: only what was taken away from this one is resumed.
    await this.#stored.inTurn(() => this.#takeOver(goOn && isOurs));
    // The model is verified on the training server, which is busy until its backend has started.
    const started = this.#backend.start(choice).then((isReady) => isReady && this.#runner.begin());
    const install = async (): Promise<void> => {
      await Promise.all([started, this.#builtIns?.installCorpora()]);
      await this.#builtIns?.installModel();
      await this.#stored.readUsage();
    };
    if (!waitForWanted) return install();
    this.#wanted.then(install).catch((error: unknown) => this.#labStore.notifyError('The built-in model and samples could not be installed', error)); // prettier-ignore
    await started;
    await this.#stored.readUsage();
  };
  readonly wantBuiltIns: Lab['wantBuiltIns'] = () => this.#want();
  readonly wantShippedTagger: Lab['wantShippedTagger'] = async (again = false) => {
    const { fetchBuiltIn, store } = this.#parts;
    if (fetchBuiltIn === null) return;
    const { installShippedTagger } = await import('./library/shippedTagger.ts');
    await this.#ours;
    const { status } = this.getState().shipped;
    if (status === 'fetching' || (status === 'known' && !again)) return;
    await this.#changing(() =>
      installShippedTagger({ store, labStore: this.#labStore, models: this.#models, fetchBuiltIn }, again),
    );
  };
  readonly refresh: Lab['refresh'] = () =>
    this.#stored.inTurn(async () => {
      if (this.getState().owner === 'elsewhere') await this.#look();
    });

  readonly importFiles: Lab['importFiles'] = (files) => this.#changing(() => this.#library.importFiles(files));
  readonly chooseColumns: Lab['chooseColumns'] = (id, choice) => this.#changing(() => this.#columnQuestions.choose(id, choice)); // prettier-ignore
  readonly dismissColumns: Lab['dismissColumns'] = (id) => {
    this.#guard.refuseElsewhere();
    this.#columnQuestions.dismiss(id);
  };
  readonly renameCorpus: Lab['renameCorpus'] = (id, name) => this.#guard.run(() => this.#corpora.rename(id, name));
  readonly moveSource: Lab['moveSource'] = (id, file, split) =>
    this.#changing(() => {
      refuseInUse(this.getState(), 'corpus', id);
      return this.#corpora.moveSource(id, file, split);
    });
  readonly removeCorpus: Lab['removeCorpus'] = (id) =>
    this.#removing(() => {
      refuseInUse(this.getState(), 'corpus', id);
      return this.#corpora.remove(id);
    });
  readonly removeModel: Lab['removeModel'] = (id) =>
    this.#removing(() => {
      refuseInUse(this.getState(), 'model', id);
      return this.#models.remove(id);
    });
  readonly makeBaseline: Lab['makeBaseline'] = (request) =>
    this.#changing(async () => (await import('./library/suggestedModels.ts')).newBaseline(request, { client: this.#server, labStore: this.#labStore })); // prettier-ignore
  readonly removeReported: Lab['removeReported'] = (id) => this.#removing(() => this.#reported.remove(id));
  readonly removeResult: Lab['removeResult'] = (id) => this.#removing(() => this.#results.remove(id));
  readonly removeUnreadable: Lab['removeUnreadable'] = (kind, id) => this.#removing(() => this.#stored.removeUnreadable(kind, id)); // prettier-ignore
  readonly downloadModel: Lab['downloadModel'] = (download) => this.#changing(() => this.#downloads.download(download));
  readonly discardDownload: Lab['discardDownload'] = (id) => this.#removing(() => this.#downloads.discard(id));
  readonly fetchCatalogueTasks: Lab['fetchCatalogueTasks'] = (ids) => this.#changing(() => this.#publicCorpora.fetch(ids)); // prettier-ignore
  readonly assignSubTask: Lab['assignSubTask'] = (id, task) => this.#guard.run(() => this.#publicCorpora.assign(id, task)); // prettier-ignore
  readonly saveCategory: Lab['saveCategory'] = (category) => this.#guard.run(() => this.#categories.save(category));
  readonly removeCategory: Lab['removeCategory'] = (name) => this.#guard.run(() => this.#categories.remove(name));

  readonly previewPlan: Lab['previewPlan'] = (plan) => {
    const state = this.getState();
    const known = state.runs.map(({ record }) => record);
    return runGraph(expandPlan(plan, state), state, known);
  };
  readonly predictPlan: Lab['predictPlan'] = async (plan) => {
    const { backend, owner } = this.getState();
    if (backend.status !== 'ready' || owner === 'elsewhere') return null;
    return planTime(this.previewPlan(plan), (specs) => this.#server.call('predictTimes', specs));
  };
  readonly measurePlan: Lab['measurePlan'] = (plan) =>
    this.#guard.run(async () => {
      const state = this.getState();
      const typical = typicalStep(expandPlan(plan, state), state.corpora);
      const { stepMs, peakBytes } = await this.#server.call('measureStep', typical);
      return { stepMs, remainingMs: remainingMs(this.previewPlan(plan), stepMs, typical.config.batchSize), peakBytes };
    });
  readonly estimatePlan: Lab['estimatePlan'] = async (plan) => {
    const state = this.getState();
    const { config, modelId } = typicalStep(expandPlan(plan, state), state.corpora);
    return this.estimateMemory({ model: { id: modelId }, config, pieces: config.maxPieces });
  };
  readonly estimateMemory: Lab['estimateMemory'] = (request) => this.#server.call('estimateMemory', request);
  readonly startPlan: Lab['startPlan'] = (plan) =>
    this.#guard.run(async () => {
      const specs = expandPlan(plan, this.getState());
      // Browsers agree or do not, and ask a person or nobody: no reason to wait.
      this.#parts.keepData?.().catch(() => undefined);
      await this.#runner.queue(specs, plan.search);
      return specs.map(({ id }) => id);
    });
  readonly pauseRun: Lab['pauseRun'] = (runId) => this.#guard.run(() => this.#runner.interrupt(runId, 'pause'));
  readonly pauseAll: Lab['pauseAll'] = () =>
    this.#guard.run(async () => {
      const { queue, activeRunId } = this.getState();
      for (const runId of queue) await this.#runner.interrupt(runId, 'pause');
      if (activeRunId !== null) await this.#runner.interrupt(activeRunId, 'pause');
    });
  readonly stopRun: Lab['stopRun'] = (runId) => this.#guard.run(() => this.#runner.interrupt(runId, 'stop'));
  readonly resumeRun: Lab['resumeRun'] = (runId) => this.resumeAll([runId]);
  /** Queues runs with the unfinished ones they start from; nothing is queued when one of them cannot be resumed. */
  readonly resumeAll: Lab['resumeAll'] = (runIds) =>
    this.#guard.run(async () => {
      const state = this.getState();
      const own = { ...state, results: [] };
      const specs = withParents(own, runIds).flatMap(({ spec, status }) => (status === 'finished' ? [] : [spec]));
      for (const spec of specs) {
        requireInputs(state, spec);
        requireParent(state, spec);
      }
      await this.#builtIns?.mend(state.runs.flatMap(({ record }) => (specs.includes(record.spec) ? [record] : [])));
      await this.#runner.queue(specs);
    });
  readonly mendRun: Lab['mendRun'] = (runId) =>
    this.#guard.run(async () => {
      const state = this.getState();
      const record = state.runs.find((run) => run.record.spec.id === runId)?.record;
      const damagedIds = record?.failure?.code === 'run/parent-damaged' ? neededRuns(record.spec) : [runId];
      for (const run of state.runs) if (damagedIds.includes(run.record.spec.id)) requireInputs(state, run.record.spec);
      // Another run that lacked the same parent may have queued it already.
      const underWay = state.runs.flatMap(({ record: { spec, status } }) => (['queued', 'running'].includes(status) ? [spec.id] : [])); // prettier-ignore
      const lost: number[] = [];
      for (const id of damagedIds) if (!underWay.includes(id)) lost.push(...(await this.#runner.retrainDamaged(id)));
      if (record?.status === 'failed') await this.resumeRun(runId);
      else if (lost.length === 0) this.#labStore.notify('info', 'Every snapshot of this run is whole.');
      return lost.length > 0;
    });
  readonly moveRun: Lab['moveRun'] = (runId, direction) => {
    this.#guard.refuseElsewhere();
    this.#runner.move(runId, direction);
  };
  readonly describe: Lab['describe'] = (...values) => this.#guard.run(() => this.#descriptions.describe(...values));
  readonly removeRun: Lab['removeRun'] = (runId) =>
    this.#removing(async () => {
      await this.#runner.remove(runId);
      await this.#descriptions.forget('runs', runId);
    });

  readonly predictions: Lab['predictions'] = (...values) => this.#guard.run(async () => (await this.#predictions()).predictions(...values)); // prettier-ignore
  readonly keepPredictions: Lab['keepPredictions'] = (requests) => this.#changing(async () => (await this.#predictions()).keepPredictions(requests)); // prettier-ignore
  readonly measureGradients: Lab['measureGradients'] = (request) => this.#changing(async () => (await this.#predictions()).measureGradients(request)); // prettier-ignore
  readonly exportCorpus: Lab['exportCorpus'] = async (...values) => (await this.#predictions()).exportCorpus(...values);
  readonly exportTagger: Lab['exportTagger'] = async (...values) => (await this.#predictions()).exportTagger(...values);
  readonly countSentences: Lab['countSentences'] = (runIds) =>
    this.#changing(async () => {
      const { countSentences } = await import('./tagging/predictions.ts');
      return countSentences(runIds, { store: this.#parts.store, labStore: this.#labStore, analyse: this.analyse });
    });
  readonly tagLive: Lab['tagLive'] = (...values) =>
    this.#guard.run(async () => {
      const { LiveTagging } = await import('./tagging/predictions.ts');
      return (this.#live ??= new LiveTagging(this.#server)).tag(...values);
    });
  readonly reviews: Lab['reviews'] = {
    open: (id) => this.#reviews.open(id),
    step: (step) => {
      this.#guard.refuseElsewhere();
      return this.#reviews.step(step);
    },
    stored: () => this.#reviews.stored(),
    remove: (id) => this.#removing(() => this.#reviews.remove(id)),
    saveCorpus: (name, selection) => this.#changing(() => this.#reviews.saveCorpus(name, selection)),
  };
  readonly tag: Lab['tag'] = (...values) => this.#guard.run(() => this.#tagging.tag(...values));
  readonly exportResult: Lab['exportResult'] = (runIds) => {
    const state = this.getState();
    const stamp = { software: this.#parts.software, exportedAt: this.#timestamp() };
    const descriptions = describedExport(state, withParents(state, runIds));
    return exportResult(state, runIds, { ...stamp, ...(descriptions !== null && { descriptions }) });
  };
  readonly exportPlan: Lab['exportPlan'] = (runIds) => exportPlan(this.getState(), runIds);
  readonly setMachine: Lab['setMachine'] = (machine) =>
    this.#changing(async () => {
      await writeMachineSettings(this.#parts.store, machine);
      this.#labStore.update(() => ({ machine }));
      await this.#backend.settingsChanged();
    });
  readonly removableItems: Lab['removableItems'] = () => removableItems(this.#parts.store, this.getState());

  async #predictions() {
    const { createPredictions } = await import('./tagging/predictions.ts');
    return createPredictions({ client: this.#server, labStore: this.#labStore, store: this.#parts.store });
  }

  readonly #timestamp = (): string => (this.#parts.now?.() ?? new Date()).toISOString();

  /** Does work that changes what is stored where the lab is ours, and shows the storage used afterwards, whether it succeeded or not. */
  #changing<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.#guard.run(async () => {
      try {
        return await work();
      } finally {
        await this.#stored.readUsage();
      }
    });
  }

  /** The same for work that frees storage, which a run may be waiting for. */
  async #removing(work: () => Promise<void>): Promise<void> {
    await this.#changing(work);
    this.#runner.storageFreed();
  }

  /** Shows what is stored while another tab changes it. */
  async #look(): Promise<void> {
    const runs = runViewsOf(await this.#stored.read());
    this.#labStore.update(() => ({ opened: true, runs }));
    await this.#stored.readUsage();
  }

  async #takeOver(goOn: boolean): Promise<void> {
    const records: readonly RunRecord[] = await this.#stored.read();
    const underWay = await this.#memory.recall();
    this.#runner.restore(records, goOn ? underWay : []);
    this.#labStore.update(() => ({ opened: true, owner: 'here' }));
    this.#becomeOurs();
    const { length } = this.getState().queue;
    if (length > 0) this.#labStore.notify('info', resumedText(length));
  }
}

function resumedText(runs: number): string {
  const subject = runs === 1 ? 'the run that was under way goes' : `the ${runs} runs that were under way go`;
  return `The browser had put this tab away, or the page had crashed; ${subject} on.`;
}
