// Proves through the analysis server that affinity is answered where gradients are stored, never with null, and that choices name the devel predictions they lack.
import { afterEach, expect, it } from 'vitest';
import type { Mention } from '../../../src/data/corpus/corpus.ts';
import { storePredictions, usualGradients, type PredictionRequest } from '../../../src/schema/storedPredictions.ts';
import { writeGradients, writePredictions } from '../../../src/storage/predictionRecords.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { droppedText } from '../../fixtures/drops.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

it('says that nothing is measured, then what follows from the gradients, and that damaged ones are to be measured again', async () => {
  bench = await openAnalysisBench();
  const { lab, store } = bench;
  const query = { runId: 'a', epoch: 2 };
  expect(await lab.analyse('taskAffinity', query).answer).toEqual({ answer: null });
  const sequence = (value: number) => ({ loss: 0.5, gradient: new Float32Array(8).fill(value) });
  const tasks = [1, -1].map((sign) => ({
    shown: 3,
    train: [sequence(sign)],
    devel: [sequence(sign), sequence(2 * sign)],
  }));
  await writeGradients(store, { ...query, ...usualGradients, dimensions: 8 }, tasks);
  const found = await lab.analyse('taskAffinity', query).answer;
  expect(found?.answer).toMatchObject({
    dimensions: 8,
    develSequences: [2, 2],
    affinity: { subsets: [[0], [1], [0, 1]] },
  });
  expect(found?.answer?.affinity.cosines[0]?.[1]).toBeCloseTo(-1, 6);
  await store.write('run/a/gradients/2-values', new Uint8Array(3 * 2 * 8 * 4));
  expect(await lab.analyse('taskAffinity', query).answer).toEqual({ answer: null });
});

it('counts devel, not test, and names each missing prediction once', async () => {
  bench = await openAnalysisBench();
  const { lab, store } = bench;
  const row = (word: string): string => `${word}\tB-Plant\nof\tO\n\n`;
  const devel = Array.from({ length: 40 }, (_, number) => row(`fern${number}`)).join('');
  const { corpusIds } = await lab.importFiles([
    droppedText('wood/train.tsv', row('oak')),
    droppedText('wood/devel.tsv', devel),
    droppedText('wood/test.tsv', row('ash')),
  ]);
  const request = (runId: string): PredictionRequest => ({ runId, epoch: 1, split: 'devel', task: 0 });
  const subsets = [
    { trainings: [{ a: request('subset'), b: request('all') }] },
    { trainings: [{ a: request('alone'), b: request('all') }] },
  ];
  const query = [{ task: { corpusId: corpusIds[0] ?? '', type: 'Plant' }, subsets }];
  const before = await lab.analyse('subsetChoices', query).answer;
  expect(before?.[0]).toMatchObject({ choice: null, lacking: [request('subset'), request('all'), request('alone')] });
  for (const [runId, share] of [
    ['subset', 40],
    ['all', 20],
    ['alone', 10],
  ] as const) {
    const mentions = Array.from({ length: 40 }, (_, at): Mention[] =>
      at < share ? [{ type: 'Plant', start: 0, end: 1 }] : [],
    );
    await writePredictions(
      store,
      request(runId),
      storePredictions(mentions.map((of) => of.map((one) => ({ ...one, confidence: null })))),
    );
  }
  const after = await lab.analyse('subsetChoices', query).answer;
  expect(after?.[0]).toMatchObject({ choice: { chosen: 0, differences: [{ f1: 100 }, { f1: 40 }] }, lacking: [] });
});
