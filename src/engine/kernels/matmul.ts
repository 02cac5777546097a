// Matrix products on the GPU.
import type { Recorder, Region } from '../recorder.ts';
import { matmulKernel } from './matmulKernel.ts';
import type { MatmulShape } from './matmulShape.ts';
import { hasVectors, matmulWork, outputsOf } from './matmulShape.ts';
import type { MatmulTuning } from './matmulTuning.ts';
import { tileOf } from './matmulVariant.ts';

export type { MatmulShape } from './matmulShape.ts';

/** Records a product as `shape` says, in f32; `state` is needed for `gradient` alone. Throws where a batch has no strides. */
export function recordMatmul(
  recorder: Recorder,
  tuning: MatmulTuning,
  shape: MatmulShape,
  regions: { readonly a: Region; readonly b: Region; readonly out: Region; readonly state?: Region },
): void {
  const { rows, columns, inner, batch = 1, strides, sum = false } = shape;
  if (batch > 1 && strides === undefined) throw new Error(`a batch of ${batch} matrix products needs strides`);
  const variant = tuning.variantFor(shape);
  const tile = tileOf(variant);
  const kernel = matmulKernel(variant, { kind: shape.kind, into: shape.into, vectors: hasVectors(shape) });
  recorder.launch(
    kernel,
    {
      rows,
      columns,
      inner,
      chunk: inner,
      splits: 1,
      pairs: sum ? batch : 1,
      strideA: strides?.a ?? 0,
      strideB: strides?.b ?? 0,
      strideOut: strides?.out ?? 0,
    },
    regions as Readonly<Record<string, Region>>,
    [Math.ceil(columns / tile.columns), Math.ceil(rows / tile.rows), outputsOf(shape)],
    matmulWork(shape),
  );
}
