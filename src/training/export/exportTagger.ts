// Exports a trained tagger as the files of a folder that transformers and the lab can open, or its adapters alone for PEFT.
import type { Platform } from '../../engine/start/startBackend.ts';
import { safetensorsStream } from '../../model/weights/safetensors.ts';
import { peftAdapter, taggerTensors } from '../../model/weights/taggerTensors.ts';
import type { TaggerFile } from '../../schema/modelRecord.ts';
import { readModelFile } from '../../storage/modelRecords.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import type { ExportedFile, TaggerExport, TaggerRef } from '../../wire/trainingProtocol.ts';
import {
  CONFIG_FILE,
  loadAdapters,
  loadTagger,
  ONNX_FILE,
  parseConfigFile,
  TAGGER_FILE,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  WEIGHTS_FILE,
} from '../loadTagger.ts';
import { isOfTransformers, modelCard, taggerConfigFile, tokenizerConfigFile } from './exportedFiles.ts';

interface OpenedExport {
  readonly files: readonly ExportedFile[];
  /** The bytes of each file in turn, in separate buffers that may be transferred. */
  chunks(): Generator<{ readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }, void>;
}

/** The texts of the programs that go with a tagger: tag.py with any, tag.js with ONNX. */
type Programs = Pick<Platform, 'taggerProgram' | 'taggerModule'>;

/**
 * Lists the files of a tagger with their sizes; weights come last, converted for transformers or as constants of an ONNX graph, one tensor at a
 * time. Throws as `loadTagger` does, and LabError `storage/missing` if files of the pretrained model are missing.
 */
export async function exportTagger(
  store: Store,
  { tagger, precision, onnx }: TaggerExport,
  programs: Programs,
): Promise<OpenedExport> {
  const { shape, weights, head, model } = await loadTagger(store, tagger);
  if (onnx !== undefined && head.asked === true) {
    throw new LabError('export/asked', 'A tagger that text asks for one type at a time is not exported as ONNX.', {
      expected: 'a tagger that marks all its types at once; export this one for transformers',
      got: `one for ${head.types.join(', ')}, trained by all-in-one tags`,
    });
  }
  const stored = (name: string) => readModelFile(store, model.id, name);
  const has = (name: string): boolean => model.files.some((file) => file.name === name);
  const members = async (name: string) => parseConfigFile(name, await stored(name)) as Record<string, unknown>;
  const config = await members(CONFIG_FILE);
  const tokenizerConfig = has(TOKENIZER_CONFIG_FILE) ? await members(TOKENIZER_CONFIG_FILE) : null;
  const tokenizer = await stored(TOKENIZER_FILE);
  const tokenizerContent = parseConfigFile(TOKENIZER_FILE, tokenizer) as Record<string, unknown>;
  const description: TaggerFile = { format: 'bioner-lab-tagger', version: 1, ...head };
  const graph =
    onnx === undefined ? null : (await import('../../model/onnx/taggerGraph.ts')).onnxFiles(weights, shape, head, onnx);
  const small = [
    jsonFile(CONFIG_FILE, taggerConfigFile(config, shape.encoder, head, onnx === 'f16' ? 'F16' : precision)),
    { name: TOKENIZER_FILE, bytes: tokenizer },
    jsonFile(TOKENIZER_CONFIG_FILE, tokenizerConfigFile(tokenizerConfig, shape.encoder, tokenizerContent)),
    jsonFile(TAGGER_FILE, description),
    textFile('README.md', modelCard(head, shape.encoder, model.source?.repository ?? null, config, graph?.description)),
    ...(isOfTransformers(shape.encoder) ? [textFile('tag.py', await programs.taggerProgram())] : []),
    ...(graph === null
      ? []
      : [jsonFile(ONNX_FILE, graph.description), textFile('tag.js', await programs.taggerModule())]),
  ];
  const large =
    graph === null ? weightsFile(safetensorsStream(taggerTensors(weights, shape), precision)) : graph.stream;
  return {
    files: [...small.map(({ name, bytes }) => ({ name, sizeBytes: bytes.byteLength })), ...large.files],
    *chunks() {
      yield* small;
      yield* large.chunks();
    },
  };
}

/** One file of safetensors as a list of files. */
function weightsFile({ sizeBytes, chunks }: ReturnType<typeof safetensorsStream>): OpenedExport {
  return {
    files: [{ name: WEIGHTS_FILE, sizeBytes }],
    *chunks() {
      for (const bytes of chunks()) yield { name: WEIGHTS_FILE, bytes };
    },
  };
}

/**
 * Lists the files of a run's adapters and head for PEFT. Throws LabError `export/adapter` for a run without adapters or an encoder whose
 * projections PEFT does not know, and as `loadTagger` does.
 */
async function exportAdapters(store: Store, tagger: TaggerRef): Promise<OpenedExport> {
  const { adapters, model, encoder, snapshot } = await loadAdapters(store, tagger);
  const base = model.source?.repository ?? model.name;
  const { tensors, config } = peftAdapter(snapshot, encoder, adapters, base);
  const small = jsonFile('adapter_config.json', config);
  const { sizeBytes, chunks } = safetensorsStream(tensors, 'F32');
  const name = 'adapter_model.safetensors';
  return {
    files: [
      { name: small.name, sizeBytes: small.bytes.byteLength },
      { name, sizeBytes },
    ],
    *chunks() {
      yield small;
      for (const bytes of chunks()) yield { name, bytes };
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

export function taggerExports(store: Store, programs: Programs): TaggerExports {
  const open = new Map<number, ReturnType<OpenedExport['chunks']>>();
  let lastId = 0;
  return {
    async open(request) {
      const { files, chunks } = await (request.adapters === true
        ? exportAdapters(store, request.tagger)
        : exportTagger(store, request, programs));
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
