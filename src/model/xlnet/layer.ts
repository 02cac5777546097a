// One XLNet layer: relative attention, then what every family has.
import type * as tf from '@tensorflow/tfjs';
import type { DropoutRates, DropoutStream } from '../dropout.ts';
import { residualBlocks } from '../residualBlocks.ts';
import type { XlnetConfig } from './xlnetConfig.ts';
import type { AttentionInputs } from './attention.ts';
import { relativeAttention } from './attention.ts';

/** h'' [B*T, d] from h [B*T, d]. */
export function xlnetLayer(
  h: tf.Tensor2D,
  inputs: AttentionInputs,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  config: XlnetConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor2D {
  const attended = relativeAttention(h, inputs, parameters, `layer.${layer}.attention.`, config, rates, stream, layer);
  const dropped = { inner: rates.encoder, outer: rates.encoder };
  return residualBlocks(h, attended, parameters, layer, config, dropped, stream);
}
