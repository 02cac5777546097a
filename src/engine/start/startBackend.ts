// Selects the fastest backend of the platform that passes its tests, starts it, and reports why.
import * as tf from '@tensorflow/tfjs';
import { defaultMachineSettings, type MixedPrecision } from '../../schema/machineSettings.ts';
import { LabError } from '../../util/labError.ts';
import type { BackendName, SelfTestCheck } from '../../wire/trainingProtocol.ts';
import {
  describeAdapter,
  isSoftwareAdapter,
  knownFault,
  openDevice,
  underlyingFailure,
  type DeviceHealth,
} from '../gpu/device.ts';
import {
  computeOptionsFor,
  processorCompute,
  type EngineGpu,
  type EngineProcessor,
} from '../network/computeOptions.ts';
import { compileProcessorModule, processorFeatures } from '../processor/processorModule.ts';
import { ThreadPool, type ProcessorThread } from '../processor/threadPool.ts';
import { engineSelfTest, processorSelfTest, selfTest } from './selfTest.ts';
import { registerWasmKernels } from './wasmKernels.ts';

/** Whether an adapter may compute in mixed precision: it must have f16, and pass the self-test with it. */
async function admitMixedPrecision(gpu: EngineGpu): Promise<MixedPrecision> {
  if (!gpu.device.features.has('shader-f16')) {
    return { admitted: false, reason: 'This adapter has no 16-bit floating point (shader-f16).' };
  }
  const checks = await engineSelfTest({
    ...gpu,
    compute: computeOptionsFor(gpu, { ...defaultMachineSettings, precision: 'mixed' }),
  });
  const failed = checks.filter(({ passed }) => !passed);
  const worst = Math.max(...checks.map(({ maxError }) => maxError));
  return failed.length > 0
    ? {
        admitted: false,
        reason: `This adapter fails the self-test in mixed precision: ${failed.map(({ name }) => name).join(', ')}.`,
      }
    : {
        admitted: true,
        reason: `This adapter passes the self-test in mixed precision (largest error ${worst.toExponential(1)}).`,
      };
}

/**
 * `insecure`: no WebGPU because the page is not a secure context; `missing`: no WebGPU here; `noAdapter`: WebGPU without a GPU;
 * `software`: a GPU emulated on the CPU.
 */
export type GpuProblem = 'insecure' | 'missing' | 'noAdapter' | 'software';

/** Returns one or two sentences for the user's browser and operating system. */
export function remedy(problem: GpuProblem, { userAgent }: Pick<Platform, 'userAgent'>): string {
  if (problem === 'insecure') return 'Open the lab through https or from localhost: browsers offer WebGPU only there.';
  if (/Node\.js/.test(userAgent)) {
    return 'Install a Vulkan driver for the GPU (Linux), or run the lab in Chrome, to train on the GPU.';
  }
  const chromium = /Chrome\/(\d+)/.exec(userAgent);
  const linux = /Linux/.test(userAgent) && !/Android/.test(userAgent);
  if (/Firefox\//.test(userAgent)) {
    return 'Open the lab in Chrome or Edge, or set dom.webgpu.enabled to true in about:config of a recent Firefox.';
  }
  if (chromium === null) {
    return /Safari\//.test(userAgent)
      ? 'Update to Safari 26 or later (macOS 26, iOS 26), or open the lab in Chrome.'
      : 'Open the lab in a current Chrome or Edge.';
  }
  if (Number(chromium[1]) < 113) return 'Update Chrome: WebGPU came with version 113.';
  const acceleration =
    'Turn on "Use graphics acceleration when available" in chrome://settings/system and restart Chrome.';
  if (linux) {
    return `${acceleration} On Linux also enable chrome://flags/#enable-unsafe-webgpu and chrome://flags/#enable-vulkan, with the GPU maker's Vulkan driver installed.`;
  }
  return `${acceleration} If chrome://gpu still lists WebGPU as disabled, update the graphics driver.`;
}

export interface StartedBackend {
  readonly name: BackendName;
  /** Description of the adapter or processor. */
  readonly device: string;
  readonly threads: number;
  readonly reason: string;
  readonly remedy: string | null;
  readonly selfTest: readonly SelfTestCheck[];
  readonly health: DeviceHealth;
  /** The device the engine trains on; null on wasm and cpu. */
  readonly gpu: EngineGpu | null;
  /** The processor as the engine's machine; null on webgpu and cpu, and where its kernels do not run. */
  readonly processor: EngineProcessor | null;
  /** The processor with the other rounding of multiply-adds, tested when first asked for; null where it is not there or computes wrong numbers. */
  readonly otherRounding: () => Promise<EngineProcessor | null>;
  readonly mixedPrecision: MixedPrecision;
}

/**
 * `auto` selects WebGPU on a hardware adapter and wasm otherwise, also if the GPU fails the self-test. A backend chosen by name is
 * started or refused: LabError `backend/unavailable` if it is not there, `backend/selfTest` if its numbers are wrong. A device lost
 * during the test is not a wrong one: `gpu/lost` or `gpu/internal`, whatever the choice. On the processor the engine begins with
 * `engineThreads` threads; its pool takes another number later.
 */
