// Proves that a file's tag scheme is detected from its tags, that mixtures are reported, and that slips are not mixtures.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { illegalTransitions, mentionsToTags, splitTag } from '../../../../src/data/corpus/tagScheme.ts';
import { detectTagScheme, strictMentions } from '../../../../src/data/corpus/tagSequences.ts';
import { mentionsOfSentence, tagSequence } from './taggedTexts.ts';

/** Sentences separated by `|`; the first tag is on line 1, boundaries take one line each. */
function tagged(text: string) {
  let line = 0;
  return text.split('|').map((sentence) => {
    const tags = sentence.trim().split(/\s+/);
    const lines = tags.map(() => ++line);
    line++;
    return { tags: tags.map(splitTag), lines };
  });
}

describe('detectTagScheme', () => {
  it.each([
    ['O O | O', 'none'],
    ['I-C I-C O I-D', 'IO'],
    ['I-C B-C O | I-D', 'IOB1'],
    ['B-C I-C O B-D', 'IOB2'],
    ['B-C B-C', 'IOB2'],
    ['B-C I-C E-C O S-D', 'IOBES'],
    ['O S-D', 'IOBES'],
    ['B-C I-C L-C O U-D', 'BIOLU'],
    ['B-C M-C E-C O W-D', 'IOBES'],
    ['B-C M-C E-C O S-D', 'IOBES'],
    // One slip in eleven mentions.
    ['B-C I-C | B-C | B-C I-C | B-D | B-C | B-C | B-C | B-C | B-C | B-C | O I-C', 'IOB2'],
  ])('%s is %s', (text, scheme) => {
    expect(detectTagScheme(tagged(text))).toMatchObject({ scheme, mixed: null });
  });

  it.each([
    ['B-C I-C O | O S-C', 6, 'IOBES and IOB2'],
    ['B-C E-C | O B-C O', 5, 'IOBES and IOB2'],
    ['B-C I-C | O I-C | I-D | B-C', 5, 'IOB1 and IOB2'],
    ['S-C O | B-C L-C', 5, 'IOBES and BIOLU'],
    ['I-C I-C B-C | I-C O | B-D | O B-C', 8, 'IOB1 and IOB2'],
  ])('%s is mixed from line %i', (text, line, schemes) => {
    expect(detectTagScheme(tagged(text)).mixed).toMatchObject({ line, schemes });
  });

  it('shows its evidence', () => {
    const { evidence } = detectTagScheme(tagged('O B-C I-C | I-D O'));
    expect(evidence.openedByB).toEqual(expect.objectContaining({ count: 1, firstLine: 2 }));
    expect(evidence.openedByI).toEqual(expect.objectContaining({ count: 1, firstLine: 5 }));
    expect([...evidence.prefixes.keys()]).toEqual(['B', 'I']);
  });
});

describe.each(['IOB1', 'IOB2', 'IOBES'] as const)('illegal transitions of %s', (scheme) => {
  it('are none in tags made of mentions', () => {
    fc.assert(
      fc.property(mentionsOfSentence, ({ length, mentions }) => {
        expect(illegalTransitions(mentionsToTags(mentions, length, scheme).map(splitTag), scheme)).toEqual([]);
      }),
    );
  });

  it('are found exactly where the strict reader drops a tag', () => {
    const prefixes = scheme === 'IOBES' ? ['B', 'I', 'E', 'S'] : ['B', 'I'];
    fc.assert(
      fc.property(tagSequence(prefixes), (tags) => {
        const { mentions } = strictMentions(tags, scheme);
        const isWhole = mentionsToTags(mentions, tags.length, scheme).every((tag, index) => tag === tags[index]);
        expect(illegalTransitions(tags.map(splitTag), scheme).length === 0).toBe(isWhole);
      }),
      { numRuns: 3000 },
    );
  });
});
