// Rows of a table by distance: gathered for every distance of a batch, and their gradients summed by row, in order.
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';

const gather = kernel({
  name: 'distance rows',
  sizes: { count: 'u32', width: 'u32', distances: 'u32', strideTable: 'u32', strideOut: 'u32' },
  buffers: { table: reads('vec4<f32>'), places: reads('u32'), out: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let column = index % sizes.width;
  let p = (index / sizes.width) % sizes.distances;
  let which = index / (sizes.width * sizes.distances);
  out[which * sizes.strideOut + p * sizes.width + column] = table[which * sizes.strideTable + places[p] * sizes.width + column];`,
});

const spread = kernel({
  name: 'distance row sums',
  sizes: { count: 'u32', width: 'u32', rows: 'u32', distances: 'u32', strideTable: 'u32', strideOut: 'u32' },
  buffers: { dOut: reads('vec4<f32>'), places: reads('u32'), dTable: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let column = index % sizes.width;
  let row = (index / sizes.width) % sizes.rows;
  let which = index / (sizes.width * sizes.rows);
  var sum = vec4f(0.0);
  for (var p = places[sizes.distances + row]; p < places[sizes.distances + sizes.rows + row]; p++) {
    sum += dOut[which * sizes.strideOut + p * sizes.width + column];
  }
  dTable[which * sizes.strideTable + row * sizes.width + column] = sum;`,
});

/** Two tables [rows, d] and what is gathered of them [distances, d], each second matrix at a multiple of 64 words. */
interface DistanceShape {
  readonly rows: number;
  readonly distances: number;
  readonly hiddenSize: number;
}

function sizesOf({ rows, distances, hiddenSize }: DistanceShape) {
  return {
    ...{ width: hiddenSize / 4, rows, distances },
    strideTable: aligned(rows * hiddenSize) / 4,
    strideOut: aligned(distances * hiddenSize) / 4,
  };
}

/**
 * out[p] = table[places[p]] for both tables. `places` are the row of each distance, [distances], then for each row where its distances
 * begin and end among them, [rows] each: those of a row are neighbours.
 */
export function recordDistanceRows(
  recorder: Recorder,
  shape: DistanceShape,
  inputs: { readonly table: Region; readonly places: Region },
  { out }: { readonly out: Region },
): void {
  const { rows: _, ...others } = sizesOf(shape);
  const count = 2 * shape.distances * others.width;
  recorder.launch(gather, { count, ...others }, { ...inputs, out }, linearGrid(count, 64), 8 * count);
}

/** dTable[row] = the sum of dOut over the row's distances, 0 for a row without any. */
export function recordDistanceRowSums(
  recorder: Recorder,
  shape: DistanceShape,
  inputs: { readonly dOut: Region; readonly places: Region },
  { dTable }: { readonly dTable: Region },
): void {
  const values = sizesOf(shape);
  const count = 2 * shape.rows * values.width;
  recorder.launch(spread, { count, ...values }, { ...inputs, dTable }, linearGrid(count, 64), 8 * count);
}
