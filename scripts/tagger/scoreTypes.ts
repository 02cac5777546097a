// Scores a tagger of several types on the test sets of corpora that each annotate some of them, and compares what two taggers find.
import type { Sentence } from '../../src/data/corpus/corpus.ts';
import { mentionsToTags } from '../../src/data/corpus/tagScheme.ts';
import { scoreSplit } from '../../src/metrics/scores/scoreSplit.ts';
import type { SplitScores } from '../../src/metrics/scores/spanScore.ts';
import type { SureMention } from '../../src/wire/trainingProtocol.ts';
import { inJointNames, type JointSource } from './jointCorpus.ts';

/** One type on the test set of one corpus; `type` as the tagger calls it, `annotatedAs` as the corpus does. */
export interface TypeTest {
  readonly corpus: string;
  readonly type: string;
  readonly annotatedAs: string;
  readonly scores: SplitScores;
}

/** Scores each type that the corpus annotates by itself: mentions of other types are looked at on neither side. */
export function scoreTypes(
  { folder, types }: JointSource,
  test: readonly Sentence[],
  found: readonly (readonly SureMention[])[],
): readonly TypeTest[] {
  return Object.entries(types).map(([annotatedAs, type]): TypeTest => {
    const tagsOf = (mentions: (index: number) => readonly { type: string; start: number; end: number }[]) =>
      test.map(({ tokens }, index) =>
        mentionsToTags(mentions(index).filter((one) => one.type === type), tokens.length, 'IOBES'),
      ); // prettier-ignore
    const gold = tagsOf((index) => inJointNames(test[index]?.mentions ?? [], types));
    const predicted = tagsOf((index) => found[index] ?? []);
    return { corpus: folder, type, annotatedAs, scores: scoreSplit(gold, predicted, 'IOBES') };
  });
}

/** What two taggers found in the same sentences. */
export interface FoundDifference {
  readonly sentences: number;
  readonly mentions: number;
  readonly sentencesThatDiffer: number;
  /** Largest difference of the probabilities of a mention that both found. */
  readonly largestChange: number;
}

export function differenceOf(
  left: readonly (readonly SureMention[])[],
  right: readonly (readonly SureMention[])[],
): FoundDifference {
  const keyOf = ({ type, start, end }: SureMention): string => `${type} ${start} ${end}`;
  let sentencesThatDiffer = 0;
  let largestChange = 0;
  left.forEach((mentions, index) => {
    const others = new Map((right[index] ?? []).map((one) => [keyOf(one), one.confidence]));
    const isSame = mentions.length === others.size && mentions.every((one) => others.has(keyOf(one)));
    if (!isSame) sentencesThatDiffer++;
    for (const one of mentions) {
      const other = others.get(keyOf(one));
      if (other !== undefined) largestChange = Math.max(largestChange, Math.abs(other - one.confidence));
    }
  });
  const sentences = left.length;
  return { sentences, mentions: left.flat().length, sentencesThatDiffer, largestChange };
}

/** Adds up what was found in several corpora. */
export function sumOfDifferences(all: readonly FoundDifference[]): FoundDifference {
  const sum = (of: (one: FoundDifference) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    sentences: sum(({ sentences }) => sentences),
    mentions: sum(({ mentions }) => mentions),
    sentencesThatDiffer: sum((one) => one.sentencesThatDiffer),
    largestChange: Math.max(0, ...all.map((one) => one.largestChange)),
  };
}
