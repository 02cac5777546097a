// Trains a small tagger in a Worker on one thread and on three, and reports the bits of both.
import { compileProcessorModule } from '../../../src/engine/processor/processorModule.ts';
import { ProcessorMachine } from '../../../src/engine/processor/processorMachine.ts';
import { CONTROL } from '../../../src/engine/processor/threadKernels.ts';
import { startBackend } from '../../../src/engine/start/startBackend.ts';
import { engineForCase } from '../../fixtures/engineAgreement.ts';
import { caseDropout, drawCaseBatch, drawCaseParameters, xlnetCase } from '../../fixtures/engineCases.ts';

export interface ThreadSteps {
  readonly failure: string | null;
  /** Threads that took part besides the first. */
  readonly joined: number;
  readonly bits: Uint32Array;
  readonly onAll: Uint32Array;
}

const given = { ...xlnetCase, config: { ...xlnetCase.config, dropout: caseDropout }, pieces: 64, counts: [60, 64, 17] };

async function report(): Promise<ThreadSteps> {
  // Before the platform is read: there have to be threads on any machine.
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });
  const { browserPlatform } = await import('../../../workers/browserPlatform.ts');
  const { processor } = await startBackend('wasm', browserPlatform);
  if (processor === null || processor.pool === null) throw new Error('no threads');
  const alone = new ProcessorMachine(await compileProcessorModule({ relaxed: true, shared: false }));
  const together = new ProcessorMachine(processor.module, processor.pool);
  const joined = (): number => Atomics.load(together.memory.integers, CONTROL.joined / 4);
  while (joined() < processor.pool.size) await new Promise((resolve) => setTimeout(resolve, 5));
  const bits: Uint32Array[] = [];
  for (const machine of [alone, together]) {
    const bench = { compute: processor.compute, openMachine: () => Promise.resolve(machine) };
    const engine = await engineForCase(bench, given, drawCaseParameters(given.shape));
    for (let step = 1; step <= 3; step++) {
      await engine.step([drawCaseBatch(given, step)], { seed: 11, step, learningRate: 1e-3 });
    }
    const weights = [...(await engine.download()).values()];
    bits.push(new Uint32Array(weights.flatMap(({ values }) => [...new Uint32Array(values.buffer)])));
    if (machine === alone) engine.release();
  }
  const [one = new Uint32Array(), onAll = new Uint32Array()] = bits;
  return { failure: null, joined: joined(), bits: one, onAll };
}

const empty = new Uint32Array();
void report()
  .catch((error: unknown): ThreadSteps => ({ failure: String(error), joined: 0, bits: empty, onAll: empty }))
  .then((done) => self.postMessage(done));
