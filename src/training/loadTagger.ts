// Loads stored models and trained taggers: weights, tokenizer, tag set and training configuration.
import { tagSetOfHead, type TagSet } from '../data/corpus/tagScheme.ts';
import { refusePlaceholder } from '../data/import/modelFiles.ts';
import type { PieceTokenizer } from '../data/pieces/pieceModels.ts';
import { readTokenizer } from '../data/pieces/tokenizer.ts';
import type { HostParameters } from '../model/blocks/parameterLocation.ts';
import { encoderConfig, type EncoderConfig } from '../model/families/encoderConfig.ts';
import { mergedWeights, type HeadShape, type TaggerShape } from '../model/parameters.ts';
import { pretrainedEncoder } from '../model/weights/pretrained.ts';
import { readSafetensors } from '../model/weights/safetensors.ts';
import { headParameters } from '../model/weights/taggerTensors.ts';
import { headOfRun, taggerFileSchema, type ModelRecord, type TaggerHead } from '../schema/modelRecord.ts';
import type { RunRecord } from '../schema/runRecord.ts';
import { readModelFile, readModelRecord } from '../storage/modelRecords.ts';
import { readRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { fingerprint, fingerprintBytes } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import { parseJson, validate } from '../util/validate.ts';
import type { TaggerRef } from '../wire/trainingProtocol.ts';
import { loadSnapshot } from './checkpoint.ts';
import { encoderOfRun, fixedWeights } from './startWeights.ts';

// Loads a stored model for training.

export const CONFIG_FILE = 'config.json';
export const WEIGHTS_FILE = 'model.safetensors';
export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';
/** Describes the head of a trained tagger. */
export const TAGGER_FILE = 'bioner_lab.json';
/** Names the graph of a tagger exported as ONNX, and has the weights of its CRF. */
export const ONNX_FILE = 'onnx.json';

export interface LoadedModel {
  readonly config: EncoderConfig;
  readonly encoder: HostParameters;
  readonly tokenizer: PieceTokenizer;
}

/** Returns the fingerprint of a model from those of its files, by name. */
export function modelFingerprint(files: readonly (readonly [name: string, fingerprint: string])[]): string {
  return fingerprint(files.toSorted());
}

/**
 * Verifies that the stored files of a model are those of its record: nothing else shows a damaged weight. Throws LabError `model/damaged`
 * otherwise.
 */
export async function assertModelWhole(store: Store, { id, name, files, ...record }: ModelRecord): Promise<void> {
  const found: [string, string][] = [];
  for (const file of files) {
    const bytes = await store.read(`model/${id}/file/${file.name}`);
    if (bytes !== undefined) found.push([file.name, await fingerprintBytes(bytes)]);
  }
  const whole = modelFingerprint(found);
  if (whole === record.fingerprint) return;
  const missing = files.filter((file) => !found.some(([own]) => own === file.name)).map((file) => file.name);
  throw new LabError(
    'model/damaged',
    `What is stored of the model ${name} is damaged: import or download it again, then resume the run.`,
    {
      expected: `files with the fingerprint ${record.fingerprint.slice(0, 16)}`,
      got: missing.length > 0 ? `no ${missing.join(', ')}` : `the fingerprint ${whole.slice(0, 16)}`,
    },
  );
}

/** Throws LabError `model/damaged` if the model is not stored as it was imported. */
export async function loadModel(store: Store, record: ModelRecord, lowerCase: boolean): Promise<LoadedModel> {
  await assertModelWhole(store, record);
  const config = await readModelConfig(store, record);
  const encoder = pretrainedEncoder(readSafetensors(await readModelFile(store, record.id, WEIGHTS_FILE)), config);
  return { config, encoder, tokenizer: await readModelTokenizer(store, record, lowerCase) };
}

/** Loads the tokenizer alone. Throws LabError `storage/missing` if it is no longer stored. */
export async function readModelTokenizer(
  store: Store,
  { id, files }: Pick<ModelRecord, 'id' | 'files'>,
  lowerCase: boolean,
): Promise<PieceTokenizer> {
  const hasConfig = files.some(({ name }) => name === TOKENIZER_CONFIG_FILE);
  return readTokenizer(
    await readModelFile(store, id, TOKENIZER_FILE),
    hasConfig ? await readModelFile(store, id, TOKENIZER_CONFIG_FILE) : null,
    { lowerCase },
  );
}

/** Loads the encoder's shape alone. Throws LabError `storage/missing` if it is no longer stored. */
export async function readModelConfig(store: Store, { id }: Pick<ModelRecord, 'id'>): Promise<EncoderConfig> {
  return parseConfig(await readModelFile(store, id, CONFIG_FILE));
}

/** Parses the encoder's shape from the bytes of config.json. Throws LabError `model/config`. */
export function parseConfig(bytes: Uint8Array): EncoderConfig {
  return encoderConfig(parseConfigFile(CONFIG_FILE, bytes));
}

/** Parses a JSON configuration file. Throws LabError `model/config`. */
export function parseConfigFile(name: string, bytes: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new LabError('model/config', `${name} is not JSON.`, { expected: 'a JSON object', cause });
  }
}

