// The matrix products of a step, listed without a device, for tuning.
import type { BatchSize } from '../model/batch.ts';
import type { DropoutRates } from '../model/dropout.ts';
import type { TaggerShape } from '../model/tagger.ts';
import { hardwareTuning } from './kernels/matmulTuning.ts';
import type { MatmulShape } from './kernels/matmulShape.ts';
import { passWithoutDevice } from './estimateMemory.ts';
import { recordGradients } from './taggerPass.ts';

/** Every product of a micro-batch, as often as it is computed. */
export function recordedProducts(shape: TaggerShape, rates: DropoutRates, size: BatchSize): readonly MatmulShape[] {
  const products: MatmulShape[] = [];
  const usual = hardwareTuning();
  const tuning = {
    variantFor(product: MatmulShape) {
      products.push(product);
      return usual.variantFor(product);
    },
  };
  const { given, stepLoss } = passWithoutDevice(shape, { tuning, attention: 'tiled' }, size);
  recordGradients(given, rates, 'whole', stepLoss);
  return products;
}
