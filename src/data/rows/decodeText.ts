// Decodes the bytes of a text or XML file, marking unreadable lines.
import type { IssueList } from '../corpus/issues.ts';

/** Maximum characters per line; a CoNLL row has a few dozen. */
export const maxLineLength = 65_536;

type LineFault = 'invalid-utf8' | 'too-long';

export interface DecodedText {
  /** Lines without line breaks; a faulty one is empty. */
  readonly lines: readonly string[];
  /** Faults by 1-based line. */
  readonly faults: ReadonlyMap<number, LineFault>;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Why these bytes are not a text the lab reads, whatever their format; null if nothing is wrong. */
export function encodingFault(bytes: Uint8Array): { readonly code: string; readonly message: string } | null {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return { code: 'corpus/encoding', message: 'The file is UTF-16: save it as UTF-8.' };
  if (!bytes.includes(0)) return null;
  return { code: 'corpus/binary', message: 'The file is binary, not text: it holds zero bytes.' };
}

/** Returns UTF-16 with a byte order mark as UTF-8; null for anything else, and for what is not valid. */
export function transcodeUtf16(bytes: Uint8Array): Uint8Array | null {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (!isLittle && !(bytes[0] === 0xfe && bytes[1] === 0xff)) return null;
  try {
    return new TextEncoder().encode(new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}

/**
 * Decodes UTF-8 with or without a byte order mark. Lines end with LF or CRLF; only in a file without LF with CR, which is text
 * everywhere else, as U+2028 and U+2029 are. Takes time linear in the size and never throws:
 * lines that are not UTF-8 or exceed `longest` characters are faults.
 */
export function decodeText(bytes: Uint8Array, longest = maxLineLength): DecodedText {
  const faults = new Map<number, LineFault>();
  const lines = splitLines(bytes) ?? decodeLineByLine(bytes, faults);
  lines.forEach((line, index) => {
    if (line.length <= longest) return;
    faults.set(index + 1, 'too-long');
    lines[index] = '';
  });
  return { lines, faults };
}

/** The fast path: decodes the whole file at once; null if some of it is not UTF-8. */
function splitLines(bytes: Uint8Array): string[] | null {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
  return linesOf(text);
}

/** Splits a text into its lines, as `decodeText` does. */
export function linesOf(text: string): string[] {
  if (!text.includes('\r')) return text.split('\n');
  return text.includes('\n') ? text.split(/\r?\n/) : text.split('\r');
}

function decodeLineByLine(bytes: Uint8Array, faults: Map<number, LineFault>): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const lines: string[] = [];
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const separator = bytes.includes(lineFeed) ? lineFeed : carriageReturn;
  let start = hasMark ? 3 : 0;
  for (let index = start; index <= bytes.length; index++) {
    const byte = bytes[index];
    if (byte !== undefined && byte !== separator) continue;
    const isReturned =
      separator === lineFeed && byte !== undefined && index > start && bytes[index - 1] === carriageReturn;
    try {
      lines.push(decoder.decode(bytes.subarray(start, isReturned ? index - 1 : index)));
    } catch {
      lines.push('');
      faults.set(lines.length, 'invalid-utf8');
    }
    start = index + 1;
  }
  return lines;
}

/** Returns the text without its byte order mark; null, and an error, if the encoding is unknown or does not match the bytes. */
export function decodeXml(bytes: Uint8Array, issues: IssueList): string | null {
  const encoding = encodingOfXml(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    issues.add('error', 'corpus/encoding', null, `The file is not ${encoding}, as it says: save it as UTF-8.`);
    return null;
  }
}

/** Encoding by the byte order mark, or the declaration, or else UTF-8. */
export function encodingOfXml(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const declaration = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  return /^[^<]*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']/.exec(declaration)?.[1]?.toLowerCase() ?? 'utf-8';
}
