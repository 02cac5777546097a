// Proves that test scores and their intervals are the same from records and from predictions, that intervals are those of an independent bootstrap, and what is missing.
import { afterEach, expect, it } from 'vitest';
import { intervalScore } from '../../../src/analysis/testDifferences.ts';
import { fingerprintOfSplit, type Mention, type Sentence } from '../../../src/data/corpus/corpus.ts';
import { packCounts } from '../../../src/metrics/scores/packedCounts.ts';
import { sentenceCounts, spanScore, totalCounts, type SentenceCounts } from '../../../src/metrics/scores/spanScore.ts';
import { storePredictions, type PredictionRequest } from '../../../src/schema/storedPredictions.ts';
import { readPredictions, writePredictions } from '../../../src/storage/predictionRecords.ts';
import { Rng } from '../../../src/util/random.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { droppedText } from '../../fixtures/drops.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

async function withCorpus(sentences = 60) {
  bench = await openAnalysisBench();
  const { lab, store } = bench;
  const row = (number: number): string => `fern${number}\tB-Plant\nand\tO\nmoss\tB-Plant\n\n`;
  const test = Array.from({ length: sentences }, (_, number) => row(number)).join('');
  const files = [droppedText('wood/train.tsv', row(99)), droppedText('wood/devel.tsv', row(98)), droppedText('wood/test.tsv', test)]; // prettier-ignore
  const { corpusIds } = await lab.importFiles(files);
  const corpusId = corpusIds[0] ?? '';
  return { lab, store, task: { corpusId, type: 'Plant' }, sentences: (await lab.readCorpus(corpusId)).test };
}

function predict(sentences: readonly Sentence[], share: number, seed: number): Mention[][] {
  const rng = Rng.seeded(seed);
  return sentences.map(({ mentions }) => [
    ...mentions.filter(() => rng.uniform() < share),
    ...(rng.uniform() < 0.2 ? [{ type: 'Plant', start: 1, end: 2 }] : []),
  ].sort((left, right) => left.start - right.start)); // prettier-ignore
}

const elsewhere = (runId: string, corpusId: string): PredictionRequest => ({
  runId,
  epoch: 2,
  split: 'test',
  task: 0,
  elsewhere: { corpusId, type: 'Plant' },
});

it('scores predictions elsewhere as the counts of records, and says what is not stored', async () => {
  const { lab, store, task, sentences } = await withCorpus();
  const gold = sentences.map(({ mentions }) => mentions);
  const [first, second] = [predict(sentences, 0.7, 1), predict(sentences, 0.6, 2)];
  for (const [runId, predicted] of [
    ['a', first],
    ['b', second],
  ] as const) {
    const stored = predicted.map((mentions) => mentions.map((mention) => ({ ...mention, confidence: null })));
    await writePredictions(store, elsewhere(runId, task.corpusId), storePredictions(stored));
  }
  const counts = [first, second].map((predicted) => sentenceCounts(gold, predicted));
  const packed = counts.map((one) => packCounts(one, fingerprintOfSplit(sentences)));
  const requests = ['a', 'b', 'c'].map((runId) => elsewhere(runId, task.corpusId));
  const asked = [
    { task, sources: requests },
    { task, sources: packed.filter((one) => one !== null) },
    { task, sources: requests.slice(2) },
  ];
  const [predicted, recorded, none] = (await lab.analyse('testScores', asked).answer) ?? [];
  expect(predicted?.lacking).toEqual([2]);
  expect(predicted?.score).toEqual(recorded?.score);
  expect(none).toEqual({ score: null, lacking: [0] });
  const f1 = counts.map((one) => spanScore(totalCounts(one)).f1);
  expect(recorded?.score?.f1).toBeCloseTo(((f1[0] ?? 0) + (f1[1] ?? 0)) / 2, 10);
  const other = { ...(packed[1] as NonNullable<(typeof packed)[number]>), split: 'of another corpus' };
  const mixed = [{ task, sources: [requests[0] as PredictionRequest, other] }];
  await expect(lab.analyse('testScores', mixed).answer).rejects.toMatchObject({ code: 'significance/sentences' });
});

it('the interval is that of an independent bootstrap over the sentences', async () => {
  const { sentences } = await withCorpus();
  const gold = sentences.map(({ mentions }) => mentions);
  const counts = [1, 2].map((seed) => sentenceCounts(gold, predict(sentences, 0.7, seed)));
  const rng = Rng.seeded(99);
  const drawn = Array.from({ length: 4000 }, () => {
    const chosen = sentences.map(() => rng.integer(sentences.length));
    const of = (one: SentenceCounts, member: keyof SentenceCounts) => chosen.reduce((sum, at) => sum + (one[member][at] ?? 0), 0); // prettier-ignore
    return (
      counts.reduce((sum, one) => sum + (200 * of(one, 'correct')) / (of(one, 'gold') + of(one, 'predicted')), 0) / 2
    );
  }).sort((left, right) => left - right);
  const { low, high, f1 } = intervalScore(counts);
  const spread = (drawn[3899] ?? 0) - (drawn[100] ?? 0);
  expect(Math.abs(low - (drawn[100] ?? 0))).toBeLessThan(0.1 * spread);
  expect(Math.abs(high - (drawn[3899] ?? 0))).toBeLessThan(0.1 * spread);
  expect(low).toBeLessThan(f1);
  expect(high).toBeGreaterThan(f1);
});

it('predictions elsewhere are stored apart from those of the tasks of a run', async () => {
  const { store, task } = await withCorpus(2);
  const own: PredictionRequest = { runId: 'a', epoch: 2, split: 'test', task: 0 };
  await writePredictions(store, elsewhere('a', task.corpusId), storePredictions([[]]));
  expect(await readPredictions(store, own)).toBeUndefined();
  expect(await readPredictions(store, elsewhere('a', task.corpusId))).toBeDefined();
  expect(await readPredictions(store, { ...own, elsewhere: { ...task, type: null } })).toBeUndefined();
  const keys = await store.keys('run/a/');
  expect(keys).toHaveLength(1);
});
