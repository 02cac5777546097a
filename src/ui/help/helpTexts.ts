// Texts of the Help drawer and the documentation: definitions of the lab's terms, and what each place is for, with its steps and keys.
import type { Route } from '../shared/route.ts';

// Defines the terms of the lab, one line each, for texts that explain them where they occur, the Help drawer and the documentation.

/** In alphabetical order; a definition is one line of less than 200 characters. */
export const glossary = {
  affinity:
    'How far training on one task lowers or raises the loss of another. The lab estimates it from gradients, and then compares trainings on devel.',
  AIO: 'All-in-one: one tagger for all types of a category. Words before and after each text ask for a type, and it marks that type.',
  Average:
    'A method that merges: each task starts from the mean of the encoders that STL trained on each task of the category. Only weights are put together, never text.',
  batch: 'The sequences of one update. A micro-batch is what is on the device at once; gradients add up to the batch.',
  'bootstrap interval':
    'Where the difference lies in the middle 95 % of the cases when the test sentences are drawn again and again, with replacement.',
  category: 'Tasks that annotate the same kind of entity, such as disease, and are trained together by MTL-XC.',
  checkpoint: 'Weights and optimizer state as saved while training, from which a run resumes bit for bit.',
  CollaboNet:
    'A method for BiLSTMs: after STL, each task is trained in turn while its network reads those of the category’s other tasks.',
  conlleval:
    'The scoring of the CoNLL shared tasks: mentions are read leniently, so that a tag I without a B before it still begins one.',
  corpus: 'A collection of sentences in which people have marked entities, in parts for training, devel and test.',
  CRF: 'Conditional random field: a last layer that scores the tags of a sentence as one sequence, not each by itself.',
  'cross-origin isolation':
    'Headers that give a page memory no other site can read. Browsers allow threads of WebAssembly only with them.',
  devel: 'The part of a corpus on which settings and the snapshot are chosen. It is neither trained on nor reported.',
  dictionary: 'A list of terms with ids, to mark them in text as annotation, and to say which entry a mention means.',
  'entity set T, L and P':
    'Distinct mention texts of the training part (T), of the test labels (L) and of the predictions (P). Their overlap shows what is memorised.',
  'entity type': 'What a mention is: for example Disease, Chemical, Gene or Species.',
  epoch: 'One pass over all training sentences.',
  'expected calibration error':
    'How far confidence and share of correct mentions are apart, on average over ten bins of confidence; 0 % where a tagger is as sure as it is right.',
  F1: 'The harmonic mean of precision and recall, 2PR / (P + R), in percent.',
  'fine-tuning': 'Training a pretrained model further on annotated sentences.',
  fingerprint:
    'A digest of the content. The same sentences or weights have the same one, whatever their files are called.',
  Holm: 'Holm’s correction makes p-values larger for the number of comparisons, so that one of many does not pass by chance.',
  'IOB, IOBES and BIOLU':
    'Tag schemes: B begins a mention, I continues it, O is outside; E or L ends it, and S or U is a mention of one token.',
  'layer slicing':
    'Building an encoder of lower layers from one model and upper layers from another; see slicing rate.',
  'layer-wise learning rate':
    'A learning rate that falls from the top layer to the bottom by a constant factor, so that general lower layers change less.',
  leak: 'A test sentence whose text also occurs in training, exactly or nearly. A score on it says little about new text.',
  'learning rate': 'How far an update moves the weights.',
  loss: 'What training makes smaller: how improbable the model finds the annotated tags.',
  mention: 'A stretch of text that names an entity, such as “breast cancer”.',
  'MTL-LS':
    'Multi-task learning by layer slicing: lower layers from MTL-XC, upper layers pretrained, then trained on one task alone.',
  'MTL-PL':
    'Multi-task learning on partial labels: each corpus keeps its types, and a token that it leaves unmarked may be of a type that it does not annotate.',
  'MTL-XC': 'Multi-task learning on all corpora of a category at once, with every layer shared.',
  'named entity': 'Something with a name or term that texts refer to: a disease, a chemical, a gene, a species.',
  p: 'How often a difference as large as this one would occur if the two methods did not differ.',
  piece: 'A part of a word, as the model’s tokenizer cuts it. Length limits count pieces.',
  plan: 'What to train: tasks, methods, slicing rates, seeds and settings. It can be exported as a file.',
  precision: 'Of the mentions that the tagger found, the percentage that are annotated.',
  pretrained: 'Trained beforehand on much text without labels, which teaches a model the language.',
  'randomisation test':
    'Swaps the outputs of two methods at random, sentence by sentence, many times, and counts how often the difference is as large.',
  recall: 'Of the annotated mentions, the percentage that the tagger found.',
  round:
    'A further training that starts from the final weights of the one before; the paper trains 30 epochs, then three rounds.',
  run: 'One training: a method on its tasks with one seed.',
  seed: 'The number that fixes every random choice of a run. Several seeds show how much a score varies by chance.',
  'slicing rate':
    'The share of the encoder’s layers, counted from the bottom, that MTL-LS takes from MTL-XC: MTL-LS 0.25 takes a quarter.',
  snapshot: 'The weights after an epoch. The one with the best devel F1 is selected, and its test score is reported.',
  STL: 'Single-task learning: a model for one corpus alone. The baseline of every comparison.',
  strict: 'Scoring in which only a mention that is written correctly in the tag scheme counts.',
  'sub-task': 'A corpus restricted to one of its entity types, such as the diseases of BC5CDR.',
  'tag scheme': 'How tags mark the begin, middle and end of mentions; see IOB, IOBES and BIOLU.',
  tagger: 'A trained model that marks mentions in text.',
  task: 'Finding the mentions of one entity type, or of all, in one corpus.',
  test: 'The part of a corpus that is used once, for the score that is reported.',
  token: 'A word or punctuation mark: the unit that has a tag.',
  wasm: 'WebAssembly: compiled code that browsers run on the processor, on several threads where the page is isolated.',
  WebGPU: 'The browser’s access to the graphics card for computing. Without it the lab trains on the processor.',
} as const satisfies Readonly<Record<string, string>>;

export type TermName = keyof typeof glossary;

/** Returns the terms whose name or definition contains every word, all for an empty text; those whose name contains the first word come first. */
export function searchGlossary(text: string): readonly TermName[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const [first = ''] = words;
  const found = (Object.keys(glossary) as TermName[]).filter((name) => {
    const entry = `${name} ${glossary[name]}`.toLowerCase();
    return words.every((word) => entry.includes(word));
  });
  const isNamed = (name: TermName): boolean => name.toLowerCase().includes(first);
  return [...found.filter(isNamed), ...found.filter((name) => !isNamed(name))];
}

// Says for each place of the lab what it is for, the usual steps and the keys, for the Help drawer and the documentation.

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

const GUIDE_OF: Readonly<Record<Route['page'], GuideName>> = {
  new: 'new',
  experiments: 'experiments',
  experiment: 'experiments',
  resultFile: 'experiments',
  open: 'experiments',
  curves: 'experiments',
  run: 'run',
  importedRun: 'run',
  analyse: 'analysis',
  library: 'library',
  corpus: 'corpus',
  sentence: 'corpus',
  tag: 'tag',
  tagWith: 'tag',
  tagCorpus: 'tag',
  review: 'tag',
  about: 'new',
  missing: 'new',
};

/** Returns the guide of a page; that of New for pages that explain the lab. */
export function guideOf(page: Route['page']): Guide {
  return guides[GUIDE_OF[page]];
}