// Loads a trained tagger: a snapshot of a run, or an imported model with a head.

/** Throws LabError `model/tagger-file` naming the first missing or invalid member, `data/types` for tags that do not match the types. */
export function taggerHeadOf(bytes: Uint8Array): TaggerHead {
  const parsed = validate(taggerFileSchema, parseConfigFile(TAGGER_FILE, bytes));
  if (!parsed.isFit) {
    const { path, message } = parsed.fault;
    throw new LabError('model/tagger-file', `${TAGGER_FILE} does not describe a tagger of this lab.`, {
      expected: 'the file that the lab exported with the weights',
      got: `at ${path || 'the top level'}: ${message}`,
    });
  }
  const { format: _format, version: _version, ...head } = parsed.data;
  tagSetOfHead(head);
  return head;
}

export function headShapeOf({ tags, config }: Pick<TaggerHead, 'tags' | 'config'>): HeadShape {
  return { tagCount: tags.length, kind: config.head, startEnd: config.crfStartEnd };
}

export interface LoadedTagger {
  readonly shape: TaggerShape;
  /** Weights of encoder and head. */
  readonly weights: HostParameters;
  readonly tokenizer: PieceTokenizer;
  readonly tagSet: TagSet;
  readonly head: TaggerHead;
  /** The stored model that provides configuration and tokenizer. */
  readonly model: ModelRecord;
  /** What the tagger's adapters were merged into; null for a tagger without adapters. */
  readonly base: BaseWeights | null;
}

/** The pretrained weights that taggers with adapters share. */
export interface BaseWeights {
  readonly modelId: string;
  readonly weights: HostParameters;
}

/**
 * `known` is what the tagger before was merged into: if this one shares it, only adapters and head are read. Throws LabError `run/unknown`
 * without the run, `run/model` without its model, `checkpoint/missing` without the snapshot, `model/head` for a stored model without a tagging
 * head.
 */
export function loadTagger(store: Store, ref: TaggerRef, known: BaseWeights | null = null): Promise<LoadedTagger> {
  return ref.kind === 'snapshot' ? snapshotTagger(store, ref.runId, ref.epoch, known) : modelTagger(store, ref.modelId);
}

/** Loads what a run with adapters has trained, and what it was trained beside but for the weights. Throws like `loadTagger`, and LabError `export/adapter`. */
export async function loadAdapters(store: Store, ref: TaggerRef) {
  const { run, model } = ref.kind === 'snapshot' ? await runAndModel(store, ref.runId) : { run: null, model: null };
  const adapters = run?.spec.config.adapters;
  if (ref.kind !== 'snapshot' || model === null || adapters === undefined) {
    throw new LabError('export/adapter', 'This tagger has no adapters to export: export the model.', {
      expected: 'a run with adapters',
      got: ref.kind === 'snapshot' ? 'a run that trained every weight' : 'a model',
    });
  }
  const encoder = await readModelConfig(store, model);
  return { adapters, model, encoder, snapshot: await loadSnapshot(store, ref.runId, ref.epoch) };
}

