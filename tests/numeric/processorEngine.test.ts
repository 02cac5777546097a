// Proves that the engine on the processor matches the plain XLNet and BERT: gradients, updates, predictions, recomputation, bit-equal repeats.
import v8 from 'node:v8';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { processorCompute } from '../../src/engine/network/computeOptions.ts';
import { ProcessorMachine } from '../../src/engine/processor/processorMachine.ts';
import { compileProcessorModule } from '../../src/engine/processor/processorModule.ts';
import { CONTROL } from '../../src/engine/processor/threadKernels.ts';
import { ThreadPool } from '../../src/engine/processor/threadPool.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { engineForCase, itAgrees, type EngineBench } from '../fixtures/engineAgreement.ts';
import {
  adapterCases,
  bertCase,
  caseDropout,
  drawCaseBatch,
  drawCaseParameters,
  engineCases,
  xlnetCase,
  type EngineCase,
} from '../fixtures/engineCases.ts';

// Node 20 has the relaxed instructions behind a flag.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

const benchWith = (relaxed: boolean): EngineBench => ({
  compute: processorCompute({ activations: 'kept' }),
  openMachine: async () => new ProcessorMachine(await compileProcessorModule({ relaxed, shared: false })),
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
const cases = [...engineCases.filter(({ ways }) => ways.tuning === undefined), ...adapterCases, ...longCases];
describe.each(cases)('$name', (given) => itAgrees(benchWith(false), given));
describe.each(longCases)('with multiply-adds that round once: $name', (given) => itAgrees(benchWith(true), given));

it('takes more and fewer threads between two steps, to the bits of one thread', async () => {
  const [given] = longCases as readonly [EngineCase];
  const host = drawCaseParameters(given.shape);
  const train = async (machine: ProcessorMachine, pool: ThreadPool | null): Promise<readonly Uint32Array[]> => {
    const bench: EngineBench = {
      compute: processorCompute({ activations: 'kept' }),
      openMachine: () => Promise.resolve(machine),
    };
    const engine = await engineForCase(bench, given, host);
    const words = (at: number): number => Atomics.load(machine.memory.integers, at / 4);
    const limits = [1, 3, 2, 1, 4, 4];
    for (const [index, limit] of limits.entries()) {
      expect(await pool?.use(limit)).toBe(pool === null ? undefined : limit);
      while (words(CONTROL.joined) + 1 < limit && pool !== null) await new Promise((resolve) => setTimeout(resolve, 5));
      await engine.step([drawCaseBatch(given, index)], { seed: 11, step: index + 1, learningRate: 1e-3 });
      // The launch of one thread alone wakes no other, and leaves the word as it was.
      if (pool !== null && limit > 1) expect(words(CONTROL.launch) & 255).toBe(limit);
    }
    const weights = [...(await engine.download()).values()].map(({ values }) => new Uint32Array(values.buffer));
    engine.release();
    expect(machine.bytes).toBe(0);
    return weights;
  };
  const pool = await ThreadPool.open(0, () => nodePlatform.openThread());
  const alone = new ProcessorMachine(await compileProcessorModule({ relaxed: false, shared: false }));
  const shared = new ProcessorMachine(await compileProcessorModule({ relaxed: false, shared: true }), pool);
  const bits = await train(alone, null);
  expect(await train(shared, pool)).toEqual(bits);
  expect(pool.size).toBe(3);
  // The threads, those that slept beyond the limit too, serve the next machine.
  await pool.use(2);
  expect(await train(new ProcessorMachine(await compileProcessorModule({ relaxed: false, shared: true }), pool), pool)).toEqual(bits); // prettier-ignore
});

describe.each(longCases)('on several threads: $name', (given) => {
  it('has the bits of one thread, whatever the number of threads', async () => {
    const host = drawCaseParameters(given.shape);
    const bits: Uint32Array[] = [];
    for (const others of [0, 1, 2]) {
      const pool = await ThreadPool.open(others, () => nodePlatform.openThread());
      const module = await compileProcessorModule({ relaxed: false, shared: others > 0 });
      const machine = new ProcessorMachine(module, others > 0 ? pool : null);
      const bench: EngineBench = {
        compute: processorCompute({ activations: 'kept' }),
        openMachine: () => Promise.resolve(machine),
      };
      const engine = await engineForCase(bench, given, host);
      // Threads join when they get to it; until then the others do their part.
      const joined = (): number => Atomics.load(machine.memory.integers, CONTROL.joined / 4);
      while (joined() < others) await new Promise((resolve) => setTimeout(resolve, 5));
      for (let step = 1; step <= 3; step++) {
        await engine.step([drawCaseBatch(given, step)], { seed: 11, step, learningRate: 1e-3 });
      }
      const launches = Atomics.load(machine.memory.integers, CONTROL.launch / 4);
      expect(launches & 255).toBe(others === 0 ? 0 : others + 1);
      const weights = [...(await engine.download()).values()];
      bits.push(new Uint32Array(weights.flatMap(({ values }) => [...new Uint32Array(values.buffer)])));
      engine.release();
      expect(engine.machine.bytes).toBe(0);
    }
    expect(bits[1]).toEqual(bits[0]);
    expect(bits[2]).toEqual(bits[0]);
  });
});
