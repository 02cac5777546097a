// Reads the files of an exported tagger: from a folder or zip at an address, on disk, or in memory.
import { readArchive } from '../data/import/archive.ts';
import { EXPORTED_FILES } from '../training/loadTagger.ts';
import { LabError } from '../util/labError.ts';
import type { OpenOptions, TaggerSource } from './taggerTypes.ts';

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
