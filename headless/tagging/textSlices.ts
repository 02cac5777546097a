// Reads the files to tag in slices of bounded size, as streams: a large file is never whole in memory, and a folder never read ahead.
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isAnnotations, stemOfPath } from '../../src/data/formats/brat.ts';
import { isColumnDescription } from '../../src/data/formats/tokenItem.ts';
import { pathWithoutGzip } from '../../src/data/import/archive.ts';
import { readingBounds } from '../../src/data/import/corpusChecks.ts';
import { corpusFormatOf, isGzip, leadingBytes } from '../../src/data/import/detectFormat.ts';
import { isClutter } from '../../src/data/import/sortDrop.ts';
import { readTexts } from '../../src/lab/library/readDrop.ts';
import { neverAborted } from '../../src/util/clock.ts';
import { LabError } from '../../src/util/labError.ts';
import { fileInMemory, type DroppedFile } from '../../src/util/namedFile.ts';
import type { TextReading } from '../../src/wire/readingProtocol.ts';
import { filesUnder, readWhole, unreadableFile } from '../inputFolder.ts';

/** A file on disk, by its path among the inputs. */
interface InputFile {
  readonly path: string;
  readonly location: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly content: DroppedFile;
}

/** Files that are read together: one, or a text with its annotations. */
export interface TextUnit {
  /** The path of the first. */
  readonly path: string;
  /** The path of the results, without an extension unless another unit has the same. */
  readonly name: string;
  readonly files: readonly InputFile[];
  readonly sizeBytes: number;
  /** Descriptions of columns in the same folder, which rows of numbers need. */
  readonly beside: readonly InputFile[];
}

/** Documents of a unit that are tagged and written together. */
export interface TextSlice {
  /** The unit's path without extensions, and the number of the slice where the unit has several. */
  readonly name: string;
  /** From 1. */
  readonly number: number;
  readonly isWhole: boolean;
  /** Bytes of the files on disk up to the end of this slice. */
  readonly doneBytes: number;
  /** Reads the documents; lines in issues are those of the file. */
  read(): Promise<TextReading>;
}

/** Lists what is to be tagged, in order of path. Throws LabError `headless/input` where there is nothing. */
export async function textUnits(inputs: readonly string[]): Promise<readonly TextUnit[]> {
  const found: InputFile[] = [];
  for (const input of inputs) {
    // There may be more files than a call takes arguments.
    for (const file of await filesOfInput(path.resolve(input), inputs.length === 1)) found.push(file);
  }
  const byKey = new Map<string, InputFile[]>();
  const beside = new Map<string, InputFile[]>();
  for (const file of found.sort((left, right) => (left.path < right.path ? -1 : 1))) {
    if (isClutter(file.path)) continue;
    const folder = path.posix.dirname(file.path);
    if (isColumnDescription(file.path)) {
      beside.set(folder, [...(beside.get(folder) ?? []), file]);
      continue;
    }
    const isPart = isAnnotations(file.path) || /\.txt$/i.test(file.path);
    const key = isPart ? `${stemOfPath(file.path)}\0` : file.path;
    const members = byKey.get(key);
    if (members === undefined) byKey.set(key, [file]);
    else members.push(file);
  }
  const groups = [...byKey.values()];
  const names = resultNames(groups.map(([first]) => first?.path ?? ''));
  return groups.map((files, index) => {
    const first = files[0] as InputFile;
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const own = beside.get(path.posix.dirname(first.path)) ?? [];
    return { path: first.path, name: names[index] as string, files, sizeBytes, beside: own };
  });
}

/** As short as they differ: without extensions, without `.gz`, or whole. */
function resultNames(paths: readonly string[]): readonly string[] {
  const unpacked = paths.map(pathWithoutGzip);
  const bare = unpacked.map((one) => one.replace(/(?<=[^/])\.[A-Za-z0-9]+$/, ''));
  const isAlone = (names: readonly string[]): ((name: string) => boolean) => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
    return (name) => counts.get(name.toLowerCase()) === 1;
  };
  const [bareIsAlone, unpackedIsAlone] = [isAlone(bare), isAlone(unpacked)];
  return paths.map((whole, index) => {
    const [shortest, longer] = [bare[index] as string, unpacked[index] as string];
    return bareIsAlone(shortest) ? shortest : unpackedIsAlone(longer) ? longer : whole;
  });
}

