// Converts offsets as counted by a file into UTF-16 units, as counted by JavaScript.
/** Maps a file's offset to a UTF-16 offset; null if it lies outside the text or inside a character. */
export type CharacterOffsets = (offset: number) => number | null;

const astral = /[\ud800-\udbff][\udc00-\udfff]/;

/** For files that count Unicode code points, as Python does. Takes time linear in the text to build, constant to call. */
export function codePointOffsets(text: string): CharacterOffsets {
  if (!astral.test(text)) return codeUnitOffsets(text);
  const unitOf: number[] = [];
  let unit = 0;
  for (const character of text) {
    unitOf.push(unit);
    unit += character.length;
  }
  unitOf.push(unit);
  return (offset) => unitOf[offset] ?? null;
}

/** For files that count UTF-16 units, as JavaScript and Java do. */
export function codeUnitOffsets(text: string): CharacterOffsets {
  return (offset) => {
    if (!Number.isInteger(offset) || offset < 0 || offset > text.length) return null;
    return isInsidePair(text, offset) ? null : offset;
  };
}

/** For files that count bytes of UTF-8, as the BioC specification requires. */
export function byteOffsets(text: string): CharacterOffsets {
  if (/^[\x00-\x7f]*$/.test(text)) return codeUnitOffsets(text);
  const unitOf: (number | null)[] = [];
  let unit = 0;
  for (const character of text) {
    const byte = unitOf.length;
    unitOf[byte + bytesOf(character.codePointAt(0) ?? 0) - 1] = null;
    unitOf.fill(null, byte);
    unitOf[byte] = unit;
    unit += character.length;
  }
  unitOf.push(unit);
  return (offset) => unitOf[offset] ?? null;
}

/** The inverse: counts the code points of `text` before a UTF-16 offset. */
export function countCodePoints(text: string): (unit: number) => number {
  if (!astral.test(text)) return (unit) => unit;
  const counts = new Uint32Array(text.length + 1);
  for (let unit = 0; unit < text.length; unit++) {
    counts[unit + 1] = (counts[unit] ?? 0) + (isInsidePair(text, unit + 1) ? 0 : 1);
  }
  return (unit) => counts[unit] ?? unit;
}

function bytesOf(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

function isInsidePair(text: string, offset: number): boolean {
  const isHigh = /[\ud800-\udbff]/.test(text.charAt(offset - 1));
  return isHigh && /[\udc00-\udfff]/.test(text.charAt(offset));
}
