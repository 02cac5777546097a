// A dropped model folder, verified part against part and described.
import type { XlnetConfig } from '../model/xlnetConfig.ts';
import { encoderShapes, sizeOf } from '../model/parameters.ts';
import { pretrainedEncoder } from '../model/pretrained.ts';
import { readSafetensors } from '../model/safetensors.ts';
import type { PieceTokenizer } from '../data/tokenizer.ts';
import { readTokenizer } from '../data/tokenizer.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import { readModelRecord, saveModel } from '../storage/modelRecords.ts';
import type { Store } from '../storage/store.ts';
import { fingerprint } from '../util/fingerprint.ts';
import { LabError } from '../util/labError.ts';
import { CONFIG_FILE, parseConfig, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE } from './loadModel.ts';

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const KEPT = [CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE];

/**
 * Verifies that configuration, weights and tokenizer are there and fit each other, stores the files and answers with the record.
 * A model that is stored already keeps its name and date, and stays built-in if it was.
 * Throws LabError `model/...`, `safetensors/...` or `tokenizer/...` with what was expected and what came; nothing is stored then.
 */
export async function importModel(
  store: Store,
  name: string,
  builtIn: boolean,
  files: readonly NamedBytes[],
): Promise<ModelRecord> {
  const kept = files.filter((file) => KEPT.includes(file.name));
  const bytesOf = (file: string): Uint8Array<ArrayBuffer> => {
    const found = kept.find((candidate) => candidate.name === file);
    if (found !== undefined) return found.bytes;
    throw new LabError('model/files', `The model ${name} lacks ${file}.`, {
      expected: [CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE].join(', '),
      got: files.map((candidate) => candidate.name).join(', ') || 'no files',
    });
  };
  const config = parseConfig(bytesOf(CONFIG_FILE));
  pretrainedEncoder(readSafetensors(bytesOf(WEIGHTS_FILE)), config);
  const tokenizer = readTokenizer(bytesOf(TOKENIZER_FILE), kept.find((file) => file.name === TOKENIZER_CONFIG_FILE)?.bytes ?? null, { lowerCase: false }); // prettier-ignore
  assertVocabulary(tokenizer, config);
  const content = fingerprint(kept.map((file) => [file.name, fingerprint(file.bytes)]).sort());
  const id = content.slice(0, 16);
  const held = await readModelRecord(store, id);
  const record: ModelRecord = {
    version: 1,
    id,
    name: held?.name ?? name,
    fingerprint: content,
    files: kept.map((file) => ({ name: file.name, sizeBytes: file.bytes.byteLength })),
    parameterCount: [...encoderShapes(config).values()].reduce((total, shape) => total + sizeOf(shape), 0),
    layers: config.layers,
    hiddenSize: config.hiddenSize,
    heads: config.heads,
    vocabularySize: config.vocabularySize,
    activation: config.activation,
    builtIn: builtIn || (held?.builtIn ?? false),
    addedAt: held?.addedAt ?? new Date().toISOString(),
  };
  await saveModel(store, record, kept);
  return record;
}

function assertVocabulary(tokenizer: PieceTokenizer, config: XlnetConfig): void {
  if (tokenizer.vocabularySize <= config.vocabularySize) return;
  throw new LabError('model/vocabulary', 'The tokenizer knows more pieces than the model has embeddings for.', {
    expected: `at most ${config.vocabularySize} pieces (vocab_size in ${CONFIG_FILE})`,
    got: `${tokenizer.vocabularySize} in ${TOKENIZER_FILE}`,
  });
}
