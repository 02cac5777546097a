// The lab: one observable state over a store and a training server, and everything it can be asked to do.
import type { RunRecord } from '../schema/runRecord.ts';
import { listCorpusRecords } from '../storage/corpusRecords.ts';
import { readMachineSettings, writeMachineSettings } from '../storage/machineRecords.ts';
import { listModelRecords } from '../storage/modelRecords.ts';
import type { RecordList } from '../storage/records.ts';
import { listResultRecords, listRunRecords } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import type { AnalysisClient } from '../wire/analysisProtocol.ts';
import type { RequestFile } from '../wire/requestFile.ts';
import type { ServerClient } from '../wire/trainingProtocol.ts';
import { createBuiltIns, type FetchBuiltIn } from './library/builtIns.ts';
import { createOwnCategories } from './library/categories.ts';
import { Corpora, refuseInUse } from './library/corpora.ts';
import { Downloads } from './library/downloads.ts';
import { createLibrary } from './library/library.ts';
import { createModels } from './library/models.ts';
import { PublicCorpora } from './library/publicCorpora.ts';
import { publicRepository } from './library/publicHosts.ts';
import { expandPlan, requireInputs, requireParent } from './plans/expandPlan.ts';
import { exportPlan, exportResult, withParents } from './plans/exportResult.ts';
import { createResults } from './plans/resultFiles.ts';
import { remainingMs, runGraph, typicalStep } from './plans/runGraph.ts';
import { createBackend } from './runs/backend.ts';
import { createRunner } from './runs/runner.ts';
import { createQueueMemory, removableItems } from './runs/storedRuns.ts';
import { createAnalyses, superviseServer } from './runs/supervisedServer.ts';
import type { Lab, Notice } from './state/labState.ts';
import { createLabStore } from './state/labStore.ts';
import { refuseWhenNotOwner, type Ownership } from './state/ownership.ts';
import { runViewsOf } from './state/runViews.ts';
import { createPredictions, createTaggerExport } from './tagging/predictions.ts';
import { createTagging } from './tagging/tagging.ts';

