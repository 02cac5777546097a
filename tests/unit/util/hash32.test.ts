// Proves that the mixing function is PCG's, that every input bit changes half the output, and that neighbouring seeds share no part of a stream.
import { describe, expect, it } from 'vitest';
import { hash32, hashText, hashWords } from '../../../src/util/random.ts';

/** The same formula in exact integers, as printed by Jarzynski and Olano. */
function pcgExact(word: number): number {
  const wrap = (value: bigint): bigint => value & 0xffffffffn;
  const state = wrap(BigInt(word) * 747796405n + 2891336453n);
  const mixed = wrap(((state >> ((state >> 28n) + 4n)) ^ state) * 277803737n);
  return Number((mixed >> 22n) ^ mixed);
}

describe('hash32', () => {
  it('equals the published formula in exact arithmetic', () => {
    for (const word of [0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff]) expect(hash32(word)).toBe(pcgExact(word));
    for (let index = 0; index < 5000; index++) {
      const word = Math.imul(index, 0x9e3779b1) >>> 0;
      expect(hash32(word)).toBe(pcgExact(word));
    }
  });

  it('loses nothing: different words stay different', () => {
    const outputs = new Set(Array.from({ length: 1 << 17 }, (_, word) => hash32(word)));
    expect(outputs.size).toBe(1 << 17);
  });

  it.each([
    ['hash32', hash32],
    ['hashWords, first word', (word: number) => hashWords(word, 7)],
    ['hashWords, last word', (word: number) => hashWords(7, word)],
  ])('%s has avalanche: flipping any input bit flips each output bit about every other time', (_name, hash) => {
    const samples = 2000;
    for (let bit = 0; bit < 32; bit++) {
      const flips = new Array<number>(32).fill(0);
      for (let sample = 0; sample < samples; sample++) {
        const difference = hash(sample) ^ hash((sample ^ (1 << bit)) >>> 0);
        for (let out = 0; out < 32; out++) flips[out] = (flips[out] ?? 0) + ((difference >>> out) & 1);
      }
      const mean = flips.reduce((sum, count) => sum + count, 0) / (32 * samples);
      expect(mean, `input bit ${bit}`).toBeGreaterThan(0.4);
      expect(mean, `input bit ${bit}`).toBeLessThan(0.6);
    }
  });
});

describe('hashWords', () => {
  it('depends on the order and the number of its words', () => {
    const hashes = [
      hashWords(),
      hashWords(0),
      hashWords(0, 0),
      hashWords(1, 2),
      hashWords(2, 1),
      hashWords(1),
      hashWords(2),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('gives neighbouring seeds streams of which none is another shifted', () => {
    const length = 2000;
    const stream = (seed: number) => Array.from({ length }, (_, index) => hashWords(seed, index));
    const seen = new Map<number, string>();
    for (const seed of [0, 1, 2, 3, 1000, 1001]) {
      const values = stream(seed);
      const runs = values.slice(1).map((value, index) => `${values[index]} ${value}`);
      for (const [index, run] of runs.entries())
        expect(seen.get(hashText(run)), `seed ${seed} at ${index}`).toBeUndefined();
      for (const run of runs) seen.set(hashText(run), `seed ${seed}`);
    }
  });

  it('gives neighbouring seeds dropout masks that agree no more than chance has them', () => {
    const length = 20_000;
    const mask = (seed: number, shift = 0) =>
      Array.from({ length }, (_, index) => hashWords(seed, 3, index + shift) < 0.1 * 2 ** 32);
    const first = mask(41);
    for (const [seed, shift] of [
      [42, 0],
      [42, 1],
      [40, 0],
      [40, 1],
      [41, 1],
    ] as const) {
      const both = mask(seed, shift).filter((dropped, index) => dropped && first[index] === true).length;
      // Binomial with p = 0.01: 200 expected, standard deviation 14.
      expect(Math.abs(both - length * 0.01), `seed ${seed} shifted by ${shift}`).toBeLessThan(5 * 14.1);
    }
  });
});

describe('hashText', () => {
  it('tells apart texts that differ by a letter, an order or a length', () => {
    const texts = ['', 'a', 'b', 'ab', 'ba', 'aa', 'epoch', 'epoch 1', 'epoch 2', 'dropout'];
    expect(new Set(texts.map(hashText)).size).toBe(texts.length);
  });
});
