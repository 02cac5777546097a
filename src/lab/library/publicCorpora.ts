// Downloads sub-tasks of the catalogue from the public repository, and assigns corpora to them by hand.
import { catalogueTask, SUB_TASKS, type SubTask } from '../../data/catalogue/catalogue.ts';
import { SPLITS, type Split } from '../../data/corpus/corpus.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { assignmentsSchema, type Assignments } from '../../schema/libraryRecord.ts';
import { readJson, writeJson } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { unlessAborted } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import { wholeBody, type RequestFile } from '../../wire/requestFile.ts';
import type { Lab, LabState } from '../state/labState.ts';
import type { JobControl, LabStore } from '../state/labStore.ts';
import type { Corpora } from './corpora.ts';

export interface SubTaskStatus {
  readonly subTask: SubTask;
  /** Null when nothing here stands for the sub-task. */
  readonly task: {
    readonly corpus: CorpusRecord;
    readonly type: string;
    /** `hand`: assigned by a person; `folder`: called like the single-type folder; `multiType`: like the one with all types. */
    readonly by: 'hand' | 'folder' | 'multiType';
  } | null;
  /** Lists splits whose sentences are not as many as in the public files. Always empty where those were not counted. */
  readonly differing: readonly { readonly split: Split; readonly expected: number; readonly found: number }[];
}

/** Returns the status of every sub-task, in the order of the catalogue. */
export function catalogueStatus(state: Pick<LabState, 'corpora' | 'assignments'>): readonly SubTaskStatus[] {
  return SUB_TASKS.map((subTask) => {
    const task = taskFor(subTask, state);
    return { subTask, task, differing: task === null ? [] : differingSplits(subTask, task.corpus) };
  });
}

function taskFor(
  subTask: SubTask,
  { corpora, assignments }: Pick<LabState, 'corpora' | 'assignments'>,
): SubTaskStatus['task'] {
  const assigned = assignments[subTask.id];
  const byHand = corpora.find(({ id }) => id === assigned?.corpusId);
  if (assigned !== undefined && byHand?.types.includes(assigned.type) === true) {
    return { corpus: byHand, type: assigned.type, by: 'hand' };
  }
  const single = corpora.find(({ name, types }) => isFolder(name, subTask.folder) && types.includes(subTask.type));
  if (single !== undefined) return { corpus: single, type: subTask.type, by: 'folder' };
  const type = subTask.multiTypeType;
  const multi = corpora.find(({ name, types }) => isFolder(name, subTask.multiTypeFolder) && types.includes(type));
  return multi === undefined ? null : { corpus: multi, type, by: 'multiType' };
}

/** Returns whether a corpus is called like a folder: the repository has most twice, with the same sentences in two tag schemes. */
function isFolder(name: string, folder: string): boolean {
  return name === folder || (folder.endsWith('-IOB') && name === `${folder}ES`);
}

/** Compares the sentences of each split, but not of JNLPBA, whose counts include document marks, and which has no train split. */
function differingSplits({ splits }: SubTask, { counts }: CorpusRecord): SubTaskStatus['differing'] {
  if (splits.train === null) return [];
  return SPLITS.flatMap((split) => {
    const expected = splits[split]?.sentences ?? 0;
    const found = counts[split].sentences;
    return expected === found ? [] : [{ split, expected, found }];
  });
}

const assignmentsKey = 'lab/assignments';

interface PublicCorporaParts {
  readonly store: Store;
  readonly labStore: LabStore;
  readonly corpora: Corpora;
  /** Null where nothing can be fetched. */
  readonly requestFile: RequestFile | null;
  /** Holds the address of a folder with a folder for each corpus, without the last slash. */
  readonly base: string;
}

/** Downloads sub-tasks of the catalogue and keeps the assignments; the lab passes `assign` and `fetch` on as they are. */
export class PublicCorpora {
  private readonly parts: PublicCorporaParts;

  constructor(parts: PublicCorporaParts) {
    this.parts = parts;
  }

  /** Shows the stored assignments. Throws LabError `storage/corrupt`. */
  async restore(): Promise<readonly []> {
    const assignments = (await readJson(this.parts.store, assignmentsKey, assignmentsSchema)) ?? {};
    this.parts.labStore.update(() => ({ assignments }));
    return [];
  }

  /** Assigns a corpus to a sub-task, or none. Throws LabError `catalogue/unknown`, or `catalogue/type` for a type that the corpus lacks. */
  readonly assign: Lab['assignSubTask'] = async (subTaskId, task) => {
    requireSubTask(subTaskId);
    const state = this.parts.labStore.getState();
    const { [subTaskId]: _before, ...others } = state.assignments;
    if (task === null) return this.saveAssignments(others);
    const corpus = state.corpora.find(({ id }) => id === task.corpusId);
    if (corpus?.types.includes(task.type) !== true) {
      throw new LabError('catalogue/type', 'The corpus that is to stand for the sub-task lacks this type.', {
        expected: corpus?.types.join(', ') ?? 'a corpus of the library',
        got: task.type,
      });
    }
    return this.saveAssignments({ ...others, [subTaskId]: { corpusId: task.corpusId, type: task.type } });
  };

