// A file on the person's disk, written as its bytes come where the browser can do that, else put together and downloaded.
import { saveFile } from './saveFile.ts';

export interface FileSink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): Promise<void>;
}

/** Chromium's picker, which the DOM library does not know yet. */
interface PickerWindow {
  showSaveFilePicker?(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>;
}

/** Asks where the file shall go, so call it in the click itself; null where the person closed the question. */
export async function fileSink(fileName: string): Promise<FileSink | null> {
  const { showSaveFilePicker } = window as PickerWindow;
  if (showSaveFilePicker === undefined) return downloadedFile(fileName);
  let handle: FileSystemFileHandle;
  try {
    handle = await showSaveFilePicker.call(window, { suggestedName: fileName });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    // Refused where the page is embedded in another origin's.
    return downloadedFile(fileName);
  }
  const writable = await handle.createWritable();
  return {
    write: (bytes) => writable.write(bytes),
    close: () => writable.close(),
    abandon: () => writable.abort(),
  };
}

/** Blobs may lie on the browser's disk, so each chunk becomes one at once. */
function downloadedFile(fileName: string): FileSink {
  const parts: Blob[] = [];
  return {
    write(bytes) {
      parts.push(new Blob([bytes]));
      return Promise.resolve();
    },
    close() {
      saveFile(fileName, new Blob(parts));
      return Promise.resolve();
    },
    abandon: () => Promise.resolve(void parts.splice(0)),
  };
}
