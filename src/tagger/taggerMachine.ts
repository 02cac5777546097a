// Chooses where a tagger computes: a hardware GPU that agrees with the processor, else the processor on as many threads as the platform allows.
import { isSoftwareAdapter, knownFault, requestGpu, type DeviceHealth } from '../engine/gpu/device.ts';
import { computeOptionsFor, openMachine, processorCompute, type EngineHome } from '../engine/network/computeOptions.ts';
import { TaggerEngine } from '../engine/network/taggerEngine.ts';
import { compileProcessorModule, processorFeatures } from '../engine/processor/processorModule.ts';
import { ThreadPool, type ProcessorThread, type ThreadTask } from '../engine/processor/threadPool.ts';
import type { Batch } from '../model/blocks/batch.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import { newEncoder, newHead } from '../model/parameters.ts';
import { LabError } from '../util/labError.ts';
import { builtin, isNode } from './taggerSource.ts';
import type { OpenOptions } from './taggerTypes.ts';

export interface TaggerMachine {
  readonly backend: 'webgpu' | 'wasm';
  readonly home: EngineHome;
  /** Describes the device, and why it was chosen. */
  readonly device: string;
  readonly health: DeviceHealth;
  /** Ends threads and device. */
  close(): void;
}

/** More gain nothing on texts of the lengths that people tag. */
const USUAL_THREADS = 16;
const MOST_THREADS = 64;

/** Runs in each thread, as workers/processor.worker.ts does in the lab; a text, so that the package is one file. */
const THREAD = `const run = ({ module, memory }) => new WebAssembly.Instance(module, { env: { memory } }).exports.thread();`;
const NODE_THREAD = `import { parentPort } from 'node:worker_threads'; ${THREAD} parentPort.on('message', run);`;
const WEB_THREAD = `${THREAD} self.addEventListener('message', ({ data }) => run(data)); self.postMessage('ready');`;

/**
 * Opens the machine for taggers with this encoder. Throws LabError `backend/unavailable` where the wanted one is not there, `backend/selfTest`
 * where it computes something else than the processor.
 */
export async function openTaggerMachine(encoder: EncoderConfig, options: OpenOptions): Promise<TaggerMachine> {
  const { backend = 'auto' } = options;
  if (backend === 'wasm') return openProcessor(options, 'wasm was chosen');
  const gpu = (options.gpu ?? (globalThis as { readonly navigator?: { readonly gpu?: unknown } }).navigator?.gpu) as
    GPU | undefined;
  const adapter = (await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) ?? null;
  const why = adapter === null ? 'there is no GPU here' : (knownFault(adapter.info) ?? emulated(adapter, backend));
  if (adapter === null || why !== null) {
    if (backend === 'webgpu') throw new LabError('backend/unavailable', `WebGPU cannot be used: ${why}.`);
    return openProcessor(options, why ?? '');
  }
  const { health, gpu: opened } = await requestGpu(adapter, 'bioner-tagger');
  const home = { ...opened, compute: computeOptionsFor(opened) };
  const error = await differenceFromProcessor(home, encoder);
  if (error <= TOLERANCE && health.failure === null) {
    return { backend: 'webgpu', home, health, device: opened.adapter, close: () => opened.device.destroy() };
  }
  opened.device.destroy();
  const problem = health.failure?.message ?? `its numbers differ from the processor's by ${error.toExponential(1)}`;
  if (backend === 'webgpu')
    throw new LabError('backend/selfTest', `The GPU ${opened.adapter} is not used: ${problem}.`);
  return openProcessor(options, `the GPU ${opened.adapter} is not used: ${problem}`);
}

function emulated(adapter: GPUAdapter, backend: OpenOptions['backend']): string | null {
  return backend !== 'webgpu' && isSoftwareAdapter(adapter)
    ? 'the only GPU is emulated on the processor, which is faster itself'
    : null;
}

async function openProcessor({ threads }: OpenOptions, why: string): Promise<TaggerMachine> {
  const { vectors, relaxed } = processorFeatures();
  if (!vectors) {
    throw new LabError(
      'backend/unavailable',
      'This browser cannot run the tagger: its WebAssembly has no vectors (SIMD).',
      {
        expected: 'Chrome 91, Firefox 89, Safari 16.4, Node 20, or later',
      },
    );
  }
  const platform = threadPlatform();
  const wanted = Math.max(1, Math.min(threads ?? platform.usual, platform.most));
  const pool = wanted > 1 ? await ThreadPool.open(wanted - 1, platform.open) : null;
  const shared = pool !== null && pool.size > 0;
  const module = await compileProcessorModule({ relaxed, shared });
  const used = shared ? pool.limit : 1;
  return {
    backend: 'wasm',
    home: { module, pool: shared ? pool : null, compute: processorCompute({ activations: 'auto' }) },
    device: `${used} ${used === 1 ? 'thread' : 'threads'} of the processor: ${why}`,
    health: { failure: null },
    close: platform.close,
  };
}

