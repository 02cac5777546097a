// Proves that the CRF on partial labels on WebGPU is the sum over the paths that agree with them, as it is on the tags of asked types, and on known tags the plain CRF's bits.
import { itLearnsFromAskedLabels } from '../fixtures/askedChains.ts';
import { recordChains } from '../fixtures/recordedChains.ts';
import { itLearnsFromPartialLabels, type RunChains } from '../fixtures/partialChains.ts';
import { runRecording } from './support/runRecording.ts';

const run: RunChains = async (chains) => {
  const { inputs, outputs, record } = recordChains(chains);
  return runRecording(inputs, outputs, record);
};

itLearnsFromPartialLabels(run, 2e-5);
itLearnsFromAskedLabels(run, 2e-5);
