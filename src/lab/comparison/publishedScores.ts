// Finds the paper's published scores for a task: the matching sub-task with its figures in Tables 1 to 3.
import { SUB_TASKS, type PublishedScore, type SubTask } from '../../data/catalogue/catalogue.ts';
import type { TaskRef } from '../../schema/runRecord.ts';

/** A row of Table 3 of the paper: test F1 of one system on six of the sub-tasks. */
interface OtherSystem {
  readonly system: string;
  /** Percent, by sub-task id; null where the paper reports none. */
  readonly f1: Readonly<Record<string, number | null>>;
}

/** Table 3. The last two rows are the paper's own systems; MTL-LS uses the rate chosen on devel. STL on BC2GM differs from Table 1 (82.22). */
export const OTHER_SYSTEMS: readonly OtherSystem[] = [
  {
    system: 'Crichton et al. (CNN, multi-task)',
    f1: {
      'BC5CDR:chemical': 89.22,
      'BC5CDR:disease': 80.46,
      'BC2GM:gene': 73.04,
      'BC4CHEMD:chemical': 82.95,
      'NCBI-disease:disease': 80.46,
      'LINNAEUS:species': 83.98,
    },
  },
  {
    system: 'Yoon et al. (CollaboNet, BiLSTM-CRF)',
    f1: {
      'BC5CDR:chemical': 93.31,
      'BC5CDR:disease': 84.08,
      'BC2GM:gene': 79.73,
      'BC4CHEMD:chemical': 88.85,
      'NCBI-disease:disease': 86.36,
      'LINNAEUS:species': null,
    },
  },
  {
    system: 'Lee et al. (BioBERT)',
    f1: {
      'BC5CDR:chemical': 93.44,
      'BC5CDR:disease': 86.56,
      'BC2GM:gene': 84.4,
      'BC4CHEMD:chemical': 91.41,
      'NCBI-disease:disease': 89.36,
      'LINNAEUS:species': 89.81,
    },
  },
  {
    system: 'BERT',
    f1: {
      'BC5CDR:chemical': 91.16,
      'BC5CDR:disease': 82.41,
      'BC2GM:gene': 81.79,
      'BC4CHEMD:chemical': 90.04,
      'NCBI-disease:disease': 85.63,
      'LINNAEUS:species': 87.6,
    },
  },
  {
    system: 'PubMedBERT',
    f1: {
      'BC5CDR:chemical': 93.33,
      'BC5CDR:disease': 85.62,
      'BC2GM:gene': 84.52,
      'BC4CHEMD:chemical': null,
      'NCBI-disease:disease': 87.82,
      'LINNAEUS:species': null,
    },
  },
  {
    system: 'HunFlair',
    f1: {
      'BC5CDR:chemical': null,
      'BC5CDR:disease': null,
      'BC2GM:gene': null,
      'BC4CHEMD:chemical': null,
      'NCBI-disease:disease': 88.65,
      'LINNAEUS:species': null,
    },
  },
  {
    system: 'STL',
    f1: {
      'BC5CDR:chemical': 93.36,
      'BC5CDR:disease': 86.44,
      'BC2GM:gene': 82.52,
      'BC4CHEMD:chemical': 91.7,
      'NCBI-disease:disease': 88.26,
      'LINNAEUS:species': 88.56,
    },
  },
  {
    system: 'Proposed (MTL-LS)',
    f1: {
      'BC5CDR:chemical': 93.83,
      'BC5CDR:disease': 87.28,
      'BC2GM:gene': 82.92,
      'BC4CHEMD:chemical': 92.42,
      'NCBI-disease:disease': 89.25,
      'LINNAEUS:species': 86.37,
    },
  },
];

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
 * The published scores of the sub-task with the task's folder and type: the single-type folder, or the multi-type one that the
 * released code reads. Null for a task that is not in the paper.
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

/** Accepts the IOBES copy too: the repository has most folders twice, with the same sentences in two tag schemes. */
function isFolder(name: string, folder: string): boolean {
  return name === folder || (folder.endsWith('-IOB') && name === `${folder}ES`);
}

/** The system in parentheses if it is a single name, else the authors. */
function shortName(system: string): string {
  return /\(([\w-]+)\)$/.exec(system)?.[1] ?? system.replace(/ \(.*\)$/, '');
}
