// Our own GPU device: limits raised to the adapter's, failures remembered, shared with tfjs.
import * as tf from '@tensorflow/tfjs';
import { LabError } from '../../util/labError.ts';
import { guardWebgpuKernels } from './guardWebgpuKernels.ts';
import { Pipelines } from './pipelines.ts';

const TOO_LITTLE = 'The GPU has no memory left for this run';

/**
 * `gpu/memory` for an out-of-memory error, `gpu/internal` for a fault of driver or browser, else `gpu/error`: invalid work, which would be
 * refused again. `code`: WGSL to show with it.
 */
export function gpuFailure(error: GPUError, code: string | null = null): LabError {
  if (error instanceof GPUOutOfMemoryError) return new LabError('gpu/memory', `${TOO_LITTLE}: ${error.message}`);
  if (error instanceof GPUInternalError)
    return new LabError('gpu/internal', `The GPU failed at work: ${error.message}`);
  return new LabError('gpu/error', `The GPU refused work: ${error.message}${code === null ? '' : `\n${code}`}`);
}

/** Engines say in their own words that an allocation failed: V8, Firefox, WebKit, and Emscripten for wasm. */
const OUT_OF_MEMORY =
  /array buffer allocation failed|out of memory|\boom\b|allocation size overflow|invalid typed array length|cannot enlarge memory/i;

/** What a device is given to say what happened, once work on it failed: it may come after the refusal that it led to. */
const SAYING_MS = 200;
const LOOK_EVERY_MS = 20;

/**
 * What made work on a device fail with `error`: what the device itself said, or `memory/full` where the thread could not allocate, else
 * the error as it came. Errors of the lab that speak of something else stay what they are.
 */
export async function underlyingFailure(error: unknown, health: DeviceHealth): Promise<unknown> {
  if (error instanceof LabError && !error.code.startsWith('gpu/')) return error;
  for (let waitedMs = 0; waitedMs < SAYING_MS && health.failure === null; waitedMs += LOOK_EVERY_MS) {
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  if (health.failure !== null) return health.failure;
  if (error instanceof LabError || !(error instanceof Error) || !OUT_OF_MEMORY.test(error.message)) return error;
  return new LabError('memory/full', `There is no memory left for this run: ${error.message}`, { cause: error });
}

const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** What went wrong on the device, once something has; checked before every step. */
export interface DeviceHealth {
  failure: LabError | null;
}

/** Taken where the adapter has them: tiles in f16, sums over subgroups, times of launches. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** A GPU device and what is known of it. */
export interface OpenDevice {
  readonly device: GPUDevice;
  /** The adapter in words. */
  readonly adapter: string;
  /** Browser or runtime in words: another one compiles other programs. */
  readonly browser: string;
  /** Whether it is emulated on the processor. */
  readonly software: boolean;
  /** Shared by every engine of the device, so that a kernel is compiled once however many runs a plan has. */
  readonly pipelines: Pipelines;
}

/** Whether an adapter computes on the processor: correct, but slower than wasm there. */
export function isSoftwareAdapter(adapter: GPUAdapter): boolean {
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  return (
    isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${vendor} ${architecture} ${description}`)
  );
}

/** Adapters known to compute wrong numbers whatever their driver says, and what is known. */
const REFUSED_VENDORS: Readonly<Record<string, string>> = {
  'img-tec': 'PowerVR GPUs were seen to compute gradients that are all zero (tfjs issue 8590)',
};

/** Why an adapter must not be used, or null. */
export function knownFault({ vendor }: Pick<GPUAdapterInfo, 'vendor'>): string | null {
  return REFUSED_VENDORS[vendor.toLowerCase()] ?? null;
}

/** Adapter in words. Dawn in Node describes the driver alone, and names the card, where it knows it, as its device. */
export function describeAdapter({
  info,
}: {
  readonly info: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'>;
}): string {
  const { vendor, architecture, device, description } = info;
  const words = description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
  const isName = device !== '' && !device.startsWith('0x') && !words.includes(device);
  return isName ? `${device} (${words})` : words;
}

/**
 * Requests a device and makes it tfjs' `webgpu` backend, guards in place. Errors that WebGPU only reports on the side (validation, out
 * of memory, a lost device) end up in the health that is returned: nothing on the GPU may be trusted after one. `browser` is the browser
 * or runtime in words. Throws LabError `backend/unavailable` where tfjs refuses the device.
 */
export async function openDevice(
  adapter: GPUAdapter,
  browser: string,
): Promise<{ health: DeviceHealth; gpu: OpenDevice }> {
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
  const pipelines = new Pipelines(device);
  const health: DeviceHealth = { failure: null };
  device.addEventListener('uncapturederror', ({ error }) => {
    health.failure ??= gpuFailure(error, pipelines.codeNamedIn(error.message));
  });
  void device.lost.then(({ reason, message }) => {
    health.failure ??= new LabError('gpu/lost', `The GPU device was lost: ${message || reason || 'no reason given'}.`);
  });
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  guardWebgpuKernels();
  if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapter.info as GPUAdapterInfo));
  // tfjs answers false and goes on with its cpu backend, under the name webgpu, where the constructor throws.
  if (!(await tf.setBackend('webgpu'))) {
    throw new LabError(
      'backend/unavailable',
      'tfjs could not take up the GPU device; its webgpu backend did not start.',
    );
  }
  const software = isSoftwareAdapter(adapter);
  return { health, gpu: { device, adapter: describeAdapter(adapter), browser, software, pipelines } };
}
