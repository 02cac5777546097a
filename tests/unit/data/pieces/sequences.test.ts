// Proves that sequences contain every token once, tagged according to the label mode, and that their predictions join back to the sentences.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention, Sentence } from '../../../../src/data/corpus/corpus.ts';
import { makeTagSet, mentionsToTags, tagIndices } from '../../../../src/data/corpus/tagScheme.ts';
import type { PieceTokenizer } from '../../../../src/data/pieces/pieceModels.ts';
import {
  buildSequences,
  buildSequencesStepwise,
  joinPredictions,
  type FeatureConfig,
  type Sequence,
} from '../../../../src/data/pieces/sequences.ts';
import { LabError } from '../../../../src/util/labError.ts';

/** One piece per letter: a is 11, b is 12 and so on. */
const encodeToken = (token: string): readonly number[] => [...token].map((letter) => letter.charCodeAt(0) - 86);
const letters: PieceTokenizer = {
  encodeToken,
  encodeSentence: (tokens) => tokens.map(encodeToken),
  specials: { unk: 0, sep: 4, cls: 3, pad: 5 },
  vocabularySize: 37,
};

const config: FeatureConfig = {
  labelMode: 'x',
  encoding: 'token',
  layout: 'sentence',
  maxPieces: 16,
  specials: 'sep-cls',
  specialsInLoss: false,
};

const sentence = (text: string, ...mentions: Mention[]): Sentence => ({
  tokens: text.split(' ').filter((token) => token !== ''),
  mentions,
});
const gene = (start: number, end: number): Mention => ({ type: 'Gene', start, end });

const plain = (sequence: Sequence | undefined) =>
  sequence && Object.fromEntries(Object.entries(sequence).map(([name, values]) => [name, [...(values as Int32Array)]]));

const build = (sentences: readonly Sentence[], change: Partial<FeatureConfig>, scheme: 'IOB2' | 'IOBES' = 'IOB2') => {
  const used = { ...config, ...change };
  return buildSequences(sentences, makeTagSet(['Gene'], scheme, used.labelMode), letters, used);
};

/** Pieces of each sequence without its specials, as text. */
const textOf = (sequences: readonly Sequence[]) =>
  sequences.map(({ pieceIds }) => [...pieceIds].map((id) => (id > 10 ? String.fromCharCode(id + 86) : '|')).join(''));

