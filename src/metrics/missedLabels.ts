// Ranks predicted mentions that training knows and the test split never labels: its likely missed labels, and a tagger's sure mistakes.
import type { Mention, Sentence } from '../data/corpus.ts';
import { stringsOfRegion, type EntitySets } from './entitySets.ts';
import { mentionText } from './mentionText.ts';

export interface GuessedMention extends Mention {
  /** Probability of the whole mention, 0 to 1; null where it is not known. */
  readonly confidence: number | null;
}

export interface MissedLabel extends GuessedMention {
  /** Of the test sentences, counted from 0. */
  readonly sentence: number;
  readonly text: string;
  /** Mentions of this text in training. */
  readonly training: number;
}

/**
 * The mentions of region TP, which ratio D of Chai et al. 2022 counts: their string is in T and not in L. Highest confidence first, unknown
 * ones last, then by place. `sets` and the predictions are of this test split; strings are compared in the case that `sets` are in.
 */
export function missedLabels(
  sets: EntitySets,
  test: readonly Sentence[],
  predicted: readonly (readonly GuessedMention[])[],
  { lowerCase = false } = {},
): readonly MissedLabel[] {
  const training = new Map(stringsOfRegion(sets, 'TP').map((string) => [string.text, string.training]));
  const found = test.flatMap((sentence, index) =>
    (predicted[index] ?? []).flatMap((mention) => {
      const text = mentionText(sentence, mention);
      const inTraining = training.get(lowerCase ? text.toLowerCase() : text);
      return inTraining === undefined ? [] : [{ ...mention, sentence: index, text, training: inTraining }];
    }),
  );
  const sureness = ({ confidence }: MissedLabel): number => confidence ?? -1;
  return found.sort(
    (left, right) => sureness(right) - sureness(left) || left.sentence - right.sentence || left.start - right.start,
  );
}
