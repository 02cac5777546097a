// Proves that queries reach the analysis server and return, that missing inputs are reported, and that long work reports progress and cancels.
import { afterEach, describe, expect, it } from 'vitest';
import { recent } from '../../../../src/analysis/analysisInputs.ts';
import { LocalLab } from '../../../../src/lab/lab.ts';
import { storePredictions } from '../../../../src/schema/storedPredictions.ts';
import { writePredictions } from '../../../../src/storage/predictionRecords.ts';
import { memory } from '../../../../src/storage/store.ts';
import { inTurns, type Progress } from '../../../../src/util/clock.ts';
import { openAnalysisBench, type AnalysisBench } from '../../../fixtures/analysisBench.ts';
import { droppedCorpus } from '../../../fixtures/drops.ts';
import { fakeServer } from '../../../fixtures/fakeServer.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

const EVERYTHING = { kind: 'any', right: 'any', text: '', type: null, seen: 'any' } as const;
const request = { runId: 'run', epoch: 1, split: 'test', task: 0 } as const;
const wholePage = { predictions: [request], filter: EVERYTHING, first: 0, count: 25 } as const;

async function benchWithCorpus() {
  bench = await openAnalysisBench();
  await bench.lab.importFiles(droppedCorpus('moss'));
  const [corpus] = bench.lab.getState().corpora;
  if (corpus === undefined) throw new Error('no corpus');
  return { ...bench, task: { corpusId: corpus.id, type: 'Disease' } };
}

describe('the analysis server', () => {
  it('returns sentences with the predictions of a snapshot', async () => {
    const { lab, store, task } = await benchWithCorpus();
    const { test } = await lab.readCorpus(task.corpusId);
    const predicted = test.map(() => [{ type: 'Disease', start: 0, end: 1, confidence: 0.75 }]);
    await writePredictions(store, request, storePredictions(predicted));
    const query = { ...wholePage, task, training: { tasks: [task], trainOnly: false }, count: 1 };
    const { lines: [first, ...others] = [] } = (await lab.analyse('errors', query).answer) ?? {};
    expect(first).toMatchObject({ sentence: 0, tokens: test[0]?.tokens, predicted: [predicted[0]] });
    expect(first?.annotated.every(({ type }) => type === 'Disease')).toBe(true);
    expect(others).toEqual([]);
    const states = lab.analyse('predictionStates', [request, { ...request, epoch: 2 }]);
    expect(await states.answer).toEqual(['confidences', 'none']);
  });

  it('reports missing predictions and a missing corpus', async () => {
    const { lab, task } = await benchWithCorpus();
    const query = { ...wholePage, task, training: { tasks: [task], trainOnly: false } };
    await expect(lab.analyse('errors', query).answer).rejects.toMatchObject({ code: 'analysis/no-predictions' });
    const gone = { ...query, task: { corpusId: 'gone', type: null } };
    await expect(lab.analyse('errors', gone).answer).rejects.toMatchObject({ code: 'storage/missing' });
  });

  it('is unavailable in a lab that was opened without it', async () => {
    const store = memory();
    const { client } = fakeServer(store);
    const lab = new LocalLab({ store, openServer: () => client, fetchBuiltIn: null, software: 'test 1' });
    await expect(lab.analyse('predictionStates', []).answer).rejects.toMatchObject({ code: 'analysis/unavailable' });
    client.close();
  });
});

describe('work in turns', () => {
  /** Yields about once a millisecond until stopped. */
  function* endless(): Generator<Progress, never> {
    for (let done = 0; ; done++) {
      const until = performance.now() + 1;
      while (performance.now() < until);
      yield { phase: 'counting', done, of: 0 };
    }
  }

  it('reports between turns, and ends with the reason of its signal', async () => {
    const abort = new AbortController();
    const reports: number[] = [];
    const job = {
      signal: abort.signal,
      report({ done }: Progress) {
        reports.push(done);
        if (reports.length === 3) abort.abort('enough');
      },
    };
    await expect(inTurns(endless(), job)).rejects.toBe('enough');
    expect(reports).toHaveLength(3);
    expect(reports).toEqual([...reports].sort((left, right) => left - right));
  });
});

describe('recent results', () => {
  it('are computed once per query until evicted; failures are not cached', async () => {
    const made: string[] = [];
    const results = recent<{ of: string }, string>(2);
    const of = (name: string) =>
      results.of({ of: name }, () => {
        made.push(name);
        return Promise.resolve(name.toUpperCase());
      });
    expect([await of('a'), await of('b'), await of('a'), await of('c'), await of('a'), await of('b')]).toEqual([
      'A',
      'B',
      'A',
      'C',
      'A',
      'B',
    ]);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    await expect(results.of({ of: 'd' }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await of('d')).toBe('D');
  });
});
