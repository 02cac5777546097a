// Packs and unpacks zip archives and gzip files within stated limits.
import { Gunzip, Inflate, Zip, ZipPassThrough, zipSync } from 'fflate';
import { crc32 } from '../../util/digest.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import { readZipDirectory, type ZipEntry } from '../../util/zipDirectory.ts';
import { IssueList, mergeIssues, quoted, type Issue } from '../corpus/issues.ts';
import { detectFormat, leadingBytes } from './detectFormat.ts';

/** The most bytes a packed byte may expand to: a deflated symbol of two bits repeats up to 258 bytes. */
const mostPerByte = 1032;
/** Packed bytes inflated at once: few at first, to detect early a bomb that states a small size. */
const firstStep = 1024;
const longestStep = 65_536;

/**
 * Returns the content, or a text of what was expected if it is unavailable. Allocates no more memory than packed bytes can fill,
 * and stops reading a stream that exceeds the stated size.
 */
function unpackEntry(entry: ZipEntry): Uint8Array<ArrayBuffer> | string {
  const { method, isEncrypted, size, packedSize, checksum } = entry;
  if (isEncrypted) return 'a file without a password';
  if (method !== 0 && method !== 8) return `a file that is stored or deflated, got packing ${method}`;
  if (method === 0 ? size !== packedSize : size > mostPerByte * packedSize) {
    return `${size} bytes, which the ${packedSize} bytes packed for it cannot hold`;
  }
  let content: Uint8Array<ArrayBuffer> | string;
  try {
    const packed = entry.packed();
    content = method === 0 ? packed.slice() : inflated(packed, size);
  } catch (error) {
    return error instanceof Error ? `an undamaged file, got "${error.message}"` : 'an undamaged file';
  }
  if (typeof content === 'string' || crc32(content) === checksum) return content;
  return `checksum ${checksum.toString(16)}, got ${crc32(content).toString(16)}: the file is damaged`;
}

function inflated(packed: Uint8Array, size: number): Uint8Array<ArrayBuffer> | string {
  const content = new Uint8Array(size);
  let filled = 0;
  const inflate = new Inflate((chunk) => {
    if (filled + chunk.length <= size) content.set(chunk, filled);
    filled += chunk.length;
  });
  let step = firstStep;
  for (let at = 0; at < packed.length && filled <= size; at += step, step = Math.min(2 * step, longestStep)) {
    inflate.push(packed.subarray(at, at + step), at + step >= packed.length);
  }
  if (filled === size) return content;
  return `${size} bytes as the directory says, got ${filled > size ? 'more' : String(filled)}`;
}

/** Limits on what an archive and those nested in it may expand to in total. */
interface ArchiveLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
  /** How deep archives may be nested: 1 for no nesting. */
  readonly depth: number;
}

/** Allows a folder of XLNet-base in 32 bits (467 MB), but not more than a tab can hold. */
export const archiveLimits: ArchiveLimits = {
  entries: 10_000,
  entryBytes: 512 * 2 ** 20,
  totalBytes: 1024 * 2 ** 20,
  depth: 3,
};

const longestPath = 1000;

interface ArchiveReading {
  /** None of them is an archive. */
  readonly files: readonly NamedFile[];
  readonly issues: readonly Issue[];
  readonly issueCount: number;
}

/** Lists the paths inside a zip without unpacking; none if it cannot be read. */
export function archivePaths(bytes: Uint8Array<ArrayBuffer>): readonly string[] {
  return listEntries(bytes, new IssueList('')).map(innerPath);
}

/**
 * Reads the files of a zip, as if a folder named like the archive had been dropped: `NCBI.zip` gives `NCBI/train.tsv`; a nested zip
 * is a folder too. Never throws: entries that are too large, damaged or whose path leaves the archive become issues, the others
 * stay.
 */
