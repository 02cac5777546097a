// Proves that a step in mixed precision on the kernels for hardware, f16 and matrix units, has the gradients of f32 within the mixed bound.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe } from 'vitest';
import { hardwareTuning } from '../../src/engine/kernels/matmul/matmulTuning.ts';
import { computeOptionsFor, openMachine } from '../../src/engine/network/computeOptions.ts';
import { itStaysNear, type EngineBench } from '../fixtures/engineAgreement.ts';
import { bertCase, caseDropout, xlnetCase } from '../fixtures/engineCases.ts';
import { testGpu } from '../gpu/support/runRecording.ts';
import { hasF16, matrixUnit } from './halfDevice.ts';

const bench: EngineBench = {
  compute: computeOptionsFor({ software: true }),
  openMachine: async () => openMachine(await testGpu()),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.skipIf(!hasF16).each([
  { name: 'XLNet, product by product', of: xlnetCase, blocks: 'products' },
  { name: 'XLNet, row by row', of: xlnetCase, blocks: 'rows' },
  { name: 'BERT, product by product', of: bertCase, blocks: 'products' },
  { name: 'BERT, row by row', of: bertCase, blocks: 'rows' },
] as const)('$name', ({ of, blocks }) => {
  itStaysNear(bench, {
    ...of,
    config: { ...of.config, dropout: caseDropout },
    ways: {
      tuning: hardwareTuning('mixed', matrixUnit),
      attention: 'tiled f16',
      blocks,
      precision: 'mixed',
      activations: 'kept',
    },
  });
});
