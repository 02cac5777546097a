// Proves which precision a machine trains in: what the person chose, mixed on a graphics card that was checked, and for a begun run what it began with.
import { describe, expect, it } from 'vitest';
import type { EngineGpu } from '../../../src/engine/network/computeOptions.ts';
import type { Platform, StartedBackend } from '../../../src/engine/start/startBackend.ts';
import { defaultMachineSettings, type Precision } from '../../../src/schema/machineSettings.ts';
import { queuedRun, type Environment } from '../../../src/schema/runRecord.ts';
import { writeMachineSettings } from '../../../src/storage/machineRecords.ts';
import { writeRunRecord } from '../../../src/storage/runRecords.ts';
import { memory } from '../../../src/storage/store.ts';
import { fittingMachine, machineUnderSettings } from '../../../workers/trainingMachine.ts';
import { spec } from '../../fixtures/records.ts';

const platform = { description: 'a test' } as Platform;

/** A backend on a GPU that is only described: nothing here computes. */
function backendOn({ software = false, admitted = true }): StartedBackend {
  const gpu = { software, adapter: 'a card', browser: 'a test', matrixUnit: null } as unknown as EngineGpu;
  const mixedPrecision = { admitted, reason: 'as the test says' };
  return { name: 'webgpu', device: 'a card', threads: 1, gpu, processor: null, mixedPrecision } as unknown as StartedBackend; // prettier-ignore
}

async function precisionOf(backend: StartedBackend, chosen?: Precision): Promise<readonly unknown[]> {
  const store = memory();
  if (chosen !== undefined) await writeMachineSettings(store, { ...defaultMachineSettings, precision: chosen });
  const { environment, settings, gpu } = await machineUnderSettings(backend, store, platform);
  // All three speak of the same device.
  expect([settings.precision, gpu?.compute.precision]).toEqual([environment.precision, environment.precision]);
  return [environment.precision, gpu?.compute.attention];
}

describe('the precision of a machine', () => {
  it('is mixed where nothing was chosen and a graphics card passes the self-test in it', async () => {
    expect(await precisionOf(backendOn({}))).toEqual(['mixed', 'tiled f16']);
    expect(await precisionOf(backendOn({ admitted: false }))).toEqual(['f32', 'tiled']);
    expect(await precisionOf(backendOn({ software: true }))).toEqual(['f32', 'direct']);
  });

  it('is what the person chose, as far as it is admitted', async () => {
    expect(await precisionOf(backendOn({}), 'f32')).toEqual(['f32', 'tiled']);
    expect(await precisionOf(backendOn({ software: true }), 'mixed')).toEqual(['mixed', 'direct']);
    expect(await precisionOf(backendOn({ admitted: false }), 'mixed')).toEqual(['f32', 'tiled']);
  });
});

describe('a run that has begun', () => {
  const environment: Environment = { software: 'earlier', backend: 'webgpu', device: 'a card', threads: 1, platform: 'a test', precision: 'f32' }; // prettier-ignore

  const run = spec();

  async function continued(backend: StartedBackend, begun: Partial<Environment>, step: number, chosen?: Precision) {
    const store = memory();
    if (chosen !== undefined) await writeMachineSettings(store, { ...defaultMachineSettings, precision: chosen });
    const record = queuedRun(run, '2026-01-01T00:00:00.000Z');
    await writeRunRecord(store, { ...record, step, environments: [{ ...environment, ...begun }] });
    const machine = await machineUnderSettings(backend, store, platform);
    const fitting = await fittingMachine(backend, machine, store, run);
    expect([fitting.settings.precision, fitting.gpu?.compute.precision]).toEqual([fitting.environment.precision, fitting.environment.precision]); // prettier-ignore
    return fitting.environment.precision;
  }

  it('continues in the precision it began with, whatever is usual or chosen by then', async () => {
    expect(await continued(backendOn({}), {}, 5)).toBe('f32');
    expect(await continued(backendOn({}), { precision: undefined }, 5)).toBe('f32');
    expect(await continued(backendOn({}), { precision: 'mixed' }, 5, 'f32')).toBe('mixed');
  });

  it('takes what is usual if it had no step yet or began on another backend, and f32 where mixed precision is not admitted', async () => {
    expect(await continued(backendOn({}), {}, 0)).toBe('mixed');
    expect(await continued(backendOn({}), { backend: 'wasm' }, 5)).toBe('mixed');
    expect(await continued(backendOn({ admitted: false }), { precision: 'mixed' }, 5)).toBe('f32');
  });
});
