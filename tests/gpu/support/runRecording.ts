// Runs recorded launches on the software adapter with given inputs, for tests of kernels.
import { matrixUnitOf, type MatrixUnit } from '../../../src/engine/gpu/device.ts';
import { Pipelines } from '../../../src/engine/gpu/kernel.ts';
import type { Recorder, Region } from '../../../src/engine/gpu/recorder.ts';
import { computeOptionsFor, type EngineGpu } from '../../../src/engine/network/computeOptions.ts';
import { openRecording, type Words } from '../../fixtures/openRecording.ts';

let opened: Promise<GPUDevice> | null = null;
let matrixUnit: MatrixUnit | null = null;

/** One device for all tests of a page. */
export function testDevice(): Promise<GPUDevice> {
  opened ??= (async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error('no WebGPU adapter');
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    matrixUnit = matrixUnitOf(adapter);
    const wanted = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
    return adapter.requestDevice({
      requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    });
  })();
  return opened;
}

let pipelines: Pipelines | null = null;

/** The same device in the form used by engines. */
export async function testGpu(): Promise<EngineGpu> {
  const device = await testDevice();
  pipelines ??= new Pipelines(device);
  const software = true;
  return {
    device,
    adapter: 'software',
    browser: 'tests',
    software,
    matrixUnit,
    pipelines,
    compute: computeOptionsFor({ software }),
  };
}

/**
 * Uploads every input into a resident of its length, records, runs `times` times, and reads back the residents named in `outputs`
 * (all inputs may be named). Outputs that are not inputs start filled with `fill`, to reveal elements that a kernel skips.
 */
export async function runRecording<Input extends string, Output extends string>(
  inputs: Readonly<Record<Input, Words>>,
  outputs: Readonly<Record<Output, number>>,
  record: (recorder: Recorder, regions: Readonly<Record<Input | Output, Region>>) => void,
  { times = 1, fill = 12345 } = {},
): Promise<Record<Output, Float32Array<ArrayBuffer>>> {
  const filled = Object.entries<number>(outputs).map(([label, length]) => [label, new Float32Array(length).fill(fill)]);
  const contents = { ...Object.fromEntries(filled), ...inputs } as Readonly<Record<Input | Output, Words>>;
  const recording = await openRecording(await testGpu(), contents, record);
  for (let time = 0; time < times; time++) await recording.run();
  const found: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const label of Object.keys(outputs) as Output[]) found[label] = await recording.read(label);
  recording.release();
  return found as Record<Output, Float32Array<ArrayBuffer>>;
}
