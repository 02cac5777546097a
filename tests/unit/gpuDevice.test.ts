// Proves that a device tfjs does not take up is an error, not a device that tfjs' cpu backend works for.
import { expect, it } from 'vitest';
import { openDevice } from '../../src/engine/device.ts';
import { countingDevice } from '../fixtures/countingDevice.ts';

it('is refused where tfjs finds no navigator.gpu', async () => {
  const { device } = countingDevice();
  const opened = Object.assign(device, { lost: new Promise(() => undefined), addEventListener: () => undefined });
  const adapter = { limits: {}, info: {}, features: new Set(), requestDevice: () => Promise.resolve(opened) };
  await expect(openDevice(adapter as unknown as GPUAdapter, 'tests')).rejects.toMatchObject({
    code: 'backend/unavailable',
  });
});
