// Runs the character map of a SentencePiece model: a trie of texts to replace, and their replacements.
import { LabError } from '../../util/labError.ts';

/** Longer groups of characters are replaced character by character, in bytes of UTF-8. */
const LONGEST_GROUP = 5;
/** The trie of `nmt_nfkc_cf` has 70,000 units. */
const MOST_UNITS = 1 << 22;

/** Returns a text with its characters replaced. */
export type CharacterMap = (text: string) => string;

const encoder = new TextEncoder();
/** A single character, or text in Latin, Greek, Cyrillic and Chinese characters and symbols without marks and joiners. */
const lone =
  /^(?:[^]?|[\0-\u02ff\u0370-\u0482\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2bff\u3400-\u9fff]*)$/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Reads a map in SentencePiece's packed format: the size of the trie in bytes, the trie (a double array of Darts-clone, 32 bits a
 * unit), and the replacements, each ended by a zero byte. It is applied as Hugging Face's tokenizers do: to what a reader sees as a
 * character (a letter with its marks) if that has up to 5 bytes, otherwise to each of its characters; of the texts in the trie that
 * it starts with, the shortest counts, and it is replaced as a whole. (SentencePiece itself replaces the longest text at each position.)
 * Throws LabError `tokenizer/format` for other bytes.
 */
export function readCharacterMap(bytes: Uint8Array): CharacterMap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = bytes.byteLength < 4 ? NaN : view.getUint32(0, true);
  const isWhole = trieBytes % 4 === 0 && trieBytes > 0 && trieBytes + 4 <= bytes.byteLength;
  if (!isWhole || trieBytes / 4 > MOST_UNITS)
    throw broken(`${bytes.byteLength} bytes, of which ${trieBytes} are a trie`);
  // A loop over a typed array: a callback for each of 60,000 units takes longer than the rest of an import.
  const units = new Uint32Array(trieBytes / 4);
  for (let index = 0; index < units.length; index++) units[index] = view.getUint32(4 + 4 * index, true);
  const replacements = bytes.subarray(4 + trieBytes);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const known = new Map<string, string | null>();

  const replacementAt = (start: number): string => {
    const end = replacements.indexOf(0, start);
    if (start >= replacements.length) throw broken(`a replacement at ${start} of ${replacements.length}`);
    try {
      return decoder.decode(replacements.subarray(start, end < 0 ? undefined : end));
    } catch {
      throw broken(`a replacement at ${start} that is not UTF-8`);
    }
  };
  /** Returns the replacement of the shortest text in the trie that `part` starts with; null if there is none. */
  const find = (part: string): string | null => {
    let node = childrenOf(units[0] ?? 0);
    for (const byte of encoder.encode(part)) {
      if (byte === 0) return null;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || (unit & LABEL) !== byte) return null;
      node ^= childrenOf(unit);
      if ((unit & HAS_VALUE) !== 0) return replacementAt((units[node] ?? 0) & VALUE);
    }
    return null;
  };
  const replacement = (part: string): string | null => {
    const before = known.get(part);
    if (before !== undefined) return before;
    const found = find(part);
    if (known.size >= CACHE_LIMIT) known.clear();
    known.set(part, found);
    return found;
  };
  const replaceEach = (text: string): string =>
    Array.from(text, (character) => replacement(character) ?? character).join('');

  return (text) => {
    // Segmenting is slow, and single characters, ASCII and the like have nothing to segment but CR LF.
    if (lone.test(text) && !text.includes('\r\n')) return replaceEach(text);
    return Array.from(graphemes.segment(text), ({ segment }) => {
      const whole = encoder.encode(segment).length <= LONGEST_GROUP ? replacement(segment) : null;
      return whole ?? replaceEach(segment);
    }).join('');
  };
}

/** Of a unit: the byte it stands for with a bit that is set in values, whether a value follows, and the value. */
const LABEL = 0x800000ff | 0;
const HAS_VALUE = 0x100;
const VALUE = 0x7fffffff;
const CACHE_LIMIT = 50_000;

/** Of a unit: where its children are, relative to it. */
function childrenOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** Decodes the map as tokenizer.json holds it. Throws LabError `tokenizer/format`. */
export function characterMapOfBase64(text: string): CharacterMap {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw broken('text that is not base64');
  }
  return readCharacterMap(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

function broken(got: string): LabError {
  return new LabError('tokenizer/format', 'The tokenizer cannot be used: its character map is damaged.', {
    expected: 'a character map of SentencePiece (precompiled_charsmap)',
    got,
  });
}
