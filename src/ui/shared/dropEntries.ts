// Passes dropped and chosen files to the lab, or to the component that handles drops.
import { createContext, useContext, useEffect, type RefObject } from 'react';
import type { DroppedFile } from '../../util/namedFile.ts';

/** Files that operating systems add to folders. */
const CLUTTER = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX)(\/|$)/;

/**
 * Lists all files of a drop, including those in nested folders, in path order.
 * Must be called in the drop event itself, after which the browser forgets the entries.
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

/** Lists the files of an `<input type="file">`; paths in a chosen folder start with its name. */
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
  // Chromium returns at most 100 entries per call, and an empty list at the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return found;
    for (const child of batch) found.push(...(await readEntry(child)));
  }
}

function toDroppedFile(file: File, path: string): DroppedFile {
  return { path, sizeBytes: file.size, bytes: async () => new Uint8Array(await file.arrayBuffer()), blob: file };
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

export type BringIn = (files: () => Promise<readonly DroppedFile[]>) => void;

export const BringInContext = createContext<BringIn>(() => undefined);

/** Provides the function that imports dropped or chosen files, for the window and every drop zone. */
export function useBringIn(): BringIn {
  return useContext(BringInContext);
}

export const DropHereContext = createContext<RefObject<BringIn | null>>({ current: null });

/** Passes files to `take` while the component is mounted. */
export function useDropHere(take: BringIn): void {
  const hereRef = useContext(DropHereContext);
  useEffect(() => {
    hereRef.current = take;
    return () => {
      hereRef.current = null;
    };
  }, [hereRef, take]);
}