  /**
   * Returns the ids of the corpora of these sub-tasks, those that were here already included; fewer than all after a cancellation.
   * Files that were downloaded whole are kept until their corpus is, so that a later call continues from there.
   * Throws LabError `catalogue/unknown`, `catalogue/licence` or `catalogue/unreachable`.
   */
  readonly fetch: Lab['fetchCatalogueTasks'] = async (subTaskIds) => {
    const subTasks = [...new Set(subTaskIds)].map(requireSubTask);
    for (const subTask of subTasks) refuseUnclearLicence(subTask);
    const missing = subTasks.filter((subTask) => this.presentCorpus(subTask) === null);
    if (missing.length > 0) await this.fetchMissing(missing);
    return subTasks.flatMap((subTask) => this.presentCorpus(subTask) ?? []);
  };

  private fetchMissing(missing: readonly SubTask[]): Promise<void> {
    const bytes = missing.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? NaN), 0);
    const of = Number.isNaN(bytes) ? 0 : bytes;
    const label = `Downloading ${missing.map(({ folder }) => folder).join(', ')}`;
    const work = async ({ report, signal }: JobControl): Promise<void> => {
      let done = 0;
      const onBytes = (count: number): void => report({ phase: 'downloading', done: (done += count), of });
      for (const subTask of missing) if ((await this.addCorpus(subTask, signal, onBytes)) === null) return;
    };
    return this.parts.labStore.during(label, work, { cancellable: true });
  }

  private async saveAssignments(assignments: Assignments): Promise<void> {
    await writeJson(this.parts.store, assignmentsKey, assignments);
    this.parts.labStore.update(() => ({ assignments }));
  }

  private presentCorpus(subTask: SubTask): string | null {
    const status = catalogueStatus(this.parts.labStore.getState()).find((one) => one.subTask === subTask);
    return status?.task?.corpus.id ?? null;
  }

  /** Downloads a sub-task and adds its corpus; null when it was cancelled. */
  private async addCorpus(
    subTask: SubTask,
    signal: AbortSignal,
    onBytes: (count: number) => void,
  ): Promise<string | null> {
    const files = await this.download(subTask, signal, onBytes);
    if (files === null) return null;
    const [corpusId] = await this.parts.corpora.add(files, false);
    await this.parts.store.remove(files.map(({ path }) => storedKey(path)));
    if (corpusId === undefined) {
      throw new LabError('catalogue/unusable', `What was downloaded for ${subTask.id} is no corpus.`, {
        got: `files of ${subTask.folder}`,
      });
    }
    // The same sentences may have been here under another name.
    if (this.presentCorpus(subTask) !== corpusId) await this.assign(subTask.id, { corpusId, type: subTask.type });
    return corpusId;
  }

  /** Returns the three files of a folder, or null when it was cancelled; calls `onBytes` for every piece. */
  private async download(
    { folder }: SubTask,
    signal: AbortSignal,
    onBytes: (count: number) => void,
  ): Promise<readonly NamedFile[] | null> {
    const { store, requestFile, base } = this.parts;
    if (requestFile === null) {
      throw new LabError('catalogue/unreachable', 'Nothing can be fetched here: drop the files.');
    }
    const files: NamedFile[] = [];
    for (const split of SPLITS) {
      const path = `${folder}/${split}.tsv`;
      const existing = await store.read(storedKey(path));
      if (existing !== undefined) {
        onBytes(existing.byteLength);
        files.push({ path, bytes: existing });
        continue;
      }
      const address = `${base}/${path}`;
      const bytes = await unlessAborted(signal, () => wholeFile(requestFile, address, signal, onBytes));
      if (bytes === null) return null;
      await store.write(storedKey(path), bytes);
      files.push({ path, bytes });
    }
    return files;
  }
}

/** Downloads a whole file. Throws LabError `catalogue/unreachable`. */
async function wholeFile(
  requestFile: RequestFile,
  address: string,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const answer = await requestFile(address, { signal });
    if (answer.status === 200) return await wholeBody(answer, onBytes);
    answer.drop();
    throw new Error(`HTTP status ${answer.status}`);
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError('catalogue/unreachable', 'A file of the catalogue could not be downloaded.', {
      expected: address,
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

function requireSubTask(id: string): SubTask {
  const subTask = catalogueTask(id);
  if (subTask !== undefined) return subTask;
  throw new LabError('catalogue/unknown', 'The catalogue has no such sub-task.', { got: id });
}

function refuseUnclearLicence({ dataset, licence }: SubTask): void {
  if (licence !== 'unknown') return;
  throw new LabError('catalogue/licence', `Whether ${dataset} may be passed on is unclear: drop your own copy.`, {
    expected: 'a known licence',
    got: licence,
  });
}

function storedKey(path: string): string {
  return `catalogue/${path}`;
}
