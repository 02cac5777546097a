// Proves that the engine's self-test passes on a correct adapter, in f32 and with f16 where no extension is needed, and detects wrong kernels.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { Pipelines } from '../../src/engine/gpu/kernel.ts';
import { hardwareTuning } from '../../src/engine/kernels/matmul/matmulTuning.ts';
import { engineSelfTest } from '../../src/engine/start/selfTest.ts';
import { skippedUnlessLong } from '../fixtures/longForm.ts';
import { testGpu } from './support/runRecording.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('passes on this adapter, and leaves the backend as it was', async () => {
  const checks = await engineSelfTest(await testGpu());
  expect(checks.length).toBe(6);
  expect(checks.filter(({ passed }) => !passed)).toEqual([]);
  expect(tf.getBackend()).toBe('cpu');
});

// They take 40 seconds to compile for a CPU, and each is proved by the tests of products, attention and engine.
const isSkipped = skippedUnlessLong('the self-test with the kernels for hardware', 'it compiles for 40 seconds');
it.skipIf(isSkipped)('passes with the kernels for hardware', async () => {
  const gpu = await testGpu();
  const checks = await engineSelfTest({
    ...gpu,
    compute: { ...gpu.compute, tuning: hardwareTuning(), attention: 'tiled' },
  });
  expect(checks.filter(({ passed }) => !passed)).toEqual([]);
});

it('passes with activations in f16 and a scaled loss', async () => {
  const gpu = await testGpu();
  const checks = await engineSelfTest({ ...gpu, compute: { ...gpu.compute, precision: 'mixed' } });
  expect(checks.filter(({ passed }) => !passed)).toEqual([]);
  expect(checks[0]?.name).toContain('mixed');
});

/** Alters the WGSL of some kernels before compilation, like a broken driver. */
class BrokenPipelines extends Pipelines {
  constructor(device: GPUDevice, before: string, after: string) {
    super(device);
    const of = this.of.bind(this);
    this.of = (kernel) => of({ ...kernel, code: kernel.code.replaceAll(before, after) });
  }
}

it.each([
  ['products whose first sums are lost', 'sum0_0 +=', 'sum0_0 =', 0],
  ['layer norm with a wrong scale', 'inverseSqrt', 'sqrt', 1],
  ['the wrong dropout', '747796405u', '747796407u', 1],
  ['embeddings without their segment', ' + others[segment + column]', '', 2],
] as const)('sees %s', async (_, before, after, failing) => {
  const gpu = await testGpu();
  const checks = await engineSelfTest({ ...gpu, pipelines: new BrokenPipelines(gpu.device, before, after) });
  expect(checks[failing]?.passed).toBe(false);
});
