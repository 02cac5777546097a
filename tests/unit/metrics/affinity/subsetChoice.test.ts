// Proves that a subset is chosen only where the paired bootstrap of devel excludes zero, with the level of several subsets, and that words say which and why.
import { expect, it } from 'vitest';
import { chooseSubset, choiceText } from '../../../../src/metrics/affinity/taskAffinity.ts';
import type { SentenceCounts } from '../../../../src/metrics/scores/spanScore.ts';
import { Rng } from '../../../../src/util/random.ts';

/** Two mentions in each of 200 sentences, of which a share is found. */
function found(share: number, seed: number): SentenceCounts {
  const rng = Rng.seeded(seed);
  const hits = Int32Array.from({ length: 200 }, () => (rng.uniform() < share ? 1 : 0) + (rng.uniform() < share ? 1 : 0)); // prettier-ignore
  return { gold: new Int32Array(200).fill(2), predicted: hits, correct: hits };
}

const all = found(0.7, 1);

it('leaves all tasks where no subset is better by more than noise', () => {
  const choice = chooseSubset([[{ a: found(0.71, 2), b: all }], [{ a: found(0.4, 3), b: all }]]);
  expect(choice.chosen).toBeNull();
  expect(choice.level).toBeCloseTo(0.975, 12);
  expect(choice.differences[1]?.interval.high).toBeLessThan(0);
  expect(choiceText(choice, ['a + b', 'a + c'])).toMatch(
    /^All tasks: no subset is better on devel by more than noise\. The best of 2 subsets, a \+ b, is [\d.]+ (above|below) all tasks on devel \(97\.5 % interval -?[\d.]+ to [\d.]+, 1 training each\)\.$/,
  );
});

it('chooses the best of the subsets that are better', () => {
  const choice = chooseSubset([
    [{ a: found(0.85, 2), b: all }, { a: found(0.85, 4), b: found(0.7, 5) }],
    [{ a: found(0.95, 3), b: all }],
  ]); // prettier-ignore
  expect(choice.chosen).toBe(1);
  expect(choice.differences[0]?.interval.low).toBeGreaterThan(0);
  expect(choice.differences[0]?.trainings).toBe(2);
  expect(choiceText(choice, ['a + b', 'a + c'])).toMatch(
    /^a \+ c: F1 is [\d.]+ above all tasks .*which is more than noise\.$/,
  );
});

it('finds no difference between equal counts, says that nothing was trained, and refuses other sentences', () => {
  const same = chooseSubset([[{ a: all, b: all }]]);
  expect(same).toMatchObject({ chosen: null, level: 0.95, differences: [{ difference: 0, interval: { low: 0, high: 0 } }] }); // prettier-ignore
  expect(choiceText(chooseSubset([]), [])).toBe('All tasks: no subset was trained.');
  const short = { gold: new Int32Array(3), predicted: new Int32Array(3), correct: new Int32Array(3) };
  expect(() => chooseSubset([[{ a: short, b: all }]])).toThrow(expect.objectContaining({ code: 'significance/sentences' })); // prettier-ignore
});
