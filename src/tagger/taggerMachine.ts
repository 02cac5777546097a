// Opens what a tagger needs: its files, at an address, on disk or in memory, and the machine that computes, a hardware GPU or the processor.
import { readArchive } from '../data/import/archive.ts';
import { isSoftwareAdapter, knownFault, requestGpu, type DeviceHealth } from '../engine/gpu/device.ts';
import { computeOptionsFor, openMachine, processorCompute, type EngineHome } from '../engine/network/computeOptions.ts';
import { TaggerEngine } from '../engine/network/taggerEngine.ts';
import { compileProcessorModule, processorFeatures } from '../engine/processor/processorModule.ts';
import { ThreadPool, type ProcessorThread, type ThreadTask } from '../engine/processor/threadPool.ts';
import type { Batch } from '../model/blocks/encoderFamily.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import { newEncoder, newHead } from '../model/parameters.ts';
import { EXPORTED_FILES } from '../training/loadTagger.ts';
import { LabError } from '../util/labError.ts';
import type { OpenOptions, TaggerSource } from './taggerTypes.ts';

// Chooses where a tagger computes: a hardware GPU that agrees with the processor, else the processor on as many threads as the platform allows.

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

// Reads the files of an exported tagger: from a folder or zip at an address, on disk, or in memory.

type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
type Control = Pick<OpenOptions, 'onProgress' | 'signal'>;

const [MARK] = EXPORTED_FILES.needed;
const NAMES = [...EXPORTED_FILES.needed, ...EXPORTED_FILES.optional];

/**
 * Returns the files of a tagger by name. Throws LabError `tagger/source` for what is no tagger, `tagger/fetch` for an address that does not
 * answer with one, and the reason of the signal.
 */
export async function taggerFiles(source: TaggerSource, control: Control = {}): Promise<Files> {
  if (source instanceof Map) return new Map([...source].map(([name, bytes]) => [name, ownBytes(bytes)]));
  if (source instanceof Blob) return filesOfZip(new Uint8Array(await source.arrayBuffer()), 'a blob');
  if (source instanceof ArrayBuffer) return filesOfZip(new Uint8Array(source), 'an ArrayBuffer');
  if (source instanceof Uint8Array) return filesOfZip(ownBytes(source), 'a Uint8Array');
  if (typeof source !== 'string' && !(source instanceof URL)) {
    const expected = 'an address, a path, the bytes of a zip, or a Map of files by name';
    throw new LabError('tagger/source', 'This is no source of a tagger.', { expected, got: typeof source });
  }
  const address = addressOf(source);
  return address === null ? filesOnDisk(String(source)) : fetchedFiles(address, control);
}

/** Null for a path on disk. */
function addressOf(source: string | URL): URL | null {
  if (source instanceof URL) return source.protocol === 'file:' && isNode() ? null : source;
  if (/^(https?|blob|data):/i.test(source)) return new URL(source);
  if (isNode()) return null;
  const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  return new URL(source, page);
}

interface NodeGlobal {
  readonly process?: {
    readonly versions?: { readonly node?: string };
    getBuiltinModule(name: string): unknown;
  };
}

/** Whether this is Node, or Deno, which has the modules of Node. */
export function isNode(): boolean {
  return (globalThis as NodeGlobal).process?.versions?.node !== undefined;
}

/** A module of Node; not imported, because bundlers of pages would look for it. */
export function builtin<Module>(name: string): Module {
  return (globalThis as NodeGlobal).process?.getBuiltinModule(name) as Module;
}

async function filesOnDisk(location: string): Promise<Files> {
  const { readFile, stat } = builtin<typeof import('node:fs/promises')>('node:fs/promises');
  const { fileURLToPath } = builtin<typeof import('node:url')>('node:url');
  const place = location.startsWith('file:') ? fileURLToPath(location) : location;
  const found = await stat(place).catch(() => null);
  if (found === null) {
    throw new LabError('tagger/source', `There is no ${place}.`, { expected: 'an exported folder or a zip of it', got: 'none' }); // prettier-ignore
  }
  if (!found.isDirectory()) return filesOfZip(ownBytes(await readFile(place)), place);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of NAMES) {
    const bytes = await readFile(`${place.replace(/[/\\]$/, '')}/${name}`).catch(() => null);
    if (bytes !== null) files.set(name, ownBytes(bytes));
  }
  return files;
}

async function fetchedFiles(address: URL, control: Control): Promise<Files> {
  const isFolder = !/^(blob|data):$/.test(address.protocol) && !/\.zip$/i.test(address.pathname);
  if (!isFolder) {
    const zip = await fetchedBytes(address, 'the tagger', control);
    if (zip === null) throw refused(address, 'nothing (404)');
    return filesOfZip(zip, address.href);
  }
  const folder = new URL(address);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  // Its description first: where that is missing, nothing else is fetched.
  for (const name of NAMES) {
    const bytes = await fetchedBytes(new URL(name + folder.search, folder), name, control);
    if (bytes !== null) files.set(name, bytes);
    else if (name === MARK) throw refused(new URL(name, folder), 'nothing (404)');
  }
  return files;
}

/** Null where there is no such file. */
async function fetchedBytes(
  address: URL,
  name: string,
  { onProgress, signal }: Control,
): Promise<Uint8Array<ArrayBuffer> | null> {
  let response: Response;
  try {
    response = await fetch(address, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw refused(address, `no answer: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (response.status === 404) return null;
  if (!response.ok || response.body === null) throw refused(address, `status ${response.status}`);
  const of = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length') ?? 0);
  let done = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, stream) {
      done += chunk.byteLength;
      onProgress?.({ phase: `fetching ${name}`, done, of });
      stream.enqueue(chunk);
    },
  });
  return new Uint8Array(await new Response(response.body.pipeThrough(counted)).arrayBuffer());
}

function refused(address: URL, got: string): LabError {
  const shown = address.protocol === 'data:' ? 'a data address' : address.href;
  return new LabError('tagger/fetch', `There is no tagger at ${shown}.`, {
    expected: `the folder that the lab exported, with ${MARK}, or a zip of it`,
    got,
  });
}

/** The files in the folder of the zip that has the description of a tagger. */
function filesOfZip(bytes: Uint8Array<ArrayBuffer>, what: string): Files {
  const { files, issues } = readArchive(bytes, 'tagger.zip');
  const mark = files.find(({ path }) => path.endsWith(`/${MARK}`));
  if (mark === undefined) {
    throw new LabError('tagger/source', `${what} is not the zip of a tagger.`, {
      expected: `a zip of the folder that the lab exported, with ${MARK}`,
      got: issues[0]?.message ?? `${files.length} files without it`,
    });
  }
  const folder = mark.path.slice(0, -MARK.length);
  const own = files.filter(({ path }) => path.startsWith(folder));
  return new Map(own.map(({ path, bytes: content }) => [path.slice(folder.length), content]));
}

/** Plain bytes of a whole buffer, as readers of weights need them: Node's buffers are views, whose slices are views again. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
