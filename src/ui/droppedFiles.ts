// Files out of a drop or a file input, with their paths inside what was dropped.
import type { DroppedFile } from '../lab/labState.ts';

/** Files an operating system puts into folders for itself. */
const CLUTTER = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX)(\/|$)/;

/**
 * Every file of a drop, folders walked to the bottom, in path order.
 * Must be called in the drop event itself: the browser forgets the entries when the event is over.
 */
export function droppedFiles(transfer: DataTransfer): Promise<readonly DroppedFile[]> {
  const reads: Promise<DroppedFile[]>[] = [];
  for (const item of transfer.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry();
    if (entry !== null) {
      reads.push(readEntry(entry));
      continue;
    }
    const file = item.getAsFile();
    if (file !== null) reads.push(Promise.resolve([toDroppedFile(file, file.name)]));
  }
  return Promise.all(reads).then((lists) => inOrder(lists.flat()));
}

/** The files of an `<input type="file">`; a chosen folder gives paths that start with its name. */
export function chosenFiles(files: Iterable<File>): readonly DroppedFile[] {
  return inOrder([...files].map((file) => toDroppedFile(file, file.webkitRelativePath || file.name)));
}

async function readEntry(entry: FileSystemEntry): Promise<DroppedFile[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (isFileEntry(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [toDroppedFile(file, path)];
  }
  if (!isDirectoryEntry(entry)) return [];
  const reader = entry.createReader();
  const found: DroppedFile[] = [];
  // Chromium answers with at most 100 entries a call and an empty list at the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return found;
    for (const child of batch) found.push(...(await readEntry(child)));
  }
}

function toDroppedFile(file: File, path: string): DroppedFile {
  return { path, sizeBytes: file.size, bytes: async () => new Uint8Array(await file.arrayBuffer()) };
}

function inOrder(files: readonly DroppedFile[]): readonly DroppedFile[] {
  return files
    .filter((file) => !CLUTTER.test(file.path))
    .sort((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
}

function isFileEntry(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectoryEntry(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
