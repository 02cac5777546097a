// The doubtful labels as flat rows, for people who go through them one by one.
import type { Mention, Sentence, Split } from '../data/corpus/corpus.ts';
import { stringsOfRegion, type EntitySets } from './entitySets.ts';
import type { LabelConflicts } from './labelConflicts.ts';
import type { LabelPair, LabelPairs } from './labelPairs.ts';
import { mentionText, type SentencePosition, type TextSource } from './text/textSources.ts';

export interface ReviewRow {
  readonly kind: 'labelled differently' | 'same text, other labels' | 'near text, other labels' | 'perhaps missed';
  /** The task, which names its corpus. */
  readonly task: string;
  readonly split: Split;
  /** Counted from 1. */
  readonly sentence: number;
  /** First token of the text, counted from 1; null where the row is about the whole sentence. */
  readonly token: number | null;
  readonly text: string;
  /** What is labelled here. */
  readonly labelled: string;
  /** What speaks against it. */
  readonly elsewhere: string;
}

/** Rows of places that have another label than most places of the same text; those that are kept of each conflict. */
export function conflictRows({ conflicts }: LabelConflicts, sources: readonly TextSource[]): readonly ReviewRow[] {
  return conflicts.flatMap((conflict) =>
    conflict.occurrences
      .filter(({ isUsual }) => !isUsual)
      .map(({ source, sentence, start, label }) => ({
        kind: 'labelled differently' as const,
        ...whereIs({ source, sentence }, sources),
        token: start + 1,
        text: conflict.text,
        labelled: label ?? 'no',
        elsewhere: `labelled ${conflict.labelled} times, not labelled ${conflict.unlabelled} times`,
      })),
  );
}

/** A row for each side of each pair. */
export function pairRows({ pairs }: LabelPairs, sources: readonly TextSource[]): readonly ReviewRow[] {
  return pairs.flatMap(({ left, right, kind, onlyLeft, onlyRight }: LabelPair) => {
    const side = (
      here: SentencePosition,
      own: readonly Mention[],
      there: SentencePosition,
      others: readonly Mention[],
    ) => {
      const other = whereIs(there, sources);
      return {
        kind: kind === 'exact' ? ('same text, other labels' as const) : ('near text, other labels' as const),
        ...whereIs(here, sources),
        token: null,
        text: sentenceAt(here, sources).tokens.join(' '),
        labelled: listed(own, sentenceAt(here, sources)),
        elsewhere: `${other.task} ${other.split} ${other.sentence}: ${listed(others, sentenceAt(there, sources))}`,
      };
    };
    return [side(left, onlyLeft, right, onlyRight), side(right, onlyRight, left, onlyLeft)];
  });
}

/** Of the test split of `task`. */
export function missedRows(missed: readonly MissedLabel[], task: string): readonly ReviewRow[] {
  return missed.map(({ sentence, start, text, type, confidence, training }) => ({
    kind: 'perhaps missed',
    task,
    split: 'test',
    sentence: sentence + 1,
    token: start + 1,
    text,
    labelled: 'no',
    elsewhere: [
      `labelled ${training} times in training`,
      `predicted as ${type}${confidence === null ? '' : ` with probability ${confidence.toFixed(3)}`}`,
    ].join(', '),
  }));
}

function whereIs({ source, sentence }: SentencePosition, sources: readonly TextSource[]) {
  const { task = '', split = 'train' } = sources[source] ?? {};
  return { task, split, sentence: sentence + 1 };
}

function sentenceAt({ source, sentence }: SentencePosition, sources: readonly TextSource[]): Sentence {
  return sources[source]?.sentences[sentence] ?? { tokens: [], mentions: [] };
}

function listed(mentions: readonly Mention[], sentence: Sentence): string {
  return mentions.map((mention) => `${mentionText(sentence, mention)} (${mention.type})`).join('; ') || 'no';
}

interface GuessedMention extends Mention {
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
