// The family BiLSTM: words and characters, LSTMs in both directions, and a layer before or above them (Lample; Ma and Hovy; CollaboNet; HunFlair).
import * as tf from '@tensorflow/tfjs';
import * as z from '../../../util/zod.ts';
import type { Batch } from '../../blocks/batch.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import type { EncoderFamily, FrozenPart, NamedShapes } from '../../blocks/encoderFamily.ts';
import { configFile, configSizes } from '../../config/encoderSizes.ts';
import { languageVectors } from '../words/languageModels.ts';
import { bidirectionalLstm, lstmShapes } from '../words/lstm.ts';
import { representation, representationShapes } from '../words/representation.ts';
import { languageSize, representationSize, wordMembers, wordSizes, type WordSizes } from '../words/wordConfig.ts';
import { wordNetwork } from '../words/wordNetwork.ts';
import { collaboratingWeights, collaborationShapes, helperView, helperWeights, strongest } from './collaboration.ts';

export interface BilstmConfig extends WordSizes {
  readonly family: 'bilstm';
  /** Of each direction. */
  readonly lstmSize: number;
  readonly lstmLayers: number;
  /** Width of the tanh layer above the LSTMs; null without one. */
  readonly denseSize: number | null;
  /** Whether a linear map of a word's joined vectors precedes the LSTMs, as in flair. */
  readonly projects: boolean;
  /** Taggers of other tasks whose LSTMs this one reads (CollaboNet); absent without them. */
  readonly helpers?: number;
}

const fileSchema = z.object({
  model_type: z.literal('bilstm'),
  ...wordMembers,
  lstm_size: configSizes.others,
  lstm_layers: z.int().check(z.gte(1), z.lte(16)),
  dense_size: z.nullable(configSizes.others),
  projects: z.optional(z.boolean()),
  helpers: z.optional(z.int().check(z.gte(1), z.lte(999))),
});

/** Reads a parsed config.json. Throws LabError `model/config` naming the first field that is missing or not supported. */
function bilstmConfig(json: unknown): BilstmConfig {
  const file = configFile('config.json', 'a BiLSTM', fileSchema, json);
  const { lstm_size: lstmSize, lstm_layers: lstmLayers, dense_size: denseSize, projects = false, helpers } = file;
  const above = {
    layers: (projects ? 1 : 0) + lstmLayers + (denseSize === null ? 0 : 1),
    hiddenSize: denseSize ?? 2 * lstmSize,
    innerSize: lstmSize,
    activation: 'gelu' as const,
  };
  const own = { lstmSize, lstmLayers, denseSize, projects, ...(helpers !== undefined && { helpers }) };
  return { family: 'bilstm', ...wordSizes(file, above), ...own };
}

/** The layer of the first LSTM. */
const firstLstm = ({ projects }: BilstmConfig): number => (projects ? 1 : 0);

function layerShapes(config: BilstmConfig, layer: number): NamedShapes {
  const { lstmSize, lstmLayers, denseSize, helpers = 0 } = config;
  const lstm = layer - firstLstm(config);
  const size = representationSize(config);
  if (lstm < 0) {
    return [
      ['projection.kernel', [size, size]],
      ['projection.bias', [size]],
    ];
  }
  // What the helpers give is joined to the input of the first LSTM.
  if (lstm < lstmLayers) return lstmShapes('', (lstm === 0 ? size : 2 * lstmSize) + (lstm === 0 && helpers > 0 ? 2 * lstmSize : 0), lstmSize); // prettier-ignore
  const width = denseSize ?? 0;
  return [
    ['dense.kernel', [2 * lstmSize, width]],
    ['dense.bias', [width]],
  ];
}

/** Parameters of a helper, relative to its prefix: all below the output of its last LSTM, but what is fixed or the same for all. */
function helperShapes(config: BilstmConfig): NamedShapes {
  const { helpers: _, ...alone } = config;
  const { isConstant = () => false } = words;
  const layers = Array.from({ length: firstLstm(config) + config.lstmLayers }, (_own, layer) =>
    layerShapes(alone, layer).map(([name, shape]) => [`layer.${layer}.${name}`, shape] as const),
  );
  return [...representationShapes(alone).filter(([name]) => !isConstant(name)), ...layers.flat()];
}

