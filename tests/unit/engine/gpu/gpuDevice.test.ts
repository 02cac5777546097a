// Proves that a device refused by tfjs is an error rather than silently replaced by its cpu backend, and how adapters are described.
import { expect, it } from 'vitest';
import { describeAdapter, openDevice } from '../../../../src/engine/gpu/device.ts';
import { countingDevice } from '../../../fixtures/countingDevice.ts';

it('is refused where tfjs finds no navigator.gpu', async () => {
  const { device } = countingDevice();
  const opened = Object.assign(device, { lost: new Promise(() => undefined), addEventListener: () => undefined });
  const adapter = { limits: {}, info: {}, features: new Set(), requestDevice: () => Promise.resolve(opened) };
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
