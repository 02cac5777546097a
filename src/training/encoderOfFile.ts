// What a configuration file says about a model before its weights are here.
import { bertConfigOfRelease } from '../model/bert/bertConfig.ts';
import type { EncoderConfig } from '../model/encoderConfig.ts';
import { encoderShapes, sizeOf } from '../model/parameters.ts';
import { xlnetConfigOfRelease } from '../model/xlnet/xlnetConfig.ts';
import type { EncoderFacts } from '../schema/modelRecord.ts';
import { CONFIG_FILE, parseConfig, parseConfigFile } from './loadModel.ts';

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The encoder that a configuration file tells of, TensorFlow's included. Throws LabError `model/config`. */
export function encoderOfFile(file: NamedBytes): EncoderConfig {
  return parseConfig(configBytes(file));
}

/** config.json, as it came or made of TensorFlow's. Throws LabError `model/config`. */
export function configBytes({ name, bytes }: NamedBytes): Uint8Array<ArrayBuffer> {
  if (name === CONFIG_FILE) return bytes;
  const ofRelease = name === 'bert_config.json' ? bertConfigOfRelease : xlnetConfigOfRelease;
  return new TextEncoder().encode(JSON.stringify(ofRelease(parseConfigFile(name, bytes))));
}

export function encoderFacts(config: EncoderConfig): EncoderFacts {
  const { layers, hiddenSize, heads, vocabularySize, activation, family } = config;
  const parameterCount = [...encoderShapes(config).values()].reduce((total, shape) => total + sizeOf(shape), 0);
  const positions = config.family === 'bert' ? { positions: config.positions } : {};
  return { parameterCount, layers, hiddenSize, heads, vocabularySize, activation, family, ...positions };
}
