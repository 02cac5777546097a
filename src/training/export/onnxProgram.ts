// Tags tokens with a tagger exported as ONNX: the program tag.js of its folder, bundled with the lab's own tokenizers and decoder.
import { tagSetOfHead, type TagSet } from '../../data/corpus/tagScheme.ts';
import type { PieceTokenizer } from '../../data/pieces/pieceModels.ts';
import { buildSequences, joinPredictions, type Sequence } from '../../data/pieces/sequences.ts';
import { readTokenizer } from '../../data/pieces/tokenizer.ts';
import { argmaxTags, viterbi, type ChainWeights } from '../../model/chainPaths.ts';
import { taggerFileSchema, type TaggerFile } from '../../schema/modelRecord.ts';
import { onnxFileSchema, type OnnxFile } from '../../schema/taggerFiles.ts';
import { LabError } from '../../util/labError.ts';
import { parseJson, validate, type Schema } from '../../util/validate.ts';

/** What is used of onnxruntime-node, onnxruntime-web, and whatever has their interface. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: Record<string, unknown>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => unknown;
}

interface OnnxSession {
  readonly inputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: unknown }>>;
}

/** Reads a file of the exported folder, such as `(name) => fetch(`tagger/${name}`).then((answer) => answer.arrayBuffer())`. */
export type ReadExported = (name: string) => Promise<ArrayBuffer | Uint8Array>;

interface OpenOptions {
  /** Sequences that run together; 16, or 1 for int8, whose numbers depend on what runs together. */
  readonly batchSize?: number;
  /** Passed to `InferenceSession.create`, such as `{ executionProviders: ['webgpu'] }`. */
  readonly session?: Record<string, unknown>;
}

/** What the model says of one sequence of N positions and K tags. */
export interface SequencePrediction {
  /** f32 [N, K] */
  readonly emissions: Float32Array;
  /** [N] decoded by this program in f64, as the lab does. */
  readonly tags: Int32Array;
  /** [N] decoded by the graph. */
  readonly graphTags: Int32Array;
}

/** Opens the exported folder that `read` reads. Throws LabError `onnx/file` or one of its tokenizer for files that do not fit. */
export async function openTagger(
  runtime: OnnxRuntime,
  read: ReadExported,
  options: OpenOptions = {},
): Promise<OnnxTagger> {
  const bytes = async (name: string): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await read(name));
  const tagger = await described('bioner_lab.json', taggerFileSchema, bytes);
  const graph = await described('onnx.json', onnxFileSchema, bytes);
  const tokenizer = readTokenizer(await bytes('tokenizer.json'), await bytes('tokenizer_config.json'), {
    lowerCase: tagger.config.lowerCase,
  });
  const externalData =
    graph.data === null ? {} : { externalData: [{ path: graph.data, data: await bytes(graph.data) }] };
  const session = await runtime.InferenceSession.create(await bytes(graph.model), {
    ...externalData,
    ...options.session,
  });
  return new OnnxTagger(runtime, session, tokenizer, tagger, graph, options.batchSize);
}

async function described<T>(name: string, schema: Schema<T>, bytes: (name: string) => Promise<Uint8Array>): Promise<T> {
  const parsed = validate(schema, parseJson(new TextDecoder().decode(await bytes(name))));
  if (parsed.isFit) return parsed.data;
  throw new LabError('onnx/file', `${name} is not that of a tagger exported as ONNX.`, {
    expected: 'a folder that BioNER Lab exported',
    got: `at ${parsed.fault.path || 'the top level'}: ${parsed.fault.message}`,
  });
}

class OnnxTagger {
  /** Entity types that it finds. */
  readonly types: readonly string[];
  readonly #runtime: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #tokenizer: PieceTokenizer;
  readonly #tagSet: TagSet;
  readonly #config: TaggerFile['config'];
  readonly #chain: ChainWeights | null;
  readonly #batchSize: number;