export function readArchive(bytes: Uint8Array<ArrayBuffer>, path: string, limits = archiveLimits): ArchiveReading {
  const unfolding = new Unfolding(limits);
  unfolding.unfold({ path, bytes }, 1);
  const { files, lists } = unfolding;
  return {
    files,
    issues: mergeIssues(lists.map(({ listed: included }) => included)),
    issueCount: lists.reduce((sum, { count }) => sum + count, 0),
  };
}

/** Accumulates the contents of an archive and those nested in it. */
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
    } else {
      this.#takeFile({ path, bytes }, depth, reject);
    }
  }

  #takeFile({ path, bytes }: NamedFile, depth: number, reject: Reject): void {
    const format = detectFormat(path, bytes.subarray(0, leadingBytes));
    if (format !== 'zip' && format !== 'gzip') {
      this.files.push({ path, bytes });
    } else if (format === 'gzip' && depth < this.#limits.depth) {
      const left = this.#limits.totalBytes - this.#totalBytes;
      const unpacked = unpackGzip({ path, bytes }, Math.min(this.#limits.entryBytes, left));
      if (typeof unpacked === 'string') return reject('archive/damaged', `is left out: expected ${unpacked}.`);
      this.#totalBytes += unpacked.bytes.length;
      this.#takeFile(unpacked, depth + 1, reject);
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

/** Normalises a path; some Windows archivers use backslashes. */
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

/** The first date that zips can represent, so that the same files always give the same bytes. */
const EPOCH = new Date(1980, 0, 1);

/** Packs files with distinct paths into the bytes of a zip. */
export function writeArchive(files: readonly NamedFile[]): Uint8Array<ArrayBuffer> {
  return zipSync(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])), { mtime: EPOCH });
}

/** Packs files into a zip as their bytes arrive, uncompressed, so that neither a file nor the archive is ever whole in memory. */
interface ZipStream {
  /** Returns the archive's next bytes; a file ends when another begins. */
  add(path: string, bytes: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[];
  /** Returns the end of the archive. */
  finish(): readonly Uint8Array<ArrayBuffer>[];
}

/** Without zip64: at most 4 GiB and 65,535 files. Deflating would not make weights smaller. */
export function zipStream(): ZipStream {
  let ready: Uint8Array<ArrayBuffer>[] = [];
  let open: { readonly path: string; readonly entry: ZipPassThrough } | null = null;
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    ready.push(chunk);
  });

  function taken(): readonly Uint8Array<ArrayBuffer>[] {
    const chunks = ready;
    ready = [];
    return chunks;
  }

  function closeEntry(): void {
    open?.entry.push(new Uint8Array(), true);
    open = null;
  }

  return {
    add(path, bytes) {
      if (open?.path !== path) {
        closeEntry();
        open = { path, entry: new ZipPassThrough(path) };
        zip.add(open.entry);
      }
      open.entry.push(bytes);
      return taken();
    },
    finish() {
      closeEntry();
      zip.end();
      return taken();
    },
  };
}

// Unpacks a gzip file within stated limits, and says what other packed or binary files would have to be.

/** A header, an empty deflated block, and checksum and size. */
const shortestMember = 20;

/** Returns a path as it was before packing: `a.pubtator` of `a.pubtator.gz`. */
export function pathWithoutGzip(path: string): string {
  return path.replace(/\.tgz$/i, '.tar').replace(/(?<=[^/])\.gz$/i, '');
}

/**
 * Unpacks all members of a gzip file, or returns a text of what was expected. Allocates no more memory than `mostBytes` and than the packed
 * bytes can fill.
 */
