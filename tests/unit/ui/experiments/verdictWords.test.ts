// Proves that a verdict never says less or more than the numbers beside it: its size, its side, its interval, and what is not known.
import { describe, expect, test } from 'vitest';
import type { Significance, Verdict } from '../../../../src/metrics/significance/significance.ts';
import { missingText, signed, verdictSentence, VERDICT_WORDS } from '../../../../src/ui/experiments/verdictWords.ts';

function tested(mean: number, verdict: Verdict, seeds: number): Pick<Significance, 'difference' | 'verdict' | 'seeds'> {
  const difference = { mean, low: mean - 10.7, high: mean + 10.7 };
  return { difference, verdict, seeds: seeds < 2 ? null : { count: seeds, p: 0.01, halfWidth: 1 } };
}

describe('The verdict in words', () => {
  test('of one seed says that the difference is beyond sentence noise, and what is not known', () => {
    const sentence = verdictSentence('MTL-LS 0.25', 'STL', tested(38.4, 'oneSeed', 1));
    expect(sentence).toBe(
      'MTL-LS 0.25 is 38.40 F1 above STL on test: more than the noise of test sentences (95 % interval +27.70 to +49.10). ' +
        'There is one seed, so how much it varies with the seed is not known.',
    );
    expect(missingText('oneSeed')).toMatch(/two more seeds/i);
  });

  test('of several seeds names their number, and both noises only where it is beyond both', () => {
    expect(verdictSentence('MTL-XC', 'STL', tested(-3, 'yes', 3))).toMatch(
      /3\.00 F1 below STL.*and of seeds, over 3 seeds/,
    );
    expect(verdictSentence('MTL-XC', 'STL', tested(3, 'seeds', 3))).toMatch(
      /but not more than seeds vary, over 3 seeds/,
    );
    expect(missingText('yes')).toBeNull();
  });

  test('within noise claims nothing, and a difference that rounds to nothing has no side', () => {
    expect(verdictSentence('MTL-XC', 'STL', tested(3, 'sentences', 1))).toMatch(/: within the noise of test sentences/);
    expect(verdictSentence('MTL-XC', 'STL', tested(0.001, 'sentences', 1))).toMatch(/^MTL-XC has the test F1 of STL: /);
    for (const verdict of Object.keys(VERDICT_WORDS) as Verdict[]) {
      expect(verdictSentence('A', 'B', tested(1, verdict, 2)).includes('within the noise')).toBe(
        verdict === 'sentences',
      );
    }
  });

  test('signs numbers with a real minus, and nothing with no sign', () => {
    expect([1.005, -2, 0.004, -0.004].map(signed)).toEqual(['+1.00', '−2.00', '0.00', '0.00']);
  });
});