describe('buildSequences', () => {
  // Tokens ab c def; the mention is "c def".
  const example = sentence('ab c def', gene(1, 3));

  it('label mode x: all pieces reach the CRF, continuation pieces are tagged X', () => {
    const { sequences } = build([example], { labelMode: 'x' });
    expect(sequences.map(plain)).toEqual([
      {
        pieceIds: [11, 12, 13, 14, 15, 16, 4, 3],
        segmentIds: [0, 0, 0, 0, 0, 0, 0, 2],
        crfPositions: [0, 1, 2, 3, 4, 5],
        tags: [0, 3, 1, 2, 3, 3], // O X | B | I X X
        tokenPositions: [0, 2, 3],
        tokenRefs: [0, 0, 0, 1, 0, 2],
      },
    ]);
  });

  it('label mode first: the CRF runs over first pieces', () => {
    const { sequences } = build([example], { labelMode: 'first' }, 'IOBES');
    expect(sequences.map(plain)).toEqual([
      {
        pieceIds: [11, 12, 13, 14, 15, 16, 4, 3],
        segmentIds: [0, 0, 0, 0, 0, 0, 0, 2],
        crfPositions: [0, 2, 3],
        tags: [0, 1, 3], // O | B | E
        tokenPositions: [0, 1, 2],
        tokenRefs: [0, 0, 0, 1, 0, 2],
      },
    ]);
  });

  it('label mode all: every piece carries the tag of its token', () => {
    const { sequences } = build([example], { labelMode: 'all' });
    expect(plain(sequences[0])).toMatchObject({
      crfPositions: [0, 1, 2, 3, 4, 5],
      tags: [0, 0, 1, 2, 2, 2],
      tokenPositions: [0, 2, 3],
    });
  });

  it.each([
    ['x', [0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 3, 1, 2, 3, 3, 0, 0, 0]],
    ['first', [0, 2, 3, 6, 7, 8], [0, 1, 2, 0, 0, 0]],
    ['all', [0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 1, 2, 2, 2, 0, 0, 0]],
  ] as const)('released specials in the loss are three more O in label mode %s', (labelMode, crfPositions, tags) => {
    const { sequences } = build([example], { labelMode, specials: 'sep-sep-cls', specialsInLoss: true });
    expect(plain(sequences[0])).toMatchObject({
      pieceIds: [11, 12, 13, 14, 15, 16, 4, 4, 3],
      segmentIds: [0, 0, 0, 0, 0, 0, 0, 1, 2],
      crfPositions,
      tags,
      tokenRefs: [0, 0, 0, 1, 0, 2],
    });
  });

  it("a BERT's specials stand around the pieces, in segment 0, and leave the CRF alone", () => {
    const { sequences } = build([example], { labelMode: 'first', specials: 'cls-sep' });
    expect(plain(sequences[0])).toEqual({
      pieceIds: [3, 11, 12, 13, 14, 15, 16, 4],
      segmentIds: [0, 0, 0, 0, 0, 0, 0, 0],
      crfPositions: [1, 3, 4],
      tags: [0, 1, 2], // O | B | I
      tokenPositions: [0, 1, 2],
      tokenRefs: [0, 0, 0, 1, 0, 2],
    });
  });

  it.each([
    ['x', [0, 1, 2, 3, 4, 5, 6, 7], [0, 0, 3, 1, 2, 3, 3, 0], [1, 3, 4]],
    ['first', [0, 1, 3, 4, 7], [0, 0, 1, 2, 0], [1, 2, 3]],
  ] as const)(
    "a BERT's specials in the loss are an O at either end in label mode %s",
    (labelMode, crfPositions, tags, tokenPositions) => {
      const { sequences } = build([example], { labelMode, specials: 'cls-sep', specialsInLoss: true });
      expect(plain(sequences[0])).toMatchObject({ crfPositions, tags, tokenPositions });
    },
  );

  it('packs sentences in file order, without separators, until the next does not fit', () => {
    // 8 pieces per sequence, of which 6 are for tokens.
    const { sequences } = build(
      ['ab cd', 'e', 'f', 'gh ij', 'k'].map((text) => sentence(text)),
      {
        layout: 'packed',
        maxPieces: 8,
      },
    );
    expect(textOf(sequences)).toEqual(['abcdef||', 'ghijk||']);
    expect([...(sequences[0]?.tokenRefs ?? [])]).toEqual([0, 0, 0, 1, 1, 0, 2, 0]);
  });

  it.each(['sentence', 'packed'] as const)(
    'splits a long sentence into equal parts that stand alone (%s)',
    (layout) => {
      // 8 pieces per sequence, 6 for tokens; the long sentence has 9: 5 + 4 rather than 6 + 3.
      const sentences = [sentence('z'), sentence('a b c d e f g h i', gene(4, 6)), sentence('y'), sentence('')];
      const { sequences, splitSentences } = build(sentences, { layout, maxPieces: 8 });
      expect(textOf(sequences)).toEqual(['z||', 'abcde||', 'fghi||', 'y||']);
      expect(splitSentences).toBe(1);
      expect([...(sequences[2]?.tags ?? [])]).toEqual([2, 0, 0, 0]);
    },
  );

  it('keeps the first pieces of a token longer than a sequence', () => {
    const { sequences, cutTokens } = build([sentence('a bcdefghij k', gene(1, 2))], { maxPieces: 8 });
    expect(textOf(sequences)).toEqual(['a||', 'bcdefg||', 'k||']);
    expect([...(sequences[1]?.tags ?? [])]).toEqual([1, 3, 3, 3, 3, 3]);
    expect(cutTokens).toBe(1);
  });

  it('encodes whole sentences when asked to', () => {
    const whole: PieceTokenizer = { ...letters, encodeSentence: (tokens) => tokens.map((_, index) => [20 + index]) };
    const { sequences } = buildSequences([example], makeTagSet(['Gene'], 'IOB2', 'all'), whole, {
      ...config,
      labelMode: 'all',
      encoding: 'sentence',
    });
    expect([...(sequences[0]?.pieceIds ?? [])]).toEqual([20, 21, 22, 4, 3]);
  });

  it('tells the sentences done one by one', () => {
    const steps = buildSequencesStepwise([example, example], makeTagSet(['Gene'], 'IOB2', 'x'), letters, config);
    expect([...steps]).toEqual([1, 2]);
  });

  it('refuses a mention of a type that the tag set does not have', () => {
    expect(() => build([sentence('a', { type: 'Disease', start: 0, end: 1 })], {})).toThrow(LabError);
  });
});

describe('makeTagSet', () => {
  it('numbers O first, then the tags of each type, then X', () => {
    expect(makeTagSet(['Gene'], 'IOBES', 'x').tags).toEqual(['O', 'B-Gene', 'I-Gene', 'E-Gene', 'S-Gene', 'X']);
    expect(makeTagSet(['A', 'B'], 'IOB1', 'first').tags).toEqual(['O', 'B-A', 'I-A', 'B-B', 'I-B']);
    expect(makeTagSet(['A'], 'IOB2', 'x').continuation).toBe(3);
    expect(makeTagSet(['A'], 'IOB2', 'all').continuation).toBeNull();
  });

  it('refuses no types and equal types', () => {
    expect(() => makeTagSet([], 'IOB2', 'x')).toThrow(LabError);
    expect(() => makeTagSet(['A', 'A'], 'IOB2', 'x')).toThrow(LabError);
  });
});

