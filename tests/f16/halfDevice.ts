// Says what the adapter of these tests has: f16, and a matrix unit.
import { matrixUnitOf, type MatrixUnit } from '../../src/engine/gpu/device.ts';

const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
const adapter = (await gpu?.requestAdapter()) ?? null;

export const hasF16 = adapter?.features.has('shader-f16') === true;
export const matrixUnit: MatrixUnit | null = adapter === null ? null : matrixUnitOf(adapter);

if (!hasF16) {
  const found = adapter === null ? 'no WebGPU adapter was found in Node' : 'the adapter has no shader-f16';
  console.log(
    `Skipped, because ${found}: kernels in f16. npm test -- f16 fetches lavapipe on Debian; elsewhere set HALF_ADAPTER to a folder with it.`,
  );
} else if (matrixUnit === null) {
  console.log('Skipped, because the adapter has no matrix units: products on them.');
}
