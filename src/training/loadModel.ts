// Loads a stored model for training.
import type { PieceTokenizer } from '../data/pieces/piece.ts';
import { readTokenizer } from '../data/pieces/tokenizer.ts';
import { encoderConfig, type EncoderConfig } from '../model/families/encoderConfig.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { pretrainedEncoder } from '../model/weights/pretrained.ts';
import { readSafetensors } from '../model/weights/safetensors.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import { readModelFile } from '../storage/modelRecords.ts';
import type { Store } from '../storage/store.ts';
import { fingerprint, fingerprintBytes } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import { parseJson } from '../util/validate.ts';

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
