// Exports taggers as ONNX in memory and opens them with the program of their folder, in onnxruntime for Node or for the web.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { OnnxPrecision } from '../../src/schema/taggerFiles.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { exportTagger } from '../../src/training/export/exportTagger.ts';
import { openTagger, type OnnxRuntime } from '../../src/training/export/onnxProgram.ts';
import { importModel } from '../../src/training/importModel.ts';
import type { TaggerRef } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

export const RUNTIMES = ['onnxruntime-node', 'onnxruntime-web'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/** Opens a runtime with one thread, which all machines have; the web's runs in Node on the wasm that pages run. */
export async function onnxRuntime(name: RuntimeName): Promise<OnnxRuntime> {
  if (name === 'onnxruntime-node') return (await import('onnxruntime-node')) as unknown as OnnxRuntime;
  const web = await import('onnxruntime-web');
  web.env.wasm.numThreads = 1;
  return web as unknown as OnnxRuntime;
}

/** Silent about what it optimizes. */
export const session = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;

/** The tagger of `public/taggers`, imported into an empty store as the page imports it. */
export async function shippedInStore(publicFolder: string, name: string): Promise<{ store: Store; tagger: TaggerRef }> {
  const store = memory();
  const at = (folder: string) => (file: string) => ({ file, folder: path.join(publicFolder, folder) });
  const files = [
    ...['config.json', 'bioner_lab.json', 'model.safetensors'].map(at(`taggers/${name}`)),
    ...['tokenizer.json', 'tokenizer_config.json'].map(at('models/xlnet-bio-tiny')),
  ];
  const read = files.map(async ({ folder, file }) => {
    return { name: file, bytes: new Uint8Array(await readFile(path.join(folder, file))) };
  });
  const { id } = await importModel(store, name, true, await Promise.all(read));
  return { store, tagger: { kind: 'model', modelId: id } };
}

/** The files of a tagger exported as ONNX, by name. */
export async function exportedOnnx(store: Store, tagger: TaggerRef, onnx: OnnxPrecision) {
  const { chunks } = await exportTagger(store, { tagger, precision: 'F32', onnx }, nodePlatform);
  const parts = new Map<string, Uint8Array[]>();
  for (const { name, bytes } of chunks()) parts.set(name, [...(parts.get(name) ?? []), bytes]);
  return new Map([...parts].map(([name, bytes]) => [name, new Uint8Array(Buffer.concat(bytes))]));
}

/** Opens exported files as a page opens a folder. */
export async function openedOnnx(files: ReadonlyMap<string, Uint8Array>, runtime: RuntimeName) {
  const read = (name: string): Promise<Uint8Array> => {
    const bytes = files.get(name);
    return bytes === undefined ? Promise.reject(new Error(`the export has no ${name}`)) : Promise.resolve(bytes);
  };
  return openTagger(await onnxRuntime(runtime), read, { session });
}

/** Size in bytes of the graph and its weights. */
export function graphBytes(files: ReadonlyMap<string, Uint8Array>): number {
  return [...files].reduce((sum, [name, bytes]) => sum + (/\.onnx(_data)?$/.test(name) ? bytes.byteLength : 0), 0);
}
