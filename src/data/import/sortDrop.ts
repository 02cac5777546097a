// Sorts what was dropped, packed files opened layer by layer: corpora, models, plans, results, tables of scores, and what the lab does not read.
import { baseName, fileInMemory, type DroppedFile, type NamedFile } from '../../util/namedFile.ts';
import type { Issue } from '../corpus/issues.ts';
import { unpackParquet } from '../formats/parquet.ts';
import { archiveLimits, archivePaths, pathWithoutGzip, readArchive, unpackGzip, unreadKind } from './archive.ts';
import { detectFormat, leadingBytes } from './detectFormat.ts';
import { annotatedStems, isAnnotatedText } from './groupCorpusFiles.ts';
import { chosenNames, foreignFileOf, modelFiles } from './modelFiles.ts';

/** Describes the files of one folder that holds a model, or parts of one. Large weights are not read yet. */
export interface DroppedModel {
  readonly name: string;
  /** Lists those of its files that a model is made of. */
  readonly files: readonly DroppedFile[];
  /** Says what a model needs and the folder lacks. */
  readonly missing: readonly string[];
  /** Names the weights among its files; empty if it has none. */
  readonly weights: readonly string[];
  /** Lists files of the folder that are no part of a model. */
  readonly foreign: readonly ForeignFile[];
}

/** A file that a trainer or another program wrote for itself. */
export interface ForeignFile {
  readonly path: string;
  /** Says what it is, such as `the state of an optimizer`. */
  readonly what: string;
}

export interface SortedDrop {
  readonly corpusFiles: readonly NamedFile[];
  readonly models: readonly DroppedModel[];
  readonly plans: readonly NamedFile[];
  readonly results: readonly NamedFile[];
  /** Lists tables of scores. */
  readonly scores: readonly NamedFile[];
  /** Lists the paths of files that are none of these, except those in a model's folder. */
  readonly others: readonly string[];
  /** Lists those of them that are known: files of trainers and other programs. */
  readonly foreign: readonly ForeignFile[];
  /** Lists what was wrong with archives. */
  readonly issues: readonly Issue[];
}

/** Sorts files by name and content. Rejects only when a file cannot be read. */
export async function sortDroppedFiles(dropped: readonly DroppedFile[]): Promise<SortedDrop> {
  const none = (): NamedFile[] => [];
  const sorted = { corpus: none(), plan: none(), result: none(), scores: none() };
  const modelFiles: DroppedFile[] = [];
  const others: string[] = [];
  const foreign: ForeignFile[] = [];
  const unpacking = new Unpacking();

  async function sort(file: DroppedFile, annotated: ReadonlySet<string>, depth = 0): Promise<void> {
    if (isClutter(file.path)) return;
    const what = foreignFileOf(baseName(file.path));
    if (what !== null) {
      foreign.push({ path: file.path, what });
      return;
    }
    // Weights are known by name, and too large to be read for a look.
    if (detectFormat(file.path, new Uint8Array()) === 'model') {
      modelFiles.push(file);
      return;
    }
    const bytes = await file.bytes();
    const format = detectFormat(file.path, bytes.subarray(0, leadingBytes));
    if (format === 'zip' && isTorchArchive(bytes)) {
      modelFiles.push(file);
      return;
    }
    const unpacked = await unpacking.open({ path: file.path, bytes }, depth);
    if (unpacked?.by === 'parquet') {
      for (const inner of unpacked.files) sorted.corpus.push(inner);
    } else if (unpacked !== null) {
      const isZip = unpacked.by === 'zip';
      const around = isZip ? annotatedStems(unpacked.files.map(({ path }) => path)) : annotated;
      for (const inner of unpacked.files) await sort(fileInMemory(inner), around, isZip ? depth : depth + 1);
    } else if (isAnnotatedText(file.path, annotated)) {
      sorted.corpus.push({ path: file.path, bytes });
    } else if (format === 'model' || format === 'other') {
      const expected = unreadKind(file.path, bytes.subarray(0, leadingBytes));
      if (expected === null) others.push(file.path);
      else unpacking.refuse(file.path, `This kind of file is not read: expected ${expected}.`);
    } else if (format === 'corpus' || format === 'plan' || format === 'result' || format === 'scores') {
      sorted[format].push({ path: file.path, bytes });
    }
  }

  const outside = annotatedStems(dropped.map(({ path }) => pathWithoutGzip(path)));
  for (const file of dropped) await sort(file, outside);
  const folders = new Map<string, DroppedFile[]>();
  for (const file of modelFiles) {
    const members = folders.get(folderOf(file.path));
    if (members === undefined) folders.set(folderOf(file.path), [file]);
    else members.push(file);
  }
  return {
    corpusFiles: sorted.corpus,
    plans: sorted.plan,
    results: sorted.result,
    scores: sorted.scores,
    models: [...folders].map(([folder, members]) => {
      return modelIn(folder, members, foreign.filter(({ path }) => folderOf(path) === folder)); // prettier-ignore
    }),
    others: others.filter((path) => !folders.has(folderOf(path))),
    foreign: foreign.filter(({ path }) => !folders.has(folderOf(path))),
    issues: unpacking.issues,
  };
}

