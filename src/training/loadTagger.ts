// Loads a trained tagger: encoder and head weights, tokenizer, tag set and training configuration.
import { tagSetOfHead, type TagSet } from '../data/corpus/tagSet.ts';
import { refusePlaceholder } from '../data/import/placeholderFile.ts';
import type { PieceTokenizer } from '../data/pieces/piece.ts';
import { readTokenizer } from '../data/pieces/tokenizer.ts';
import { mergedWeights } from '../model/adapters.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import type { HeadShape } from '../model/parameters.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import type { TaggerShape } from '../model/tagger.ts';
import { pretrainedEncoder } from '../model/weights/pretrained.ts';
import { readSafetensors } from '../model/weights/safetensors.ts';
import { headParameters } from '../model/weights/taggerTensors.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import type { RunRecord } from '../schema/runRecord.ts';
import { headOfRun, taggerFileSchema, type TaggerHead } from '../schema/taggerHead.ts';
import { readModelFile, readModelRecord } from '../storage/modelRecords.ts';
import { readRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { validate } from '../util/validate.ts';
import type { TaggerRef } from '../wire/taggerRef.ts';
import { loadSnapshot } from './checkpoint.ts';
import { encoderOfRun, fixedWeights } from './startWeights.ts';
import {
  assertModelWhole,
  CONFIG_FILE,
  parseConfig,
  parseConfigFile,
  readModelConfig,
  readModelTokenizer,
  TAGGER_FILE,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  WEIGHTS_FILE,
} from './loadModel.ts';

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
