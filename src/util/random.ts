// Seeded random numbers: a 32-bit hash that WGSL reproduces, and generators forked by name.
/** One round of PCG-RXS-M-XS-32 output mixing on an unsigned 32-bit word (Jarzynski and Olano 2020, "pcg"). */
export function hash32(word: number): number {
  const state = (Math.imul(word, 747796405) + 2891336453) >>> 0;
  const mixed = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((mixed >>> 22) ^ mixed) >>> 0;
}

/**
 * Folds any number of unsigned words into one: hash32(... hash32(hash32(a) ^ b) ^ c ...). Neighbouring inputs give neither neighbouring nor shifted
 * outputs.
 */
export function hashWords(...words: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const word of words) state = hash32((hash32(state) ^ word) >>> 0);
  return state;
}

/** Returns a stable 32-bit number for a text (FNV-1a over UTF-16 units, then mixed), for naming random streams. */
export function hashText(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash32(state);
}

/** Counter-based generator: draw number i of a stream is a pure function of (key, i). */
export class Rng {
  private readonly key: number;
  private counter = 0;

  private constructor(key: number) {
    this.key = key;
  }

  static seeded(seed: number): Rng {
    return new Rng(hashWords(seed >>> 0));
  }

  /** Creates an independent stream named by `labels`; forking draws nothing from this one. */
  fork(...labels: readonly (string | number)[]): Rng {
    const words = labels.map((label) => (typeof label === 'number' ? label >>> 0 : hashText(label)));
    return new Rng(hashWords(this.key, ...words));
  }

  /** Uniform integer in [0, 2^32). */
  nextUint32(): number {
    return hash32((this.key ^ hash32(this.counter++ >>> 0)) >>> 0);
  }

  /** Uniform number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.nextUint32() / 4294967296;
  }

  /** Uniform integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** Standard normal (Box-Muller, one value per call). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Returns a shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const savedOnes = copy[last] as T;
      copy[last] = copy[other] as T;
      copy[other] = savedOnes;
    }
    return copy;
  }
}
