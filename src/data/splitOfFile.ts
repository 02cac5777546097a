// Guesses the split of a corpus file from its name or its folders.
import { SPLITS, type Split } from './corpus.ts';

const splitWords: Readonly<Record<Split, readonly string[]>> = {
  train: ['train', 'training', 'trainset', 'trn'],
  // testa and testb are how CoNLL-2003 names its two evaluation files.
  devel: ['dev', 'devel', 'develop', 'development', 'devset', 'valid', 'validation', 'val', 'testa'],
  test: ['test', 'testing', 'testset', 'eval', 'evaluation', 'testb'],
};
/** Folder words that say nothing about the split. */
const neutralWords = ['data', 'set', 'split', 'files'];

/** The split a `/`-separated path speaks of: its file name first, else its nearest folder; null when none or two do. */
export function splitOfFile(path: string): Split | null {
  const segments = path.split('/');
  const fromName = splitOfName(segments.pop() ?? '');
  if (fromName !== null) return fromName;
  for (const folder of segments.reverse()) {
    const split = splitOfFolder(folder);
    if (split !== null) return split;
  }
  return null;
}

/** The split named by a word of a file name; null when none is, or two are, as in `train_dev.tsv`. */
export function splitOfName(name: string): Split | null {
  const found = new Set(wordsOf(name).flatMap((word) => splitOfWord(word) ?? []));
  return found.size === 1 ? ([...found][0] ?? null) : null;
}

/** The split that a folder is for; a folder must say nothing else, or `my-test-corpus` would be a test split. */
export function splitOfFolder(folder: string): Split | null {
  const words = wordsOf(folder).filter((word) => !neutralWords.includes(word));
  return words.length === 1 ? splitOfWord(words[0] ?? '') : null;
}

/** What is left of a file name without its extension and its split words: `BC5CDR-chem` of `BC5CDR-chem-train.tsv`. */
export function stemOfName(name: string): string {
  const withoutExtension = name.replace(
    /\.(tsv|txt|conll[ux]?|iob[12]?|iobes|bio|ner|tags|data|dat|ann|pubtator|xml|json|jsonl|ndjson|parquet)$/i,
    '',
  );
  // Hugging Face numbers the parts of a split.
  const whole = withoutExtension.replace(/-\d{5}-of-\d{5}$/, '');
  const kept = whole.replace(/[A-Za-z]+/g, (word) => (splitOfWord(word.toLowerCase()) === null ? word : ''));
  const stem = kept.replace(/([-_. ])[-_. ]+/g, '$1').replace(/^[-_. ]+|[-_. ]+$/g, '');
  return /[A-Za-z]/.test(stem) ? stem : '';
}

function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}

function splitOfWord(word: string): Split | null {
  // PubTator corpora write `CDR_TrainingSet` and `NCBIdevelopset`.
  const bare = /(train|training|dev|devel|develop|development|test)set$/.exec(word)?.[1] ?? word;
  return SPLITS.find((split) => splitWords[split].includes(bare)) ?? null;
}
