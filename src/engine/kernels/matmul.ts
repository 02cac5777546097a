// Matrix products on the GPU.
import type { Recorder, Region } from '../recorder.ts';
import { matmulKernel } from './matmulKernel.ts';
import type { MatmulShape } from './matmulShape.ts';
import { hasVectors, matmulWork, outputsOf } from './matmulShape.ts';
import { recordMatmulSum } from './matmulSum.ts';
import type { MatmulTuning } from './matmulTuning.ts';
import { wordsVariant } from './matmulTuning.ts';
import { tileOf } from './matmulVariant.ts';


export interface MatmulRegions {
  readonly a: Region;
  readonly b: Region;
  readonly out: Region;
  /** Needed for `gradient` alone. */
  readonly state?: Region;
}

/** Records a product as `shape` says, in f32. Throws where a batch has no strides. */
export function recordMatmul(
  recorder: Recorder,
  tuning: MatmulTuning,
  shape: MatmulShape,
  regions: MatmulRegions,
): void {
  const { kind, rows, columns, inner, batch = 1, strides, sum = false, into } = shape;
  if (batch > 1 && strides === undefined) throw new Error(`a batch of ${batch} matrix products needs strides`);
  const vectors = hasVectors(shape);
  const asked = tuning.variantFor(shape);
  const variant = vectors || asked.family === 'direct' ? asked : wordsVariant(shape);
  const tile = tileOf(variant);
  const grain = variant.family === 'tiled' ? variant.depth : 4;
  const chunk = Math.ceil(inner / variant.splits / grain) * grain;
  const splits = Math.ceil(inner / chunk);
  const outputs = outputsOf(shape);
  const length = rows * columns;
  const strideOut = strides?.out ?? 0;
  const parts = splits > 1 ? recorder.temporary('matmul splits', outputs * splits * length) : null;
  const fits = vectors && rows % tile.rows === 0 && columns % tile.columns === 0 && inner % grain === 0;
  recorder.launch(
    matmulKernel(variant, { kind, into: parts === null ? into : 'write', vectors, fits }),
    {
      rows,
      columns,
      inner,
      chunk,
      splits,
      pairs: sum ? batch : 1,
      strideA: strides?.a ?? 0,
      strideB: strides?.b ?? 0,
      strideOut: parts === null ? strideOut : length,
    },
    { ...regions, out: parts ?? regions.out } as Readonly<Record<string, Region>>,
    [Math.ceil(columns / tile.columns), Math.ceil(rows / tile.rows), outputs * splits],
    matmulWork(shape),
  );
  if (parts === null) return;
  const out = regions.state === undefined ? { out: regions.out } : { out: regions.out, state: regions.state };
  recordMatmulSum(recorder, { length, splits, outputs, strideOut }, into, vectors, { parts, ...out });
}