  constructor(
    runtime: OnnxRuntime,
    session: OnnxSession,
    tokenizer: PieceTokenizer,
    tagger: TaggerFile,
    { crf, precision }: OnnxFile,
    batchSize = precision === 'int8' ? 1 : 16,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#tagSet = tagSetOfHead(tagger);
    this.#config = tagger.config;
    this.#batchSize = batchSize;
    this.types = tagger.types;
    const floats = (values: readonly number[] | null): Float32Array | null => values && Float32Array.from(values);
    this.#chain = crf && {
      transitions: Float32Array.from(crf.transitions.flat()),
      start: floats(crf.start),
      end: floats(crf.end),
    };
  }

  /** The tag of each token of each sentence. Throws the reason of `signal`. */
  async tag(sentences: readonly (readonly string[])[], signal?: AbortSignal): Promise<string[][]> {
    const { sequences, predictions } = await this.predict(sentences, signal);
    const ofTokens = sentences.map((tokens) => ({ tokens, mentions: [] }));
    return joinPredictions(ofTokens, sequences, predictions.map(({ tags }) => tags), this.#tagSet); // prettier-ignore
  }

  /** Emissions and tags of each sequence that the sentences are cut into. Throws the reason of `signal`. */
  async predict(sentences: readonly (readonly string[])[], signal?: AbortSignal) {
    const ofTokens = sentences.map((tokens) => ({ tokens, mentions: [] }));
    const { sequences } = buildSequences(ofTokens, this.#tagSet, this.#tokenizer, this.#config);
    const predictions = new Array<SequencePrediction>(sequences.length);
    // Those of a length run together, because each is padded to the longest.
    const order = [...sequences.keys()].sort((a, b) => lengthOf(sequences[a]) - lengthOf(sequences[b]));
    for (let from = 0; from < order.length; from += this.#batchSize) {
      signal?.throwIfAborted();
      const indices = order.slice(from, from + this.#batchSize);
      const found = await this.#run(indices.map((index) => sequences[index] as Sequence));
      indices.forEach((index, row) => (predictions[index] = found[row] as SequencePrediction));
    }
    return { sequences, predictions };
  }

  async #run(sequences: readonly Sequence[]): Promise<SequencePrediction[]> {
    const [B, T, K] = [sequences.length, lengthOf(sequences.at(-1)), this.#tagSet.tags.length];
    const filled = (
      padding: number,
      valuesOf: (sequence: Sequence, row: number, set: (at: number, value: number) => void) => void,
    ) => {
      const data = new BigInt64Array(B * T).fill(BigInt(padding));
      sequences.forEach((sequence, row) =>
        valuesOf(sequence, row, (at, value) => (data[row * T + at] = BigInt(value))),
      );
      return new this.#runtime.Tensor('int64', data, [B, T]);
    };
    const feeds: Record<string, unknown> = {
      input_ids: filled(this.#tokenizer.specials.pad, ({ pieceIds }, _, set) =>
        pieceIds.forEach((id, at) => set(at, id)),
      ),
      attention_mask: filled(0, ({ pieceIds }, _, set) => pieceIds.forEach((_id, at) => set(at, 1))),
      tag_mask: filled(0, ({ crfPositions }, _, set) => crfPositions.forEach((at) => set(at, 1))),
    };
    if (this.#session.inputNames.includes('token_type_ids')) {
      feeds['token_type_ids'] = filled(0, ({ segmentIds }, _, set) => segmentIds.forEach((id, at) => set(at, id)));
    }
    const output = await this.#session.run(feeds);
    const logits = output['logits']?.data as Float32Array;
    const tags = output['tags']?.data as BigInt64Array;
    return sequences.map(({ crfPositions }, row) => {
      const emissions = new Float32Array(crfPositions.length * K);
      crfPositions.forEach((at, position) => {
        emissions.set(logits.subarray((row * T + at) * K, (row * T + at + 1) * K), position * K);
      });
      return {
        emissions,
        tags: this.#decoded(emissions, crfPositions.length),
        graphTags: crfPositions.map((at) => Number(tags[row * T + at])),
      };
    });
  }

  #decoded(emissions: Float32Array, count: number): Int32Array {
    const K = this.#tagSet.tags.length;
    return this.#chain === null ? argmaxTags(emissions, count, K) : viterbi(emissions, count, K, this.#chain).tags;
  }
}

const lengthOf = (sequence: Sequence | undefined): number => sequence?.pieceIds.length ?? 0;

/** Opens a folder in Node, with onnxruntime-node or what is given in its place. */
export async function openFolder(
  folder: string,
  runtime?: OnnxRuntime,
  options: OpenOptions = {},
): Promise<OnnxTagger> {
  const { readFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const used = runtime ?? ((await import('onnxruntime-node')) as unknown as OnnxRuntime);
  return openTagger(used, (name) => readFile(join(folder, name)), options);
}

const USAGE = `Usage: node tag.js FOLDER < tokens.conll > tagged.conll
One token a line, an empty line between sentences; FOLDER is this folder. It needs the package onnxruntime-node.`;

/** Reads one token a line, empty lines between sentences; anything after a tab or space is ignored. Prints tokens and tags. */
async function main(folder: string): Promise<void> {
  // Before the rows are read, so that what is missing is said at once.
  const tagger = await openFolder(folder);
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  const blocks = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r/g, '')
    .split(/\n(?:[ \t]*\n)+/);
  const sentences = blocks
    .map((block) => block.split('\n').filter((line) => line.trim() !== ''))
    .map((lines) => lines.map((line) => line.split(/[ \t]/)[0] ?? ''))
    .filter((tokens) => tokens.length > 0);
  const tagged = await tagger.tag(sentences);
  for (const [index, tokens] of sentences.entries()) {
    process.stdout.write(`${tokens.map((token, at) => `${token}\t${tagged[index]?.[at] ?? 'O'}\n`).join('')}\n`);
  }
}

/** Runs the program; one line says what is wrong, and the process ends with 1. */
async function runProgram(folder: string | undefined): Promise<void> {
  if (folder === '--help' || folder === '-h') return void process.stdout.write(`${USAGE}\n`);
  // A reader that wants no more, such as head.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    if (folder === undefined) throw new Error(USAGE);
    await main(folder);
  } catch (error) {
    process.stderr.write(`${problemIn(error, folder ?? '')}\n`);
    process.exitCode = 1;
  }
}

function problemIn(error: unknown, folder: string): string {
  if (error instanceof LabError) return LabError.describe(LabError.toData(error));
  const { code, message = String(error), path } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes('onnxruntime-node')) {
    return 'tag.js needs the package onnxruntime-node: npm install onnxruntime-node in this folder, or in one above it.';
  }
  if (path === undefined) return message;
  return `${path} cannot be read (${code ?? message}): ${folder} has to be a folder that BioNER Lab exported as ONNX.`;
}

/** Whether Node was started with this file. */
async function isMain(): Promise<boolean> {
  const started = typeof process === 'undefined' ? undefined : process.argv?.[1];
  if (started === undefined || process.versions?.node === undefined) return false;
  const { realpath } = await import('node:fs/promises');
  const { pathToFileURL } = await import('node:url');
  return import.meta.url === pathToFileURL(await realpath(started).catch(() => started)).href;
}

if (await isMain()) await runProgram(process.argv[2]);
