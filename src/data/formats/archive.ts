// Takes the files out of a zip archive, within stated limits.
import { unzipSync, type UnzipFileInfo } from 'fflate';
import type { Issue } from '../../util/issue.ts';
import { IssueList, quoted } from '../issueList.ts';
import type { NamedFile } from './namedFile.ts';

/** Limits on what an archive may unfold to. */
export interface ArchiveLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
}

/** Room for a folder of XLNet-base in 32 bits (467 MB), not for more than a tab can hold. */
export const archiveLimits: ArchiveLimits = { entries: 10_000, entryBytes: 512 * 2 ** 20, totalBytes: 1024 * 2 ** 20 };

export interface ArchiveReading {
  readonly files: readonly NamedFile[];
  readonly issues: readonly Issue[];
  readonly issueCount: number;
}

/** The paths inside a zip, nothing unpacked; none where it cannot be read. */
export function archivePaths(bytes: Uint8Array): readonly string[] {
  return listEntries(bytes, new IssueList('')).map(innerPath);
}

/**
 * The files of a zip, as if a folder named like the archive had been dropped: `NCBI.zip` gives `NCBI/train.tsv`. Never throws:
 * entries that are too large, damaged or whose path leaves the archive become issues, the others stay.
 */
export function readArchive(bytes: Uint8Array, path: string, limits = archiveLimits): ArchiveReading {
  const issues = new IssueList(path);
  const folder = path.replace(/\.zip$/i, '');
  const wanted = new Map<string, Entry>();
  let totalBytes = 0;
  for (const entry of listEntries(bytes, issues)) {
    const inner = innerPath(entry);
    if (inner.endsWith('/') || isSystemFile(inner)) continue;
    const reject = (code: string, message: string) => issues.add('error', code, null, `${quoted(inner)} ${message}`);
    if (isOutsidePath(inner)) {
      reject('archive/path', 'points outside of the archive and is left out.');
    } else if (wanted.has(inner)) {
      reject('archive/duplicate', 'is in the archive twice; the first one is used.');
    } else if (wanted.size >= limits.entries) {
      reject('archive/entries', `and what follows it are left out: more than ${limits.entries} files.`);
      break;
    } else if (entry.originalSize > limits.entryBytes) {
      reject('archive/size', `is left out: ${entry.originalSize} bytes, more than ${limits.entryBytes}.`);
    } else if (totalBytes + entry.originalSize > limits.totalBytes) {
      reject('archive/size', `is left out: the archive unfolds to more than ${limits.totalBytes} bytes.`);
    } else {
      wanted.set(inner, entry);
      totalBytes += entry.originalSize;
    }
  }

  const contents = unfold(bytes, [...wanted.values()]);
  const files: NamedFile[] = [];
  for (const [inner, entry] of wanted) {
    const content = contents.get(entry.index);
    // Sizes differ when the archive lies or is encrypted; fflate checks no CRC.
    if (content?.length === entry.originalSize) files.push({ path: `${folder}/${inner}`, bytes: content });
    else {
      const message = `${quoted(inner)} is damaged, encrypted or packed in an unknown way and is left out.`;
      issues.add('error', 'archive/damaged', null, message);
    }
  }
  if (files.length === 0 && issues.count === 0) issues.add('error', 'archive/empty', null, 'The archive has no files.');
  return { files, issues: issues.kept, issueCount: issues.count };
}

/** An entry of the archive's directory and its place there. */
interface Entry extends UnzipFileInfo {
  readonly index: number;
}

function listEntries(bytes: Uint8Array, issues: IssueList): Entry[] {
  const entries: Entry[] = [];
  try {
    // A filter that takes nothing reads the directory and unfolds nothing.
    unzipSync(bytes, { filter: (info) => entries.push({ ...info, index: entries.length }) < 0 });
  } catch {
    issues.add('error', 'archive/damaged', null, 'The file is no readable zip archive.');
  }
  return entries;
}

/**
 * Contents by the entry's index. fflate gives up at the first damaged entry, so a failed batch is halved until the damaged
 * ones stand alone; memory stays within the sizes that the directory states.
 */
function unfold(bytes: Uint8Array, entries: readonly Entry[]): ReadonlyMap<number, Uint8Array<ArrayBuffer>> {
  if (entries.length === 0) return new Map();
  const wanted = new Set(entries.map((entry) => entry.index));
  let index = 0;
  try {
    const contents = unzipSync(bytes, { filter: () => wanted.has(index++) });
    const unfolded = new Map<number, Uint8Array<ArrayBuffer>>();
    for (const entry of entries) {
      const content = contents[entry.name];
      if (content !== undefined) unfolded.set(entry.index, content);
    }
    return unfolded;
  } catch {
    if (entries.length === 1) return new Map();
    const half = Math.ceil(entries.length / 2);
    return new Map([...unfold(bytes, entries.slice(0, half)), ...unfold(bytes, entries.slice(half))]);
  }
}

/** The path as other systems write it; some archivers of Windows use backslashes. */
function innerPath(entry: Entry): string {
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