// Random sentences of short tokens, some longer than a whole sequence, with random mentions of two types.
const anySentence: fc.Arbitrary<Sentence> = fc
  .array(
    fc.record({
      token: fc.integer({ min: 1, max: 18 }).map((length) => 'abcdefghijklmnopqr'.slice(0, length)),
      begins: fc.constantFrom(null, null, 'Gene', 'Disease'),
      length: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 25 },
  )
  .map((drawn) => {
    const mentions: Mention[] = [];
    drawn.forEach(({ begins, length }, start) => {
      if (begins === null || start < (mentions.at(-1)?.end ?? 0)) return;
      mentions.push({ type: begins, start, end: Math.min(start + length, drawn.length) });
    });
    return { tokens: drawn.map(({ token }) => token), mentions };
  });

const anyConfig: fc.Arbitrary<FeatureConfig> = fc.record({
  labelMode: fc.constantFrom('x', 'first', 'all'),
  encoding: fc.constantFrom('token', 'sentence'),
  layout: fc.constantFrom('sentence', 'packed'),
  maxPieces: fc.integer({ min: 8, max: 40 }),
  specials: fc.constantFrom('sep-cls', 'sep-sep-cls', 'cls-sep'),
  specialsInLoss: fc.boolean(),
});
const anyScheme = fc.constantFrom('IOB1' as const, 'IOB2' as const, 'IOBES' as const);

describe('joinPredictions', () => {
  it('gives the gold tags back from gold sequences, in every mode, layout, scheme and split', () => {
    fc.assert(
      fc.property(fc.array(anySentence, { maxLength: 6 }), anyConfig, anyScheme, (sentences, drawn, scheme) => {
        const tagSet = makeTagSet(['Gene', 'Disease'], scheme, drawn.labelMode);
        const { sequences } = buildSequences(sentences, tagSet, letters, drawn);
        const gold = sentences.map(({ tokens, mentions }) => mentionsToTags(mentions, tokens.length, scheme));
        const joined = joinPredictions(sentences, sequences, sequences.map(({ tags }) => tags), tagSet); // prettier-ignore
        expect(joined).toEqual(gold);
      }),
    );
  });

  it('finds every token once, its first piece under its position, in sequences no longer than asked', () => {
    fc.assert(
      fc.property(fc.array(anySentence, { maxLength: 6 }), anyConfig, (sentences, drawn) => {
        const tagSet = makeTagSet(['Gene', 'Disease'], 'IOB2', drawn.labelMode);
        const { sequences } = buildSequences(sentences, tagSet, letters, drawn);
        const met: string[] = [];
        for (const { pieceIds, segmentIds, crfPositions, tags, tokenPositions, tokenRefs } of sequences) {
          expect(pieceIds.length).toBeLessThanOrEqual(drawn.maxPieces);
          expect(segmentIds.length).toBe(pieceIds.length);
          expect(tags.length).toBe(crfPositions.length);
          expect([...crfPositions]).toEqual([...new Set(crfPositions)].sort((left, right) => left - right));
          tokenPositions.forEach((position, entry) => {
            const [ofSentence = -1, ofToken = -1] = tokenRefs.subarray(2 * entry, 2 * entry + 2);
            met.push(`${ofSentence}/${ofToken}`);
            // Every generated token starts with the letter a, and only first pieces are that letter.
            expect(pieceIds[crfPositions[position] ?? -1]).toBe(11);
            expect(tags[position]).toBe(tagIndices(sentences[ofSentence] as Sentence, tagSet)[ofToken]);
          });
        }
        expect(met).toEqual(sentences.flatMap(({ tokens }, index) => tokens.map((_, token) => `${index}/${token}`)));
      }),
    );
  });

  it('reads X at a first piece as O', () => {
    const tagSet = makeTagSet(['Gene'], 'IOB2', 'x');
    const sentences = [sentence('ab c')];
    const { sequences } = buildSequences(sentences, tagSet, letters, config);
    expect(joinPredictions(sentences, sequences, [Int32Array.of(3, 1, 1)], tagSet)).toEqual([['O', 'B-Gene']]);
  });

  it('refuses predictions that do not fit', () => {
    const tagSet = makeTagSet(['Gene'], 'IOB2', 'first');
    const sentences = [sentence('ab c')];
    const { sequences } = buildSequences(sentences, tagSet, letters, { ...config, labelMode: 'first' });
    const join =
      (predicted: Int32Array[], ofSequences = sequences) =>
      () =>
        joinPredictions(sentences, ofSequences, predicted, tagSet);
    expect(join([])).toThrow(LabError);
    expect(join([Int32Array.of(0)])).toThrow(LabError);
    expect(join([Int32Array.of(0, 3)])).toThrow(LabError);
    expect(join([], [])).toThrow(LabError);
    expect(join([Int32Array.of(0, 0), Int32Array.of(0, 0)], [...sequences, ...sequences])).toThrow(LabError);
  });
});
