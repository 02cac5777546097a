// A box that says what can be dropped; the whole window accepts the drop, and the lab or the page that handles drops receives it.
import {
  createContext,
  useContext,
  useEffect,
  useState,
  type ChangeEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import type { DroppedFile } from '../../util/namedFile.ts';
import { useLab } from '../shared/useLab.ts';

/** Offers two buttons to choose files or a folder without dragging. */
function FileButtons({ folder = true }: { readonly folder?: boolean }) {
  const bringIn = useBringIn();
  const disabled = useLab((state) => state.owner === 'elsewhere');
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const files = chosenFiles(input.files ?? []);
    // Cleared so that choosing the same file again fires a change event.
    input.value = '';
    if (files.length > 0) bringIn(async () => files);
  };
  return (
    <div className="actions">
      <label className="button">
        <input className="visually-hidden" type="file" multiple disabled={disabled} onChange={take} />
        Choose files
      </label>
      {folder && (
        <label className="button">
          <input ref={takeFolders} className="visually-hidden" type="file" disabled={disabled} onChange={take} />
          Choose folder
        </label>
      )}
    </div>
  );
}

/** React's types do not know `webkitdirectory`, so it is set on the element. */
function takeFolders(input: HTMLInputElement | null): void {
  if (input !== null) input.webkitdirectory = true;
}

export function DropZone({ children, folder = true }: { readonly children: ReactNode; readonly folder?: boolean }) {
  return (
    <div className="drop-zone">
      <div className="drop-zone-text">{children}</div>
      <FileButtons folder={folder} />
    </div>
  );
}

/** Handles drops on the whole window. `tags`: whether the dropped text is to be tagged. */
export function WindowDrop({ tags }: { readonly tags: boolean }) {
  const bringIn = useBringIn();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const [hovering, setHovering] = useState(false);
  useEffect(() => {
    // dragenter and dragleave fire for every element passed; the depth tells when the window itself is left.
    let depth = 0;
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth++;
      setHovering(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setHovering(false);
    };
    const over = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      depth = 0;
      setHovering(false);
      if (event.dataTransfer === null || !carriesFiles(event)) return;
      event.preventDefault();
      const files = droppedFiles(event.dataTransfer);
      bringIn(() => files);
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, [bringIn]);
  if (!hovering) return null;
  return (
    <div className="veil" role="status">
      <p>{isElsewhere ? 'Drop it in the other tab, where the lab is active' : dropText(tags)}</p>
    </div>
  );
}

function dropText(tags: boolean): string {
  return tags ? 'Drop text to tag it' : 'Drop to import corpora, a model folder, a plan or a result file';
}

// Passes dropped and chosen files to the lab, or to the component that handles drops.

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
