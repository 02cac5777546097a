// Says for each place of the lab what it is for, the usual steps and the keys, for the Help drawer and the documentation.
import type { Route } from '../shared/route.ts';

export interface Guide {
  readonly title: string;
  /** What the place is for, in one sentence. */
  readonly purpose: string;
  /** What people usually do there, in order. */
  readonly steps: readonly string[];
  /** What to press, and its effect; beside the keys of every page. */
  readonly keys: readonly KeyLine[];
  /** The page of the documentation that says more. */
  readonly page: string;
}

export type KeyLine = readonly [keys: readonly string[], effect: string];

/** Keys of every page. */
export const commonKeys: readonly KeyLine[] = [
  [['?'], 'opens Help'],
  [['Tab', 'Shift Tab'], 'to the next or previous control'],
  [['Esc'], 'closes Help, a dialog or a definition, or cancels renaming'],
];

const sentenceKeys: readonly KeyLine[] = [
  [['←', '→'], 'to another of the train, devel and test tabs'],
  [['↓', '↑'], 'to the next or previous sentence, across pages'],
  [['Page Down', 'Page Up'], 'to the next or previous page of sentences'],
  [['Home', 'End'], 'to the first or last matching sentence'],
];

export const guides = {
  new: {
    title: 'New',
    purpose: 'Plan and start an experiment: which corpora, which methods, how long.',
    steps: [
      'Try a sample with one press, or drop your own corpus anywhere in the window.',
      'Choose the task and the methods to compare: STL alone for one tagger, MTL-XC and MTL-LS to see whether sharing helps.',
      'Choose how long to train, read what the plan comes to beside the form, and press Train.',
    ],
    keys: [],
    page: 'guide/new',
  },
  experiments: {
    title: 'Experiments',
    purpose: 'Every run and what came of it, grouped by what was compared.',
    steps: [
      'Open an experiment: its first lines name the best method and say whether the difference is more than noise.',
      'Look at Statistics for the evidence, and at the errors, labels and leaks of a task.',
      'Share the answer as a page, a file or a link, or train again with more seeds.',
    ],
    keys: [],
    page: 'guide/experiments',
  },
  run: {
    title: 'A run',
    purpose: 'One training: its progress, curves, scores and what it was trained with.',
    steps: [
      'Watch the loss fall and the devel F1 rise. Pausing, closing the tab or a crash loses nothing: the run resumes.',
      'When it is done, read the test scores of the selected snapshot, by type and in both readings.',
      'Tag text with it, look at its errors, or export it as a model folder or result file.',
    ],
    keys: [],
    page: 'guide/experiments',
  },
  analysis: {
    title: 'Analyses',
    purpose: 'Why a tagger scores as it does: entity sets, labels, leaks, breakdowns and every error.',
    steps: [
      'Choose the task, the run and the snapshot; two runs can be compared side by side.',
      'Read the summary, then open a row or a region to see its strings and sentences.',
      'The address has the whole view: copy it to return to the same place.',
    ],
    keys: [],
    page: 'guide/experiments',
  },
  library: {
    title: 'Library',
    purpose: 'What this browser stores: corpora, models, dictionaries, and the room they take.',
    steps: [
      'Drop corpora or models, download public corpora from the catalogue, or a model by its repository.',
      'Open a corpus to read its sentences and the problems found while reading, and to correct its splits.',
      'Train on it, tag it, or remove what is no longer needed.',
    ],
    keys: [],
    page: 'guide/library',
  },
  corpus: {
    title: 'A corpus',
    purpose: 'The sentences of a corpus with their mentions, its counts, and what was remarkable while reading it.',
    steps: [
      'Check the counts and the list of problems, each with file and line.',
      'Read sentences of each split and search them.',
      'Correct the split of a file or choose another column where the lab guessed wrong.',
    ],
    keys: sentenceKeys,
    page: 'guide/library',
  },
  tag: {
    title: 'Tag',
    purpose: 'Find mentions in new text with a trained tagger, and see how sure it is of each.',
    steps: [
      'Choose a tagger and paste text, drop files, or choose a corpus of the library.',
      'Read the mentions in colour with their probability; raise the threshold to see only sure ones.',
      'Save the result in the format of your annotation tool.',
    ],
    keys: [],
    page: 'guide/tag',
  },
} as const satisfies Readonly<Record<string, Guide>>;

type GuideName = keyof typeof guides;

const GUIDE_OF: Partial<Record<Route['page'], GuideName>> = {
  experiments: 'experiments',
  experiment: 'experiments',
  resultFile: 'experiments',
  open: 'experiments',
  run: 'run',
  importedRun: 'run',
  analyse: 'analysis',
  library: 'library',
  corpus: 'corpus',
  sentence: 'corpus',
  tag: 'tag',
  tagWith: 'tag',
};

/** Returns the guide of a page; that of New for pages that belong to no place. */
export function guideOf(page: Route['page']): Guide {
  return guides[GUIDE_OF[page] ?? 'new'];
}
