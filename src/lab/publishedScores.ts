// What the paper prints for a task of ours: the sub-task it is, its figures, and the notes that go with them.
import { SUB_TASKS, type PublishedScore, type SubTask } from '../data/catalogue.ts';
import { OTHER_SYSTEMS } from '../data/otherSystems.ts';
import type { TaskRef } from '../schema/runRecord.ts';

export interface PublishedScores {
  readonly subTask: SubTask;
  /** Table 1. */
  readonly stl: PublishedScore;
  readonly mtlXc: PublishedScore;
  /** Table 2. */
  readonly mtlLs: readonly { readonly slicingRate: number; readonly f1: number }[];
  /** Table 3, test F1; null where the sub-task is not in it. */
  readonly table3: { readonly stl: number | null; readonly mtlLs: number | null };
  readonly systems: readonly { readonly name: string; readonly f1: number | null }[];
}

const OWN_ROWS = { stl: 'STL', mtlLs: 'Proposed (MTL-LS)' } as const;

/**
 * The published scores of the sub-task whose folder and type the task has: of the single-type folder, or of the multi-type one that the
 * released code reads. Null for a task that the paper does not have.
 */
export function publishedScores({
  corpus,
  type,
}: Pick<TaskRef, 'type'> & { readonly corpus: { readonly name: string } }): PublishedScores | null {
  const subTask = SUB_TASKS.find(
    (known) =>
      (isFolder(corpus.name, known.folder) && known.type === type) ||
      (isFolder(corpus.name, known.multiTypeFolder) && known.multiTypeType === type),
  );
  if (subTask === undefined) return null;
  const inTable3 = (system: string): number | null =>
    OTHER_SYSTEMS.find((row) => row.system === system)?.f1[subTask.id] ?? null;
  const own: readonly string[] = Object.values(OWN_ROWS);
  return {
    subTask,
    stl: subTask.published.STL,
    mtlXc: subTask.published['MTL-XC'],
    mtlLs: subTask.published['MTL-LS'],
    table3: { stl: inTable3(OWN_ROWS.stl), mtlLs: inTable3(OWN_ROWS.mtlLs) },
    systems: OTHER_SYSTEMS.filter(({ system }) => !own.includes(system)).map(({ system, f1 }) => ({
      name: shortName(system),
      f1: f1[subTask.id] ?? null,
    })),
  };
}

/** The repository has most folders twice, with the same sentences in two tag schemes. */
function isFolder(name: string, folder: string): boolean {
  return name === folder || (folder.endsWith('-IOB') && name === `${folder}ES`);
}

/** The system in brackets where there is a single name, else the authors. */
function shortName(system: string): string {
  return /\(([\w-]+)\)$/.exec(system)?.[1] ?? system.replace(/ \(.*\)$/, '');
}
