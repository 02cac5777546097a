// Proves that answers about confidences match the pure computations, and that predictions without probabilities are refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sentence, Task } from '../../../src/data/corpus/corpus.ts';
import { atTemperature, calibrationOf, fitTemperature, labelDoubts } from '../../../src/metrics/calibration.ts';
import { doubtRows } from '../../../src/metrics/reviewRows.ts';
import {
  storePredictions,
  type PredictedMention,
  type PredictionRequest,
} from '../../../src/schema/storedPredictions.ts';
import { writePredictions } from '../../../src/storage/predictionRecords.ts';
import { Rng } from '../../../src/util/random.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { droppedText } from '../../fixtures/drops.ts';

const TEST = { runId: 'a', epoch: 3, split: 'test', task: 0 } as const;
const DEVEL = { ...TEST, split: 'devel' } as const;
const OLD = { ...TEST, epoch: 1 } as const;
const SHORT = { ...TEST, epoch: 2 } as const;

let bench: AnalysisBench;
let task: Task;
let sentences: Readonly<Record<'test' | 'devel', readonly Sentence[]>>;
const predicted: Record<'test' | 'devel', readonly (readonly (PredictedMention & { confidence: number })[])[]> = { test: [], devel: [] }; // prettier-ignore
const probabilities: Record<'test' | 'devel', readonly number[]> = { test: [], devel: [] };

/** Rows of five tokens, of which the second is a plant in most sentences. */
function conll(rng: Rng, count: number): string {
  return Array.from({ length: count }, () => {
    const tags = ['O', rng.uniform() < 0.8 ? 'B-Plant' : 'O', 'O', 'O', 'O'];
    return tags.map((tag, index) => `w${index}\t${tag}\n`).join('');
  }).join('\n');
}

beforeAll(async () => {
  const rng = Rng.seeded(8);
  bench = await openAnalysisBench();
  const { corpusIds } = await bench.lab.importFiles([
    droppedText('garden/train.tsv', conll(rng, 4)),
    droppedText('garden/devel.tsv', conll(rng, 60)),
    droppedText('garden/test.tsv', conll(rng, 80)),
  ]);
  task = { corpusId: corpusIds[0] ?? '', type: null };
  const corpus = await bench.lab.readCorpus(task.corpusId);
  sentences = { test: corpus.test, devel: corpus.devel };
  for (const [split, request] of [
    ['test', TEST],
    ['devel', DEVEL],
  ] as const) {
    predicted[split] = sentences[split].map(() => {
      const start = rng.uniform() < 0.7 ? 1 : 3;
      return [{ type: 'Plant', start, end: start + 1, confidence: 0.5 + 0.5 * rng.uniform() }];
    });
    probabilities[split] = sentences[split].flatMap(({ mentions }) => mentions.map(() => rng.uniform()));
    await writePredictions(bench.store, request, storePredictions(predicted[split], probabilities[split]));
  }
  await writePredictions(bench.store, OLD, storePredictions(predicted.test));
  await writePredictions(bench.store, SHORT, storePredictions(predicted.test, [0.5]));
});
afterAll(() => bench.close());

const outcomesOf = (split: 'test' | 'devel') =>
  predicted[split].flatMap((mentions, index) =>
    mentions.map(({ start, confidence }) => {
      const isCorrect = sentences[split][index]?.mentions.some((one) => one.start === start) === true;
      return { confidence, isCorrect };
    }),
  );

describe('the calibration of a snapshot', () => {
  it('is that of its test mentions, before and after the temperature of devel', async () => {
    const temperature = fitTemperature(outcomesOf('devel'));
    const after = outcomesOf('test').map((one) => ({ ...one, confidence: atTemperature(one.confidence, temperature) }));
    expect(await bench.lab.analyse('calibration', { task, test: TEST, devel: DEVEL }).answer).toEqual({
      before: calibrationOf(outcomesOf('test')),
      fitted: { temperature, develMentions: 60, after: calibrationOf(after) },
    });
  });

  it('has no temperature without devel', async () => {
    const answer = await bench.lab.analyse('calibration', { task, test: TEST, devel: null }).answer;
    expect(answer).toEqual({ before: calibrationOf(outcomesOf('test')), fitted: null });
  });
});

describe('the doubts of a snapshot', () => {
  const ask = (prediction: PredictionRequest, first: number, count: number) =>
    bench.lab.analyse('labelDoubts', { task, prediction, first, count }).answer;

  it('are those of the pure ranking, a page at a time, and rows of a file', async () => {
    let at = 0;
    const bySentence = sentences.test.map(({ mentions }) => probabilities.test.slice(at, (at += mentions.length)));
    const doubts = labelDoubts(sentences.test, bySentence, predicted.test);
    expect(doubts.length).toBeGreaterThan(10);
    const pages = [await ask(TEST, 0, 7), await ask(TEST, 7, 500)];
    const lines = pages.flatMap((page) => page?.lines ?? []);
    expect(pages[0]?.total).toBe(doubts.length);
    expect(lines.map(({ tokens: _tokens, mentions: _mentions, ...doubt }) => doubt)).toEqual(doubts);
    for (const { sentence, tokens, mentions } of lines) expect({ tokens, mentions }).toEqual(sentences.test[sentence]);
    const rows = doubtRows(lines, { task: 'garden', split: 'test' });
    expect(rows).toHaveLength(lines.length);
    expect(rows[0]).toMatchObject({ kind: 'improbable annotation', task: 'garden', split: 'test' });
  });

  it('need probabilities, and those of all annotated mentions', async () => {
    await expect(ask(OLD, 0, 5)).rejects.toMatchObject({ code: 'analysis/no-predictions' });
    await expect(ask(SHORT, 0, 5)).rejects.toMatchObject({ code: 'metrics/sentences' });
    const states = await bench.lab.analyse('predictionStates', [TEST, OLD]).answer;
    expect(states).toEqual(['annotated', 'confidences']);
  });
});
