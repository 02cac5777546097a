// Proves that shares of the training sentences are nested, have the stated size, differ by seed, and are what a run trains on.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shareOfCount, shareOfSentences } from '../../../../src/data/corpus/corpus.ts';
import { runCost } from '../../../../src/lab/plans/runGraph.ts';
import { corpusRecord, smallConfig, spec } from '../../../fixtures/records.ts';
import { tinyConfig, tinyTasks } from '../../../fixtures/tinyRun.ts';

const sentences = Array.from({ length: 200 }, (_, index) => index);
const share = fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true });

it('a smaller share lies in a larger one, in order, whatever the seed', () => {
  fc.assert(
    fc.property(share, share, fc.nat(), fc.nat(200), (one, other, seed, count) => {
      const [less, more] = one < other ? [one, other] : [other, one];
      const of = sentences.slice(0, count);
      const small = shareOfSentences(of, less, seed);
      const large = shareOfSentences(of, more, seed);
      expect(large).toEqual(expect.arrayContaining([...small]));
      expect([...large]).toEqual([...large].sort((a, b) => a - b));
      expect(small).toHaveLength(shareOfCount(count, less));
      expect(Math.abs(small.length - less * count)).toBeLessThanOrEqual(less * count < 0.5 ? 1 : 0.5);
    }),
  );
});

it('seeds draw different sentences, each about equally often', () => {
  const drawn = new Map<number, number>();
  for (let seed = 0; seed < 400; seed++) {
    for (const place of shareOfSentences(sentences, 0.25, seed)) drawn.set(place, (drawn.get(place) ?? 0) + 1);
  }
  // Expected 100, standard deviation 8.7.
  for (const place of sentences) expect(Math.abs((drawn.get(place) ?? 0) - 100)).toBeLessThan(5 * 8.7);
});

it('a run trains on its share, counts it, and knows the same tags', async () => {
  const half = await tinyTasks({ ...tinyConfig, trainShare: 0.5 });
  const whole = await tinyTasks();
  expect(half.counts[0]?.train.sentences).toBe(5);
  expect(half.counts[0]?.test).toEqual(whole.counts[0]?.test);
  expect(half.tagSet).toEqual(whole.tagSet);
  expect(half.train.sequences).toHaveLength(half.train.sizes[0] ?? NaN);
  expect(half.train.sequences.length).toBeLessThan(whole.train.sequences.length);
});

it('a plan counts the steps of the share, and a run on all of the text keeps its id', () => {
  const corpus = corpusRecord('moss');
  const tasks = [{ corpus: { id: corpus.id, name: corpus.name, fingerprint: corpus.fingerprint }, type: null }];
  const library = { corpora: [corpus], models: [] };
  const shared = spec({ tasks, config: { ...smallConfig, trainShare: 0.5 } });
  expect(runCost(shared, library).sequencesPerEpoch).toBe(2);
  expect(runCost(spec({ tasks }), library).sequencesPerEpoch).toBe(4);
  expect(shared.id).not.toBe(spec({ tasks }).id);
});
