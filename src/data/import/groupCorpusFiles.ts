// Groups dropped corpus files into corpora, by their folders and names.
import type { NamedFile } from '../../util/namedFile.ts';
import type { Split } from '../corpus/corpus.ts';
import type { DocumentSource } from '../corpus/corpusSource.ts';
import { isAnnotations, stemOfPath } from '../formats/brat.ts';
import { isColumnDescription } from '../formats/tokenItem.ts';
import { corpusExtensions, corpusFormatOf, detectFormat, leadingBytes } from './detectFormat.ts';
import { splitOfFolder, splitOfName, stemOfName } from './splits.ts';

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