async function runAndModel(
  store: Store,
  runId: string,
): Promise<{ readonly run: RunRecord; readonly model: ModelRecord }> {
  const run = await readRunRecord(store, runId);
  if (run === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
  const { id, name } = run.spec.model;
  const model = await readModelRecord(store, id);
  if (model === undefined) throw new LabError('run/model', `The model ${name} is no longer in the library.`);
  return { run, model };
}

async function snapshotTagger(
  store: Store,
  runId: string,
  epoch: number,
  known: BaseWeights | null,
): Promise<LoadedTagger> {
  const { run, model } = await runAndModel(store, runId);
  const ofModel = await described(store, model, headOfRun(run, epoch, model.layers));
  const encoder = encoderOfRun(ofModel.shape.encoder, run.spec);
  const tagger = { ...ofModel, shape: { ...ofModel.shape, encoder } };
  const stored = () => pretrainedOf(store, model, ofModel.shape.encoder);
  const fixed = await fixedWeights(store, run.spec, encoder, stored);
  const weights = new Map([...(await loadSnapshot(store, runId, epoch)), ...fixed]);
  const { config } = run.spec;
  if (config.adapters === undefined) return { ...tagger, weights, base: null };
  const isKnown = known?.modelId === model.id;
  const base = isKnown ? known : { modelId: model.id, weights: await pretrainedOf(store, model, tagger.shape.encoder) };
  return { ...tagger, weights: mergedWeights(weights, base.weights, config), base };
}

/** The weights that adapters were trained beside. Throws LabError `model/damaged` if the model is not stored as it was imported. */
async function pretrainedOf(store: Store, model: ModelRecord, encoder: EncoderConfig): Promise<HostParameters> {
  await assertModelWhole(store, model);
  return pretrainedEncoder(readSafetensors(await readModelFile(store, model.id, WEIGHTS_FILE)), encoder);
}

async function modelTagger(store: Store, modelId: string): Promise<LoadedTagger> {
  const model = await readModelRecord(store, modelId);
  if (model?.tagger === undefined) {
    throw new LabError('model/head', 'This model has no tagging head.', {
      expected: 'a trained tagger',
      got: model?.name ?? modelId,
    });
  }
  await assertModelWhole(store, model);
  const tagger = await described(store, model, model.tagger);
  return {
    ...tagger,
    base: null,
    weights: taggerWeights(await readModelFile(store, modelId, WEIGHTS_FILE), tagger.shape),
  };
}

function taggerWeights(file: Uint8Array<ArrayBuffer>, shape: TaggerShape): HostParameters {
  const tensors = readSafetensors(file);
  return new Map([...pretrainedEncoder(tensors, shape.encoder), ...headParameters(tensors, shape)]);
}

/** Files of the folder that the lab exports a tagger as; without the optional one its tokenizer has no further settings. */
export const EXPORTED_FILES = {
  needed: [TAGGER_FILE, CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE],
  optional: [TOKENIZER_CONFIG_FILE],
} as const;

/**
 * Loads an exported tagger from the bytes of its files, by name. Throws LabError `model/files` naming what is missing, and as `importModel` does
 * for files that are damaged or do not match.
 */
export function taggerOfFiles(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Omit<LoadedTagger, 'model' | 'base'> {
  const missing = EXPORTED_FILES.needed.filter((name) => !files.has(name));
  if (missing.length > 0) {
    throw new LabError('model/files', `The tagger lacks ${missing.join(' and ')}.`, {
      expected: `the folder that the lab exported: ${EXPORTED_FILES.needed.join(', ')}`,
      got: [...files.keys()].join(', ') || 'no files',
    });
  }
  for (const name of [...EXPORTED_FILES.needed, ...EXPORTED_FILES.optional]) {
    const bytes = files.get(name);
    if (bytes !== undefined) refusePlaceholder({ name, bytes });
  }
  const bytesOf = (name: string) => files.get(name) as Uint8Array<ArrayBuffer>;
  const head = taggerHeadOf(bytesOf(TAGGER_FILE));
  const shape = { encoder: parseConfig(bytesOf(CONFIG_FILE)), head: headShapeOf(head) };
  const { lowerCase } = head.config;
  const tokenizer = readTokenizer(bytesOf(TOKENIZER_FILE), files.get(TOKENIZER_CONFIG_FILE) ?? null, { lowerCase });
  if (tokenizer.vocabularySize > shape.encoder.vocabularySize) {
    throw new LabError('model/vocabulary', 'The tokenizer has more pieces than the model has embeddings.', {
      expected: `at most ${shape.encoder.vocabularySize} pieces (vocab_size in ${CONFIG_FILE})`,
      got: `${tokenizer.vocabularySize} in ${TOKENIZER_FILE}`,
    });
  }
  return { shape, tokenizer, head, tagSet: tagSetOfHead(head), weights: taggerWeights(bytesOf(WEIGHTS_FILE), shape) };
}

/** Loads everything of a tagger except its weights. */
async function described(
  store: Store,
  model: ModelRecord,
  head: TaggerHead,
): Promise<Omit<LoadedTagger, 'weights' | 'base'>> {
  return {
    shape: { encoder: await readModelConfig(store, model), head: headShapeOf(head) },
    tokenizer: await readModelTokenizer(store, model, head.config.lowerCase),
    tagSet: tagSetOfHead(head),
    head,
    model,
  };
}
