// Names and shapes of the parameters that every family's layer has behind its attention.
import type { EncoderSizes } from './configSizes.ts';

/** Relative to `layer.<l>.`, in a fixed order; d hidden, i inner size. */
export function residualShapes({ hiddenSize: d, innerSize: i }: Pick<EncoderSizes, 'hiddenSize' | 'innerSize'>) {
  return [
    ['attention.norm.scale', [d]],
    ['attention.norm.shift', [d]],
    ['feedForward.inner.kernel', [d, i]],
    ['feedForward.inner.bias', [i]],
    ['feedForward.outer.kernel', [i, d]],
    ['feedForward.outer.bias', [d]],
    ['feedForward.norm.scale', [d]],
    ['feedForward.norm.shift', [d]],
  ] as const;
}
