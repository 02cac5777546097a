// Imports a model folder: verifies that its parts match, converts them to the stored form, and describes them.
import {
  chosenNames,
  MERGES_FILE,
  modelFiles,
  neededModelFiles,
  refusePlaceholder,
  type WeightsForm,
} from '../data/import/modelFiles.ts';
import type { PieceTokenizer } from '../data/pieces/pieceModels.ts';
import { readTokenizer } from '../data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../data/pieces/tokenizerFile.ts';
import { gatheredConfig } from '../data/pieces/tokenizerSettings.ts';
import { sizeOf } from '../model/blocks/parameterLocation.ts';
import { bertConfigOfRelease } from '../model/families/bert.ts';
import { encoderShapes, familyOf, type EncoderConfig } from '../model/families/encoderConfig.ts';
import { xlnetConfigOfRelease } from '../model/families/xlnet.ts';
import { openWeights } from '../model/weights/openWeights.ts';
import { pretrainedTensors } from '../model/weights/pretrained.ts';
import { storedElementBytes, writeSafetensors } from '../model/weights/safetensors.ts';
import { storedHead } from '../model/weights/taggerTensors.ts';
import type { EncoderFacts, ModelRecord, ModelSource, TaggerHead } from '../schema/modelRecord.ts';
import { readModelRecord, saveModel } from '../storage/modelRecords.ts';
import { ifCorrupt } from '../storage/records.ts';
import type { Store } from '../storage/store.ts';
import { fingerprint } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import {
  CONFIG_FILE,
  headShapeOf,
  modelFingerprint,
  parseConfig,
  parseConfigFile,
  taggerHeadOf,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  WEIGHTS_FILE,
} from './loadTagger.ts';

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Parses an encoder's configuration file, including TensorFlow's. Throws LabError `model/config` or `model/placeholder`. */
export function encoderOfFile(file: NamedBytes): EncoderConfig {
  refusePlaceholder(file);
  return parseConfig(configBytes(file));
}

/** Returns config.json unchanged, or converts TensorFlow's configuration to it. Throws LabError `model/config`. */
function configBytes({ name, bytes }: NamedBytes): Uint8Array<ArrayBuffer> {
  if (name === CONFIG_FILE) return bytes;
  const ofRelease = name === 'bert_config.json' ? bertConfigOfRelease : xlnetConfigOfRelease;
  return new TextEncoder().encode(JSON.stringify(ofRelease(parseConfigFile(name, bytes))));
}

export function encoderFacts(config: EncoderConfig): EncoderFacts {
  const { layers, hiddenSize, heads, vocabularySize, activation, family } = config;
  const parameterCount = [...encoderShapes(config).values()].reduce((total, shape) => total + sizeOf(shape), 0);
  const positions = familyOf(config).positions(config);
  return {
    parameterCount,
    layers,
    hiddenSize,
    heads,
    vocabularySize,
    activation,
    family,
    ...(positions === null ? {} : { positions }),
  };
}

/**
 * Verifies that configuration, weights and tokenizer are present and match, stores them and returns the record.
 *
 * Always stores config.json, model.safetensors, tokenizer.json and, if present, tokenizer_config.json and bioner_lab.json:
 * a file of that name is stored byte for byte, any other form is converted (weights to F32, only those of the encoder and the tagger's
 * head), so that the same numbers from any form give the same model. Settings of the tokenizer in other files of the folder are added to
 * tokenizer_config.json. With bioner_lab.json it is a trained tagger, whose encoder serves as
 * a model too; without it a head in the weights is ignored. Holds at most the given files and the written weights in memory.
 *
 * A model that is already stored keeps its name, date and source, and stays built-in if it was.
 * Throws LabError `model/...`, `safetensors/...`, `weights/...`, `torch/...`, `tensorflow/...` or `tokenizer/...` with what was expected and
 * found, and then stores nothing.
 */
export async function importModel(
  store: Store,
  name: string,
  builtIn: boolean,
  files: readonly NamedBytes[],
  source?: ModelSource,
): Promise<ModelRecord> {
  const { config, tagger, saved } = modelFilesToSave(name, files);
  const content = modelFingerprint(saved.map((file) => [file.name, fingerprint(file.bytes)]));
  const id = content.slice(0, 16);
  // A damaged record is written again.
  const existing = await readModelRecord(store, id).catch(ifCorrupt(undefined));
  const origin = existing?.source ?? source;
  const record: ModelRecord = {
    version: 1,
    id,
    name: existing?.name ?? name,
    fingerprint: content,
    files: saved.map((file) => ({ name: file.name, sizeBytes: file.bytes.byteLength })),
    ...encoderFacts(config),
    ...(tagger === null ? {} : { tagger }),
    ...(origin === undefined ? {} : { source: origin }),
    builtIn: builtIn || (existing?.builtIn ?? false),
    addedAt: existing?.addedAt ?? new Date().toISOString(),
  };
  await saveModel(store, record, saved);
  return record;
}

