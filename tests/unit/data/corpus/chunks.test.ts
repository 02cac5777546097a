// Proves that tags are read as in the table of published scorers, and that mentions survive every tag scheme.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention } from '../../../../src/data/corpus/corpus.ts';
import { mentionsToTags } from '../../../../src/data/corpus/tagScheme.ts';
import { lenientMentions, strictMentions } from '../../../../src/data/corpus/tagSequences.ts';
import { mentionsOfSentence, tagSequence } from './taggedTexts.ts';

/**
 * What conlleval (equal to seqeval's default), seqeval strict IOBES and seqeval strict IOB2 answered for these tags.
 * Mentions are `type start-end`, end included; null where seqeval raised an error.
 */
const published: readonly [tags: string, lenient: string, iobes: string | null, iob2: string | null][] = [
  ['B-C I-C E-C', 'C 0-2', 'C 0-2', null],
  ['O I-C I-C', 'C 1-2', '', ''],
  ['B-C I-C I-D O', 'C 0-1, D 2-2', '', 'C 0-1'],
  ['B-C O I-C', 'C 0-0, C 2-2', '', 'C 0-0'],
  ['O E-C O', 'C 1-1', '', null],
  ['I-C E-C', 'C 0-1', '', null],
  ['S-C I-C', 'C 0-0, C 1-1', 'C 0-0', null],
  ['S-C E-C', 'C 0-0, C 1-1', 'C 0-0', null],
  ['B-C S-C', 'C 0-0, C 1-1', 'C 1-1', null],
  ['B-C B-C', 'C 0-0, C 1-1', '', 'C 0-0, C 1-1'],
  ['E-C I-C', 'C 0-0, C 1-1', '', null],
  ['B-C E-D', 'C 0-0, D 1-1', '', null],
  ['B-C I-C B-C', 'C 0-1, C 2-2', '', 'C 0-1, C 2-2'],
  ['I-C B-C', 'C 0-0, C 1-1', '', 'C 1-1'],
  ['B-C E-C E-C', 'C 0-1, C 2-2', 'C 0-1', null],
  ['B-C E-C I-C E-C', 'C 0-1, C 2-3', 'C 0-1', null],
  ['S-C S-C', 'C 0-0, C 1-1', 'C 0-0, C 1-1', null],
  ['B-C I-C O', 'C 0-1', '', 'C 0-1'],
  ['B-C I-C S-C', 'C 0-1, C 2-2', 'C 2-2', null],
  ['O X O', '', null, null],
  ['B-C X E-C', 'C 0-0,  1-1, C 2-2', null, null],
];

const written = (mentions: readonly Mention[]) =>
  mentions.map(({ type, start, end }) => `${type} ${start}-${end - 1}`).join(', ');

describe('the published table', () => {
  it.each(published)('%s', (text, lenient, iobes, iob2) => {
    const tags = text.split(' ');
    expect(written(lenientMentions(tags))).toBe(lenient);
    for (const [scheme, expected] of [['IOBES', iobes] as const, ['IOB2', iob2] as const]) {
      const { mentions, unknownTags } = strictMentions(tags, scheme);
      expect(unknownTags > 0).toBe(expected === null);
      if (expected !== null) expect(written(mentions)).toBe(expected);
    }
  });

  it('takes the type behind the first hyphen', () => {
    expect(lenientMentions(['B-Multi-tissue_structure'])[0]?.type).toBe('Multi-tissue_structure');
  });
});

describe('strict IOB1', () => {
  it.each([
    ['I-C I-C O I-D', 'C 0-1, D 3-3'],
    ['I-C B-C I-C', 'C 0-0, C 1-2'],
    ['I-C I-D', 'C 0-0, D 1-1'],
    ['B-C I-C', ''],
    ['O B-C I-C B-C', 'C 3-3'],
    ['I-D B-C I-C', 'D 0-0'],
  ])('%s', (text, expected) => {
    expect(written(strictMentions(text.split(' '), 'IOB1').mentions)).toBe(expected);
  });

  it('counts tags it does not know and reads them as O', () => {
    expect(strictMentions(['I-C', 'E-C', 'X', 'O'], 'IOB1')).toEqual({
      mentions: [{ type: 'C', start: 0, end: 1 }],
      unknownTags: 2,
    });
  });
});

describe.each(['IOB1', 'IOB2', 'IOBES'] as const)('%s', (scheme) => {
  it('says any mentions so that both readers get them back', () => {
    fc.assert(
      fc.property(mentionsOfSentence, ({ length, mentions }) => {
        const tags = mentionsToTags(mentions, length, scheme);
        expect(tags).toHaveLength(length);
        expect(lenientMentions(tags)).toEqual(mentions);
        expect(strictMentions(tags, scheme)).toEqual({ mentions, unknownTags: 0 });
      }),
      { numRuns: 2000 },
    );
  });

  it('has no strict mention, in its own tags, that the lenient reading has not', () => {
    const prefixes = scheme === 'IOBES' ? ['B', 'I', 'E', 'S'] : ['B', 'I'];
    fc.assert(
      fc.property(tagSequence(prefixes), (tags) => {
        expect(lenientMentions(tags)).toEqual(expect.arrayContaining(strictMentions(tags, scheme).mentions));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('mentionsToTags', () => {
  it('writes adjacent mentions of one type in each scheme', () => {
    const mentions = [
      { type: 'C', start: 0, end: 2 },
      { type: 'C', start: 2, end: 3 },
      { type: 'D', start: 3, end: 6 },
    ];
    expect(mentionsToTags(mentions, 7, 'IOB1').join(' ')).toBe('I-C I-C B-C I-D I-D I-D O');
    expect(mentionsToTags(mentions, 7, 'IOB2').join(' ')).toBe('B-C I-C B-C B-D I-D I-D O');
    expect(mentionsToTags(mentions, 7, 'IOBES').join(' ')).toBe('B-C E-C S-C B-D I-D E-D O');
  });

  it.each([
    [
      'overlapping',
      [
        [0, 2],
        [1, 3],
      ],
    ],
    ['empty', [[1, 1]]],
    ['too long', [[2, 5]]],
  ])('refuses %s mentions', (_, spans) => {
    const mentions = spans.map(([start = 0, end = 0]) => ({ type: 'C', start, end }));
    expect(() => mentionsToTags(mentions, 4, 'IOB2')).toThrow(expect.objectContaining({ code: 'data/mention' }));
  });
});

describe('the lenient reader', () => {
  it('never throws and gives flat mentions in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('O', '.', '[-C', ']-C', 'B-C', 'E-', '-', 'I-D'))),
        (tags) => {
          let end = 0;
          for (const mention of lenientMentions(tags)) {
            expect(mention.start).toBeGreaterThanOrEqual(end);
            expect(mention.end).toBeGreaterThan(mention.start);
            end = mention.end;
          }
          expect(end).toBeLessThanOrEqual(tags.length);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
