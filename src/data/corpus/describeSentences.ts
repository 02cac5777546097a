// Summarises a corpus: its types, counts and fingerprint.
import { canonicalJson, fingerprint, runningDigest } from '../../util/digest.ts';
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
  return { ...describedCounts(sentences), fingerprint: fingerprintOfSentences(sentences) };
}

function describedCounts(sentences: CorpusSentences): Omit<CorpusDescription, 'fingerprint'> {
  const counts = {
    train: countSentences(sentences.train),
    devel: countSentences(sentences.devel),
    test: countSentences(sentences.test),
  };
  const types = [...new Set(SPLITS.flatMap((split) => Object.keys(counts[split].perType)))].sort();
  return { types, counts };
}

/** Sentences described between two turns. */
const SENTENCES_A_TURN = 500;

/** Describes sentences as `describeSentences` does, and calls `turn` now and then, so that a page can draw meanwhile. */
export async function describeInTurns(
  sentences: CorpusSentences,
  turn: () => Promise<void>,
): Promise<CorpusDescription> {
  const digest = runningDigest('sha256', 0);
  const write = (text: string): void => digest.update(new TextEncoder().encode(text));
  for (const [index, split] of (['devel', 'test', 'train'] as const).entries()) {
    write(`${index === 0 ? '{' : ','}"${split}":[`);
    const own = sentences[split];
    for (let first = 0; first < own.length; first += SENTENCES_A_TURN) {
      const pieces = own
        .slice(first, first + SENTENCES_A_TURN)
        .map((sentence) => canonicalJson(contentOfSentence(sentence)));
      write(`${first === 0 ? '' : ','}${pieces.join(',')}`);
      await turn();
    }
    write(']');
  }
  write('}');
  return { ...describedCounts(sentences), fingerprint: digest.hex() };
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
  const contentOf = (split: Split) => sentences[split].map(contentOfSentence);
  return fingerprint({ train: contentOf('train'), devel: contentOf('devel'), test: contentOf('test') });
}

function contentOfSentence({ tokens, mentions }: Sentence): readonly unknown[] {
  return [tokens, mentions.map(({ type, start, end }) => [type, start, end])];
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
