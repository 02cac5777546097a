// The family of the CNN of Crichton et al. (2017): convolutions over a window of words, then a dense layer, token by token.
import * as tf from '@tensorflow/tfjs';
import * as z from '../../../util/zod.ts';
import type { Batch } from '../../blocks/batch.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import type { DropoutRates, DropoutStream } from '../../blocks/dropout.ts';
import type { EncoderFamily, NamedShapes } from '../../blocks/encoderFamily.ts';
import { configFile, configSizes } from '../../config/encoderSizes.ts';
import { representation, slidingWindows } from '../words/representation.ts';
import { representationSize, wordMembers, wordSizes, type WordSizes } from '../words/wordConfig.ts';
import { wordNetwork } from '../words/wordNetwork.ts';

export interface WindowConfig extends WordSizes {
  readonly family: 'window-cnn';
  /** Words on either side of the one that is tagged. */
  readonly margin: number;
  /** Of the convolutions, in words. */
  readonly widths: readonly number[];
  /** Of each width. */
  readonly filters: number;
}

const words = z.int().check(z.gte(1), z.lte(99));
const fileSchema = z
  .object({
    model_type: z.literal('window-cnn'),
    ...wordMembers,
    margin: words,
    widths: z.array(words).check(z.minLength(1), z.maxLength(8)),
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
  const file = configFile('config.json', 'a CNN over windows of words', fileSchema, json);
  const { margin, widths, filters, dense_size: hiddenSize } = file;
  const sizes = wordSizes(file, { layers: 2, hiddenSize, innerSize: filters, activation: 'relu' });
  return { family: 'window-cnn', ...sizes, margin, widths, filters };
}

/** Places of a convolution within the window. */
const placesOf = ({ margin }: WindowConfig, width: number): number => 2 * margin + 2 - width;

function layerShapes(config: WindowConfig, layer: number): NamedShapes {
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
  ...wordNetwork('window-cnn', 'convolutions over words', layerShapes),
  readConfig: windowConfig,
  states: windowStates,
};