async function filesOfInput(location: string, isOnly: boolean): Promise<readonly InputFile[]> {
  const found = await stat(location).catch(() => null);
  if (found === null) throw new LabError('headless/input', `There is no ${location}.`, { expected: 'a file or folder', got: 'none' }); // prettier-ignore
  const name = path.basename(location);
  if (!found.isDirectory()) return [await inputFile(name, location)];
  const files = await filesUnder(location, name);
  // The only folder needs no folder of its name among the results.
  const shown = (inside: string): string => (isOnly ? inside.slice(name.length + 1) : inside);
  const read: InputFile[] = [];
  for (const { path: inside } of files) {
    read.push(await inputFile(shown(inside), path.join(path.dirname(location), inside)));
  }
  return read;
}

async function inputFile(shown: string, location: string): Promise<InputFile> {
  const { size, mtimeMs } = await stat(location);
  const content: DroppedFile = {
    path: shown,
    sizeBytes: size,
    bytes: async () => {
      try {
        return await readWhole(location);
      } catch (cause) {
        throw unreadableFile(location, 'a file that may be read', cause);
      }
    },
  };
  return { path: shown, location, sizeBytes: size, modifiedAtMs: Math.round(mtimeMs), content };
}

/** Says which files a slice was made of: another size or date is another file. */
export function unitKey({ files }: TextUnit): string {
  return files.map((file) => `${file.path} ${file.sizeBytes} ${file.modifiedAtMs}`).join('\n');
}

/**
 * Cuts a unit into slices of about `sliceBytes` of text, between documents. Only PubTator and JSON lines, in gzip or not, are cut: other
 * formats are read whole, within the bounds of the lab. Throws LabError `headless/input` for packed bytes that are damaged.
 */
export async function* slicesOf(unit: TextUnit, sliceBytes: number): AsyncGenerator<TextSlice, void> {
  const [file, ...others] = unit.files;
  const begins = file === undefined || others.length > 0 ? null : await recordStart(file);
  const { name } = unit;
  if (file === undefined || begins === null) {
    const parts = [...unit.beside, ...unit.files].map(({ content }) => content);
    yield { name, number: 1, isWhole: true, doneBytes: unit.sizeBytes, read: () => readTexts(parts, control) };
    return;
  }
  let number = 0;
  let previous: { readonly cut: Cut; readonly number: number } | null = null;
  const slice = (
    { cut, number: own }: { readonly cut: Cut; readonly number: number },
    isWhole: boolean,
  ): TextSlice => ({
    name: isWhole ? name : `${name}-${String(own).padStart(6, '0')}`,
    number: own,
    isWhole,
    doneBytes: cut.doneBytes,
    read: () => readCut(unit, pathWithoutGzip(file.path), cut),
  });
  try {
    for await (const cut of cutFile(file, begins, sliceBytes)) {
      if (previous !== null) yield slice(previous, false);
      previous = { cut, number: ++number };
    }
  } catch (error) {
    // What was read before the damage is tagged, too.
    if (previous !== null) yield slice(previous, false);
    throw error;
  }
  if (previous !== null) yield slice(previous, number === 1);
}

const control = { signal: neverAborted, report: () => undefined };

async function readCut({ beside }: TextUnit, name: string, { bytes, linesBefore }: Cut): Promise<TextReading> {
  const parts = [...beside.map(({ content }) => content), fileInMemory({ path: name, bytes: new Uint8Array(bytes) })];
  const { issues, ...reading } = await readTexts(parts, control);
  return {
    ...reading,
    issues: issues.map((issue) => (issue.line === null ? issue : { ...issue, line: issue.line + linesBefore })),
  };
}

/** Whether a document may begin at a line; `line` has at least its first 256 bytes. */
type RecordStart = (line: string) => boolean;

