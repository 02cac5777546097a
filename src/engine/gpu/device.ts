// Opens the GPU device: limits raised to the adapter's, failures recorded, shared with tfjs.
import * as tf from '@tensorflow/tfjs';
import { LabError } from '../../util/labError.ts';
import { guardWebgpuKernels } from './guardWebgpuKernels.ts';
import { Pipelines } from './pipelines.ts';

const TOO_LITTLE = 'The GPU has no memory left for this run';

/**
 * `gpu/memory` for an out-of-memory error, `gpu/internal` for a fault of driver or browser, else `gpu/error`: invalid work, which
 * would be refused again. `code`: WGSL to show with it.
 */
export function gpuFailure(error: GPUError, code: string | null = null): LabError {
  if (error instanceof GPUOutOfMemoryError) return new LabError('gpu/memory', `${TOO_LITTLE}: ${error.message}`);
  if (error instanceof GPUInternalError)
    return new LabError('gpu/internal', `The GPU failed at work: ${error.message}`);
  return new LabError('gpu/error', `The GPU refused work: ${error.message}${code === null ? '' : `\n${code}`}`);
}

/** How JavaScript engines report a failed allocation: V8, Firefox, WebKit, and Emscripten for wasm. */
const OUT_OF_MEMORY =
  /array buffer allocation failed|out of memory|\boom\b|allocation size overflow|invalid typed array length|cannot enlarge memory/i;

/** Time a device gets to report an error after work on it failed: the report may arrive after the failure it caused. */
const SAYING_MS = 200;
const LOOK_EVERY_MS = 20;

/**
 * Returns the cause of `error` on a device: what the device itself reported, or `memory/full` if the thread could not allocate,
 * else the error itself. Errors of the lab about something else are returned unchanged.
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

/** The error on the device, if there was one; checked before every step. */
export interface DeviceHealth {
  failure: LabError | null;
}

/** Behind a flag in browsers, so not in the types of WebGPU. */
const MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
/** Requested if the adapter has them: tiles in f16, subgroup sums, launch timestamps, matrix units. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query', MATRIX_FEATURE];

/** A matrix unit that multiplies f16 and adds up in f32: [rows, inner] times [inner, columns]. */
export interface MatrixUnit {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Invocations of a subgroup. */
  readonly lanes: number;
}

interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** The largest unit that multiplies f16 and adds up in f32; null without one, and where the size of subgroups is not fixed. */
export function matrixUnitOf({ features, info }: Pick<GPUAdapter, 'features' | 'info'>): MatrixUnit | null {
  const { subgroupMinSize, subgroupMaxSize } = info;
  const { subgroupMatrixConfigs = [] } = info as { readonly subgroupMatrixConfigs?: readonly MatrixConfig[] };
  const needed: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', MATRIX_FEATURE];
  if (needed.some((feature) => !features.has(feature)) || subgroupMinSize !== subgroupMaxSize) return null;
  const units = [...subgroupMatrixConfigs]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .map(({ M, N, K }): MatrixUnit => ({ rows: M, columns: N, inner: K, lanes: subgroupMaxSize }));
  const size = ({ rows, columns, inner }: MatrixUnit): number => rows * columns * inner;
  return units.sort((left, right) => size(right) - size(left))[0] ?? null;
}

/** A GPU device and its properties. */
export interface OpenDevice {
  readonly device: GPUDevice;
  /** Description of the adapter. */
  readonly adapter: string;
  /** Description of the browser or runtime: another one compiles other programs. */
  readonly browser: string;
  /** Whether it is emulated on the CPU. */
  readonly software: boolean;
  /** The matrix unit that products in mixed precision use; null without one. */
  readonly matrixUnit: MatrixUnit | null;
  /** Shared by every engine of the device, so that each kernel is compiled once for all runs of a plan. */
  readonly pipelines: Pipelines;
}

/** Whether an adapter computes on the CPU: correct, but slower than wasm there. */
export function isSoftwareAdapter(adapter: GPUAdapter): boolean {
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  return (
    isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${vendor} ${architecture} ${description}`)
  );
}

/** Adapters known to compute wrong numbers whatever their driver reports, and the reason. */
const REFUSED_VENDORS: Readonly<Record<string, string>> = {
  'img-tec': 'PowerVR GPUs were seen to compute gradients that are all zero (tfjs issue 8590)',
};

/** Returns why an adapter must not be used, or null. */
export function knownFault({ vendor }: Pick<GPUAdapterInfo, 'vendor'>): string | null {
  return REFUSED_VENDORS[vendor.toLowerCase()] ?? null;
}

/** Describes an adapter. Dawn in Node describes only the driver, and gives the card, if known, as its device. */
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
 * Requests a device. Errors that WebGPU reports asynchronously (validation, out of memory, a lost device) go to the returned health: nothing on
 * the GPU may be trusted after one. `browser` describes the browser or runtime.
 */
export async function requestGpu(
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
  const software = isSoftwareAdapter(adapter);
  const matrixUnit = matrixUnitOf(adapter);
  return { health, gpu: { device, adapter: describeAdapter(adapter), browser, software, matrixUnit, pipelines } };
}

/**
 * Requests a device as `requestGpu` does and makes it tfjs' `webgpu` backend, with guards in place. Throws LabError `backend/unavailable` if tfjs
 * refuses the device.
 */
export async function openDevice(
  adapter: GPUAdapter,
  browser: string,
): Promise<{ health: DeviceHealth; gpu: OpenDevice }> {
  const opened = await requestGpu(adapter, browser);
  const { device } = opened.gpu;
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  guardWebgpuKernels();
  if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapter.info as GPUAdapterInfo));
  // If the constructor throws, tfjs returns false and continues on its cpu backend under the name webgpu.
  if (!(await tf.setBackend('webgpu'))) {
    throw new LabError(
      'backend/unavailable',
      'tfjs could not take up the GPU device; its webgpu backend did not start.',
    );
  }
  return opened;
}
