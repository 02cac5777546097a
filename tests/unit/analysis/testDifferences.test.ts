// Proves that the analysis server tests stored predictions like the pure test on their counts, and names missing predictions.
import { afterEach, describe, expect, it } from 'vitest';
import type { Mention, Sentence } from '../../../src/data/corpus/corpus.ts';
import { sentenceCounts } from '../../../src/metrics/scores/sentenceCounts.ts';
import type { PairedTraining } from '../../../src/metrics/significance/pairedTraining.ts';
import { significance } from '../../../src/metrics/significance/significance.ts';
import { storePredictions, type PredictionRequest } from '../../../src/schema/storedPredictions.ts';
import { writePredictions } from '../../../src/storage/predictionRecords.ts';
import { Rng } from '../../../src/util/random.ts';
import { finishWork } from '../../../src/util/work.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { droppedText } from '../../fixtures/drops.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

const SENTENCES = 40;
const requestOf = (runId: string): PredictionRequest => ({ runId, epoch: 2, split: 'test', task: 0 });

/** Forty test sentences with a plant and an animal each. */
async function benchWithCorpus() {
  bench = await openAnalysisBench();
  const { lab, store } = bench;
  const row = (number: number): string =>
    `fern${number}\tB-Plant\nand\tO\nhare\tB-Animal\n${number}\tI-Animal\nmet\tO\n\n`;
  const test = Array.from({ length: SENTENCES }, (_, number) => row(number)).join('');
  const files = [droppedText('wood/train.tsv', row(99)), droppedText('wood/devel.tsv', row(98)), droppedText('wood/test.tsv', test)]; // prettier-ignore
  const { corpusIds } = await lab.importFiles(files);
  const corpusId = corpusIds[0] ?? '';
  return { lab, store, corpusId, sentences: (await lab.readCorpus(corpusId)).test };
}

/** Finds each mention of the type with this probability, and sometimes adds a spurious one. */
function predict(sentences: readonly Sentence[], type: string, share: number, seed: number): Mention[][] {
  const rng = Rng.seeded(seed);
  return sentences.map(({ mentions, tokens }) => [
    ...mentions.filter((mention) => mention.type === type && rng.uniform() < share),
    ...(rng.uniform() < 0.1 ? [{ type, start: tokens.length - 1, end: tokens.length }] : []),
  ]);
}

const shares = { stl: 0.6, xc: 0.65, ls: 0.95 } as const;

describe('significance of stored predictions', () => {
  it('is that of their counts, for tasks of one type, as one family', async () => {
    const { lab, store, corpusId, sentences } = await benchWithCorpus();
    const counts = new Map<string, ReturnType<typeof sentenceCounts>>();
    const gold = sentences.map(({ mentions }) => mentions.filter(({ type }) => type === 'Plant'));
    for (const [system, share] of Object.entries(shares)) {
      for (const seed of [1, 2, 3]) {
        const predicted = predict(sentences, 'Plant', share, 10 * seed + system.length);
        const stored = predicted.map((mentions) => mentions.map((mention) => ({ ...mention, confidence: null })));
        await writePredictions(store, requestOf(`${system}-${seed}`), storePredictions(stored));
        counts.set(`${system}-${seed}`, sentenceCounts(gold, predicted));
      }
    }
    const countsOf = (name: string) => counts.get(name) ?? sentenceCounts([], []);
    const snapshots = [{ a: 90, b: 80 }, { a: 91, b: 82 }]; // prettier-ignore
    const systems = ['xc', 'ls'];
    const differences = systems.map((system) => ({
      task: { corpusId, type: 'Plant' },
      trainings: [1, 2, 3].map((seed) => ({
        seed,
        round: 0,
        snapshots,
        a: requestOf(`${system}-${seed}`),
        b: requestOf(`stl-${seed}`),
      })),
    }));
    const progress: number[] = [];
    const judged = await lab.analyse('significance', { differences }, ({ done }) => progress.push(done)).answer;

    const comparisons = systems.map(
      (system) =>
      [1, 2, 3].map((seed): PairedTraining => ({ seed, round: 0, snapshots, a: countsOf(`${system}-${seed}`), b: countsOf(`stl-${seed}`) })), // prettier-ignore
    );
    expect(judged).toEqual(finishWork(significance(comparisons)));
    expect(judged?.map(({ family }) => family)).toEqual([2, 2]);
    expect(judged?.[1]?.difference.mean).toBeGreaterThan(judged?.[0]?.difference.mean ?? 0);
    // Each of nine predictions is counted once, however many differences use it.
    expect(progress.slice(0, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('says which predictions are missing, and refuses those of other sentences', async () => {
    const { lab, store, corpusId } = await benchWithCorpus();
    await writePredictions(store, requestOf('a'), storePredictions([[]]));
    const asked = (b: string) => ({
      differences: [
        { task: { corpusId, type: 'Plant' }, trainings: [{ seed: 1, round: 0, snapshots: [], a: requestOf('a'), b: requestOf(b) }] }, // prettier-ignore
      ],
    });
    await expect(lab.analyse('significance', asked('a')).answer).rejects.toMatchObject({ code: 'metrics/sentences' });
    await writePredictions(store, requestOf('a'), storePredictions(Array.from({ length: SENTENCES }, () => [])));
    await expect(lab.analyse('significance', asked('b')).answer).rejects.toMatchObject({
      code: 'analysis/no-predictions',
      expected: 'predictions of run b, epoch 2, on test',
    });
  });
});
