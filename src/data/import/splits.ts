// Guesses the split of a file from its name, and draws splits with a seed where a corpus names none.
import { Rng } from '../../util/random.ts';
import { SPLITS, type Split } from '../corpus/corpus.ts';

const splitWords: Readonly<Record<Split, readonly string[]>> = {
  // The shared task of JNLPBA calls its files Genia4ERtask1 and Genia4EReval1.
  train: ['train', 'training', 'trainset', 'trn', 'ertask'],
  // testa and testb are CoNLL-2003's names for its two evaluation files.
  devel: ['dev', 'devel', 'develop', 'development', 'devset', 'valid', 'validation', 'val', 'testa'],
  test: ['test', 'testing', 'testset', 'eval', 'evaluation', 'testb', 'ereval'],
};
/** Folder words that say nothing about the split. */
const neutralWords = ['data', 'set', 'split', 'files'];

/** Returns the split stated in a `/`-separated path: by its file name first, else by its nearest folder; null if none or two are. */
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

/** Returns the split stated by a word of a file name; null if none is, or two are, as in `train_dev.tsv`. */
export function splitOfName(name: string): Split | null {
  const found = new Set(wordsOf(name).flatMap((word) => splitOfWord(word) ?? []));
  return found.size === 1 ? ([...found][0] ?? null) : null;
}

/** Returns the split that a folder is for; its name must say nothing else, or `my-test-corpus` would be a test split. */
export function splitOfFolder(folder: string): Split | null {
  const words = wordsOf(folder).filter((word) => !neutralWords.includes(word));
  return words.length === 1 ? splitOfWord(words[0] ?? '') : null;
}

/** Returns a file name without its extension and split words: `BC5CDR-chem` of `BC5CDR-chem-train.tsv`. */
export function stemOfName(name: string): string {
  const withoutExtension = name.replace(
    /\.(tsv|txt|conll[ux]?|iob[12]?|iobes|bio|ner|tags|data|dat|ann|a1|a2|pubtator|csv|xml|json|jsonl|ndjson|parquet)$/i,
    '',
  );
  // Hugging Face numbers the parts of a split.
  const whole = withoutExtension.replace(/-\d{5}-of-\d{5}$/, '');
  const rest = whole.replace(/[A-Za-z]+/g, (word) => (splitOfWord(word.toLowerCase()) === null ? word : ''));
  const stem = rest.replace(/([-_. ])[-_. ]+/g, '$1').replace(/^[-_. ]+|[-_. ]+$/g, '');
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

/** Must never change: the same corpus has to get the same splits everywhere. */
const develSeed = 1;
const develShare = 0.2;

/**
 * Draws the split of each of `count` sentences of one file: about a tenth for devel, a tenth for test, the others for train. At least one for each where
 * there are ten or more; null for fewer, which are too few to divide.
 */
export function drawSplits(count: number, isTestMissing: boolean): readonly Split[] | null {
  if (count < FEWEST_DIVIDED) return null;
  const order = Rng.seeded(develSeed)
    .fork('sentences')
    .shuffled([...new Array<never>(count).keys()]);
  const tenth = Math.round(count / 10);
  const splits = new Array<Split>(count).fill('train');
  for (const [rank, index] of order.entries()) {
    if (rank < tenth) splits[index] = 'devel';
    else if (isTestMissing && rank < 2 * tenth) splits[index] = 'test';
  }
  return splits;
}

const FEWEST_DIVIDED = 10;

/**
 * Draws about a fifth of the ids. Each is drawn independently of the others and of their order. Where that would select none or
 * all, the one drawn first is selected; of a single id none.
 */
export function drawDevel(ids: ReadonlySet<string>): ReadonlySet<string> {
  if (ids.size < 2) return new Set();
  const draws = [...ids].map((id) => ({ id, draw: Rng.seeded(develSeed).fork('devel', id).uniform() }));
  const drawn = draws.filter(({ draw }) => draw < develShare);
  if (drawn.length > 0 && drawn.length < draws.length) return new Set(drawn.map(({ id }) => id));
  draws.sort((left, right) => left.draw - right.draw);
  return new Set(draws.slice(0, 1).map(({ id }) => id));
}
