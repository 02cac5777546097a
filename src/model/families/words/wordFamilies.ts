// The families of networks of words: BiLSTMs over words and characters, reading those of other tasks or not, and convolutions over a window.
import * as tf from '@tensorflow/tfjs';
import { Rng } from '../../../util/random.ts';
import * as z from '../../../util/zod.ts';
import { dropout, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import {
  configFile,
  configSizes,
  type Batch,
  type EncoderFamily,
  type FrozenPart,
  type NamedShapes,
} from '../../blocks/encoderFamily.ts';
import { parameter } from '../../blocks/layerBlocks.ts';
import { EMBEDDING, HELPERS, isFixed, type HostParameters, type HostTensor } from '../../blocks/parameterLocation.ts';
import { bidirectionalLstm, languageVectors, lstmShapes } from './languageModels.ts';
import {
  languageSize,
  representation,
  representationShapes,
  representationSize,
  slidingWindows,
  wordMembers,
  wordNetwork,
  wordSizes,
  type WordSizes,
} from './wordNetwork.ts';

// The family BiLSTM: words and characters, LSTMs in both directions, and a layer before or above them (Lample; Ma and Hovy; CollaboNet; HunFlair).

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

const bilstmFileSchema = z.object({
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
  const file = configFile('config.json', 'a BiLSTM', bilstmFileSchema, json);
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

function bilstmLayerShapes(config: BilstmConfig, layer: number): NamedShapes {
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
  const { isConstant = () => false } = bilstmWords;
  const layers = Array.from({ length: firstLstm(config) + config.lstmLayers }, (_own, layer) =>
    bilstmLayerShapes(alone, layer).map(([name, shape]) => [`layer.${layer}.${name}`, shape] as const),
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

const bilstmWords = wordNetwork('bilstm', 'LSTMs', bilstmLayerShapes, shapesBefore);

export const bilstm: EncoderFamily<BilstmConfig> = {
  ...bilstmWords,
  readConfig: bilstmConfig,
  states: bilstmStates,
  frozen,
  collaboration: {
    withHelpers: (config, helpers) => ({ ...config, helpers }),
    helper: (config, tagger, helper) => helperWeights(tagger, helperShapes(config), helper),
    start: (config, tagger, seed) => collaboratingWeights(tagger, allShapes(config), seed),
  },
  exported: {
    ...bilstmWords.exported,
    addedMembers: ({ helpers }) => (helpers === undefined ? {} : { helpers }),
  },
};

/** Names and shapes of every parameter. */
function allShapes(config: BilstmConfig): NamedShapes {
  const { embedding, layer } = bilstmWords.shapes(config);
  const layers = Array.from({ length: config.layers }, (_, index) =>
    layer(index).map(([name, shape]) => [`layer.${index}.${name}`, shape] as const),
  );
  return [...embedding, ...layers.flat()];
}

// How a tagger reads those of other tasks (CollaboNet, Yoon et al. 2019): their LSTMs, each times a learned number, and the largest of them.

/** One number for each helper, 1 at first. */
export const SCALES = `${EMBEDDING}.scales`;

const prefixOf = (helper: number): string => `${HELPERS}${helper}.`;

/** The scales, and for each helper its parameters, which no run changes. */
export function collaborationShapes(helpers: number, ofHelper: NamedShapes): NamedShapes {
  const each = Array.from({ length: helpers }, (_, helper) =>
    ofHelper.map(([name, shape]) => [prefixOf(helper) + name, shape] as const),
  );
  return [[SCALES, [helpers]], ...each.flat()];
}

/** The parameters that a helper computes with: those of its prefix, and what no run trains, which all share. */
export function helperView(parameters: ReadonlyMap<string, tf.Tensor>, helper: number): ReadonlyMap<string, tf.Tensor> {
  const prefix = prefixOf(helper);
  const view = new Map(parameters);
  for (const [name, tensor] of parameters) if (name.startsWith(prefix)) view.set(name.slice(prefix.length), tensor);
  return view;
}

/** [R, d] of the helpers' outputs [R, n*d]: each times its scale, then the largest of them in each place. */
export function strongest(helpers: tf.Tensor2D, parameters: ReadonlyMap<string, tf.Tensor>): tf.Tensor2D {
  const scales = parameter<tf.Tensor1D>(parameters, SCALES);
  const [count] = scales.shape;
  const scaled = tf
    .split(helpers, count, 1)
    .map((own, helper) => tf.mul(own, tf.slice(scales, [helper], [1])) as tf.Tensor2D);
  return scaled.reduce((left, right) => tf.maximum(left, right));
}

/**
 * The weights of a helper under its prefix, from those of a tagger. What that tagger itself read of others is left out: as a helper it
 * reads zeros in their place, as in the original. `ofHelper` are the names and shapes of its parameters.
 */
export function helperWeights(tagger: HostParameters, ofHelper: NamedShapes, helper: number): HostParameters {
  return new Map(
    ofHelper.map(([name, shape]): [string, HostTensor] => {
      const tensor = tagger.get(name);
      if (tensor === undefined) throw new Error(`missing ${name} in the weights of a helper`);
      return [prefixOf(helper) + name, { shape, values: firstOf(tensor, shape) }];
    }),
  );
}

function firstOf({ values }: HostTensor, shape: readonly number[]): Float32Array<ArrayBuffer> {
  return values.slice(
    0,
    shape.reduce((product, size) => product * size, 1),
  );
}

/**
 * A tagger's weights as those of one that reads helpers: with scales of 1, and the first LSTM with rows for what they give, drawn from the seed
 * within sqrt(6 / (in + out)) (Glorot) of the whole kernel. `shapes` are those of the encoder with helpers. A tagger that reads them already is returned as it is.
 */
export function collaboratingWeights(tagger: HostParameters, shapes: NamedShapes, seed: number): HostParameters {
  const weights = new Map(tagger);
  for (const [name, shape] of shapes) {
    if (isFixed(name)) continue;
    const own = tagger.get(name);
    if (name === SCALES) {
      weights.set(name, own ?? { shape, values: new Float32Array(shape[0] as number).fill(1) });
    } else if (own !== undefined && own.shape[0] !== shape[0]) {
      weights.set(name, widened(own, shape, Rng.seeded(seed).fork('collaboration', name)));
    }
  }
  return weights;
}

function widened({ values: own }: HostTensor, shape: readonly number[], rng: Rng): HostTensor {
  const [rows = 0, columns = 0] = shape;
  const values = new Float32Array(rows * columns);
  values.set(own);
  const bound = Math.sqrt(6 / (rows + columns / 4));
  for (let index = own.length; index < values.length; index++) values[index] = bound * (2 * rng.uniform() - 1);
  return { shape, values };
}

// The family of the CNN of Crichton et al. (2017): convolutions over a window of words, then a dense layer, token by token.

export interface WindowConfig extends WordSizes {
  readonly family: 'window-cnn';
  /** Words on either side of the one that is tagged. */
  readonly margin: number;
  /** Of the convolutions, in words. */
  readonly widths: readonly number[];
  /** Of each width. */
  readonly filters: number;
}

const windowWords = z.int().check(z.gte(1), z.lte(99));
const windowFileSchema = z
  .object({
    model_type: z.literal('window-cnn'),
    ...wordMembers,
    margin: windowWords,
    widths: z.array(windowWords).check(z.minLength(1), z.maxLength(8)),
    filters: configSizes.others,
    dense_size: configSizes.others,
  })
  .check(
    z.refine(({ margin, widths }) => widths.every((width) => width <= 2 * margin + 1), {
      path: ['widths'],
      message: 'widths within the window',
    }),
  );

/** Reads a parsed config.json. Throws LabError `model/config` naming the first field that is missing or not supported. */
function windowConfig(json: unknown): WindowConfig {
  const file = configFile('config.json', 'a CNN over windows of words', windowFileSchema, json);
  const { margin, widths, filters, dense_size: hiddenSize } = file;
  const sizes = wordSizes(file, { layers: 2, hiddenSize, innerSize: filters, activation: 'relu' });
  return { family: 'window-cnn', ...sizes, margin, widths, filters };
}

/** Places of a convolution within the window. */
const placesOf = ({ margin }: WindowConfig, width: number): number => 2 * margin + 2 - width;

function windowLayerShapes(config: WindowConfig, layer: number): NamedShapes {
  const { widths, filters, hiddenSize } = config;
  if (layer === 0) {
    const size = representationSize(config);
    return widths.flatMap((width): NamedShapes => [
      [`convolution.${width}.kernel`, [width * size, filters]],
      [`convolution.${width}.bias`, [filters]],
    ]);
  }
  const joined = widths.reduce((sum, width) => sum + placesOf(config, width) * filters, 0);
  return [
    ['dense.kernel', [joined, hiddenSize]],
    ['dense.bias', [hiddenSize]],
  ];
}

/**
 * Returns the representation [B*T, e], the convolutions at every place of each token's window, joined without pooling, and the dense layer.
 * Beyond the ends of a sequence, windows hold zeros.
 */
function windowStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: WindowConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  const { size: B, pieces: T, pieceCounts } = batch;
  const isReal = Float32Array.from({ length: B * T }, (_, at) =>
    at % T < (pieceCounts[Math.floor(at / T)] as number) ? 1 : 0,
  );
  const embedded = representation(batch, parameters, config, rates, stream);
  const size = representationSize(config);
  const x: tf.Tensor3D = tf.reshape(tf.mul(embedded, tf.tensor2d(isReal, [B * T, 1])), [B, T, size]);
  const joined = config.widths.flatMap((width) => {
    // A token's convolutions are those of its sentence that begin within its window.
    const windows = slidingWindows(x, config.margin, width);
    const kernel = parameter<tf.Tensor2D>(parameters, `layer.0.convolution.${width}.kernel`);
    const z = tf.add(tf.matMul(windows, kernel), parameter(parameters, `layer.0.convolution.${width}.bias`));
    const places = placesOf(config, width);
    const active = tf.reshape(tf.relu(z), [B, T + places - 1, config.filters]);
    return Array.from({ length: places }, (_, place) => tf.slice(active, [0, place, 0], [B, T, config.filters]));
  });
  const flat = tf.concat(joined, 2);
  const convolved = tf.reshape(flat, [B * T, flat.shape[2] as number]) as tf.Tensor2D;
  const dense = tf.matMul(convolved, parameter<tf.Tensor2D>(parameters, 'layer.1.dense.kernel'));
  return [embedded, convolved, tf.relu(tf.add(dense, parameter(parameters, 'layer.1.dense.bias')))];
}

export const windowCnn: EncoderFamily<WindowConfig> = {
  ...wordNetwork('window-cnn', 'convolutions over words', windowLayerShapes),
  readConfig: windowConfig,
  states: windowStates,
};
