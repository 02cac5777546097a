// Proves that the recorded engine matches the plain XLNet and BERT on a GPU: gradients, ten updates, predictions, recomputation, bit-equal repeats.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeOptionsFor, openMachine } from '../../src/engine/network/computeOptions.ts';
import { engineForCase, itAgrees, measureOf, relativeError, type EngineBench } from '../fixtures/engineAgreement.ts';
import {
  bertCase,
  caseDropout,
  drawCaseBatch,
  drawCaseParameters,
  engineCases,
  xlnetCase,
  type EngineCase,
} from '../fixtures/engineCases.ts';
import { testGpu } from './support/runRecording.ts';

const bench: EngineBench = {
  compute: computeOptionsFor({ software: true }),
  openMachine: async () => openMachine(await testGpu()),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(engineCases)('$name', (given) => itAgrees(bench, given));

describe.each([
  { family: 'XLNet', of: xlnetCase },
  { family: 'BERT', of: bertCase },
])('$family in mixed precision', ({ of }) => {
  const given: EngineCase = {
    ...of,
    config: { ...xlnetCase.config, dropout: caseDropout },
    ways: { precision: 'mixed', activations: 'kept' },
  };
  const host = drawCaseParameters(given.shape);

  it('keeps activations in f16: losses and norms stay within 1 % and every gradient within 5 % of f32', async () => {
    const batch = drawCaseBatch(given, 7);
    const engine = await engineForCase(bench, given, host);
    const exact = await engineForCase(bench, { ...given, ways: {} }, host);
    const sums: (readonly [number, number])[] = [];
    for (const one of [engine, exact]) {
      for (let step = 1; step <= 5; step++) await one.step([batch], { seed: 11, step, learningRate: 1e-3 });
      sums.push(await one.readPending());
    }
    const [mixed, plain] = sums as [readonly [number, number], readonly [number, number]];
    expect(Math.abs(mixed[0] / plain[0] - 1)).toBeLessThan(1e-2);
    expect(Math.abs(mixed[1] / plain[1] - 1)).toBeLessThan(1e-2);
    expect(mixed).not.toEqual(plain);
    const [got, expected] = [await engine.download('gradient'), await exact.download('gradient')];
    for (const [name, { values }] of expected) {
      const found = (got.get(name)?.values ?? new Float32Array()).map((value) => value / engine.lossScale);
      expect(relativeError(found, values, expected.get(measureOf(name))?.values), name).toBeLessThan(5e-2);
    }
    engine.release();
    exact.release();
  });
});
