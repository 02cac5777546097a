// Random tags, mentions and corpus files for the property tests.
import fc from 'fast-check';
import type { Mention, Sentence } from '../../../../src/data/corpus/corpus.ts';

const types = ['C', 'D', 'Multi-part_type'];

/** Sequences of tags with these prefixes and two types, and of `O`, in any order. */
export function tagSequence(prefixes: readonly string[], maxLength = 12): fc.Arbitrary<string[]> {
  const tags = ['O', ...prefixes.flatMap((prefix) => [`${prefix}-C`, `${prefix}-D`])];
  return fc.array(fc.constantFrom(...tags), { maxLength });
}

/** Flat mentions in order and the length of their sentence, with many adjacent ones. */
export const mentionsOfSentence: fc.Arbitrary<{ length: number; mentions: Mention[] }> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 2 }),
      size: fc.integer({ min: 1, max: 4 }),
      type: fc.constantFrom(...types),
    }),
  )
  .chain((pieces) => {
    const mentions: Mention[] = [];
    let at = 0;
    for (const { gap, size, type } of pieces) {
      mentions.push({ type, start: at + gap, end: at + gap + size });
      at += gap + size;
    }
    return fc.integer({ min: at, max: at + 3 }).map((length) => ({ length, mentions }));
  });

const token = fc
  .string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
  .filter((text) => /^[^\s#\0]+$/u.test(text) && text.trim() === text);

/** Sentences of at least one token, none of which looks like a comment or a document mark. */
export const sentences: fc.Arbitrary<Sentence[]> = fc.array(
  mentionsOfSentence
    .filter(({ length }) => length > 0)
    .chain(({ length, mentions }) =>
      fc.array(token, { minLength: length, maxLength: length }).map((tokens) => ({ tokens, mentions })),
    ),
  { minLength: 1, maxLength: 6 },
);
