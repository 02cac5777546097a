// Proves that a sentence cut for drawing is the sentence, and that every token and space lies in the tracks whose mentions it lies in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lenientMentions } from '../../../../src/data/corpus/tagSequences.ts';
import { trackParts } from '../../../../src/ui/parts/SentenceLine.tsx';
import { tagSequence } from '../../data/corpus/taggedTexts.ts';

describe('trackParts', () => {
  it('cuts where overlapping mentions begin and end, and keeps mentions apart that touch', () => {
    const tokens = ['red', 'moss', 'rot', 'spreads'];
    const annotated = [{ start: 1, end: 3 }];
    const predicted = [
      { start: 0, end: 2 },
      { start: 2, end: 3 },
    ];
    expect(trackParts(tokens, [annotated, predicted])).toEqual([
      { text: 'red ', on: [false, true] },
      { text: 'moss', on: [true, true] },
      { text: ' ', on: [true, false] },
      { text: 'rot', on: [true, true] },
      { text: ' spreads', on: [false, false] },
    ]);
  });

  it('marks each token and each space as its mentions say', () => {
    const track = tagSequence(['B', 'I']).map(lenientMentions);
    fc.assert(
      fc.property(fc.array(track, { minLength: 1, maxLength: 3 }), (tracks) => {
        const length = Math.max(1, ...tracks.flat().map(({ end }) => end));
        const tokens = Array.from({ length }, (_, index) => `t${index}`);
        const parts = trackParts(tokens, tracks);
        expect(parts.map(({ text }) => text).join('')).toBe(tokens.join(' '));
        const drawn = parts.flatMap(({ text, on }) => [...text].map(() => on.join()));
        const lies = (from: number, to: number) =>
          tracks.map((mentions) => mentions.some(({ start, end }) => start <= from && to < end)).join();
        const expected = tokens.flatMap((token, index) => [
          ...(index === 0 ? [] : [lies(index - 1, index)]),
          ...[...token].map(() => lies(index, index)),
        ]);
        expect(drawn).toEqual(expected);
      }),
    );
  });
});
