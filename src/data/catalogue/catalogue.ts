// The paper's 22 sub-tasks: where their sentences are published, what they contain, and the figures the paper prints.
import type { Split } from '../corpus/corpus.ts';
import subTaskRows from './subTasks.json';

/** The paper's categories. */
export const CATEGORY_NAMES = ['chemical', 'disease', 'gene', 'species'] as const;
export type CategoryName = (typeof CATEGORY_NAMES)[number];

/** Common type names for mentions of a category when its tasks are trained together. */
export const CATEGORY_TYPE_NAMES: Readonly<Record<CategoryName, string>> = {
  chemical: 'Chemical',
  disease: 'Disease',
  gene: 'Gene',
  species: 'Species',
};

/** Percent. */
export interface PublishedScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** One dataset restricted to one entity type, as the paper compares them. */
export interface SubTask {
  /** `<dataset>:<category>`. */
  readonly id: string;
  readonly category: CategoryName;
  readonly dataset: string;
  /** In `data/` of github.com/cambridgeltl/MTL-Bioinformatics-2016: mentions of this type only (JNLPBA: of five types). */
  readonly folder: string;
  /** Of train.tsv, devel.tsv and test.tsv together; null if not measured. */
  readonly sizeBytes: number | null;
  /** The type in that folder. */
  readonly type: string;
  /** The folder that the released code reads, with all types of the dataset, and the type there. */
  readonly multiTypeFolder: string;
  readonly multiTypeType: string;
  readonly licence: string;
  /** Null if not counted. JNLPBA's counts include the pseudo-sentences `-DOCSTART-`. */
  readonly splits: Readonly<
    Record<Split, { readonly sentences: number; readonly tokens: number; readonly mentions: number } | null>
  >;
  readonly published: {
    /** Table 1. */
    readonly STL: PublishedScore;
    readonly 'MTL-XC': PublishedScore;
    /** Table 2, percent. */
    readonly 'MTL-LS': readonly { readonly slicingRate: number; readonly f1: number }[];
  };
  /** Contradictions in the paper, and caveats for comparing other results with its figures. */
  readonly notes: readonly string[];
}

/** What is known about the licences of all folders; each sub-task states its own. */
export const LICENCE_NOTE =
  'The repository says that the corpora in its data folder can be redistributed, except that this is unclear for BC4CHEMD; the collection ' +
  'is CC BY 4.0 (Crichton, Pyysalo, Chiu and Korhonen, 2017). Each corpus keeps the licence of its makers. GENIA licence: annotations ' +
  'CC BY 3.0, "Corpus annotations (c) GENIA Project", to be passed on with the licence text. BioNLP13CG and BioNLP13PC: CC BY-SA 3.0.';

/** Percent: precision, recall, F1. */
type Scores = readonly [precision: number, recall: number, f1: number];
type Counts = readonly [sentences: number, tokens: number, mentions: number];

interface SubTaskRow {
  readonly id: string;
  readonly folder: string;
  readonly sizeBytes: number | null;
  readonly type: string;
  readonly multiType: readonly [folder: string, type: string];
  readonly licence: string;
  /** Of train, devel and test. */
  readonly splits: readonly [Counts | null, Counts | null, Counts | null];
  /** Table 1. */
  readonly stl: Scores;
  readonly mtlXc: Scores;
  /** Table 2: F1 at slicing rates 0.25, 0.50, 0.75 and 1.00. */
  readonly mtlLs: readonly [number, number, number, number];
  readonly notes?: readonly string[];
}

/** In the order of the paper's tables: by category, then by name. */
export const SUB_TASKS: readonly SubTask[] = (subTaskRows as unknown as readonly SubTaskRow[]).map((row) => {
  const [dataset, category] = row.id.split(':');
  const [train, devel, test] = row.splits.map((split) => {
    if (split === null) return null;
    const [sentences, tokens, mentions] = split;
    return { sentences, tokens, mentions };
  });
  return {
    id: row.id,
    category: CATEGORY_NAMES.find((name) => name === category) ?? 'chemical',
    dataset: dataset ?? row.id,
    folder: row.folder,
    sizeBytes: row.sizeBytes,
    type: row.type,
    multiTypeFolder: row.multiType[0],
    multiTypeType: row.multiType[1],
    licence: row.licence,
    splits: { train: train ?? null, devel: devel ?? null, test: test ?? null },
    published: {
      STL: scoreOf(row.stl),
      'MTL-XC': scoreOf(row.mtlXc),
      'MTL-LS': row.mtlLs.map((f1, index) => ({ slicingRate: (index + 1) / 4, f1 })),
    },
    notes: row.notes ?? [],
  };
});

/** Looks up a sub-task by id; undefined if there is none. */
export function catalogueTask(id: string): SubTask | undefined {
  return SUB_TASKS.find((subTask) => subTask.id === id);
}

function scoreOf([precision, recall, f1]: SubTaskRow['stl']): PublishedScore {
  return { precision, recall, f1 };
}
