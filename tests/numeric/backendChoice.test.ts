// Proves that an adapter known to compute wrong numbers is rejected with the reason, and that the lab falls back to wasm.
import { describe, expect, it } from 'vitest';
import { startBackend, type Platform } from '../../src/engine/start/startBackend.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

/** A GPU of a vendor known to return zeros; requesting a device from it fails the test. */
const powerVr: Platform = {
  ...nodePlatform,
  gpu: () =>
    Promise.resolve({
      requestAdapter: () => Promise.resolve({ info: { vendor: 'img-tec', architecture: 'd-series', description: '' } }),
    } as unknown as GPU),
};

describe('an adapter known to be wrong', () => {
  it('is skipped for wasm', async () => {
    const started = await startBackend('auto', powerVr);
    expect(started.name).toBe('wasm');
    expect(started.gpu).toBeNull();
    expect(started.reason).toContain('PowerVR');
    expect(started.mixedPrecision.admitted).toBe(false);
  });

  it('is rejected when requested explicitly', async () => {
    await expect(startBackend('webgpu', powerVr)).rejects.toMatchObject({ code: 'backend/unavailable' });
  });
});