export function unpackGzip({ path, bytes }: NamedFile, mostBytes: number): NamedFile | string {
  const most = Math.min(mostBytes, mostPerByte * bytes.length);
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isFinished = false;
  /** Where members end: in the packed bytes, and in what they unfold to. */
  const ends: { readonly packed: number; readonly size: number }[] = [];
  const gunzip = new Gunzip((chunk, final) => {
    isFinished = final;
    size += chunk.length;
    if (size <= most) chunks.push(chunk.slice());
  });
  gunzip.onmember = (start) => ends.push({ packed: start, size });
  try {
    let step = firstStep;
    for (let at = 0; at < bytes.length && size <= most; at += step, step = Math.min(2 * step, longestStep)) {
      gunzip.push(bytes.subarray(at, at + step), at + step >= bytes.length);
    }
  } catch (error) {
    return `an undamaged gzip file, got "${error instanceof Error ? error.message : String(error)}"`;
  }
  if (size > most) return `a file that unfolds to at most ${mostBytes} bytes, got more`;
  if (!isFinished) return 'a whole gzip file, got one that is cut off';
  const content = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    content.set(chunk, at);
    at += chunk.length;
  }
  ends.push({ packed: bytes.length, size });
  const isWhole = ends.every((end, index) => {
    return hasChecksum(bytes.subarray(0, end.packed), content.subarray(ends[index - 1]?.size ?? 0, end.size));
  });
  return isWhole ? { path: pathWithoutGzip(path), bytes: content } : 'an undamaged gzip file, got another checksum';
}

/** Whether packed bytes end with the checksum and the size of their content. */
function hasChecksum(packed: Uint8Array, content: Uint8Array<ArrayBuffer>): boolean {
  const trailer = new DataView(packed.buffer, packed.byteOffset + Math.max(0, packed.length - 8));
  if (packed.length < shortestMember) return false;
  return trailer.getUint32(0, true) === crc32(content) && trailer.getUint32(4, true) === content.length;
}

/** Returns what is expected in place of a file that is packed or stored in a way that is not read; null for any other file. */
export function unreadKind(path: string, head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, 8));
  const isTar = String.fromCharCode(...head.subarray(257, 262)) === 'ustar';
  if (isTar) return 'the files of this tar archive: unpack it and drop the folder, or a zip of it';
  if (text.startsWith('7z\xbc\xaf') || text.startsWith('Rar!')) return 'a zip, or the unpacked folder, in place of this archive'; // prettier-ignore
  if (/^BZh\d/.test(text) || text.startsWith('\xfd7zXZ') || text.startsWith('\x28\xb5\x2f\xfd')) {
    return 'the unpacked file, or it packed as .gz or .zip';
  }
  if (text.startsWith('%PDF')) return 'the text of this PDF in a .txt file, which can be tagged, or annotated text to train on'; // prettier-ignore
  if (/\.(png|jpe?g|gif|webp|tiff?|bmp|svg|mp[34]|wav|mov)$/i.test(path)) return 'annotated text in place of this picture or recording'; // prettier-ignore
  const isArrow = text.startsWith('ARROW1') || (text.startsWith('\xff\xff\xff\xff') && /\.arrow$/i.test(path));
  if (isArrow) {
    return 'JSON lines or Parquet in place of this Arrow file of save_to_disk: write each split with to_json or to_parquet';
  }
  if (/\.(pkl|pickle)$/i.test(path))
    return 'JSON, CoNLL or another text format in place of this pickle, which may run code';
  if (/\.spacy$/i.test(path)) return "JSON lines of texts with entities in place of spaCy's binary DocBin";
  if (/\.(xls[xmb]?|ods|numbers)$/i.test(path)) {
    return 'tab-separated rows of a token and its tag in place of this spreadsheet: save it as CSV or as text';
  }
  if (/\.(doc[xm]?|odt|pages|pptx?|epub)$/i.test(path) || text.startsWith('\xd0\xcf\x11\xe0')) {
    return 'plain text with its annotations beside it, or rows, in place of this document of an office program';
  }
  if (/\.(xmi|cas)$/i.test(path))
    return 'CoNLL, BRAT, BioC or JSON in place of a UIMA CAS: WebAnno and INCEpTION export CoNLL';
  return null;
}
