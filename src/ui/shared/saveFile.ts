// Hands files made on the page to the person: a value as JSON, one file, several as a zip, a tagger's folder as it streams.
import { writeArchive, zipStream } from '../../data/import/archive.ts';
import type { Lab } from '../../lab/state/labState.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import type { TaggerExport } from '../../wire/taggerRef.ts';

/** Hands a file made on the page to the person. */
export function saveFile(fileName: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  document.body.append(link);
  link.click();
  link.remove();
  // Revoked later: Safari reads the blob after the click has returned.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** `name` is without an extension, which a single file keeps from its path. */
export function saveFiles(name: string, files: readonly NamedFile[]): void {
  const [file] = files;
  if (file === undefined) return;
  if (files.length > 1) {
    saveFile(`${name}.zip`, new Blob([writeArchive(files)], { type: 'application/zip' }));
    return;
  }
  const extension = /\.[A-Za-z]+$/.exec(file.path)?.[0] ?? '';
  saveFile(`${name}${extension}`, new Blob([Uint8Array.from(file.bytes)]));
}

/** Hands a value to the person as a JSON file. */
export function downloadJson(fileName: string, value: unknown): void {
  saveFile(fileName, new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }));
}

/** A file on the person's disk, written as its bytes come where the browser can do that, else put together and downloaded. */
interface FileSink {
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
async function fileSink(fileName: string): Promise<FileSink | null> {
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

/** `folder` names the zip and the one folder in it. Nothing is left of an export that was cancelled or failed. */
export async function saveTagger(lab: Lab, request: TaggerExport, folder: string): Promise<void> {
  const sink = await fileSink(`${folder}.zip`);
  if (sink === null) return;
  const zip = zipStream();
  const write = async (chunks: readonly Uint8Array<ArrayBuffer>[]): Promise<void> => {
    for (const chunk of chunks) await sink.write(chunk);
  };
  let whole = false;
  try {
    if (await lab.exportTagger(request, ({ name, bytes }) => write(zip.add(`${folder}/${name}`, bytes)))) {
      await write(zip.finish());
      whole = true;
    }
  } finally {
    await (whole ? sink.close() : sink.abandon());
  }
}
