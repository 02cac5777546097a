// Biases added to every row of a matrix with their gradients, and dropout inside kernels: the masks of the plain network.
import type { DropoutSite } from '../../model/blocks/dropout.ts';
import { kernel, keyWord, reads, STATE, writes, type Kernel } from '../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';

const addBias = kernel({
  name: 'addBias',
  sizes: { count: 'u32', columns: 'u32' },
  buffers: { bias: reads(), x: writes() },
  workgroup: [64, 1, 1],
  body: 'if (index < sizes.count) { x[index] += bias[index % sizes.columns]; }',
});

/** x [rows, columns] += bias [columns]. */
export function recordAddBias(
  recorder: Recorder,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  { bias }: { readonly bias: Region },
  { x }: { readonly x: Region },
): void {
  recorder.launch(addBias, { count: rows * columns, columns }, { bias, x }, linearGrid(rows * columns, 64));
}

const addBiases = kernel({
  name: 'addBiases',
  sizes: { count: 'u32', columns: 'u32', batch: 'u32', strideX: 'u32', strideBias: 'u32' },
  buffers: { biases: reads('vec4<f32>'), x: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `let matrix = index / sizes.count;
  if (matrix >= sizes.batch) { return; }
  let at = index % sizes.count;
  x[matrix * sizes.strideX + at] += biases[matrix * sizes.strideBias + at % sizes.columns];`,
});

interface BiasesShape {
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
  readonly batch: number;
  /** Words between consecutive matrices and between biases: multiples of 4. */
  readonly strides: { readonly x: number; readonly bias: number };
}

/** Each x [rows, columns] of a batch += its bias [columns]. */
export function recordAddBiases(
  recorder: Recorder,
  { rows, columns, batch, strides }: BiasesShape,
  { biases }: { readonly biases: Region },
  { x }: { readonly x: Region },
): void {
  const count = (rows * columns) / 4;
  const sizes = { count, columns: columns / 4, batch, strideX: strides.x / 4, strideBias: strides.bias / 4 };
  recorder.launch(addBiases, sizes, { biases, x }, linearGrid(batch * count, 64));
}

/** Columns per workgroup, and threads that share the rows of a column. */
export const COLUMNS = 16;
export const LANES = 16;

/** A workgroup processes columns of the matrix `group.y` of a batch, or of the only one. */
function columnSumsKernel(batched: boolean): Kernel {
  const [from, to] = batched ? ['group.y * sizes.strideX + ', 'group.y * sizes.strideGradient + '] : ['', ''];
  return kernel<string, string>({
    name: batched ? 'columnSums of a batch' : 'columnSums',
    sizes: { rows: 'u32', columns: 'u32', ...(batched ? { strideX: 'u32', strideGradient: 'u32' } : {}) },
    buffers: { x: reads(), state: reads('u32'), gradient: writes() },
    workgroup: [COLUMNS, LANES, 1],
    module: `var<workgroup> parts: array<f32, ${COLUMNS * LANES}>;`,
    body: `let column = group.x * ${COLUMNS}u + local.x;
  var sum = 0.0;
  if (column < sizes.columns) {
    for (var row = local.y; row < sizes.rows; row += ${LANES}u) { sum += x[${from}row * sizes.columns + column]; }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (local.y != 0u || column >= sizes.columns) { return; }
  for (var lane = 1u; lane < ${LANES}u; lane++) { sum += parts[lane * ${COLUMNS}u + local.x]; }
  if (state[${STATE.accumulate}] != 0u) { sum += gradient[${to}column]; }
  gradient[${to}column] = sum;`,
  });
}

const kernels = { one: columnSumsKernel(false), batch: columnSumsKernel(true) } as const;

/** Sums over the rows of a matrix: gradients of biases. */
interface ColumnSumsShape {
  readonly rows: number;
  readonly columns: number;
  /** Number of matrices and gradients in a batch; 1 if absent. */
  readonly batch?: number;
  /** Words between consecutive matrices and between gradients of a batch. */
  readonly strides?: { readonly x: number; readonly gradient: number };
}

/** gradient [columns] = sums over the rows of x [rows, columns], written or added depending on the state. */
export function recordColumnSums(
  recorder: Recorder,
  { rows, columns, batch = 1, strides }: ColumnSumsShape,
  { x, state }: { readonly x: Region; readonly state: Region },
  { gradient }: { readonly gradient: Region },
): void {
  const grid = [Math.ceil(columns / COLUMNS), batch, 1] as const;
  const apart = strides === undefined ? {} : { strideX: strides.x, strideGradient: strides.gradient };
  const used = strides === undefined ? kernels.one : kernels.batch;
  recorder.launch(used, { rows, columns, ...apart }, { x, state, gradient }, grid);
}

// Dropout inside kernels: the same masks as `model/blocks/dropout`, recomputed wherever they are needed.

/** Sizes of a kernel with dropout. */
interface DropoutSizes {
  /** A hash below this drops its element. */
  readonly threshold: number;
  /** 1 / (1 - rate), the factor on kept elements. */
  readonly keepScale: number;
}

/** `rate` in [0, 1). */
export function dropoutSizes(rate: number): DropoutSizes {
  return { threshold: Math.ceil(rate * 4294967296) >>> 0, keepScale: 1 / (1 - rate) };
}

/**
 * WGSL: `hash32(word)` and `dropped(key, element, threshold, keepScale)`, the factor 0 or 1 / (1 - rate) of an element. The same
 * integers as `hash32` in `util` (PCG-RXS-M-XS-32).
 */
export const dropoutCode = `
fn hash32(word: u32) -> u32 {
  let state = word * 747796405u + 2891336453u;
  let mixed = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (mixed >> 22u) ^ mixed;
}
fn dropped(key: u32, element: u32, threshold: u32, keepScale: f32) -> f32 {
  return select(keepScale, 0.0, hash32(key ^ hash32(element)) < threshold);
}`;

const dropped = kernel({
  name: 'dropped',
  sizes: { count: 'u32', key: 'u32', threshold: 'u32', keepScale: 'f32' },
  buffers: { x: reads(), state: reads('u32'), out: writes() },
  workgroup: [64, 1, 1],
  module: dropoutCode,
  body: `if (index >= sizes.count) { return; }
  out[index] = x[index] * dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);`,
});

/** out = x with the dropout of one site of one layer. */
export function recordDropped(
  recorder: Recorder,
  shape: { readonly length: number; readonly rate: number; readonly layer: number; readonly site: DropoutSite },
  { x, state }: { readonly x: Region; readonly state: Region },
  { out }: { readonly out: Region },
): void {
  const { length: count, rate, layer, site } = shape;
  const sizes = { count, key: keyWord(layer, site), ...dropoutSizes(rate) };
  recorder.launch(dropped, sizes, { x, state, out }, linearGrid(count, 64), 20 * count);
}
