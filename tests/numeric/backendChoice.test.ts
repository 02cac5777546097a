// Proves that an adapter known to compute wrong numbers is refused with the reason, and that the lab goes on with wasm.
import { describe, expect, it } from 'vitest';
import type { Platform } from '../../src/engine/start/platform.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

/** A GPU of a vendor that was seen to answer with zeros; asking it for a device would be an error. */
const powerVr: Platform = {
  ...nodePlatform,
  gpu: () =>
    Promise.resolve({
      requestAdapter: () => Promise.resolve({ info: { vendor: 'img-tec', architecture: 'd-series', description: '' } }),
    } as unknown as GPU),
};

describe('an adapter known to be wrong', () => {
  it('is passed over for wasm', async () => {
    const started = await startBackend('auto', powerVr);
    expect(started.name).toBe('wasm');
    expect(started.gpu).toBeNull();
    expect(started.reason).toContain('PowerVR');
    expect(started.mixedPrecision.admitted).toBe(false);
  });

  it('is refused where it was asked for', async () => {
    await expect(startBackend('webgpu', powerVr)).rejects.toMatchObject({ code: 'backend/unavailable' });
  });
});