function shapesBefore(config: BilstmConfig): NamedShapes {
  const { helpers = 0 } = config;
  return [...representationShapes(config), ...(helpers === 0 ? [] : collaborationShapes(helpers, helperShapes(config)))]; // prettier-ignore
}

/** What is computed with fixed weights: vectors [B*T, 2h] of the language models, then [B*T, 2h] of the last LSTM of each helper. */
const frozen: FrozenPart<BilstmConfig> = {
  width: (config) => languageSize(config) + (config.helpers ?? 0) * 2 * config.lstmSize,
  features(batch, parameters, config) {
    const { language, helpers = 0 } = config;
    const vectors = language === undefined ? null : languageVectors(batch, parameters, language);
    // Of a helper nothing above its LSTMs is read.
    const { helpers: _, ...rest } = config;
    const alone = { ...rest, denseSize: null };
    const states = Array.from({ length: helpers }, (_own, helper) => {
      const own = statesAbove(batch, helperView(parameters, helper), alone, NO_DROPOUT, null, vectors, null);
      return own[firstLstm(config) + config.lstmLayers] as tf.Tensor2D;
    });
    return tf.concat([...(vectors === null ? [] : [vectors]), ...states], 1) as tf.Tensor2D;
  },
};

const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };

/** Returns the representation [B*T, e] and what each layer makes of it: the linear map, each LSTM and the dense layer. */
function bilstmStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: BilstmConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const width = frozen.width(config);
  if (width === 0) return statesAbove(batch, parameters, config, rates, stream, null, null);
  const given = batch.features ?? frozen.features(batch, parameters, config);
  const features = given instanceof Float32Array ? tf.tensor2d(given, [batch.size * batch.pieces, width]) : given;
  const part = (from: number, size: number): tf.Tensor2D | null =>
    size === 0 ? null : tf.slice(features, [0, from], [-1, size]);
  const ofLanguage = languageSize(config);
  const helpers = part(ofLanguage, width - ofLanguage);
  return statesAbove(batch, parameters, config, rates, stream, part(0, ofLanguage), helpers);
}

function statesAbove(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: BilstmConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
  language: tf.Tensor2D | null,
  helpers: tf.Tensor2D | null,
): readonly tf.Tensor2D[] {
  const states = [representation(batch, parameters, config, rates, stream, language)];
  const sequences = { size: batch.size, padded: batch.pieces, counts: batch.pieceCounts };
  const linear = (name: string): tf.Tensor2D =>
    tf.add(
      tf.matMul(states.at(-1) as tf.Tensor2D, parameter<tf.Tensor2D>(parameters, `${name}kernel`)),
      parameter(parameters, `${name}bias`),
    );
  if (config.projects) states.push(linear('layer.0.projection.'));
  for (let lstm = 0; lstm < config.lstmLayers; lstm++) {
    const layer = firstLstm(config) + lstm;
    const below = states.at(-1) as tf.Tensor2D;
    const own = lstm === 0 ? below : dropout(below, rates.encoder, stream, layer - 1, 'outer');
    const input = lstm > 0 || helpers === null ? own : (tf.concat([own, strongest(helpers, parameters)], 1) as tf.Tensor2D); // prettier-ignore
    states.push(bidirectionalLstm(input, sequences, parameters, `layer.${layer}.`));
  }
  if (config.denseSize !== null) states.push(tf.tanh(linear(`layer.${config.layers - 1}.dense.`)));
  return states;
}

const words = wordNetwork('bilstm', 'LSTMs', layerShapes, shapesBefore);

export const bilstm: EncoderFamily<BilstmConfig> = {
  ...words,
  readConfig: bilstmConfig,
  states: bilstmStates,
  frozen,
  collaboration: {
    withHelpers: (config, helpers) => ({ ...config, helpers }),
    helper: (config, tagger, helper) => helperWeights(tagger, helperShapes(config), helper),
    start: (config, tagger, seed) => collaboratingWeights(tagger, allShapes(config), seed),
  },
  exported: {
    ...words.exported,
    addedMembers: ({ helpers }) => (helpers === undefined ? {} : { helpers }),
  },
};

/** Names and shapes of every parameter. */
function allShapes(config: BilstmConfig): NamedShapes {
  const { embedding, layer } = words.shapes(config);
  const layers = Array.from({ length: config.layers }, (_, index) =>
    layer(index).map(([name, shape]) => [`layer.${index}.${name}`, shape] as const),
  );
  return [...embedding, ...layers.flat()];
}
