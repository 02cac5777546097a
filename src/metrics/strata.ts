// Scores mentions stratified by length, or by how often their string was seen in training.
import type { Mention } from '../data/corpus/corpus.ts';
import { LabError } from '../util/labError.ts';
import { checkSentences, sharedMentions } from './scores/sentenceCounts.ts';
import { spanScore, type SpanCounts, type SpanScore } from './scores/spanScore.ts';
import { mentionText } from './text/textSources.ts';

/** Mentions whose length or frequency is between `from` and `to`, inclusive; `to` is null for the last. */
export interface Stratum {
  readonly from: number;
  readonly to: number | null;
}

export interface StratumScore extends Stratum {
  readonly score: SpanScore;
}

/** What is scored: tokens `[sentences][tokens]`, mentions `[sentences][mentions]`. */
export interface ScoredMentions {
  readonly tokens: readonly (readonly string[])[];
  readonly gold: readonly (readonly Mention[])[];
  readonly predicted: readonly (readonly Mention[])[];
}

/** Lower bounds of strata: lengths 1, 2, 3, 4, 5 and more tokens. */
export const lengthBorders: readonly number[] = [1, 2, 3, 4, 5];
/** Lower bounds of strata: strings seen never, once, 2 to 4, 5 to 19, 20 and more times. */
export const frequencyBorders: readonly number[] = [0, 1, 2, 5, 20];
/** Lower bounds of strata: unseen strings, seen ones. */
export const seenBorders: readonly number[] = [0, 1];

/** Scores by length in tokens; see `scoreStrata`. */
export function strataByLength(scored: Omit<ScoredMentions, 'tokens'>, borders = lengthBorders): StratumScore[] {
  return scoreStrata(scored, borders, ({ start, end }) => end - start);
}

/**
 * Scores by how often the exact string of a mention (its tokens in the form of `mentionText`) is a mention in training; strings
 * missing from `frequencies` count 0. With `seenBorders` the strata are unseen and seen. See `scoreStrata`.
 */
export function strataByFrequency(
  scored: ScoredMentions,
  frequencies: ReadonlyMap<string, number>,
  borders = frequencyBorders,
): StratumScore[] {
  checkSentences(scored.gold, scored.tokens);
  return scoreStrata(
    scored,
    borders,
    (mention, sentence) => frequencies.get(mentionText({ tokens: scored.tokens[sentence] ?? [] }, mention)) ?? 0,
  );
}

/**
 * Scores each stratum, in the order of `borders`, each of which begins a stratum that ends before the next. Recall is stratified by
 * the gold mention and precision by the predicted one: a stratum's recall is the share of its gold mentions found, its precision
 * the share of the mentions predicted in it that are correct. A correct mention is the same on both sides, so it is in one stratum,
 * and counts add up to the overall ones. F1 combines the two, though a mention with wrong boundaries may be missed in one stratum
 * and spurious in another. Throws `metrics/sentences` if gold and predicted differ in sentences, `strata/borders` unless borders
 * increase, `strata/outside` for a mention below the first.
 */
function scoreStrata(
  { gold, predicted }: Omit<ScoredMentions, 'tokens'>,
  borders: readonly number[],
  valueOf: (mention: Mention, sentence: number) => number,
): StratumScore[] {
  checkSentences(gold, predicted);
  checkBorders(borders);
  const counts = borders.map(() => ({ gold: 0, predicted: 0, correct: 0 }));
  const add = (what: keyof SpanCounts, mentions: readonly Mention[], sentence: number) => {
    for (const mention of mentions) {
      const value = valueOf(mention, sentence);
      const ofStratum = counts[borders.findLastIndex((border) => border <= value)];
      if (ofStratum === undefined) {
        throw new LabError('strata/outside', `A mention of sentence ${sentence} is in no stratum.`, {
          expected: `at least ${borders[0]}`,
          got: `${value}`,
        });
      }
      ofStratum[what]++;
    }
  };
  gold.forEach((ofGold, sentence) => {
    const found = predicted[sentence] ?? [];
    add('gold', ofGold, sentence);
    add('predicted', found, sentence);
    add('correct', sharedMentions(ofGold, found), sentence);
  });
  return borders.map((from, stratum) => {
    const next = borders[stratum + 1];
    const score = spanScore(counts[stratum] ?? { gold: 0, predicted: 0, correct: 0 });
    return { from, to: next === undefined ? null : next - 1, score };
  });
}

function checkBorders(borders: readonly number[]): void {
  const rises = borders.every(
    (border, index) => Number.isInteger(border) && border > (borders[index - 1] ?? -Infinity),
  );
  if (borders.length > 0 && rises) return;
  throw new LabError('strata/borders', 'The strata overlap, or there are none.', {
    expected: 'whole numbers that rise',
    got: borders.join(', '),
  });
}
