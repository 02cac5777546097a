// Proves that the CRF on partial labels on WebGPU is the sum over the paths that agree with them, and on known tags the plain CRF's bits.
import { recordChains } from '../fixtures/recordedChains.ts';
import { itLearnsFromPartialLabels } from '../fixtures/partialChains.ts';
import { runRecording } from './support/runRecording.ts';

itLearnsFromPartialLabels(async (chains) => {
  const { inputs, outputs, record } = recordChains(chains);
  return runRecording(inputs, outputs, record);
}, 2e-5);
