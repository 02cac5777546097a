// Proves that runs of earlier versions get the counts of their sentences from stored predictions, and only from those that were scored.
import { afterEach, describe, expect, it } from 'vitest';
import { fingerprintOfSplit, type Mention } from '../../../../src/data/corpus/corpus.ts';
import { LocalLab } from '../../../../src/lab/lab.ts';
import { packCounts } from '../../../../src/metrics/scores/packedCounts.ts';
import { sentenceCounts, spanScore, totalCounts } from '../../../../src/metrics/scores/spanScore.ts';
import { queuedRun, type RunRecord } from '../../../../src/schema/runRecord.ts';
import { storePredictions } from '../../../../src/schema/storedPredictions.ts';
import { writePredictions } from '../../../../src/storage/predictionRecords.ts';
import { readRunRecord, writeRunRecord } from '../../../../src/storage/runRecords.ts';
import { memory } from '../../../../src/storage/store.ts';
import { openAnalysisBench, type AnalysisBench } from '../../../fixtures/analysisBench.ts';
import { droppedText } from '../../../fixtures/drops.ts';
import { fakeServer } from '../../../fixtures/fakeServer.ts';
import { spec } from '../../../fixtures/records.ts';

const benches: AnalysisBench[] = [];
afterEach(() => {
  for (const bench of benches.splice(0)) bench.close();
});

const row = (word: string) => `${word}\tB-Disease\nof\tO\nhare\tO\n\n`;

/** A lab with a run as an earlier version left it: scores without counts, and predictions that miss every second mention. */
async function oldLab() {
  const store = memory();
  const first = await openAnalysisBench(store);
  benches.push(first);
  const test = ['rot', 'wilt', 'rust', 'scab', 'blight'].map(row).join('');
  const files = [droppedText('wood/train.tsv', row('gall')), droppedText('wood/devel.tsv', row('mould')), droppedText('wood/test.tsv', test)]; // prettier-ignore
  await first.lab.importFiles(files);
  const [corpus] = first.lab.getState().corpora;
  if (corpus === undefined) throw new Error('no corpus');
  const sentences = (await first.lab.readCorpus(corpus.id)).test;
  const gold = sentences.map(({ mentions }) => mentions);
  const predicted = gold.map((mentions, index): readonly Mention[] => (index % 2 === 0 ? mentions : []));
  const counts = sentenceCounts(gold, predicted);
  const entities = { overall: spanScore(totalCounts(counts)), perType: {} };
  const scores = {
    sentences: gold.length,
    tokens: 15,
    accuracy: 90,
    lenient: entities,
    strict: entities,
    discarded: 0,
  };
  const input = { id: corpus.id, name: corpus.name, fingerprint: corpus.fingerprint };
  const run = spec({ tasks: [{ corpus: input, type: 'Disease' }] });
  const record: RunRecord = {
    ...queuedRun(run, '2025-01-01T00:00:00.000Z'),
    status: 'finished',
    snapshots: [1, 2].map((epoch) => ({ epoch, devel: [null], test: [scores] })),
    selectedEpoch: 2,
  };
  await writeRunRecord(store, record);
  const predictions = (mentions: readonly (readonly Mention[])[]) =>
    writePredictions(
      store,
      { runId: run.id, epoch: 2, split: 'test', task: 0 },
      storePredictions(mentions.map((of) => of.map((mention) => ({ ...mention, confidence: null })))),
    );
  const { lab } = await openAnalysisBench(store).then((bench) => (benches.push(bench), bench));
  const expected = packCounts(counts, fingerprintOfSplit(sentences));
  return { lab, store, runId: run.id, gold, predicted, predictions, expected };
}

describe('countSentences', () => {
  it('adds the counts of the selected snapshot to the record, once, so that its result file has them', async () => {
    const { lab, store, runId, predicted, predictions, expected } = await oldLab();
    await predictions(predicted);
    expect(await lab.countSentences([runId, 'another'])).toBe(1);
    const stored = await readRunRecord(store, runId);
    expect(stored?.snapshots.map(({ testCounts }) => testCounts)).toEqual([undefined, [expected]]);
    expect(lab.getState().runs.map(({ record }) => record)).toEqual([stored]);
    expect(await lab.countSentences([runId])).toBe(0);
  });

  it('leaves a run without stored predictions as it is', async () => {
    const { lab, store, runId } = await oldLab();
    const before = await readRunRecord(store, runId);
    expect(await lab.countSentences([runId])).toBe(0);
    expect(await readRunRecord(store, runId)).toEqual(before);
  });

  it('does not take predictions whose sums are not the scores', async () => {
    const { lab, store, runId, gold, predictions } = await oldLab();
    await predictions(gold);
    expect(await lab.countSentences([runId])).toBe(0);
    expect((await readRunRecord(store, runId))?.snapshots[1]?.testCounts).toBeUndefined();
  });

  it('says what went wrong in a notice, and changes nothing', async () => {
    const { store, runId, predicted, predictions } = await oldLab();
    await predictions(predicted);
    const { client } = fakeServer(store);
    const lab = new LocalLab({ store, openServer: () => client, fetchBuiltIn: null, software: 'test 1' });
    await lab.open('cpu');
    expect(await lab.countSentences([runId])).toBe(0);
    expect(lab.getState().notices.map(({ code }) => code)).toContain('analysis/unavailable');
    expect(lab.exportResult([runId]).runs).toHaveLength(1);
    client.close();
  });

  it('counts no run that was not named', async () => {
    const { lab, store, runId, predicted, predictions } = await oldLab();
    await predictions(predicted);
    expect(await lab.countSentences([])).toBe(0);
    expect((await readRunRecord(store, runId))?.snapshots[1]?.testCounts).toBeUndefined();
  });
});
