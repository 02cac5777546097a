// Joins predicted tags of sequences into one tag for every token of every sentence.
import { LabError } from '../util/labError.ts';
import type { Sentence } from './corpus.ts';
import type { Sequence } from './features.ts';
import { OUTSIDE, type TagSet } from './tagSet.ts';

/**
 * Tags of each token of each sentence, from the tag indices predicted at the CRF positions of each sequence (`[N]` each, in the order of
 * `sequences`). Sentences that were split come together again. `X` at the first piece of a token says that no mention holds it: `O`.
 * Throws `data/join` when sequences and predictions do not give exactly one tag to every token.
 */
export function joinPredictions(
  sentences: readonly Sentence[],
  sequences: readonly Sequence[],
  predicted: readonly Int32Array[],
  { tags, continuation }: TagSet,
): string[][] {
  const joined = sentences.map(({ tokens }) => new Array<string | undefined>(tokens.length).fill(undefined));
  sequences.forEach(({ crfPositions, tokenPositions, tokenRefs }, index) => {
    const ofSequence = predicted[index];
    if (ofSequence?.length !== crfPositions.length) {
      throw mismatch(`${crfPositions.length} tags for sequence ${index}`, `${ofSequence?.length ?? 'none'}`);
    }
    tokenPositions.forEach((position, entry) => {
      const sentence = tokenRefs[2 * entry] ?? -1;
      const token = tokenRefs[2 * entry + 1] ?? -1;
      const found = ofSequence[position] ?? -1;
      const tag = tags[found === continuation ? OUTSIDE : found];
      const ofSentence = joined[sentence];
      if (tag === undefined) throw mismatch(`tag indices below ${tags.length}`, String(found));
      if (ofSentence === undefined || token >= ofSentence.length || ofSentence[token] !== undefined) {
        throw mismatch('each token of these sentences once', `token ${token} of sentence ${sentence}`);
      }
      ofSentence[token] = tag;
    });
  });
  return joined.map((ofSentence, sentence) =>
    ofSentence.map((tag, token) => {
      if (tag === undefined) throw mismatch('a tag for every token', `none for token ${token} of sentence ${sentence}`);
      return tag;
    }),
  );
}

function mismatch(expected: string, got: string): LabError {
  return new LabError('data/join', 'Predictions do not fit the sentences they were made from.', { expected, got });
}
