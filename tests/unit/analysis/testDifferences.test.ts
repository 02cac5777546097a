// Proves that the analysis server tests stored predictions and counts of records like the pure test on their counts, and says what it cannot test.
import { afterEach, describe, expect, it } from 'vitest';
import { fingerprintOfSplit, type Mention, type Sentence } from '../../../src/data/corpus/corpus.ts';
import { packCounts, type PackedCounts } from '../../../src/metrics/scores/packedCounts.ts';
import { sentenceCounts } from '../../../src/metrics/scores/spanScore.ts';
import type { PairedTraining } from '../../../src/metrics/significance/bootstrapIntervals.ts';
import { significance } from '../../../src/metrics/significance/significance.ts';
import { storePredictions, type PredictionRequest } from '../../../src/schema/storedPredictions.ts';
import { writePredictions } from '../../../src/storage/predictionRecords.ts';
import { finishWork } from '../../../src/util/clock.ts';
import { Rng } from '../../../src/util/random.ts';
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

describe('significance of counts in records', () => {
  /** Three systems on the Plant task with three seeds each: predictions in the store, and the counts that a record has. */
  async function benchWithBoth() {
    const { lab, store, corpusId, sentences } = await benchWithCorpus();
    const gold = sentences.map(({ mentions }) => mentions.filter(({ type }) => type === 'Plant'));
    const split = fingerprintOfSplit(sentences.map(({ tokens }, index) => ({ tokens, mentions: gold[index] ?? [] })));
    const packed = new Map<string, PackedCounts>();
    for (const [system, share] of Object.entries(shares)) {
      for (const seed of [1, 2, 3]) {
        const predicted = predict(sentences, 'Plant', share, 10 * seed + system.length);
        const stored = predicted.map((mentions) => mentions.map((mention) => ({ ...mention, confidence: null })));
        await writePredictions(store, requestOf(`${system}-${seed}`), storePredictions(stored));
        const counts = packCounts(sentenceCounts(gold, predicted), split);
        if (counts !== null) packed.set(`${system}-${seed}`, counts);
      }
    }
    const countsOf = (name: string): PackedCounts =>
      packed.get(name) ?? { split: '', gold: '', missed: '', spurious: '' };
    type Source = (name: string) => PackedCounts | PredictionRequest;
    const asked = (ofA: Source, ofB: Source, task = { corpusId, type: 'Plant' }) => ({
      differences: ['xc', 'ls'].map((system) => ({
        task,
        trainings: [1, 2, 3].map((seed) => ({
          seed,
          round: 0,
          snapshots: [],
          a: ofA(`${system}-${seed}`),
          b: ofB(`stl-${seed}`),
        })),
      })),
    });
    return { lab, corpusId, asked, countsOf };
  }

  it('is exactly that of the predictions, without a corpus and mixed with predictions', async () => {
    const { lab, asked, countsOf } = await benchWithBoth();
    const ofPredictions = await lab.analyse('significance', asked(requestOf, requestOf)).answer;
    expect(ofPredictions?.map(({ verdict }) => verdict)).toEqual(['sentences', 'yes']);
    const elsewhere = { corpusId: 'not here', type: 'Plant' };
    expect(await lab.analyse('significance', asked(countsOf, countsOf, elsewhere)).answer).toEqual(ofPredictions);
    expect(await lab.analyse('significance', asked(countsOf, requestOf)).answer).toEqual(ofPredictions);
  });

  it('is refused for other test sentences, beside counts and beside predictions', async () => {
    const { lab, asked, countsOf } = await benchWithBoth();
    const other = (name: string): PackedCounts => ({ ...countsOf(name), split: 'another' });
    const refused = {
      code: 'significance/sentences',
      message: 'The trainings were not scored on the same test sentences.',
    };
    await expect(lab.analyse('significance', asked(countsOf, other)).answer).rejects.toMatchObject(refused);
    await expect(lab.analyse('significance', asked(other, requestOf)).answer).rejects.toMatchObject(refused);
  });

  it('gives a run the totals of its errors, with the interval of the test', async () => {
    const { lab, asked, countsOf } = await benchWithBoth();
    const { differences } = asked(countsOf, countsOf);
    const single = differences.map(({ task, trainings }) => ({ task, trainings: trainings.slice(0, 1) }));
    const tested = await lab.analyse('significance', { differences: single }).answer;
    const totals = await lab.analyse('errorTotals', [countsOf('xc-1'), countsOf('stl-1')]).answer;
    expect(totals?.map(({ f1 }) => f1)).toEqual([tested?.[0]?.a, tested?.[0]?.b]);
    const [first] = totals ?? [];
    expect(first?.sentences).toBe(SENTENCES);
    expect(first).toMatchObject({ gold: SENTENCES, missed: SENTENCES - (first?.correct ?? 0) });
    const counts = countsOf('xc-1');
    const numbers = (text: string): number[] =>
      text.split(' ').flatMap((word) => {
        const [count = 0, times = 1] = word.split('*').map(Number);
        return Array.from({ length: times }, () => count);
      });
    const spurious = numbers(counts.spurious);
    const clean = numbers(counts.missed).filter((missed, index) => missed === 0 && spurious[index] === 0).length;
    expect(first?.withoutError).toBe(clean);
  });

  it('counts stored predictions as a record has them, and nothing where none are stored', async () => {
    const { lab, corpusId, countsOf } = await benchWithBoth();
    const task = { corpusId, type: 'Plant' };
    const query = [{ request: requestOf('ls-2'), task }, null, { request: requestOf('gone'), task }];
    expect(await lab.analyse('testCounts', query).answer).toEqual([countsOf('ls-2'), null, null]);
  });
});
