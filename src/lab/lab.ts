// The lab: one observable state over a store and a training server, and everything it can be asked to do.
import { LabError } from '../util/labError.ts';
import type { RunRecord, RunSpec } from '../schema/runRecord.ts';
import { listCorpusRecords } from '../storage/corpusRecords.ts';
import { listModelRecords } from '../storage/modelRecords.ts';
import type { RecordList } from '../storage/records.ts';
import { listResultRecords } from '../storage/resultRecords.ts';
import { listRunRecords } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import type { BackendChoice, ServerClient } from '../../workers/protocol.ts';
import { createBoard } from './board.ts';
import { createBuiltIns, type FetchBuiltIn } from './builtIns.ts';
import { createCorpusShelf } from './corpusShelf.ts';
import type { Lab, LabState } from './labState.ts';
import { createLibrary } from './library.ts';
import { createModelShelf } from './modelShelf.ts';
import { expandPlan, planOfRuns } from './plan.ts';
import { sealResultFile } from './resultFile.ts';
import { createResultShelf } from './resultShelf.ts';
import { createRunner } from './runner.ts';

export interface LabParts {
  /** The same home that the training server writes to. */
  readonly store: Store;
  readonly client: ServerClient;
  /** Null where nothing comes with the lab: then nothing is installed. */
  readonly fetchBuiltIn: FetchBuiltIn | null;
  /** Name and version for result files. */
  readonly software: string;
  readonly now?: () => Date;
}

export function createLab({ store, client, fetchBuiltIn, software, now = () => new Date() }: LabParts): Lab {
  const board = createBoard();
  const timestamp = (): string => now().toISOString();
  const corpora = createCorpusShelf({ store, board, timestamp });
  const models = createModelShelf({ store, client, board });
  const results = createResultShelf({ store, board });
  const library = createLibrary({ board, corpora, models, results });
  const builtIns = fetchBuiltIn && createBuiltIns({ store, board, corpora, models, fetchBuiltIn });
  const runner = createRunner({
    client,
    board,
    store,
    timestamp,
    stored: () => void refreshUsage(),
  });

  async function refreshUsage(): Promise<void> {
    try {
      const usage = await store.usage();
      board.update(() => ({ usage }));
    } catch {
      board.update(() => ({ usage: null }));
    }
  }

  /** What `work` gives; the space used is asked for anew whether it succeeds or not. */
  async function changing<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } finally {
      await refreshUsage();
    }
  }

  async function readStored(): Promise<void> {
    const [corpusList, modelList, runList, resultList] = await Promise.all([
      listCorpusRecords(store),
      listModelRecords(store),
      listRunRecords(store),
      listResultRecords(store),
    ]);
    for (const list of [corpusList, modelList, runList, resultList] as readonly RecordList<unknown>[]) {
      for (const error of list.unreadable) board.notifyError('Something stored was left out', error);
    }
    board.update(() => ({
      corpora: corpusList.records,
      models: modelList.records,
      results: resultList.records,
    }));
    runner.restore(runList.records);
    board.update(() => ({ opened: true }));
  }

  async function startBackend(choice: BackendChoice): Promise<void> {
    try {
      const report = await client.call('start', choice);
      board.update(() => ({ backend: { status: 'ready', report } }));
      runner.begin();
    } catch (error) {
      board.update(() => ({ backend: { status: 'failed', error: LabError.toData(error) } }));
    }
  }

  return {
    getState: board.getState,
    subscribe: board.subscribe,

    async open(choice) {
      await readStored();
      // The model is verified on the training server, which is busy until its backend stands.
      await Promise.all([startBackend(choice), builtIns?.installCorpora()]);
      await builtIns?.installModel();
      await refreshUsage();
    },

    importFiles: (files) => changing(library.importFiles(files)),
    readCorpus: corpora.read,
    renameCorpus: corpora.rename,
    async moveSource(corpusId, file, split) {
      refuseInUse(board.getState(), 'corpus', corpusId);
      return changing(corpora.moveSource(corpusId, file, split));
    },
    async removeCorpus(corpusId) {
      refuseInUse(board.getState(), 'corpus', corpusId);
      await changing(corpora.remove(corpusId));
    },
    async removeModel(modelId) {
      refuseInUse(board.getState(), 'model', modelId);
      await changing(models.remove(modelId));
    },

    async startPlan(plan) {
      const specs = expandPlan(plan, board.getState());
      await runner.queue(specs);
      return specs.map(({ id }) => id);
    },
    pauseRun: (runId) => runner.interrupt(runId, 'pause'),
    async resumeRun(runId) {
      const { spec } = ownRun(board.getState(), runId);
      requireInputs(board.getState(), spec);
      await runner.queue([spec]);
    },
    stopRun: (runId) => runner.interrupt(runId, 'stop'),
    removeRun: (runId) => runner.remove(runId),

    exportResult(runIds) {
      const state = board.getState();
      const runs = runIds.map((runId) => anyRun(state, runId));
      const held = [...state.models, ...state.results.flatMap(({ file }) => file.models)];
      const modelIds = [...new Set(runs.map(({ spec }) => spec.model.id))];
      return sealResultFile({
        format: 'bioner-lab-result',
        version: 1,
        software,
        exportedAt: timestamp(),
        plan: planOfRuns(runs.map(({ spec }) => spec)),
        models: modelIds.flatMap((modelId) => held.find(({ id }) => id === modelId) ?? []),
        runs,
      });
    },
    exportPlan: (runIds) => planOfRuns(runIds.map((runId) => anyRun(board.getState(), runId).spec)),
    removeResult: (resultId) => changing(results.remove(resultId)),

    dismissNotice: board.dismiss,
  };
}

function ownRun(state: LabState, runId: string): RunRecord {
  const view = state.runs.find(({ record }) => record.spec.id === runId);
  if (view === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
  return view.record;
}

/** Our own run, or else one of an imported result. */
function anyRun(state: LabState, runId: string): RunRecord {
  const imported = state.results.flatMap(({ file }) => file.runs).find(({ spec }) => spec.id === runId);
  const isOwn = state.runs.some(({ record }) => record.spec.id === runId);
  return isOwn || imported === undefined ? ownRun(state, runId) : imported;
}

function refuseInUse(state: LabState, noun: 'corpus' | 'model', id: string): void {
  const open = state.runs.filter(({ record }) => record.status === 'queued' || record.status === 'running');
  const count = open.filter(({ record }) => record.spec[noun].id === id).length;
  if (count === 0) return;
  throw new LabError(`${noun}/in-use`, `This ${noun} is being trained on: pause or stop its runs first.`, {
    expected: 'no waiting or running run',
    got: `${count}`,
  });
}

function requireInputs({ corpora, models }: LabState, { corpus, model }: RunSpec): void {
  const lacking = [
    corpora.some(({ id }) => id === corpus.id) ? null : `the corpus ${corpus.name}`,
    models.some(({ id }) => id === model.id) ? null : `the model ${model.name}`,
  ].filter((input) => input !== null);
  if (lacking.length === 0) return;
  throw new LabError(
    'run/input-missing',
    `This run needs ${lacking.join(' and ')} again: drop the same files to go on.`,
  );
}
