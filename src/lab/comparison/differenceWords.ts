// Says in words what the tests of differences found, and what they leave out: for the page and for shared pages.
import type { Spread } from '../../metrics/scores/spread.ts';
import type { Significance, Verdict } from '../../metrics/significance/significance.ts';
import type { Distinction } from './comparisonTables.ts';
import { differenceKey, type DifferenceFamily, type VariantDifference } from './differenceFamily.ts';

export interface TestedDifference {
  readonly difference: VariantDifference;
  readonly found: Significance;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  yes: 'more than noise',
  seeds: 'more than noise over sentences, not over seeds',
  oneSeed: 'more than noise over sentences; one seed says nothing about seeds',
  sentences: 'within noise over sentences',
};

/** Returns which differences the tests found to be more than noise, for the marks in tables. */
export function distinctionOf({ differences }: DifferenceFamily, found: readonly Significance[]): Distinction {
  const distinct = differences.filter((_, index) => found[index]?.verdict === 'yes');
  return {
    distinct: new Set(distinct.map(({ task, variant }) => differenceKey(task, variant))),
    family: differences.length,
  };
}

/** Sums up a family of tested differences in one sentence. */
export function findingText(tested: readonly TestedDifference[], baseline: string): string {
  const distinct = tested.filter(({ found }) => found.verdict === 'yes');
  const better = distinct.filter(({ found }) => found.difference.mean > 0).length;
  const worse = distinct.length - better;
  if (distinct.length === 0) {
    return `None of ${counted(tested.length, 'difference')} from ${baseline} is shown to be more than noise: ${shortOf(tested)}.`;
  }
  const parts = [...(better > 0 ? [`${better} better`] : []), ...(worse > 0 ? [`${worse} worse`] : [])];
  return `${distinct.length} of ${counted(tested.length, 'difference')} from ${baseline} ${distinct.length === 1 ? 'is' : 'are'} more than noise: ${parts.join(', ')}.`;
}

/** Says what the differences lack that are not more than noise, so that a large one with one seed is not called noise. */
function shortOf(tested: readonly TestedDifference[]): string {
  const number = (verdict: Verdict): number => tested.filter(({ found }) => found.verdict === verdict).length;
  const reasons: readonly (readonly [number: number, what: string])[] = [
    [number('oneSeed'), 'more than the noise of test sentences, with one seed'],
    [number('seeds'), 'more than the noise of test sentences, not more than seeds vary'],
    [number('sentences'), 'within the noise of test sentences'],
  ];
  return reasons
    .flatMap(([count, what]) => (count > 0 ? [`${count} ${count === 1 ? 'is' : 'are'} ${what}`] : []))
    .join('; ');
}

/**
 * The verdict on one difference, such as `MTL-LS 0.25 is 38.40 F1 above STL on test: more than the noise of test sentences (95 % interval
 * +27.70 to +49.10). There is one seed, so how much it varies with the seed is not known.`
 */
export function verdictSentence(
  variant: string,
  baseline: string,
  { difference, verdict, seeds: ofSeeds }: Pick<Significance, 'difference' | 'verdict' | 'seeds'>,
): string {
  const { mean, low, high } = difference;
  const size = Math.abs(mean).toFixed(2);
  const side =
    size === '0.00'
      ? `${variant} has the test F1 of ${baseline}`
      : `${variant} is ${size} F1 ${mean > 0 ? 'above' : 'below'} ${baseline} on test`;
  const interval = `(95 % interval ${signedText(low)} to ${signedText(high)})`;
  const seeds = counted(ofSeeds?.count ?? 1, 'seed');
  switch (verdict) {
    case 'yes':
      return `${side}: more than the noise of test sentences ${interval} and of seeds, over ${seeds}.`;
    case 'seeds':
      return `${side}: more than the noise of test sentences ${interval}, but not more than seeds vary, over ${seeds}.`;
    case 'oneSeed':
      return `${side}: more than the noise of test sentences ${interval}. There is one seed, so how much it varies with the seed is not known.`;
    case 'sentences':
      return `${side}: within the noise of test sentences ${interval}.`;
  }
}

/** What would make the verdict surer; null where nothing is missing. */
export function missingText(verdict: Verdict): string | null {
  switch (verdict) {
    case 'yes':
      return null;
    case 'seeds':
      return 'More seeds would show whether the difference is stable.';
    case 'oneSeed':
      return 'Two more seeds would show whether it is stable.';
    case 'sentences':
      return 'More test sentences or more seeds are needed to tell them apart.';
  }
}

/** Says which trainings a family leaves out, and why; null if none. */
export function leftOutText(leftOut: DifferenceFamily['leftOut'], baseline: string): string | null {
  const reasons: readonly (readonly [number: number, why: string])[] = [
    [leftOut.imported, 'of earlier versions, whose results have no counts of sentences'],
    [leftOut.withoutCorpus, 'on corpora that are not in the library'],
    [leftOut.unpaired, `without a ${baseline} training of the same seed and round`],
    [leftOut.otherSentences, `scored on other test sentences than ${baseline}`],
  ];
  const parts = reasons.flatMap(([number, why]) => (number > 0 ? [`${counted(number, 'training')} ${why}`] : []));
  return parts.length === 0 ? null : `Left out: ${parts.join('; ')}.`;
}

/** Writes two decimals with a sign; no sign for 0.00. */
export function signedText(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return text === '0.00' ? text : `${value < 0 ? '−' : '+'}${text}`;
}

export function probabilityText(p: number): string {
  if (p < 0.0001) return '< 0.0001';
  return p.toFixed(p < 0.01 ? 4 : 3);
}

export function deviationText(spread: Spread | null): string {
  return spread?.deviation == null ? '–' : spread.deviation.toFixed(2);
}

/** Writes a number with commas and its noun: `1,204 sentences`. */
export function counted(value: number, noun: string): string {
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`;
}