/** Returns the verified configuration, the head of a trained tagger, and the files to store. */
function modelFilesToSave(
  name: string,
  files: readonly NamedBytes[],
): { config: EncoderConfig; tagger: TaggerHead | null; saved: readonly NamedBytes[] } {
  const chosen = modelFiles(files.map((file) => file.name));
  if (chosen.config === null || chosen.form === null || chosen.tokenizer === null) {
    throw new LabError('model/files', `The model ${name} is missing ${chosen.missing.join(' and ')}.`, {
      expected: neededModelFiles,
      got: files.map((file) => file.name).join(', ') || 'no files',
    });
  }
  const chosenFile = (file: string): NamedBytes => files.find((candidate) => candidate.name === file) as NamedBytes;
  for (const file of chosenNames(chosen)) refusePlaceholder(chosenFile(file));
  const config = encoderOfFile(chosenFile(chosen.config));
  const byName = new Map(files.map((file) => [file.name, file.bytes]));
  const tokenizerConfig = gatheredConfig(byName, chosen.config);
  const tokenizerBytes = tokenizerFile(chosenFile(chosen.tokenizer), tokenizerConfig, byName.get(MERGES_FILE) ?? null);
  const tokenizer = readTokenizer(tokenizerBytes, tokenizerConfig, { lowerCase: false });
  assertVocabulary(tokenizer, config);
  const described = chosen.tagger === null ? null : chosenFile(chosen.tagger);
  const tagger = described && taggerHeadOf(described.bytes);
  return {
    config,
    tagger,
    saved: [
      { name: CONFIG_FILE, bytes: configBytes(chosenFile(chosen.config)) },
      { name: WEIGHTS_FILE, bytes: weightsFile(chosen.form, chosen.weights.map(chosenFile), config, tagger) },
      { name: TOKENIZER_FILE, bytes: tokenizerBytes },
      ...(tokenizerConfig === null ? [] : [{ name: TOKENIZER_CONFIG_FILE, bytes: tokenizerConfig }]),
      ...(described === null ? [] : [described]),
    ],
  };
}

/** Returns tokenizer.json unchanged, or converts another form of vocabulary to it. */
function tokenizerFile(
  file: NamedBytes,
  config: Uint8Array | null,
  merges: Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  return file.name === TOKENIZER_FILE ? file.bytes : tokenizerFileOf(file, config, merges);
}

/**
 * Returns model.safetensors unchanged, or rewrites the tensors of encoder and head; verified against configuration and head either way.
 */
function weightsFile(
  form: WeightsForm,
  files: readonly NamedBytes[],
  config: EncoderConfig,
  tagger: TaggerHead | null,
): Uint8Array<ArrayBuffer> {
  const opened = openWeights(form, files);
  const tensors = [
    ...pretrainedTensors(opened, config),
    ...(tagger === null ? [] : storedHead(opened, { encoder: config, head: headShapeOf(tagger) })),
  ];
  const [whole] = files;
  if (form !== 'safetensors' || whole === undefined) return writeSafetensors(new Map(tensors));
  // An unchanged file is not decoded before loading: reads unusual types now, so that an unsupported one is rejected here.
  for (const [, tensor] of tensors) if (!storedElementBytes.has(tensor.dtype)) tensor.read();
  return whole.bytes;
}

function assertVocabulary(tokenizer: PieceTokenizer, config: EncoderConfig): void {
  assertCharacters(tokenizer, config);
  if (tokenizer.vocabularySize <= config.vocabularySize) return;
  throw new LabError('model/vocabulary', 'The tokenizer has more pieces than the model has embeddings.', {
    expected: `at most ${config.vocabularySize} pieces (vocab_size in ${CONFIG_FILE})`,
    got: `${tokenizer.vocabularySize} in ${TOKENIZER_FILE}`,
  });
}

/** A network of words needs the tokenizer that the lab wrote for it, and no other network can use that. */
function assertCharacters({ characters }: PieceTokenizer, { characterCount }: EncoderConfig): void {
  if (characters?.count === characterCount) return;
  throw new LabError('model/vocabulary', 'The tokenizer and the network do not read the same characters.', {
    expected:
      characterCount === undefined
        ? 'a tokenizer of pieces'
        : `${characterCount} characters (character_count in ${CONFIG_FILE})`,
    got:
      characters === undefined
        ? `a tokenizer of pieces in ${TOKENIZER_FILE}`
        : `${characters.count} in ${TOKENIZER_FILE}`,
  });
}