export async function startBackend(
  choice: BackendName | 'auto',
  everywhere: Platform,
  engineThreads = everywhere.engineThreads.usual,
): Promise<StartedBackend> {
  const { most } = everywhere.engineThreads;
  const platform = { ...everywhere, engineThreads: { usual: Math.min(engineThreads, most), most } };
  tf.enableProdMode();
  if (choice === 'cpu') return startCpu();
  if (choice === 'wasm') return startWasm(platform, 'wasm was selected.', null);
  const found = await findAdapter(platform);
  const fault = found.adapter === null ? null : knownFault(found.adapter.info);
  if (fault !== null) {
    if (choice === 'webgpu') throw new LabError('backend/unavailable', `This GPU cannot be trusted: ${fault}.`);
    return startWasm(platform, `The GPU is not used: ${fault}.`, null);
  }
  const usable = found.adapter !== null && (choice === 'webgpu' || !isSoftwareAdapter(found.adapter));
  if (!usable || found.adapter === null) {
    const problem: GpuProblem = found.adapter === null ? found.problem : 'software';
    if (choice === 'webgpu') {
      throw new LabError('backend/unavailable', `WebGPU cannot be used here. ${remedy(problem, platform)}`);
    }
    return startWasm(platform, WHY_NO_GPU[problem], remedy(problem, platform));
  }
  const { adapter } = found;
  const { health, gpu: opened } = await openDevice(adapter, platform.description);
  const gpu = { ...opened, compute: computeOptionsFor(opened) };
  const checks = [...(await selfTest()), ...(await engineSelfTest(gpu))];
  const failed = failures(checks);
  if (failed.length > 0 || health.failure !== null) {
    const failure = await underlyingFailure(new Error(`wrong numbers in: ${failed.join(', ')}`), health);
    if (failure instanceof LabError && WENT_AWAY.has(failure.code)) throw failure;
    const what = failure instanceof Error ? failure.message : String(failure);
    if (choice === 'webgpu') throw new LabError('backend/selfTest', `The GPU failed the self-test (${what}).`);
    return startWasm(
      platform,
      `The GPU (${describeAdapter(adapter)}) failed the self-test: ${what}.`,
      'Update the graphics driver.',
    );
  }
  return {
    name: 'webgpu',
    device: describeAdapter(adapter),
    threads: 1,
    reason: isSoftwareAdapter(adapter)
      ? 'WebGPU was selected; the adapter is emulated on the processor.'
      : 'A hardware GPU is available.',
    remedy: isSoftwareAdapter(adapter) ? remedy('software', platform) : null,
    selfTest: checks,
    health,
    gpu,
    processor: null,
    otherRounding: nowhere,
    mixedPrecision: await admitMixedPrecision(gpu),
  };
}

/** Codes of failures that say nothing about the device's numbers. */
const WENT_AWAY: ReadonlySet<string> = new Set(['gpu/lost', 'gpu/internal']);

const WHY_NO_GPU: Readonly<Record<GpuProblem, string>> = {
  insecure: 'WebGPU is hidden because this page is not a secure context; training runs on the processor (wasm).',
  missing: 'There is no WebGPU here; training runs on the processor (wasm).',
  noAdapter: 'WebGPU finds no GPU; training runs on the processor (wasm).',
  software: 'The only WebGPU adapter is emulated on the processor, where wasm is faster.',
};

async function findAdapter(
  platform: Platform,
): Promise<{ adapter: GPUAdapter } | { adapter: null; problem: GpuProblem }> {
  const gpu = await platform.gpu();
  if (gpu === undefined) return { adapter: null, problem: platform.secureContext ? 'missing' : 'insecure' };
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  return adapter === null ? { adapter, problem: 'noAdapter' } : { adapter };
}

/** The engine on the processor; where its module does not run or computes wrong numbers, tfjs' ops do all the work. */
async function startProcessor(platform: Platform): Promise<{
  readonly processor: EngineProcessor | null;
  readonly checks: readonly SelfTestCheck[];
  readonly problem: string | null;
}> {
  const features = processorFeatures();
  if (!features.vectors) {
    return { processor: null, checks: [], problem: 'This browser has no wasm vectors, so training takes longer.' };
  }
  const { usual, most } = platform.engineThreads;
  // A pool of one thread can be given more later.
  const pool = most > 1 ? await ThreadPool.open(usual - 1, () => platform.openThread()) : null;
  const compute = processorCompute({ activations: 'auto' });
  let failed: readonly string[] = [];
  // Not every browser that shares memory gives out as much of it as the engine may need.
  const memories = pool !== null ? [true, false] : [false];
  const options = (features.relaxed ? [true, false] : [false]).flatMap((relaxed) =>
    memories.map((shared) => ({ relaxed, shared })),
  );
  for (const { relaxed, shared } of options) {
    const module = await compileProcessorModule({ relaxed, shared });
    const processor: EngineProcessor = { module, pool: shared ? pool : null, compute };
    const checks = await processorSelfTest(processor);
    failed = failures(checks);
    if (failed.length === 0) return { processor, checks, problem: null };
  }
  const problem = `The lab's own kernels compute wrong numbers here (${failed.join(', ')}), so training takes longer.`;
  return { processor: null, checks: [], problem };
}

