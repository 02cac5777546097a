// Judged differences as rows of a table with a head, and the words of their verdicts.
import { contenderName } from '../lab/comparisonTables.ts';
import type { ContenderDifference } from '../lab/differenceFamily.ts';
import type { Significance } from '../metrics/significance.ts';
import type { Verdict } from '../metrics/significance.ts';
import { taskRefName } from './runName.ts';

export interface JudgedDifference {
  readonly difference: ContenderDifference;
  readonly found: Significance;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  yes: 'more than noise',
  seeds: 'more than the noise of sentences, not than that of seeds',
  oneSeed: 'more than the noise of sentences; one seed tells nothing of seeds',
  sentences: 'within the noise of sentences',
};

/** Numbers as they are, null where there is none. */
export function differenceRows(
  judged: readonly JudgedDifference[],
  baseline: string,
): readonly (readonly (string | number | null)[])[] {
  const head = [
    ...['task', 'contender', 'baseline', 'trainings', 'F1', 'baseline F1', 'difference', 'low', 'high'],
    ...['p over sentences', 'Holm', 'p over seeds', 'p of both', 'Holm of both', 'family'],
    ...['deviation over seeds', 'deviation over rounds', 'deviation over snapshots', 'verdict'],
  ];
  const rows = judged.map(({ difference, found }) => {
    const { a, b, sentences, seeds, spread } = found;
    return [
      taskRefName(difference.task),
      contenderName(difference.contender),
      baseline,
      difference.asked.trainings.length,
      ...[a.mean, b.mean, found.difference.mean, found.difference.low, found.difference.high],
      ...[sentences.p, sentences.adjusted, seeds?.p ?? null, found.p, found.adjusted, found.family],
      ...[spread.seeds, spread.rounds, spread.snapshots].map((source) => source?.deviation ?? null),
      VERDICT_WORDS[found.verdict],
    ];
  });
  return [head, ...rows];
}
