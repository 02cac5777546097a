// Whether an adapter may compute in mixed precision: it has to have f16, and to pass the self-test with it.
import type { EngineGpu } from './engineWays.ts';
import { waysFor } from './engineWays.ts';
import { engineSelfTest } from './engineSelfTest.ts';
import { defaultMachineSettings, type MixedPrecision } from '../schema/machineSettings.ts';

export async function admitMixedPrecision(gpu: EngineGpu): Promise<MixedPrecision> {
  if (!gpu.device.features.has('shader-f16')) {
    return { admitted: false, reason: 'This adapter has no 16-bit floating point (shader-f16).' };
  }
  const checks = await engineSelfTest({
    ...gpu,
    ways: waysFor(gpu, { ...defaultMachineSettings, precision: 'mixed' }),
  });
  const failed = checks.filter(({ passed }) => !passed);
  const worst = Math.max(...checks.map(({ maxError }) => maxError));
  return failed.length > 0
    ? {
        admitted: false,
        reason: `This adapter fails the self-test in mixed precision: ${failed.map(({ name }) => name).join(', ')}.`,
      }
    : {
        admitted: true,
        reason: `This adapter passes the self-test in mixed precision (largest error ${worst.toExponential(1)}).`,
      };
}
