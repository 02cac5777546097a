// Proves that a device refused by tfjs is an error rather than silently replaced by its cpu backend, how adapters are described, and which matrix unit is taken.
import { expect, it } from 'vitest';
import { describeAdapter, matrixUnitOf, openDevice } from '../../../../src/engine/gpu/device.ts';
import { countingDevice } from '../../../fixtures/countingDevice.ts';

it('is refused where tfjs finds no navigator.gpu', async () => {
  const { device } = countingDevice();
  const opened = Object.assign(device, { lost: new Promise(() => undefined), addEventListener: () => undefined });
  const info = { vendor: '', architecture: '', device: '', description: '' };
  const adapter = { limits: {}, info, features: new Set(), requestDevice: () => Promise.resolve(opened) };
  await expect(openDevice(adapter as unknown as GPUAdapter, 'tests')).rejects.toMatchObject({
    code: 'backend/unavailable',
  });
});

it.each([
  [
    { vendor: 'nvidia', architecture: '', device: 'nvidia-h200', description: 'NVIDIA: 580.1' },
    'nvidia-h200 (NVIDIA: 580.1)',
  ],
  [
    { vendor: 'google', architecture: 'swiftshader', device: '0xc0de', description: 'SwiftShader Device' },
    'SwiftShader Device',
  ],
  [{ vendor: 'apple', architecture: 'metal-3', device: '', description: '' }, 'apple metal-3'],
  [{ vendor: '', architecture: '', device: '', description: '' }, 'unnamed adapter'],
])('an adapter %o is called %s', (info, name) => {
  expect(describeAdapter({ info })).toBe(name);
});

const config = (from: string, to: string, M: number, N: number, K: number) => ({
  componentType: from,
  resultComponentType: to,
  M,
  N,
  K,
});
const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'];
const adapterWith = (
  subgroupMatrixConfigs: readonly object[],
  subgroupMinSize: number,
  subgroupMaxSize: number,
  own = features,
) =>
  ({
    features: new Set(own),
    info: { subgroupMinSize, subgroupMaxSize, subgroupMatrixConfigs },
  }) as unknown as GPUAdapter;

it('takes the largest unit that multiplies f16 into f32, with the size of the subgroups', () => {
  const nvidia = [config('f16', 'f16', 16, 16, 16), config('f16', 'f32', 8, 8, 16), config('f16', 'f32', 16, 16, 16)];
  expect(matrixUnitOf(adapterWith(nvidia, 32, 32))).toEqual({ rows: 16, columns: 16, inner: 16, lanes: 32 });
  expect(matrixUnitOf(adapterWith([config('f16', 'f32', 8, 16, 16)], 16, 16))).toEqual({ rows: 8, columns: 16, inner: 16, lanes: 16 }); // prettier-ignore
});

it('takes none without sums in f32, without a feature, and where subgroups differ in size', () => {
  const own = [config('f16', 'f32', 8, 8, 8)];
  expect(matrixUnitOf(adapterWith([config('f16', 'f16', 8, 8, 8), config('i8', 'i32', 8, 8, 8)], 32, 32))).toBe(null);
  for (const missing of features) {
    const others = features.filter((feature) => feature !== missing);
    expect(matrixUnitOf(adapterWith(own, 32, 32, others)), missing).toBe(null);
  }
  expect(matrixUnitOf(adapterWith(own, 8, 32))).toBe(null);
  expect(matrixUnitOf({ features: new Set(features), info: { subgroupMinSize: 8, subgroupMaxSize: 8 } } as unknown as GPUAdapter)).toBe(null); // prettier-ignore
});
