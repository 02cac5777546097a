// Which sub-tasks of the catalogue are here: as folders of the public repository, or as corpora that a person made stand for them.
import { SUB_TASKS, type SubTask } from '../data/catalogue.ts';
import { SPLITS, type Split } from '../data/corpus.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { LabState } from './labState.ts';

export interface SubTaskStatus {
  readonly subTask: SubTask;
  /** Null when nothing here stands for the sub-task. */
  readonly task: {
    readonly corpus: CorpusRecord;
    readonly type: string;
    /** `hand`: assigned by a person; `folder`: called like the single-type folder; `multiType`: like the one with all types. */
    readonly by: 'hand' | 'folder' | 'multiType';
  } | null;
  /** Splits whose sentences are not as many as in the public files. Always empty where those were not counted. */
  readonly differing: readonly { readonly split: Split; readonly expected: number; readonly found: number }[];
}

/** The status of every sub-task, in the order of the catalogue. */
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

/** The repository has most folders twice, with the same sentences in two tag schemes. */
function isFolder(name: string, folder: string): boolean {
  return name === folder || (folder.endsWith('-IOB') && name === `${folder}ES`);
}

/** JNLPBA's counts have document marks among the sentences, and no train split. */
function differingSplits({ splits }: SubTask, { counts }: CorpusRecord): SubTaskStatus['differing'] {
  if (splits.train === null) return [];
  return SPLITS.flatMap((split) => {
    const expected = splits[split]?.sentences ?? 0;
    const found = counts[split].sentences;
    return expected === found ? [] : [{ split, expected, found }];
  });
}