/** Returns whether a part of a model is among the files or in a zip of them, known by its name alone. Rejects when a zip cannot be read from disk. */
export async function holdsModel(files: readonly DroppedFile[]): Promise<boolean> {
  const isPart = (path: string): boolean => {
    return detectFormat(path, new Uint8Array()) === 'model' || foreignFileOf(baseName(path)) !== null;
  };
  for (const { path, bytes } of files) {
    if (isPart(path)) return true;
    if (/\.zip$/i.test(path) && archivePaths(await bytes()).some(isPart)) return true;
  }
  return false;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Returns true for what operating systems leave in folders. */
export function isClutter(path: string): boolean {
  return /(^|\/)(__MACOSX\/|\.)|(^|\/)(Thumbs\.db|desktop\.ini)$/i.test(path);
}

/** Returns whether torch.save wrote a zip, whatever its name. */
function isTorchArchive(bytes: Uint8Array<ArrayBuffer>): boolean {
  return archivePaths(bytes).some((path) => /^[^/]+\/data\.pkl$/.test(path));
}

function modelIn(folder: string, files: readonly DroppedFile[], foreign: readonly ForeignFile[]): DroppedModel {
  const byName = new Map(files.map((file) => [baseName(file.path), file]));
  const chosen = modelFiles([...byName.keys()]);
  return {
    name: baseName(folder) || 'model',
    files: chosenNames(chosen).flatMap((name) => byName.get(name) ?? []),
    missing: chosen.missing,
    weights: chosen.weights,
    foreign,
  };
}

// Opens packed files one layer at a time: zips, gzip and Parquet, all within the limits of archives.

/** What one layer of a packed file holds. */
interface UnpackedLayer {
  readonly by: 'zip' | 'gzip' | 'parquet';
  /** None where the file is left out. */
  readonly files: readonly NamedFile[];
}

/** Unpacks the files of one drop, and lists what is wrong with them. */
export class Unpacking {
  readonly issues: Issue[] = [];
  /** May be more than are listed. */
  issueCount = 0;
  private gzipBytes = 0;

  /**
   * Returns what one layer of a packed file holds; null for a file that is not packed. `depth` is the number of layers of gzip around
   * the file.
   */
  async open(file: NamedFile, depth: number): Promise<UnpackedLayer | null> {
    const format = detectFormat(file.path, file.bytes.subarray(0, leadingBytes));
    if (format === 'zip') {
      const archive = readArchive(file.bytes, file.path);
      this.add(archive.issues, archive.issueCount);
      return { files: archive.files, by: 'zip' };
    }
    if (format === 'parquet') {
      const unpacked = await unpackParquet(file);
      this.add(unpacked.issues, unpacked.issues.length);
      return { files: unpacked.file === null ? [] : [unpacked.file], by: 'parquet' };
    }
    return format === 'gzip' ? { files: this.openGzip(file, depth), by: 'gzip' } : null;
  }

  /** Leaves a file out. */
  refuse(file: string, message: string): void {
    this.add([{ severity: 'error', code: 'drop/unread', file, line: null, message }], 1);
  }

  private openGzip(file: NamedFile, depth: number): readonly NamedFile[] {
    const most = Math.min(archiveLimits.entryBytes, archiveLimits.totalBytes - this.gzipBytes);
    const inside = depth >= archiveLimits.depth ? `at most ${archiveLimits.depth} packings` : unpackGzip(file, most);
    if (typeof inside === 'string') {
      this.refuse(file.path, `The file is left out: expected ${inside}.`);
      return [];
    }
    this.gzipBytes += inside.bytes.length;
    return [inside];
  }

  private add(issues: readonly Issue[], count: number): void {
    for (const issue of issues) this.issues.push(issue);
    this.issueCount += count;
  }
}
