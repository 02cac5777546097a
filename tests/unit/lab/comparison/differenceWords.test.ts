// Proves that the words on tested differences say which noise each exceeds, and never call a large difference of one seed noise.
import { describe, expect, it } from 'vitest';
import { buildComparisons } from '../../../../src/lab/comparison/comparison.ts';
import {
  differenceFamily,
  findingText,
  leftOutText,
  missingText,
  verdictSentence,
  type TestedDifference,
} from '../../../../src/lab/comparison/differenceFamily.ts';
import { unpackCounts, type PackedCounts } from '../../../../src/metrics/scores/packedCounts.ts';
import { significance, type Verdict } from '../../../../src/metrics/significance/significance.ts';
import { finishWork } from '../../../../src/util/clock.ts';
import { countedResult } from '../../../fixtures/countedResult.ts';

/** The differences from STL of the counted result, tested with the trainings of these seeds. */
function testedOf(seeds: readonly number[]): TestedDifference[] {
  const { runs } = countedResult();
  const [comparison] = buildComparisons(
    runs.filter(({ spec }) => seeds.includes(spec.seed)),
    () => 2,
  );
  if (comparison === undefined) throw new Error('no comparison');
  const { differences } = differenceFamily(
    comparison,
    { method: 'STL', layers: null },
    { corpora: [], runs: new Set() },
  );
  const counts = (source: object) => unpackCounts(source as PackedCounts);
  const found = finishWork(
    significance(
      differences.map(({ asked }) => asked.trainings.map((one) => ({ ...one, a: counts(one.a), b: counts(one.b) }))),
    ),
  );
  return differences.flatMap((difference, index) => {
    const one = found[index];
    return one === undefined ? [] : [{ difference, found: one }];
  });
}

const withVerdict = (tested: readonly TestedDifference[], verdict: Verdict): TestedDifference[] =>
  tested.map(({ difference, found }) => ({ difference, found: { ...found, verdict } }));

describe('findingText', () => {
  it('says of one seed that the differences exceed the noise of sentences, not that they are noise', () => {
    const tested = testedOf([1]);
    expect(tested.map(({ found }) => found.verdict)).toContain('oneSeed');
    expect(findingText(withVerdict(tested, 'oneSeed'), 'STL')).toBe(
      'None of 8 differences from STL is shown to be more than noise: 8 are more than the noise of test sentences, with one seed.',
    );
  });

  it('counts each lack, and the better and worse of those that are more than noise', () => {
    const tested = testedOf([1, 2, 3]);
    expect(findingText(tested, 'STL')).toBe('4 of 8 differences from STL are more than noise: 4 better.');
    const mixed = [...withVerdict(tested.slice(0, 1), 'seeds'), ...withVerdict(tested.slice(1), 'sentences')];
    expect(findingText(mixed, 'STL')).toMatch(
      /: 1 is more than the noise of test sentences, not more than seeds vary; 7 are within the noise of test sentences\.$/,
    );
  });
});

describe('verdictSentence', () => {
  const [first] = testedOf([1, 2, 3]);
  const words = (verdict: Verdict, mean = 38.4) => {
    if (first === undefined) throw new Error('nothing was tested');
    const { seeds } = first.found;
    return verdictSentence('MTL-LS 0.25', 'STL', { difference: { mean, low: 27.7, high: 49.1 }, verdict, seeds });
  };

  it.each([
    [
      'yes',
      'MTL-LS 0.25 is 38.40 F1 above STL on test: more than the noise of test sentences (95 % interval +27.70 to +49.10) and of seeds, over 3 seeds.',
      null,
    ],
    ['seeds', /but not more than seeds vary, over 3 seeds\.$/, /^More seeds/],
    ['oneSeed', /There is one seed, so how much it varies with the seed is not known\.$/, /^Two more seeds/],
    ['sentences', /within the noise of test sentences \(95 %/, /^More test sentences/],
  ] as const)('names the noise and what is missing: %s', (verdict, expected, missing) => {
    expect(words(verdict)).toMatch(expected);
    if (missing === null) expect(missingText(verdict)).toBeNull();
    else expect(missingText(verdict)).toMatch(missing);
  });

  it('says below, and calls equal scores equal', () => {
    expect(words('sentences', -3)).toContain('is 3.00 F1 below STL');
    expect(words('sentences', 0.001)).toContain('has the test F1 of STL');
  });
});

describe('leftOutText', () => {
  it('gives every reason with its number, and is null without any', () => {
    expect(leftOutText({ imported: 0, withoutCorpus: 0, unpaired: 0, otherSentences: 0 }, 'STL')).toBeNull();
    expect(leftOutText({ imported: 1, withoutCorpus: 0, unpaired: 2, otherSentences: 3 }, 'STL')).toBe(
      'Left out: 1 training of earlier versions, whose results have no counts of sentences; 2 trainings without a STL training of the same seed and round; 3 trainings scored on other test sentences than STL.',
    );
  });
});
