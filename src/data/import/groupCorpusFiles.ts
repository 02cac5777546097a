// Groups dropped corpus files into corpora by their folders and names, and finds or draws their splits.
import type { NamedFile } from '../../util/namedFile.ts';
import { Rng } from '../../util/random.ts';
import type { DocumentSource, Split } from '../corpus/corpus.ts';
import { isAnnotations, stemOfPath } from '../formats/brat.ts';
import { isColumnDescription } from '../formats/tokenItem.ts';
import {
  corpusExtensions,
  corpusFormatOf,
  detectFormat,
  leadingBytes,
  splitOfName,
  splitOfWord,
  wordsOf,
} from './detectFormat.ts';

export interface CorpusFileGroup {
  /** Null if folder and file names state only a split. */
  readonly name: string | null;
  /** In order of path. */
  readonly files: readonly { readonly path: string; readonly split: Split | null }[];
}

interface PlacedFile {
  readonly path: string;
  readonly folder: string;
  readonly stem: string;
  readonly split: Split | null;
  /** The file name itself states the split, so the rest of it is a name. */
  readonly isNamedAfterSplit: boolean;
}

/** A group with a `longName` that distinguishes it from others of its name. */
interface NamedGroup {
  readonly name: string | null;
  readonly longName: string | null;
  readonly files: readonly PlacedFile[];
}

/**
 * Files of one folder form one corpus named after it, unless their names indicate several (`a-train.tsv`, `b-train.tsv`); files
 * without a folder form one corpus per stem. Folders that only state a split (`NCBI/train/1.tsv`) belong to their parent.
 */
export function groupCorpusFiles(paths: readonly string[]): CorpusFileGroup[] {
  const placed = placeFiles([...paths].sort());
  const byFolder = groupBy(placed, (file) => file.folder);
  const groups = [...byFolder].flatMap(([folder, files]) => groupFolder(folder, files));
  const nameCounts = groupBy(groups, (group) => group.name);
  // Two folders with the same name are distinguished by their parents.
  return groups.map(({ name, longName, files }) => ({
    name: (nameCounts.get(name)?.length ?? 0) > 1 ? longName : name,
    files: files.map(({ path, split }) => ({ path, split })),
  }));
}

function placeFiles(paths: readonly string[]): PlacedFile[] {
  const parts = paths.map((path) => {
    const folders = path.split('/');
    const name = folders.pop() ?? '';
    return { path, name, folders, nameSplit: splitOfName(name) };
  });
  // A folder `test` that contains a train.tsv is not a test split, only named so.
  const notSplits = new Set<string>();
  for (const { folders, nameSplit } of parts) {
    const folderSplit = splitOfFolder(folders.at(-1) ?? '');
    if (nameSplit !== null && folderSplit !== null && nameSplit !== folderSplit) notSplits.add(folders.join('/'));
  }
  return parts.map(({ path, name, folders, nameSplit }) => {
    const remaining = [...folders];
    let folderSplit: Split | null = null;
    while (remaining.length > 0 && !notSplits.has(remaining.join('/'))) {
      const split = splitOfFolder(remaining.at(-1) ?? '');
      if (split === null) break;
      folderSplit ??= split;
      remaining.pop();
    }
    return {
      path,
      folder: remaining.join('/'),
      stem: stemOfName(name),
      split: nameSplit ?? folderSplit,
      isNamedAfterSplit: nameSplit !== null,
    };
  });
}

function groupFolder(folder: string, files: readonly PlacedFile[]): NamedGroup[] {
  const stems = new Set(files.filter((file) => file.isNamedAfterSplit).map((file) => file.stem));
  const isLoose = folder === '';
  const folderName = isLoose ? null : folder.slice(folder.lastIndexOf('/') + 1);
  if (!isLoose && stems.size <= 1) return [{ name: folderName, longName: folder, files }];
  const ownStem = (file: PlacedFile) => (isLoose || stems.has(file.stem) ? file.stem : '');
  return [...groupBy(files, ownStem)].map(([stem, members]) => ({
    name: stem === '' ? folderName : stem,
    longName: stem === '' ? (isLoose ? null : folder) : isLoose ? stem : `${folder}/${stem}`,
    files: members,
  }));
}

