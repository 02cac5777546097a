// Proves that the engine on the processor matches the plain XLNet and BERT: gradients, ten updates, predictions, recomputation, bit-equal repeats.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe } from 'vitest';
import { processorCompute } from '../../src/engine/network/computeOptions.ts';
import { ProcessorMachine } from '../../src/engine/processor/processorMachine.ts';
import { compileProcessorModule } from '../../src/engine/processor/processorModule.ts';
import { itAgrees, type EngineBench } from '../fixtures/engineAgreement.ts';
import { engineCases } from '../fixtures/engineCases.ts';

const bench: EngineBench = {
  compute: processorCompute({ activations: 'kept' }),
  openMachine: async () => new ProcessorMachine(await compileProcessorModule({ relaxed: false })),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// The tunings of hardware are for GPUs.
const cases = engineCases.filter(({ name }) => !name.includes('hardware'));
describe.each(cases)('$name', (given) => itAgrees(bench, given));
