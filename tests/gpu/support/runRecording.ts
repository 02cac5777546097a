// Runs recorded launches on the software adapter with given inputs, for tests of kernels.
import { Arena } from '../../../src/engine/arena.ts';
import type { EngineGpu } from '../../../src/engine/device.ts';
import { waysFor } from '../../../src/engine/engineWays.ts';
import { GpuMemory } from '../../../src/engine/gpuMemory.ts';
import { Pipelines } from '../../../src/engine/pipelines.ts';
import { Plan } from '../../../src/engine/plan.ts';
import type { Region, Resident } from '../../../src/engine/recorder.ts';
import { Recorder } from '../../../src/engine/recorder.ts';

type Values = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

let opened: Promise<GPUDevice> | null = null;

/** One device for all tests of a page. */
export function testDevice(): Promise<GPUDevice> {
  opened ??= (async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) throw new Error('no WebGPU adapter');
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    return adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  })();
  return opened;
}

let pipelines: Pipelines | null = null;

/** The same device as an engine takes it. */
export async function testGpu(): Promise<EngineGpu> {
  const device = await testDevice();
  pipelines ??= new Pipelines(device);
  const software = true;
  return { device, adapter: 'software', browser: 'tests', software, pipelines, ways: waysFor({ software }) };
}

/**
 * Uploads every input into a resident of its length, records, runs `times` times, and reads back the residents named in `outputs`
 * (all inputs may be named). Outputs that are no inputs start filled with `fill`, so that an element a kernel forgets is seen.
 */
export async function runRecording<Input extends string, Output extends string>(
  inputs: Readonly<Record<Input, Values>>,
  outputs: Readonly<Record<Output, number>>,
  record: (recorder: Recorder, regions: Readonly<Record<Input | Output, Region>>) => void,
  { times = 1, fill = 12345 } = {},
): Promise<Record<Output, Float32Array<ArrayBuffer>>> {
  const { device, pipelines: compiled } = await testGpu();
  const memory = new GpuMemory(device);
  const buffers = new Map<Resident, GPUBuffer>();
  const regions: Record<string, Region> = {};
  const resident = (label: string, values: Values): void => {
    if (regions[label] !== undefined) return;
    const buffer: Resident = { kind: 'resident', label, length: values.length };
    const gpu = memory.create(label, values.length);
    device.queue.writeBuffer(gpu, 0, values);
    buffers.set(buffer, gpu);
    regions[label] = { buffer, offset: 0, length: values.length };
  };
  for (const [label, values] of Object.entries<Values>(inputs)) resident(label, values);
  for (const [label, length] of Object.entries<number>(outputs)) resident(label, new Float32Array(length).fill(fill));
  const recorder = new Recorder();
  record(recorder, regions as Record<Input | Output, Region>);
  const arena = new Arena(memory);
  const plan = await Plan.compile(recorder.launches, {
    memory,
    arena,
    pipelines: compiled,
    bufferOf: (buffer) => buffers.get(buffer) as GPUBuffer,
    workPerSubmit: 1e8,
  });
  for (let time = 0; time < times; time++) await plan.run();
  const found: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const label of Object.keys(outputs)) {
    const region = regions[label] as Region;
    found[label] = await readWords(device, buffers.get(region.buffer as Resident) as GPUBuffer);
  }
  plan.release();
  arena.release();
  for (const buffer of buffers.values()) memory.release(buffer);
  if (memory.bytes !== 0) throw new Error(`${memory.bytes} bytes were not released`);
  return found as Record<Output, Float32Array<ArrayBuffer>>;
}

async function readWords(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array<ArrayBuffer>> {
  const staging = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}
