// Summarises a corpus: its types, counts and fingerprint.
import { fingerprint } from '../../util/digest.ts';
import { Rng } from '../../util/random.ts';
import { SPLITS, type CorpusSentences, type Sentence, type Split } from './corpus.ts';
import type { SplitCounts } from './corpusSource.ts';

export interface CorpusDescription {
  /** Entity types in code-unit order. */
  readonly types: string[];
  readonly counts: Record<Split, SplitCounts>;
  readonly fingerprint: string;
}

/** Everything in a corpus record that derives from the sentences alone. */
export function describeSentences(sentences: CorpusSentences): CorpusDescription {
  const counts = {
    train: countSentences(sentences.train),
    devel: countSentences(sentences.devel),
    test: countSentences(sentences.test),
  };
  const types = [...new Set(SPLITS.flatMap((split) => Object.keys(counts[split].perType)))].sort();
  return { types, counts, fingerprint: fingerprintOfSentences(sentences) };
}

/** Counts sentences, tokens, mentions, mentions per type, and the tokens of the longest sentence. */
export function countSentences(sentences: readonly Sentence[]): SplitCounts {
  const perType = new Map<string, number>();
  let tokens = 0;
  let mentions = 0;
  let longest = 0;
  for (const sentence of sentences) {
    tokens += sentence.tokens.length;
    mentions += sentence.mentions.length;
    longest = Math.max(longest, sentence.tokens.length);
    for (const { type } of sentence.mentions) perType.set(type, (perType.get(type) ?? 0) + 1);
  }
  const inOrder = [...perType].sort(([left], [right]) => (left < right ? -1 : 1));
  return { sentences: sentences.length, tokens, mentions, longest, perType: Object.fromEntries(inOrder) };
}

/** SHA-256 over tokens and mentions by split; independent of file names and tag scheme. */
function fingerprintOfSentences(sentences: CorpusSentences): string {
  const contentOf = (split: Split) =>
    sentences[split].map(({ tokens, mentions }) => [
      tokens,
      mentions.map(({ type, start, end }) => [type, start, end]),
    ]);
  return fingerprint({ train: contentOf('train'), devel: contentOf('devel'), test: contentOf('test') });
}

/**
 * SHA-256 over the tokens of one split and the places of its mentions. Types are left out: a task has one, whatever its corpus or category
 * calls it.
 */
export function fingerprintOfSplit(sentences: readonly Sentence[]): string {
  return fingerprint(sentences.map(({ tokens, mentions }) => [tokens, mentions.map(({ start, end }) => [start, end])]));
}

/** Number of items in a share (between 0 and 1) of `count`: rounded, but at least one if there are any. */
export function shareOfCount(count: number, share: number): number {
  return Math.min(count, Math.max(1, Math.round(share * count)));
}

/**
 * Draws a share of the sentences, in their order. Nested: under the same seed, a smaller share is a subset of a larger one. Depends
 * only on index and seed, so tasks over the same text draw the same sentences.
 */
export function shareOfSentences<Sentence>(
  sentences: readonly Sentence[],
  share: number,
  seed: number,
): readonly Sentence[] {
  const indices = Rng.seeded(seed)
    .fork('trainShare')
    .shuffled([...sentences.keys()]);
  const drawn = new Set(indices.slice(0, shareOfCount(sentences.length, share)));
  return sentences.filter((_, index) => drawn.has(index));
}
