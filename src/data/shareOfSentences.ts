// A part of the training sentences, drawn by a seed, so that F1 can be told by the amount of training text.
import { Rng } from '../util/rng.ts';

/** How many of so many sentences a share between 0 and 1 has: rounded, and one at least where there are any. */
export function shareOfCount(count: number, share: number): number {
  return Math.min(count, Math.max(1, Math.round(share * count)));
}

/**
 * A share of the sentences, in their order. Nested: a smaller share of the same sentences under the same seed is part of a larger one. Drawn by
 * place alone, so that tasks made of the same text share it too; another seed draws others.
 */
export function shareOfSentences<Sentence>(
  sentences: readonly Sentence[],
  share: number,
  seed: number,
): readonly Sentence[] {
  const places = Rng.seeded(seed)
    .fork('trainShare')
    .shuffled([...sentences.keys()]);
  const drawn = new Set(places.slice(0, shareOfCount(sentences.length, share)));
  return sentences.filter((_, place) => drawn.has(place));
}
