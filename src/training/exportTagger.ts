// Exports a trained tagger as the files of a folder that transformers and the lab can open.
import { safetensorsStream } from '../model/weights/safetensors.ts';
import { taggerTensors } from '../model/weights/taggerTensors.ts';
import type { TaggerFile } from '../schema/taggerHead.ts';
import { readModelFile } from '../storage/modelRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import type { ExportedFile, TaggerExport } from '../wire/taggerRef.ts';
import { isOfTransformers, modelCard, taggerConfigFile, tokenizerConfigFile } from './exportedFiles.ts';
import {
  CONFIG_FILE,
  parseConfigFile,
  TAGGER_FILE,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  WEIGHTS_FILE,
} from './loadModel.ts';
import { loadTagger } from './loadTagger.ts';

interface OpenedExport {
  readonly files: readonly ExportedFile[];
  /** The bytes of each file in turn, in separate buffers that may be transferred. */
  chunks(): Generator<{ readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }, void>;
}

/**
 * Lists the files of a tagger with their sizes; weights come last, converted for transformers one tensor at a time. `program` is the text
 * of tag.py. Throws as `loadTagger` does, and LabError `storage/missing` if files of the pretrained model are missing.
 */
export async function exportTagger(
  store: Store,
  { tagger, precision }: TaggerExport,
  program: string,
): Promise<OpenedExport> {
  const { shape, weights, head, model } = await loadTagger(store, tagger);
  const stored = (name: string) => readModelFile(store, model.id, name);
  const has = (name: string): boolean => model.files.some((file) => file.name === name);
  const members = async (name: string) => parseConfigFile(name, await stored(name)) as Record<string, unknown>;
  const config = await members(CONFIG_FILE);
  const tokenizerConfig = has(TOKENIZER_CONFIG_FILE) ? await members(TOKENIZER_CONFIG_FILE) : null;
  const tokenizer = await stored(TOKENIZER_FILE);
  const tokenizerContent = parseConfigFile(TOKENIZER_FILE, tokenizer) as Record<string, unknown>;
  const description: TaggerFile = { format: 'bioner-lab-tagger', version: 1, ...head };
  const small = [
    jsonFile(CONFIG_FILE, taggerConfigFile(config, shape.encoder, head, precision)),
    { name: TOKENIZER_FILE, bytes: tokenizer },
    jsonFile(TOKENIZER_CONFIG_FILE, tokenizerConfigFile(tokenizerConfig, shape.encoder, tokenizerContent)),
    jsonFile(TAGGER_FILE, description),
    textFile('README.md', modelCard(head, shape.encoder, model.source?.repository ?? null, config)),
    ...(isOfTransformers(shape.encoder) ? [textFile('tag.py', program)] : []),
  ];
  const { sizeBytes, chunks } = safetensorsStream(taggerTensors(weights, shape), precision);
  return {
    files: [
      ...small.map(({ name, bytes }) => ({ name, sizeBytes: bytes.byteLength })),
      { name: WEIGHTS_FILE, sizeBytes },
    ],
    *chunks() {
      yield* small;
      for (const bytes of chunks()) yield { name: WEIGHTS_FILE, bytes };
    },
  };
}

function jsonFile(name: string, value: unknown) {
  return textFile(name, `${JSON.stringify(value, null, 2)}\n`);
}

function textFile(name: string, text: string) {
  return { name, bytes: new TextEncoder().encode(text) };
}

/** Open exports of trained taggers, which the caller pulls chunk by chunk. */
interface TaggerExports {
  open(request: TaggerExport): Promise<{ readonly exportId: number; readonly files: readonly ExportedFile[] }>;
  /** Returns the next bytes of an export's files; null at the end, which closes it. Throws LabError `export/closed` if it is not open. */
  next(exportId: number): { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | null;
  /** Abandons an export; does nothing if it is not open. */
  close(exportId: number): void;
}

/** `program` returns the text of tag.py. */
export function taggerExports(store: Store, program: () => Promise<string>): TaggerExports {
  const open = new Map<number, ReturnType<OpenedExport['chunks']>>();
  let lastId = 0;
  return {
    async open(request) {
      const { files, chunks } = await exportTagger(store, request, await program());
      const exportId = ++lastId;
      open.set(exportId, chunks());
      return { exportId, files };
    },
    next(exportId) {
      const chunks = open.get(exportId);
      if (chunks === undefined) throw new LabError('export/closed', 'The export is not open.', { got: `${exportId}` });
      const next = chunks.next();
      if (next.done !== true) return next.value;
      open.delete(exportId);
      return null;
    },
    close: (exportId) => void open.delete(exportId),
  };
}
