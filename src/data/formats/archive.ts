// Takes the files out of a zip archive and of those inside it, within stated limits.
import type { Issue } from '../../util/issue.ts';
import { readZipDirectory, type ZipEntry } from '../../util/zipDirectory.ts';
import { IssueList, mergeIssues, quoted } from '../issueList.ts';
import { detectFormat, leadingBytes } from './detectFormat.ts';
import type { NamedFile } from './namedFile.ts';
import { unpackEntry } from './unpackEntry.ts';

/** Limits on what an archive and those inside it may unfold to together. */
export interface ArchiveLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
  /** How deep archives may lie in each other: 1 for none in another. */
  readonly depth: number;
}

/** Room for a folder of XLNet-base in 32 bits (467 MB), not for more than a tab can hold. */
export const archiveLimits: ArchiveLimits = {
  entries: 10_000,
  entryBytes: 512 * 2 ** 20,
  totalBytes: 1024 * 2 ** 20,
  depth: 3,
};

const longestPath = 1000;

export interface ArchiveReading {
  /** None of them is an archive itself. */
  readonly files: readonly NamedFile[];
  readonly issues: readonly Issue[];
  readonly issueCount: number;
}

/** The paths inside a zip, nothing unpacked; none where it cannot be read. */
export function archivePaths(bytes: Uint8Array<ArrayBuffer>): readonly string[] {
  return listEntries(bytes, new IssueList('')).map(innerPath);
}

/**
 * The files of a zip, as if a folder named like the archive had been dropped: `NCBI.zip` gives `NCBI/train.tsv`; a zip in it is a folder
 * too. Never throws: entries that are too large, damaged or whose path leaves the archive become issues, the others stay.
 */
export function readArchive(bytes: Uint8Array<ArrayBuffer>, path: string, limits = archiveLimits): ArchiveReading {
  const unfolding = new Unfolding(limits);
  unfolding.unfold({ path, bytes }, 1);
  const { files, lists } = unfolding;
  return {
    files,
    issues: mergeIssues(lists.map(({ kept }) => kept)),
    issueCount: lists.reduce((sum, { count }) => sum + count, 0),
  };
}

/** What has come of an archive and those inside it so far. */
class Unfolding {
  readonly #limits: ArchiveLimits;
  readonly files: NamedFile[] = [];
  readonly lists: IssueList[] = [];
  #entries = 0;
  #totalBytes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  unfold({ path, bytes }: NamedFile, depth: number): void {
    const issues = new IssueList(path);
    this.lists.push(issues);
    const folder = path.replace(/\.zip$/i, '');
    const seen = new Set<string>();
    let packedBytes = 0;
    for (const entry of listEntries(bytes, issues)) {
      const inner = innerPath(entry);
      if (inner.endsWith('/') || isSystemFile(inner)) continue;
      const reject = (code: string, message: string) => issues.add('error', code, null, `${quoted(inner)} ${message}`);
      if (isOutsidePath(inner)) {
        reject('archive/path', 'points outside of the archive and is left out.');
      } else if (isUnusablePath(inner)) {
        reject('archive/path', `is left out: its name is empty, longer than ${longestPath} or has control characters.`);
      } else if (seen.has(inner)) {
        reject('archive/duplicate', 'is in the archive twice; the first one is used.');
      } else if (this.#entries >= this.#limits.entries) {
        reject('archive/entries', `and what follows it are left out: more than ${this.#limits.entries} files.`);
        break;
      } else if (entry.size > this.#limits.entryBytes) {
        reject('archive/size', `is left out: ${entry.size} bytes, more than ${this.#limits.entryBytes}.`);
      } else if (this.#totalBytes + entry.size > this.#limits.totalBytes) {
        reject('archive/size', `is left out: the archive unfolds to more than ${this.#limits.totalBytes} bytes.`);
      } else if (packedBytes + entry.packedSize > bytes.length) {
        reject('archive/overlap', 'is left out: expected files that lie apart, got more bytes than the archive has.');
      } else {
        packedBytes += entry.packedSize;
        seen.add(inner);
        this.#entries++;
        this.#totalBytes += entry.size;
        this.#take(entry, { path: `${folder}/${inner}`, depth, reject });
      }
    }
    if (seen.size === 0 && issues.count === 0) {
      issues.add('error', 'archive/empty', null, 'The archive has no files.');
    }
  }

  #take(
    entry: ZipEntry,
    { path, depth, reject }: { readonly path: string; readonly depth: number; readonly reject: Reject },
  ): void {
    const bytes = unpackEntry(entry);
    if (typeof bytes === 'string') {
      reject('archive/damaged', `is left out: expected ${bytes}.`);
    } else if (detectFormat(path, bytes.subarray(0, leadingBytes)) !== 'zip') {
      this.files.push({ path, bytes });
    } else if (depth < this.#limits.depth) {
      this.unfold({ path, bytes }, depth + 1);
    } else {
      reject('archive/depth', `is left out: an archive in ${this.#limits.depth} others.`);
    }
  }
}

type Reject = (code: string, message: string) => void;

function listEntries(bytes: Uint8Array<ArrayBuffer>, issues: IssueList): readonly ZipEntry[] {
  try {
    return readZipDirectory(bytes, (expected, got) => new Error(`expected ${expected}, got ${got}`));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    issues.add('error', 'archive/damaged', null, `The file is no readable zip archive: ${what}.`);
    return [];
  }
}

/** The path as other systems write it; some archivers of Windows use backslashes. */
function innerPath(entry: ZipEntry): string {
  return entry.name.replaceAll('\\', '/');
}

function isSystemFile(path: string): boolean {
  return path
    .split('/')
    .some((segment) => segment === '__MACOSX' || segment.startsWith('._') || segment === '.DS_Store');
}

function isOutsidePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.split('/').includes('..');
}

function isUnusablePath(path: string): boolean {
  return path === '' || path.length > longestPath || /\p{Cc}/u.test(path);
}
