// Proves that the recorded engine matches the plain XLNet and BERT on a GPU: gradients, updates, predictions, recomputation, bit-equal repeats.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe } from 'vitest';
import { computeOptionsFor, openMachine } from '../../src/engine/network/computeOptions.ts';
import { itAgrees, itStaysNear, type EngineBench } from '../fixtures/engineAgreement.ts';
import { adapterCases, bertCase, caseDropout, engineCases, xlnetCase } from '../fixtures/engineCases.ts';
import { testGpu } from './support/runRecording.ts';

const bench: EngineBench = {
  compute: computeOptionsFor({ software: true }),
  openMachine: async () => openMachine(await testGpu()),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each([...engineCases, ...adapterCases])('$name', (given) => itAgrees(bench, given));

describe.each([
  { family: 'XLNet', of: xlnetCase },
  { family: 'BERT', of: bertCase },
])('$family in mixed precision', ({ of }) => {
  itStaysNear(bench, {
    ...of,
    config: { ...xlnetCase.config, dropout: caseDropout },
    ways: { precision: 'mixed', activations: 'kept' },
  });
});