const nowhere: StartedBackend['otherRounding'] = () => Promise.resolve(null);

/** Compiles and tests the kernels with the other rounding of multiply-adds, when they are first asked for. */
function otherRounding(processor: EngineProcessor): StartedBackend['otherRounding'] {
  const { shared } = processor.module;
  const relaxed = !processor.module.relaxed;
  if (relaxed && !processorFeatures().relaxed) return nowhere;
  const open = async (): Promise<EngineProcessor | null> => {
    const other = { ...processor, module: await compileProcessorModule({ relaxed, shared }) };
    return failures(await processorSelfTest(other)).length === 0 ? other : null;
  };
  let opened: Promise<EngineProcessor | null> | null = null;
  return () => (opened ??= open());
}

async function startWasm(platform: Platform, reason: string, what: string | null): Promise<StartedBackend> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths({ ...platform.wasmFiles });
  // With shared memory the binary uses half of the logical processors, up to 8; this cannot be configured.
  if (!platform.sharedMemory) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm'))) {
    throw new LabError('backend/unavailable', 'The wasm backend did not start; its binary could not be loaded.');
  }
  registerWasmKernels();
  const checks = await selfTest();
  const failed = failures(checks);
  if (failed.length > 0) {
    throw new LabError('backend/selfTest', `The wasm backend computes wrong numbers in: ${failed.join(', ')}.`);
  }
  const engine = await startProcessor(platform);
  const threads = platform.sharedMemory ? wasm.getThreadsCount() : 1;
  const device = `${threads} ${threads === 1 ? 'thread' : 'threads'}, ${platform.logicalProcessors} logical processors`;
  return {
    name: 'wasm',
    device,
    threads,
    reason: `${reason}${engine.problem === null ? '' : ` ${engine.problem}`}`,
    remedy: what,
    selfTest: [...checks, ...engine.checks],
    health: { failure: null },
    gpu: null,
    processor: engine.processor,
    otherRounding: engine.processor === null ? nowhere : otherRounding(engine.processor),
    mixedPrecision: { admitted: false, reason: 'Mixed precision is for WebGPU alone.' },
  };
}

/** Starts tfjs' plain JavaScript backend: for tests and parity only, 60 times slower than wasm. */
async function startCpu(): Promise<StartedBackend> {
  await tf.setBackend('cpu');
  const checks = await selfTest();
  return {
    name: 'cpu',
    device: 'one processor thread',
    threads: 1,
    reason: 'cpu was selected; it is for checks, not for training.',
    remedy: null,
    selfTest: checks,
    health: { failure: null },
    gpu: null,
    processor: null,
    otherRounding: nowhere,
    mixedPrecision: { admitted: false, reason: 'Mixed precision is for WebGPU alone.' },
  };
}

const failures = (checks: readonly SelfTestCheck[]): readonly string[] =>
  checks.filter(({ passed }) => !passed).map(({ name }) => name);

/** `gpuBytes` counts buffers allocated on the GPU, pool included; null on backends without one. */
export function memoryReport(): {
  readonly liveTensors: number;
  readonly tensorBytes: number;
  readonly gpuBytes: number | null;
} {
  const memory = tf.memory() as tf.MemoryInfo & { readonly numBytesAllocatedInGPU?: number };
  return {
    liveTensors: memory.numTensors,
    tensorBytes: memory.numBytes,
    gpuBytes: memory.numBytesAllocatedInGPU ?? null,
  };
}

// What a platform (browser Worker or Node) provides to the engine.

export type WasmFileName =
  'tfjs-backend-wasm.wasm' | 'tfjs-backend-wasm-simd.wasm' | 'tfjs-backend-wasm-threaded-simd.wasm';

/** Threads of the engine on the processor, the one that trains among them. */
export interface EngineThreads {
  /** Used unless a person chooses another number. */
  readonly usual: number;
  /** 1 where memory cannot be shared. */
  readonly most: number;
}

export interface Platform {
  /** Description of browser or runtime and operating system. */
  readonly description: string;
  /** The user agent if there is one, for the remedy shown when no GPU can be used. */
  readonly userAgent: string;
  /** Whether the page may use shared memory (cross-origin isolated), which wasm threads need. */
  readonly sharedMemory: boolean;
  readonly logicalProcessors: number;
  /** False on a page served without https from another machine: browsers hide WebGPU there. */
  readonly secureContext: boolean;
  /** Address of each wasm binary. */
  readonly wasmFiles: Readonly<Record<WasmFileName, string>>;
  /** Returns the text of tag.py, which goes into the folder of every exported tagger. */
  taggerProgram(): Promise<string>;
  /** Returns the text of tag.js, which goes into the folder of every tagger exported as ONNX. */
  taggerModule(): Promise<string>;
  readonly engineThreads: EngineThreads;
  /** Opens a worker for the engine's work on the processor. */
  openThread(): Promise<ProcessorThread>;
  /** Returns the WebGPU entry point, or undefined if there is none. */
  gpu(): Promise<GPU | undefined>;
}