interface ThreadPlatform {
  readonly usual: number;
  /** 1 where memory cannot be shared, or where this thread must not wait for others. */
  readonly most: number;
  readonly open: () => Promise<ProcessorThread>;
  readonly close: () => void;
}

/** What the platforms have in common, of which none has all. */
interface AnyGlobal {
  readonly Deno?: unknown;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly crossOriginIsolated?: boolean;
  readonly WorkerGlobalScope?: unknown;
}

function threadPlatform(): ThreadPlatform {
  const { Deno, navigator, crossOriginIsolated, WorkerGlobalScope } = globalThis as AnyGlobal;
  const ends: (() => void)[] = [];
  const close = (): void => ends.splice(0).forEach((end) => end());
  if (isNode() && Deno === undefined) {
    const { availableParallelism } = builtin<typeof import('node:os')>('node:os');
    const { Worker: NodeWorker } = builtin<typeof import('node:worker_threads')>('node:worker_threads');
    const open = (): Promise<ProcessorThread> => {
      const worker = new NodeWorker(new URL(`data:text/javascript,${encodeURIComponent(NODE_THREAD)}`), {
        execArgv: [],
      });
      ends.push(() => void worker.terminate());
      return new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('online', () => {
          worker.unref();
          resolve({ run: (task: ThreadTask) => worker.postMessage(task) });
        });
      });
    };
    return { usual: Math.min(USUAL_THREADS, availableParallelism()), most: MOST_THREADS, open, close };
  }
  const isDeno = Deno !== undefined;
  const processors = navigator?.hardwareConcurrency ?? 1;
  // A window must not wait for other threads.
  const mayShare = isDeno || (crossOriginIsolated === true && WorkerGlobalScope !== undefined);
  const usual = Math.min(USUAL_THREADS, Math.max(1, isDeno ? processors : processors - 1));
  const open = async (): Promise<ProcessorThread> => {
    const address = URL.createObjectURL(new Blob([WEB_THREAD], { type: 'text/javascript' }));
    const worker = new Worker(address, { type: 'module' });
    ends.push(() => worker.terminate());
    return new Promise<ProcessorThread>((resolve, reject) => {
      worker.addEventListener('error', () => reject(new Error('a thread did not start')));
      worker.addEventListener('message', () => resolve({ run: (task: ThreadTask) => worker.postMessage(task) }));
    }).finally(() => URL.revokeObjectURL(address));
  };
  return { usual, most: mayShare ? MOST_THREADS : 1, open, close };
}

/** Of emissions of about 1. */
const TOLERANCE = 1e-3;
const HEAD = { tagCount: 5, kind: 'crf', startEnd: true } as const;

/** Largest difference of emissions of one layer of the encoder, with random weights, between a machine and the processor; NaN counts as infinite. */
async function differenceFromProcessor(home: EngineHome, encoder: EncoderConfig): Promise<number> {
  const module = await compileProcessorModule({ relaxed: processorFeatures().relaxed, shared: false });
  const processor: EngineHome = { module, pool: null, compute: processorCompute({ activations: 'auto' }) };
  const [found, expected] = [await drawnEmissions(home, encoder), await drawnEmissions(processor, encoder)];
  return found.reduce((largest, value, index) => {
    const difference = Math.abs(value - (expected[index] as number));
    return difference <= largest ? largest : Number.isNaN(difference) ? Infinity : difference;
  }, 0);
}

async function drawnEmissions(home: EngineHome, whole: EncoderConfig): Promise<Float32Array> {
  const encoder = { ...whole, layers: 1, vocabularySize: 64 };
  const engine = new TaggerEngine(openMachine(home), {
    ...home.compute,
    shape: { encoder, head: HEAD },
    config: {
      adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonForm: 'standard' },
      clipNorm: null,
      dropout: { encoder: 0, attention: 0, head: 0 },
    },
    trained: () => false,
    factorsOf: () => ({ rate: 1, gradient: 1 }),
  });
  try {
    engine.upload(new Map([...newEncoder(encoder, 1), ...newHead(encoder, HEAD, 1)]));
    const { emissions } = await engine.predict(testBatch());
    return await emissions();
  } finally {
    engine.release();
  }
}

/** Two whole sequences. */
function testBatch(): Batch {
  const [size, pieces] = [2, 32];
  const each = (of: (index: number) => number): Int32Array => Int32Array.from({ length: size * pieces }, (_, index) => of(index)); // prettier-ignore
  return {
    size,
    pieces,
    positions: pieces,
    pieceIds: each((index) => (index * 7) % 64),
    segmentIds: each(() => 0),
    pieceCounts: Int32Array.of(pieces, pieces),
    crfPositions: each((index) => index % pieces),
    tags: each(() => 0),
    crfCounts: Int32Array.of(pieces, pieces),
  };
}
