// The family BiLSTM: words and characters, LSTMs in both directions, and a dense layer if there is one (Lample; Ma and Hovy; CollaboNet).
import * as tf from '@tensorflow/tfjs';
import * as z from '../../../util/zod.ts';
import type { Batch } from '../../blocks/batch.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import type { EncoderFamily, NamedShapes } from '../../blocks/encoderFamily.ts';
import { configFile, configSizes } from '../../config/encoderSizes.ts';
import { bidirectionalLstm, lstmShapes } from '../words/lstm.ts';
import { representation } from '../words/representation.ts';
import { representationSize, wordMembers, wordSizes, type WordSizes } from '../words/wordConfig.ts';
import { wordNetwork } from '../words/wordNetwork.ts';

export interface BilstmConfig extends WordSizes {
  readonly family: 'bilstm';
  /** Of each direction. */
  readonly lstmSize: number;
  readonly lstmLayers: number;
  /** Width of the tanh layer above the LSTMs; null without one. */
  readonly denseSize: number | null;
}

const fileSchema = z.object({
  model_type: z.literal('bilstm'),
  ...wordMembers,
  lstm_size: configSizes.others,
  lstm_layers: z.int().check(z.gte(1), z.lte(16)),
  dense_size: z.nullable(configSizes.others),
});

/** Reads a parsed config.json. Throws LabError `model/config` naming the first field that is missing or not supported. */
function bilstmConfig(json: unknown): BilstmConfig {
  const file = configFile('config.json', 'a BiLSTM', fileSchema, json);
  const { lstm_size: lstmSize, lstm_layers: lstmLayers, dense_size: denseSize } = file;
  const above = {
    layers: lstmLayers + (denseSize === null ? 0 : 1),
    hiddenSize: denseSize ?? 2 * lstmSize,
    innerSize: lstmSize,
    activation: 'gelu' as const,
  };
  return { family: 'bilstm', ...wordSizes(file, above), lstmSize, lstmLayers, denseSize };
}

function layerShapes(config: BilstmConfig, layer: number): NamedShapes {
  const { lstmSize, lstmLayers, denseSize } = config;
  if (layer < lstmLayers) return lstmShapes('', layer === 0 ? representationSize(config) : 2 * lstmSize, lstmSize);
  const width = denseSize ?? 0;
  return [
    ['dense.kernel', [2 * lstmSize, width]],
    ['dense.bias', [width]],
  ];
}

/** Returns the representation [B*T, e] and what each LSTM and the dense layer make of it. */
function bilstmStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: BilstmConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const states = [representation(batch, parameters, config, rates, stream)];
  const sequences = { size: batch.size, padded: batch.pieces, counts: batch.pieceCounts };
  for (let layer = 0; layer < config.lstmLayers; layer++) {
    const below = states.at(-1) as tf.Tensor2D;
    const input = layer === 0 ? below : dropout(below, rates.encoder, stream, layer - 1, 'outer');
    states.push(bidirectionalLstm(input, sequences, parameters, `layer.${layer}.`));
  }
  if (config.denseSize !== null) {
    const name = `layer.${config.lstmLayers}.dense.`;
    const z = tf.matMul(states.at(-1) as tf.Tensor2D, parameter<tf.Tensor2D>(parameters, `${name}kernel`));
    states.push(tf.tanh(tf.add(z, parameter(parameters, `${name}bias`))));
  }
  return states;
}

export const bilstm: EncoderFamily<BilstmConfig> = {
  ...wordNetwork('bilstm', 'LSTMs', layerShapes),
  readConfig: bilstmConfig,
  states: bilstmStates,
};
