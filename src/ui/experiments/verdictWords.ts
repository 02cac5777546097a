// Says in words whether a difference is more than noise, how sure that is, and what would make it surer.
import type { Significance, Verdict } from '../../metrics/significance/significance.ts';
import { format } from '../shared/format.ts';

/** Short verdicts, for a column of a table. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  yes: 'more than noise',
  seeds: 'more than noise over sentences, not over seeds',
  oneSeed: 'more than noise over sentences; one seed says nothing about seeds',
  sentences: 'within noise over sentences',
};

/** Writes two decimals with a sign; no sign for 0.00. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return text === '0.00' ? text : `${value < 0 ? '−' : '+'}${text}`;
}

type Tested = Pick<Significance, 'difference' | 'verdict' | 'seeds'>;

/**
 * The verdict on one difference, such as `MTL-LS 0.25 is 38.40 F1 above STL: beyond the noise of the test sentences (95 % interval +27.70 to
 * +49.10). There is one seed, so how much it varies with the seed is not known.`
 */
export function verdictSentence(variant: string, baseline: string, tested: Tested): string {
  const { difference, verdict } = tested;
  const { mean, low, high } = difference;
  const size = Math.abs(mean).toFixed(2);
  const side =
    size === '0.00'
      ? `${variant} has the test F1 of ${baseline}`
      : `${variant} is ${size} F1 ${mean > 0 ? 'above' : 'below'} ${baseline} on test`;
  const interval = `(95 % interval ${signed(low)} to ${signed(high)})`;
  const seeds = format.counted(tested.seeds?.count ?? 1, 'seed');
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