export interface LabParts {
  /** The same home that the training server writes to. */
  readonly store: Store;
  /** Where the lab may be open more than once; left out where it cannot. */
  readonly ownership?: Ownership;
  /** Opens a training server; again when the one at hand is lost, which is closed by then. */
  readonly openServer: () => ServerClient;
  /** Asks the browser to keep what is stored; left out where nobody clears it. */
  readonly keepData?: () => Promise<unknown>;
  /** Resolves after so many milliseconds; left out for the platform's own timers. */
  readonly wait?: (waitMs: number) => Promise<void>;
  /** Opens the analysis worker, once, when the first question comes; left out where nobody looks at results. */
  readonly openAnalysis?: () => AnalysisClient;
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

export function createLab({
  store,
  ownership,
  openServer,
  keepData,
  wait = (waitMs) => new Promise((resolve) => setTimeout(resolve, waitMs)),
  openAnalysis,
  fetchBuiltIn,
  requestFile,
  catalogueBase = publicRepository,
  software,
  now = () => new Date(),
}: LabParts): Lab {
  const labStore = createLabStore();
  if (ownership !== undefined) labStore.update(() => ({ owner: 'elsewhere' }));
  const claimed = ownership?.claim().then((claim) => {
    if (claim.isOurs) labStore.update(() => ({ owner: 'here' }));
    return claim;
  });
  const memory = createQueueMemory(store);
  const client = superviseServer(openServer);
  const backend = createBackend({ server: client, labStore, wait });
  const timestamp = (): string => now().toISOString();
  const corpora = new Corpora({ store, labStore, timestamp });
  const models = createModels({ store, client, labStore });
  const results = createResults({ store, labStore });
  const categories = createOwnCategories({ store, labStore });
  const catalogue = new PublicCorpora({
    store,
    labStore,
    corpora,
    requestFile: requestFile ?? null,
    base: catalogueBase,
  });
  const downloads = new Downloads({ store, client, labStore, models, requestFile: requestFile ?? null });
  const library = createLibrary({ labStore, corpora, models, results });
  const builtIns = fetchBuiltIn && createBuiltIns({ store, labStore, corpora, models, fetchBuiltIn });
  const runner = createRunner({
    server: client,
    backend,
    labStore,
    store,
    memory,
    timestamp,
    stored: () => void refreshUsage(),
  });

  const { predictions, keepPredictions } = createPredictions({ client, labStore, store });
  const tagging = createTagging({ client, labStore, store });

  async function refreshUsage(): Promise<void> {
    try {
      const usage = await store.usage();
      labStore.update(() => ({ usage }));
    } catch {
      labStore.update(() => ({ usage: null }));
    }
  }

  /** The same for what leaves room, which a run may be waiting for. */
  async function removing(work: Promise<void>): Promise<void> {
    await changing(work);
    runner.storageFreed();
  }

  /** What `work` gives; the space used is asked for anew whether it succeeds or not. */
  async function changing<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } finally {
      await refreshUsage();
    }
  }

  /** Readings of the store overlap no other. */
  let reading: Promise<unknown> = Promise.resolve();
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = reading.then(work);
    reading = done.catch(() => undefined);
    return done;
  }

  /** What is read again is told once. */
  const reported = new Set<string>();
  function tellOnce(severity: Notice['severity'], message: string): void {
    if (!reported.has(message)) labStore.notify(severity, message);
    reported.add(message);
  }
  const tellUnreadable = (error: unknown): void =>
    tellOnce('error', `Something stored was left out: ${LabError.describe(LabError.toData(error))}`);

  /** Shows everything stored but the runs, which are answered. */
  async function readLibrary(): Promise<readonly RunRecord[]> {
    const [corpusList, modelList, runList, resultList] = await Promise.all([
      listCorpusRecords(store),
      listModelRecords(store),
      listRunRecords(store),
      listResultRecords(store),
    ]);
    for (const list of [corpusList, modelList, runList, resultList] as readonly RecordList<unknown>[]) {
      list.unreadable.forEach(tellUnreadable);
    }
    labStore.update(() => ({
      corpora: corpusList.records,
      models: modelList.records,
      results: resultList.records,
    }));
    await readMachineSettings(store)
      .then((machine) => labStore.update(() => ({ machine })))
      .catch(tellUnreadable);
    for (const part of [categories, catalogue, downloads]) {
      await part.restore().catch(tellUnreadable);
    }
    for (const damage of runList.damaged) {
      tellOnce('warning', `${damage.message} It was damaged; the one before is used, and nothing is lost.`);
    }
    return runList.records;
  }

  /** Shows what is stored while another tab changes it. */
  async function look(): Promise<void> {
    const records = await readLibrary();
    labStore.update(() => ({ opened: true, runs: runViewsOf(records) }));
    await refreshUsage();
  }

  async function takeOver(goOn: boolean): Promise<void> {
    const records = await readLibrary();
    const underWay = await memory.recall();
    runner.restore(records, goOn ? underWay : []);
    labStore.update(() => ({ opened: true, owner: 'here' }));
    const { queue } = labStore.getState();
    if (queue.length > 0) labStore.notify('info', goingOnText(queue.length));
  }

  /** Queues runs with the unfinished ones they start from; nothing is queued when one of them cannot go on. */
  async function resumeAll(runIds: readonly string[]): Promise<void> {
    const state = labStore.getState();
    const own = { ...state, results: [] };
    const specs = withParents(own, runIds).flatMap(({ spec, status }) => (status === 'finished' ? [] : [spec]));
    for (const spec of specs) {
      requireInputs(state, spec);
      requireParent(state, spec);
    }
    await runner.queue(specs);
  }

  const lab: Lab = {
    getState: labStore.getState,
    subscribe: labStore.subscribe,

    async open(choice, { goOn = false } = {}) {
      const claim = await claimed;
      const isOurs = claim?.isOurs ?? true;
      if (!isOurs) {
        await inTurn(look);
        await claim?.whenOurs;
      }
      // Who closes a tab has ended its training: only what was taken away from this one goes on.
      await inTurn(() => takeOver(goOn && isOurs));
      // The model is verified on the training server, which is busy until its backend stands.
      const started = backend.start(choice).then((isReady) => isReady && runner.begin());
      await Promise.all([started, builtIns?.installCorpora()]);
      await builtIns?.installModel();
      await refreshUsage();
    },
    refresh: () =>
      inTurn(async () => {
        if (labStore.getState().owner === 'elsewhere') await look();
      }),

    importFiles: (files) => changing(library.importFiles(files)),
    readCorpus: corpora.read,
    renameCorpus: corpora.rename,
    async moveSource(corpusId, file, split) {
      refuseInUse(labStore.getState(), 'corpus', corpusId);
      return changing(corpora.moveSource(corpusId, file, split));
    },
    async removeCorpus(corpusId) {
      refuseInUse(labStore.getState(), 'corpus', corpusId);
      await removing(corpora.remove(corpusId));
    },
    async removeModel(modelId) {
      refuseInUse(labStore.getState(), 'model', modelId);
      await removing(models.remove(modelId));
    },

    lookUpModel: downloads.lookUp,
    downloadModel: (download) => changing(downloads.download(download)),
    discardDownload: (downloadId) => removing(downloads.discard(downloadId)),

    fetchCatalogueTasks: (subTaskIds) => changing(catalogue.fetch(subTaskIds)),
    cancelJob: labStore.cancelJob,
    assignSubTask: catalogue.assign,
    saveCategory: categories.save,
    removeCategory: categories.remove,

    previewPlan(plan) {
      const state = labStore.getState();
      const known = state.runs.map(({ record }) => record);
      return runGraph(expandPlan(plan, state), state, known);
    },
    async measurePlan(plan) {
      const state = labStore.getState();
      const specs = expandPlan(plan, state);
      const graph = runGraph(specs, state, state.runs.map(({ record }) => record)); // prettier-ignore
      const { config, modelId, pieces } = typicalStep(specs, state.corpora);
      const { stepMs, peakBytes } = await client.call('measureStep', { modelId, config, pieces });
      return { remainingMs: remainingMs(graph, stepMs, config.batchSize), peakBytes };
    },
    async estimatePlan(plan) {
      const state = labStore.getState();
      const { config, modelId } = typicalStep(expandPlan(plan, state), state.corpora);
      return client.call('estimateMemory', { model: { id: modelId }, config, pieces: config.maxPieces });
    },
    estimateMemory: (request) => client.call('estimateMemory', request),
    async startPlan(plan) {
      const specs = expandPlan(plan, labStore.getState());
      // Browsers agree or do not, and ask nobody or somebody: no reason to wait.
      keepData?.().catch(() => undefined);
      await runner.queue(specs);
      return specs.map(({ id }) => id);
    },
    pauseRun: (runId) => runner.interrupt(runId, 'pause'),
    resumeRun: (runId) => resumeAll([runId]),
    resumeAll,
    moveRun: runner.move,
    stopRun: (runId) => runner.interrupt(runId, 'stop'),
    removeRun: (runId) => removing(runner.remove(runId)),

    exportTagger: createTaggerExport({ client, labStore }),
    predictions,
    keepPredictions: (requests) => changing(keepPredictions(requests)),
    analyse: createAnalyses(openAnalysis ?? null),
    tag: tagging.tag,
    stopTagging: tagging.stop,

    exportResult: (runIds) => exportResult(labStore.getState(), runIds, { software, exportedAt: timestamp() }),
    exportPlan: (runIds) => exportPlan(labStore.getState(), runIds),
    removeResult: (resultId) => removing(results.remove(resultId)),

    async setMachine(machine) {
      await changing(writeMachineSettings(store, machine));
      labStore.update(() => ({ machine }));
    },

    removableItems: () => removableItems(store, labStore.getState()),

    dismissNotice: labStore.dismiss,
  };
  return claimed === undefined ? lab : refuseWhenNotOwner(lab, claimed);
}

function goingOnText(runs: number): string {
  const subject = runs === 1 ? 'the run that was under way goes' : `the ${runs} runs that were under way go`;
  return `The browser had put this tab away, or the page had crashed; ${subject} on.`;
}