/** How documents of the file begin; null for a file that is read whole. */
async function recordStart(file: InputFile): Promise<RecordStart | null> {
  const head = await headOf(file);
  if (head === null) return null;
  const format = corpusFormatOf(pathWithoutGzip(file.path), head);
  if (format === 'PubTator') return (line) => /^[^|\s]+\|t\|/.test(line);
  if (format !== 'JSONL') return null;
  const [first = ''] = new TextDecoder().decode(head).replace(/^\ufeff/, '').trimStart().split(/\r?\n/, 1); // prettier-ignore
  // A list, or an object over several lines, is one value.
  const isLine = first.startsWith('{') && (head.length >= leadingBytes || isJson(first));
  return isLine ? (line) => line.startsWith('{') : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The first bytes of the content, unpacked; null if they cannot be unpacked: what is wrong is said when the file is read whole. */
async function headOf(file: InputFile): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const { chunk } of contentOf(file)) {
      parts.push(chunk);
      size += chunk.length;
      if (size >= leadingBytes) break;
    }
  } catch {
    if (size === 0) return null;
  }
  return Buffer.concat(parts).subarray(0, leadingBytes);
}

interface Chunk {
  readonly chunk: Buffer;
  /** Bytes on disk that were read so far. */
  readonly readBytes: number;
}

/** The content of a file in chunks, unpacked if it is gzip. */
async function* contentOf({ location }: InputFile): AsyncGenerator<Chunk, void> {
  const magic = Buffer.alloc(3);
  const opened = await open(location);
  await opened.read(magic, 0, 3, 0).finally(() => opened.close());
  const file = createReadStream(location, { highWaterMark: 2 ** 18 });
  // The error reaches the loop below; a reader that ends early is none.
  const content = isGzip(magic) ? pipeline(file, createGunzip(), () => undefined) : file;
  try {
    for await (const chunk of content) yield { chunk: chunk as Buffer, readBytes: file.bytesRead };
  } finally {
    content.destroy();
    file.destroy();
  }
}

interface Cut {
  readonly bytes: Buffer;
  readonly linesBefore: number;
  readonly doneBytes: number;
}

/** Bytes of a line by which it is known whether a document begins. */
const LINE_HEAD = 256;
const LINE_FEED = 0x0a;

async function* cutFile(file: InputFile, begins: RecordStart, sliceBytes: number): AsyncGenerator<Cut, void> {
  let pending: Buffer = Buffer.alloc(0);
  let looked = sliceBytes;
  let linesBefore = 0;
  let doneBytes = 0;
  const take = (end: number): Cut => {
    const bytes = pending.subarray(0, end);
    const cut = { bytes, linesBefore, doneBytes };
    linesBefore += countLines(bytes);
    pending = pending.subarray(end);
    looked = sliceBytes;
    return cut;
  };
  try {
    for await (const { chunk, readBytes } of contentOf(file)) {
      pending = Buffer.concat([pending, chunk]);
      doneBytes = readBytes;
      for (;;) {
        const feed = pending.indexOf(LINE_FEED, looked);
        // The last bytes are not known yet.
        if (feed < 0 || feed + 1 + LINE_HEAD > pending.length) {
          looked = feed < 0 ? Math.max(looked, pending.length) : feed;
          break;
        }
        if (begins(pending.toString('latin1', feed + 1, feed + 1 + LINE_HEAD))) yield take(feed + 1);
        else looked = feed + 1;
      }
      if (pending.length > readingBounds.documentBytes) throw tooLong(file, linesBefore);
    }
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    const end = lastStart(pending, begins);
    if (end > 0) yield take(end);
    throw new LabError(
      'headless/input',
      `${file.location} cannot be read to its end: its last document is left out, those before are tagged.`,
      {
        expected: 'a whole file',
        got: cause instanceof Error ? cause.message : String(cause),
        cause,
      },
    );
  }
  if (pending.length > 0) yield take(pending.length);
}

/** Where the last document begins, which may be cut off; 0 if only one does. */
function lastStart(bytes: Buffer, begins: RecordStart): number {
  let feed = bytes.lastIndexOf(LINE_FEED);
  while (feed >= 0 && !begins(bytes.toString('latin1', feed + 1, feed + 1 + LINE_HEAD))) {
    feed = bytes.subarray(0, feed).lastIndexOf(LINE_FEED);
  }
  return feed + 1;
}

function tooLong({ location }: InputFile, linesBefore: number): LabError {
  return new LabError('headless/input', `A document of ${location} is too long.`, {
    expected: `at most ${readingBounds.documentBytes} bytes`,
    got: `more, after line ${linesBefore}`,
  });
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}
