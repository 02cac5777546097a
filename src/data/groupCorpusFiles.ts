// Sorts dropped corpus files into corpora, by their folders and names.
import type { Split } from './corpus.ts';
import { splitOfFolder, splitOfName, stemOfName } from './splitOfFile.ts';

export interface CorpusFileGroup {
  /** Null when neither folder nor file name says anything but a split. */
  readonly name: string | null;
  /** In order of path. */
  readonly files: readonly { readonly path: string; readonly split: Split | null }[];
}

interface PlacedFile {
  readonly path: string;
  readonly folder: string;
  readonly stem: string;
  readonly split: Split | null;
  /** The file name itself says the split, so what is left of it is a name. */
  readonly isNamedAfterSplit: boolean;
}

/** A group whose `longName` tells it from others of its name. */
interface NamedGroup {
  readonly name: string | null;
  readonly longName: string | null;
  readonly files: readonly PlacedFile[];
}

/**
 * Files of one folder are one corpus called like the folder, unless their names speak of several (`a-train.tsv`, `b-train.tsv`);
 * files without a folder are a corpus a stem. Folders that only say a split (`NCBI/train/1.tsv`) belong to the one around them.
 */
export function groupCorpusFiles(paths: readonly string[]): CorpusFileGroup[] {
  const placed = placeFiles([...paths].sort());
  const byFolder = groupBy(placed, (file) => file.folder);
  const groups = [...byFolder].flatMap(([folder, files]) => groupFolder(folder, files));
  const nameCounts = groupBy(groups, (group) => group.name);
  // Two folders of one name are told apart by what is around them.
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
  // A folder `test` that holds a train.tsv is no test split, it is just called so.
  const notSplits = new Set<string>();
  for (const { folders, nameSplit } of parts) {
    const folderSplit = splitOfFolder(folders.at(-1) ?? '');
    if (nameSplit !== null && folderSplit !== null && nameSplit !== folderSplit) notSplits.add(folders.join('/'));
  }
  return parts.map(({ path, name, folders, nameSplit }) => {
    const kept = [...folders];
    let folderSplit: Split | null = null;
    while (kept.length > 0 && !notSplits.has(kept.join('/'))) {
      const split = splitOfFolder(kept.at(-1) ?? '');
      if (split === null) break;
      folderSplit ??= split;
      kept.pop();
    }
    return {
      path,
      folder: kept.join('/'),
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
function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
