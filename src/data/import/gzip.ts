// Unpacks a gzip file within stated limits, and says what other packed or binary files would have to be.
import { Gunzip } from 'fflate';
import { crc32 } from '../../util/digest.ts';
import type { NamedFile } from '../../util/namedFile.ts';

/** The most bytes that a packed byte may expand to: a deflated symbol of two bits repeats up to 258 bytes. */
const mostPerByte = 1032;
/** Packed bytes unpacked at once: few at first, to detect early a file that unfolds without end. */
const firstStep = 1024;
const longestStep = 65_536;
/** A header, an empty deflated block, and checksum and size. */
const shortestMember = 20;

/** Whether a file begins as gzip does. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

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
