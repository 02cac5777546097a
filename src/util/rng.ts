// A seeded random generator whose streams can be forked by name without disturbing each other.
import { hash32, hashText, hashWords } from './hash32.ts';

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

  /** An independent stream named by `labels`; forking draws nothing from this one. */
  fork(...labels: readonly (string | number)[]): Rng {
    const words = labels.map((label) => (typeof label === 'number' ? label >>> 0 : hashText(label)));
    return new Rng(hashWords(this.key, ...words));
  }

  /** Uniform integer in [0, 2^32). */
  nextUint32(): number {
    return hash32((this.key ^ hash32(this.counter++ >>> 0)) >>> 0);
  }

  /** Uniform number in [0, 1), 32 bits of it. */
  uniform(): number {
    return this.nextUint32() / 4294967296;
  }

  /** Uniform integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** Standard normal (Box-Muller, one value a call). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const kept = copy[last] as T;
      copy[last] = copy[other] as T;
      copy[other] = kept;
    }
    return copy;
  }
}
