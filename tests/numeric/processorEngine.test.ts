// Proves that the engine on the processor matches the plain XLNet and BERT: gradients, ten updates, predictions, recomputation, bit-equal repeats.
import v8 from 'node:v8';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe } from 'vitest';
import { processorCompute } from '../../src/engine/network/computeOptions.ts';
import { ProcessorMachine } from '../../src/engine/processor/processorMachine.ts';
import { compileProcessorModule } from '../../src/engine/processor/processorModule.ts';
import { itAgrees, type EngineBench } from '../fixtures/engineAgreement.ts';
import { bertCase, caseDropout, engineCases, xlnetCase, type EngineCase } from '../fixtures/engineCases.ts';

// Node 20 has the relaxed instructions behind a flag.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

const benchWith = (relaxed: boolean): EngineBench => ({
  compute: processorCompute({ activations: 'kept' }),
  openMachine: async () => new ProcessorMachine(await compileProcessorModule({ relaxed })),
});

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Several blocks of queries, the last of one query; lengths that are no multiples of tiles. */
const longCases: readonly EngineCase[] = [xlnetCase, bertCase].map((of) => {
  const { encoder, head } = of.shape;
  const own = encoder.family === 'bert' ? { ...encoder, layers: 1, positions: 101 } : { ...encoder, layers: 1 };
  return {
    ...of,
    name: `${encoder.family}, dropout, blocks of queries`,
    shape: { encoder: own, head },
    config: { ...of.config, dropout: caseDropout },
    pieces: 102,
    counts: [97, 101, 48, 2],
  };
});

// The tunings of hardware are for GPUs.
const cases = [...engineCases.filter(({ name }) => !name.includes('hardware')), ...longCases];
describe.each(cases)('$name', (given) => itAgrees(benchWith(false), given));
describe.each(longCases)('with multiply-adds that round once: $name', (given) => itAgrees(benchWith(true), given));
