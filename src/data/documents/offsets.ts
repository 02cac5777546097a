// Turns offsets as files count them into UTF-16 units, as JavaScript counts.
/** The UTF-16 offset of an offset of a file; null when it lies outside of the text or inside a character. */
export type CharacterOffsets = (offset: number) => number | null;

const astral = /[\ud800-\udbff][\udc00-\udfff]/;

/** For files that count Unicode code points, as Python does. Building takes time linear in the text, asking none. */
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

/** For files that count bytes of UTF-8, as the BioC specification asks. */
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

/** The other way: how many code points of `text` lie before a UTF-16 offset. */
export function countCodePoints(text: string): (unit: number) => number {
  if (!astral.test(text)) return (unit) => unit;
  const counts = new Uint32Array(text.length + 1);
  for (let unit = 0; unit < text.length; unit++) {
    counts[unit + 1] = (counts[unit] ?? 0) + (isInsidePair(text, unit + 1) ? 0 : 1);
  }
  return (unit) => counts[unit] ?? unit;
}

/** For BRAT files of systems that wrote CRLF but counted it as one character; `offsetsOf` is asked for the text with LF alone. */
export function lineFeedOffsets(text: string, offsetsOf: (text: string) => CharacterOffsets): CharacterOffsets {
  const plain = text.replaceAll('\r\n', '\n');
  const inner = offsetsOf(plain);
  const unitOf: number[] = [];
  for (let unit = 0; unit <= text.length; unit++) {
    if (!(text[unit] === '\n' && text[unit - 1] === '\r')) unitOf.push(unit);
  }
  return (offset) => {
    const unit = inner(offset);
    return unit === null ? null : (unitOf[unit] ?? null);
  };
}

function bytesOf(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

function isInsidePair(text: string, offset: number): boolean {
  const isHigh = /[\ud800-\udbff]/.test(text.charAt(offset - 1));
  return isHigh && /[\udc00-\udfff]/.test(text.charAt(offset));
}
