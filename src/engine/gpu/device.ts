// Opens the GPU device: limits raised to the adapter's, buffers counted, failures recorded; shared with tfjs, whose faulty kernels are guarded.
import * as tf from '@tensorflow/tfjs';
import { LabError } from '../../util/labError.ts';
import { Pipelines } from './kernel.ts';

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

// Counts every buffer the engine creates.

export class GpuMemory {
  readonly device: GPUDevice;
  /** Bytes in live buffers. */
  bytes = 0;
  /** The maximum of `bytes` so far. */
  peakBytes = 0;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** Creates a storage buffer of `length` words, initially zero. Throws LabError `gpu/memory` if the adapter does not allow one this large. */
  create(label: string, length: number, usage = 0): GPUBuffer {
    const size = length * 4;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > limit) {
      throw new LabError('gpu/memory', `The GPU cannot hold ${label} in one buffer; smaller micro-batches may help.`, {
        expected: `at most ${limit} bytes`,
        got: `${size} bytes`,
      });
    }
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const buffer = this.device.createBuffer({ label, size, usage: usage || STORAGE | COPY_SRC | COPY_DST });
    this.bytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.bytes -= buffer.size;
    buffer.destroy();
  }
}

// Guards the stock WebGPU kernels of tfjs 4.22 that silently give wrong numbers.

type KernelArguments = Parameters<tf.KernelFunc>[0];
type Kernel = (kernelArguments: KernelArguments) => tf.TensorInfo;

/** Workgroups in one dimension of a dispatch. */
const LARGEST_GRID = 65535;
/** Inputs of AddN that fit, with its output, into the eight storage buffers guaranteed per shader stage. */
const LARGEST_ADD_N = 7;

let guarded = false;

/** Installs every guard; call once, before the backend is used. */
export function guardWebgpuKernels(): void {
  if (guarded) return;
  guarded = true;
  // SplitK reads a transposed right operand as if it were not transposed; only the packed program is right for every shape.
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', 3);
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 64);
  replace('Softmax', guardSoftmax);
  replace('AddN', guardAddN);
  replace('Transpose', guardTranspose);
  replace('Cast', guardCast);
  replace('Einsum', refuseEinsum);
}

function replace(name: string, guard: (stock: Kernel) => Kernel): void {
  const config = tf.getKernel(name, 'webgpu');
  tf.unregisterKernel(name, 'webgpu');
  tf.registerKernel({ ...config, kernelFunc: guard(config.kernelFunc as Kernel) });
}

/** More rows than a grid dimension overwrite the last element: such a tensor is computed in parts. */
const guardSoftmax =
  (stock: Kernel): Kernel =>
  ({ inputs, attrs, backend }) => {
    const logits = inputs.logits as tf.TensorInfo;
    const columns = logits.shape.at(-1) as number;
    const rows = tf.util.sizeFromShape(logits.shape) / columns;
    if (rows <= LARGEST_GRID) return stock({ inputs, attrs, backend } as KernelArguments);
    return tf.tidy(() => {
      const flat = tf.reshape(logits as tf.Tensor, [rows, columns]);
      const parts: tf.Tensor[] = [];
      for (let from = 0; from < rows; from += LARGEST_GRID) {
        parts.push(tf.softmax(tf.slice(flat, [from, 0], [Math.min(LARGEST_GRID, rows - from), columns])));
      }
      return tf.reshape(tf.concat(parts), logits.shape);
    });
  };

const guardAddN =
  (stock: Kernel): Kernel =>
  (kernelArguments) => {
    const count = Object.keys(kernelArguments.inputs).length;
    if (count > LARGEST_ADD_N)
      throw new Error(`AddN of ${count} tensors exceeds the storage buffers of a shader stage`);
    return stock(kernelArguments);
  };

/** Integer buffers do not compile in the transpose program (tfjs issue 8638) and leave stale memory. */
const guardTranspose =
  (stock: Kernel): Kernel =>
  (kernelArguments) => {
    const x = kernelArguments.inputs.x as tf.TensorInfo;
    if (x.dtype !== 'float32') throw new Error(`transpose of ${x.dtype} is not safe on WebGPU`);
    return stock(kernelArguments);
  };

/** Integers keep their bits under the label float32, unseen by the lab's kernels: adding zero converts them. */
const guardCast =
  (stock: Kernel): Kernel =>
  (kernelArguments) => {
    const x = kernelArguments.inputs.x as tf.TensorInfo;
    const cast = stock(kernelArguments);
    if (x.dtype === 'float32' || cast.dtype !== 'float32') return cast;
    return tf.tidy(() => {
      const labelled = tf.engine().makeTensorFromTensorInfo(cast);
      return tf.add(labelled, 0);
    });
  };

/** It has no gradient and keeps the whole product of its operands in memory. */
const refuseEinsum = (): Kernel => () => {
  throw new Error('einsum is not for training; use matMul and reshape');
};