/** Map.groupBy, which Node 20 does not have. */
export function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

export interface CorpusPart {
  /**
   * Of its file, without the column description that may accompany it; for BRAT a pattern such as `NCBI/train/*.ann`, or
   * `NCBI/train*.ann` if document names state the split.
   */
  readonly path: string;
  readonly format: 'CoNLL' | DocumentSource['format'];
  readonly files: readonly NamedFile[];
}

/** The parts a corpus is read from: one file each, but for BRAT all documents of a folder and split. */
interface CorpusParts {
  readonly parts: readonly CorpusPart[];
  /** Paths of files that are not part of a corpus. */
  readonly ignored: readonly string[];
}

/** Sorts files into parts. Takes time linear in the files, except for sorting them. */
export function corpusParts(files: readonly NamedFile[]): CorpusParts {
  const annotated = annotatedStems(files.map(({ path }) => path));
  const parts: CorpusPart[] = [];
  const ignored: string[] = [];
  const described: NamedFile[] = [];
  const folders = new Map<string, NamedFile[]>();
  for (const file of [...files].sort((left, right) => (left.path < right.path ? -1 : 1))) {
    const { path } = file;
    if (isAnnotations(path) || isAnnotatedText(path, annotated)) {
      const folder = path.slice(0, path.lastIndexOf('/') + 1);
      const members = folders.get(folder);
      if (members === undefined) folders.set(folder, [file]);
      else members.push(file);
      continue;
    }
    const head = file.bytes.subarray(0, leadingBytes);
    if (detectFormat(path, head) !== 'corpus') ignored.push(path);
    else if (isColumnDescription(path)) described.push(file);
    else
      parts.push({
        path,
        format: corpusExtensions.test(path) ? 'CoNLL' : (corpusFormatOf(path, head) ?? 'CoNLL'),
        files: [file],
      });
  }
  const withColumns = parts.map((part) => ({ ...part, files: [...part.files, ...columnsOf(part, described)] }));
  return {
    parts: [...withColumns, ...[...folders].flatMap(([folder, members]) => bratParts(folder, members))],
    ignored,
  };
}

/** Finds the column description in the folder of a file of items, or the nearest parent folder. */
function columnsOf({ path, format }: CorpusPart, described: readonly NamedFile[]): NamedFile[] {
  if (format !== 'JSONL' && format !== 'Parquet') return [];
  const folderOf = (one: string) => one.slice(0, one.lastIndexOf('/') + 1);
  const around = described.filter((file) => path.startsWith(folderOf(file.path)));
  return around.sort((left, right) => folderOf(right.path).length - folderOf(left.path).length).slice(0, 1);
}

/** Returns the stems that BRAT annotation files share with their texts. */
export function annotatedStems(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.filter(isAnnotations).map(stemOfPath));
}

/** Whether a file is the text of annotations in its folder. */
export function isAnnotatedText(path: string, annotated: ReadonlySet<string>): boolean {
  return /\.txt$/i.test(path) && annotated.has(stemOfPath(path));
}

/** Document names give the split only if each of them states one; a title may contain the word test. */
function bratParts(folder: string, files: readonly NamedFile[]): CorpusPart[] {
  const bySplit = new Map<string | null, NamedFile[]>();
  for (const file of files) {
    const split = splitOfName(stemOfPath(file.path.slice(folder.length)));
    const members = bySplit.get(split);
    if (members === undefined) bySplit.set(split, [file]);
    else members.push(file);
  }
  const ending = files.some(({ path }) => /\.ann$/i.test(path)) ? 'ann' : 'a1';
  if (bySplit.has(null)) return [{ path: `${folder}*.${ending}`, format: 'BRAT', files }];
  return [...bySplit].map(([split, members]) => ({
    path: `${folder}${split}*.${ending}`,
    format: 'BRAT',
    files: members,
  }));
}
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
