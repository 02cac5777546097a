// Proves that hostile texts, with white space in types and tokens, come back from every writer and reader and from every pair of them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatsSoak, hostileDocument } from '../../../soak/formatsSoak.ts';
import { annotationFormats } from '../../../src/data/documents/document.ts';
import { Rng } from '../../../src/util/random.ts';

const all = Array.from({ length: 200 }, (_, index) => hostileDocument(Rng.seeded(5).fork(index), index));

describe('formatsSoak', () => {
  it('loses nothing between any two formats, nor in conlleval', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const said: string[] = [];
        const rows = formatsSoak({ texts: 40, seed }, (line) => said.push(line));
        expect(rows).toHaveLength(1 + annotationFormats.length * (1 + annotationFormats.length));
        expect(rows.filter(({ lost }) => lost > 0)).toEqual([]);
        expect(said).toEqual([]);
      }),
      { numRuns: 3 },
    );
  });

  it('draws what breaks readers: line ends, byte order marks, surrogates, white space in tokens and types', () => {
    const texts = all.map(({ text }) => text).join('');
    for (const piece of ['\r', '\u2028', '\u2029', '\u00a0', '\ufeff', '\0', '🐦', '\u0301', '|t|']) {
      expect(texts).toContain(piece);
    }
    const tokens = all.flatMap(({ text, sentences }) =>
      sentences.flat().map(({ start, end }) => text.slice(start, end)),
    );
    expect(tokens.some((token) => /\S\s\S/.test(token))).toBe(true);
    expect(all.some(({ mentions }) => mentions.some(({ type }) => type.includes(' ')))).toBe(true);
  });

  it('draws the same texts from the same seed', () => {
    expect(hostileDocument(Rng.seeded(5).fork(7), 7)).toEqual(all[7]);
  });
});
