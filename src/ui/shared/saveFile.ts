// Saves files made on the page: a value as JSON, one file, several as a zip, a tagger's folder as a stream.
import type { Lab } from '../../lab/state/labState.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import type { TaggerExport } from '../../wire/trainingProtocol.ts';

/** Loads the code of archives when a first one is written. */
const archives = () => import('../../data/import/archive.ts');

/** Downloads a file made on the page. */
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

/** Downloads one file or a zip of several. `name` has no extension; a single file keeps that of its path. */
export async function saveFiles(name: string, files: readonly NamedFile[]): Promise<void> {
  const [file] = files;
  if (file === undefined) return;
  if (files.length > 1) {
    const { writeArchive } = await archives();
    saveFile(`${name}.zip`, new Blob([writeArchive(files)], { type: 'application/zip' }));
    return;
  }
  const extension = /\.[A-Za-z]+$/.exec(file.path)?.[0] ?? '';
  saveFile(`${name}${extension}`, new Blob([Uint8Array.from(file.bytes)]));
}

/** Downloads a value as a JSON file. */
export function downloadJson(fileName: string, value: unknown): void {
  saveFile(fileName, new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }));
}

/** A file on the person's disk, written as bytes arrive if the browser supports it, else assembled and downloaded. */
interface FileSink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  /** Discards the file. */
  abandon(): Promise<void>;
}

/** Chromium's file picker, which the DOM types lack. */
interface PickerWindow {
  showSaveFilePicker?(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>;
}

/** Asks where to save the file, so call it in the click handler; null if the person cancels. */
async function fileSink(fileName: string): Promise<FileSink | null> {
  const { showSaveFilePicker } = window as PickerWindow;
  if (showSaveFilePicker === undefined) return downloadedFile(fileName);
  let handle: FileSystemFileHandle;
  try {
    handle = await showSaveFilePicker.call(window, { suggestedName: fileName });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    // Denied where another origin embeds the page.
    return downloadedFile(fileName);
  }
  const writable = await handle.createWritable();
  return {
    write: (bytes) => writable.write(bytes),
    close: () => writable.close(),
    abandon: () => writable.abort(),
  };
}

/** Collects chunks as blobs, which the browser may keep on disk. */
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

/** Saves a tagger as a page of one file, with its weights in F16, which tags text wherever it is opened. A cancelled or failed export leaves nothing. */
export async function saveTaggerPage(
  lab: Lab,
  tagger: TaggerExport['tagger'],
  { title, types }: { readonly title: string; readonly types: readonly string[] },
  name: string,
): Promise<void> {
  const sink = await fileSink(`${name}.html`);
  if (sink === null) return;
  const write = (text: string): Promise<void> => sink.write(new TextEncoder().encode(text));
  let whole = false;
  try {
    const [{ SharedTaggerFiles }, { taggerPage }] = await Promise.all([
      import('../../lab/share/sharedTagger.ts'),
      import('virtual:tagger-page'),
    ]);
    const page = new SharedTaggerFiles({ title, types, program: taggerPage });
    await write(page.begin());
    const request = { tagger, precision: 'F16' } as const;
    if (await lab.exportTagger(request, ({ name: file, bytes }) => write(page.file(file, bytes)))) {
      await write(page.end());
      whole = true;
    }
  } finally {
    await (whole ? sink.close() : sink.abandon());
  }
}

/** Saves a tagger as a zip; `folder` names it and the one folder in it. A cancelled or failed export leaves nothing. */
export async function saveTagger(lab: Lab, request: TaggerExport, folder: string): Promise<void> {
  const sink = await fileSink(`${folder}.zip`);
  if (sink === null) return;
  const { zipStream } = await archives();
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
