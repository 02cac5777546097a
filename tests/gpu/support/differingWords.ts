// Counts differing words, for tests that require equal bits.

/** Counts the 32-bit words in which two arrays differ. */
export function differingWords(left: Float32Array<ArrayBuffer>, right: Float32Array<ArrayBuffer>): number {
  if (left.length !== right.length) throw new Error(`${left.length} words and ${right.length}`);
  const own = new Uint32Array(left.buffer, left.byteOffset, left.length);
  const other = new Uint32Array(right.buffer, right.byteOffset, right.length);
  return own.reduce((count, word, at) => count + (word === other[at] ? 0 : 1), 0);
}
