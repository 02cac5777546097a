// Lists doubtful labels as flat rows for manual review.
import type { Mention, Sentence, Split } from '../data/corpus/corpus.ts';
import type { LabelDoubt } from './calibration.ts';
import { stringsOfRegion, type EntitySets } from './entitySets.ts';
import type { LabelConflicts, LabelPair, LabelPairs } from './labelConflicts.ts';
import { mentionText, type SentencePosition, type TextSource } from './text/nearIndex.ts';

export interface ReviewRow {
  readonly kind:
    | 'labelled differently'
    | 'same text, other labels'
    | 'near text, other labels'
    | 'perhaps missed'
    | 'improbable annotation';
  /** The task, which names its corpus. */
  readonly task: string;
  readonly split: Split;
  /** Counted from 1. */
  readonly sentence: number;
  /** First token of the text, counted from 1; null if the row concerns the whole sentence. */
  readonly token: number | null;
  readonly text: string;
  /** The label here. */
  readonly labelled: string;
  /** The evidence against it. */
  readonly elsewhere: string;
}

/** The members of a row in the order of a file's columns. */
export const REVIEW_COLUMNS = ['kind', 'task', 'split', 'sentence', 'token', 'text', 'labelled', 'elsewhere'] as const;

/** Returns rows of occurrences without the most common label of their text; those kept for each conflict. */
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

/** Returns a row for each side of each pair. */
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

/** Returns rows from the test split of `task`. */
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

/** Returns rows of annotations that a tagger finds improbable on a split of `task`. */
export function doubtRows(
  doubts: readonly (LabelDoubt & { readonly tokens: readonly string[] })[],
  { task, split }: Pick<ReviewRow, 'task' | 'split'>,
): readonly ReviewRow[] {
  return doubts.flatMap(({ sentence, tokens, annotated, predicted }) => {
    const about = annotated ?? predicted;
    if (about === null) return [];
    const found = predicted === null ? 'nothing' : `${listed([predicted], { tokens })} with probability ${predicted.confidence.toFixed(3)}`; // prettier-ignore
    return {
      kind: 'improbable annotation' as const,
      task,
      split,
      sentence: sentence + 1,
      token: about.start + 1,
      text: mentionText({ tokens }, about),
      labelled: annotated?.type ?? 'no',
      elsewhere: `annotation with probability ${annotated === null ? '–' : annotated.confidence.toFixed(3)}, predicted: ${found}`,
    };
  });
}

function whereIs({ source, sentence }: SentencePosition, sources: readonly TextSource[]) {
  const { task = '', split = 'train' } = sources[source] ?? {};
  return { task, split, sentence: sentence + 1 };
}

function sentenceAt({ source, sentence }: SentencePosition, sources: readonly TextSource[]): Sentence {
  return sources[source]?.sentences[sentence] ?? { tokens: [], mentions: [] };
}

function listed(mentions: readonly Mention[], sentence: Pick<Sentence, 'tokens'>): string {
  return mentions.map((mention) => `${mentionText(sentence, mention)} (${mention.type})`).join('; ') || 'no';
}

interface GuessedMention extends Mention {
  /** Marginal probability of the whole mention, 0 to 1; null if unknown. */
  readonly confidence: number | null;
}

export interface MissedLabel extends GuessedMention {
  /** Index in the test sentences, from 0. */
  readonly sentence: number;
  readonly text: string;
  /** Number of mentions of this text in training. */
  readonly training: number;
}

/**
 * Returns the mentions of region TP, counted by ratio D of Chai et al. 2022: their string is in T but not in L. Highest confidence
 * first, unknown ones last, then by position. `sets` and the predictions must be of this test split; strings are compared with the
 * case handling of `sets`.
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
