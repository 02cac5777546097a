// What a corpus amounts to: its types, its counts, its fingerprint.
import type { SplitCounts } from './corpusSource.ts';
import { fingerprint } from '../util/fingerprint.ts';
import { SPLITS, type CorpusSentences, type Sentence, type Split } from './corpus.ts';

export interface CorpusDescription {
  /** Entity types in code-unit order. */
  readonly types: string[];
  readonly counts: Record<Split, SplitCounts>;
  readonly fingerprint: string;
}

/** Everything a corpus record says about the sentences alone. */
export function describeSentences(sentences: CorpusSentences): CorpusDescription {
  const counts = {
    train: countSentences(sentences.train),
    devel: countSentences(sentences.devel),
    test: countSentences(sentences.test),
  };
  const types = [...new Set(SPLITS.flatMap((split) => Object.keys(counts[split].perType)))].sort();
  return { types, counts, fingerprint: fingerprintOfSentences(sentences) };
}

/** Sentences, tokens, mentions, mentions per type, and the tokens of the longest sentence. */
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

/** SHA-256 over tokens and mentions by split: file names and the tag scheme of the files do not enter. */
export function fingerprintOfSentences(sentences: CorpusSentences): string {
  const contentOf = (split: Split) =>
    sentences[split].map(({ tokens, mentions }) => [
      tokens,
      mentions.map(({ type, start, end }) => [type, start, end]),
    ]);
  return fingerprint({ train: contentOf('train'), devel: contentOf('devel'), test: contentOf('test') });
}
