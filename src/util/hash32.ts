// A 32-bit mixing function that JavaScript and WGSL compute alike, the root of every random number in the lab.

/** One round of PCG-RXS-M-XS-32 output mixing on an unsigned 32-bit word (Jarzynski and Olano 2020, "pcg"). */
export function hash32(word: number): number {
  const state = (Math.imul(word, 747796405) + 2891336453) >>> 0;
  const mixed = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((mixed >>> 22) ^ mixed) >>> 0;
}

/** Folds any number of unsigned words into one: hash32(... hash32(hash32(a) ^ b) ^ c ...). Neighbouring inputs do not give neighbouring or shifted outputs. */
export function hashWords(...words: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const word of words) state = hash32((hash32(state) ^ word) >>> 0);
  return state;
}

/** A stable 32-bit number for a text (FNV-1a over UTF-16 units, then mixed), for naming random streams. */
export function hashText(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash32(state);
}
