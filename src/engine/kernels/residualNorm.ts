// Dropout, residual and layer norm of one block, one workgroup per row.
import type { DropoutSite } from '../../model/blocks/dropout.ts';
import { kernel, keyWord, reads, STATE, writes, type Kernel } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { COLUMNS, dropoutCode, dropoutSizes, LANES } from './bias.ts';

export const ROW_THREADS = 64;

interface ResidualNormShape {
  readonly rows: number;
  readonly hiddenSize: number;
  readonly epsilon: number;
  readonly rate: number;
  readonly layer: number;
  readonly site: DropoutSite;
}

/**
 * WGSL: the sum of a value over the threads of a workgroup, the same in every thread. Every thread adds all lanes: two barriers,
 * where repeated halving would need eight, and barriers dominate the cost of a row.
 */
export const rowSumCode = `
var<workgroup> lanes: array<f32, ${ROW_THREADS}>;
fn rowSum(value: f32, thread: u32) -> f32 {
  workgroupBarrier();
  lanes[thread] = value;
  workgroupBarrier();
  var total = vec4f(0.0);
  for (var lane = 0u; lane < ${ROW_THREADS}u; lane += 4u) {
    total += vec4f(lanes[lane], lanes[lane + 1u], lanes[lane + 2u], lanes[lane + 3u]);
  }
  return total.x + total.y + total.z + total.w;
}`;

/** Sizes shared by the kernels of a block, forward and backward. */
export const rowSizes = {
  rows: 'u32',
  width: 'u32',
  epsilon: 'f32',
  key: 'u32',
  threshold: 'u32',
  keepScale: 'f32',
} as const;

export function rowSizesOf({ rows, hiddenSize, epsilon, rate, layer, site }: ResidualNormShape) {
  return { rows, width: hiddenSize, epsilon, key: keyWord(layer, site), ...dropoutSizes(rate) };
}

/** WGSL: a row's `sum` of `value` by columns, its `mean`, and its `deviation`, 1 / sqrt(variance + epsilon); `start` is the row's first word. */
export const rowSpreadCode = (value: string): string => `var total = 0.0;
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    let at = start + column;
    let value = ${value};
    sum[at] = value;
    total += value;
  }
  let mean = rowSum(total, thread) / f32(sizes.width);
  var squares = 0.0;
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    let centred = sum[start + column] - mean;
    squares += centred * centred;
  }
  let deviation = inverseSqrt(rowSum(squares, thread) / f32(sizes.width) + sizes.epsilon);`;

/** WGSL: stores a row's mean and deviation. */
export const rowStatisticsCode = `if (thread == 0u) {
    statistics[2u * row] = mean;
    statistics[2u * row + 1u] = deviation;
  }`;

/** What a norm has: a bias before its dropout, a residual, a shift. */
interface NormParts {
  readonly bias: boolean;
  readonly residual: boolean;
  readonly shift: boolean;
}

const suffixOf = ({ bias, residual, shift }: NormParts): string =>
  `${bias ? ' with bias' : ''}${residual ? '' : ' without residual'}${shift ? '' : ' without shift'}`;

const normKernels = new Map<string, Kernel>();

function residualNormKernel(parts: NormParts): Kernel {
  const name = `residualNorm${suffixOf(parts)}`;
  const known = normKernels.get(name) ?? makeNormKernel(name, parts);
  normKernels.set(name, known);
  return known;
}

function makeNormKernel(name: string, { bias, residual, shift }: NormParts): Kernel {
  const x = bias ? '(x[at] + bias[column])' : 'x[at]';
  const dropped = `${x} * dropped(key, at, sizes.threshold, sizes.keepScale)`;
  return kernel<string, string>({
    name,
    sizes: rowSizes,
    buffers: {
      x: reads(),
      ...(residual ? { residual: reads() } : {}),
      scaleShift: reads(),
      ...(bias ? { bias: reads() } : {}),
      ...(residual ? { state: reads('u32') } : {}),
      y: writes(),
      sum: writes(),
      statistics: writes(),
    },
    workgroup: [ROW_THREADS, 1, 1],
    module: dropoutCode + rowSumCode,
    body: `let row = group.y * groups.x + group.x;
  if (row >= sizes.rows) { return; }
  let start = row * sizes.width;
  ${residual ? 'let key = state[sizes.key];' : ''}
  ${rowSpreadCode(residual ? `${dropped} + residual[at]` : x)}
  ${shift ? 'let shiftAt = arrayLength(&scaleShift) - sizes.width;' : ''}
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    y[start + column] = (sum[start + column] - mean) * deviation * scaleShift[column]${shift ? ' + scaleShift[shiftAt + column]' : ''};
  }
  ${rowStatisticsCode}`,
  });
}

/**
 * sum = dropout(x + bias) + residual; y = (sum - mean) * deviation * scale + shift, by rows [R, d]; statistics [R, 2] hold the mean
 * and 1 / sqrt(variance + epsilon). `scaleShift` spans from the scale's first word to the shift's last: one binding instead of two; of a norm
 * without a shift it is as long as a row. Without a residual nothing is dropped either.
 */
export function recordResidualNorm(
  recorder: Recorder,
  shape: ResidualNormShape,
  inputs: {
    readonly x: Region;
    readonly bias: Region | null;
    readonly residual: Region | null;
    readonly scaleShift: Region;
    readonly state: Region;
  },
  out: { readonly y: Region; readonly sum: Region; readonly statistics: Region },
): void {
  const { bias, residual, state, ...others } = inputs;
  const regions: Record<string, Region> = {
    ...others,
    ...out,
    ...(bias === null ? {} : { bias }),
    ...(residual === null ? {} : { residual, state }),
  };
  const shift = inputs.scaleShift.length > shape.hiddenSize;
  const used = residualNormKernel({ bias: bias !== null, residual: residual !== null, shift });
  recorder.launch(used, rowSizesOf(shape), regions, linearGrid(shape.rows, 1), 40 * shape.rows * shape.hiddenSize);
}

function backwardKernel(drops: boolean): Kernel {
  return kernel<string, string>({
    name: drops ? 'residualNormBackward with dropout' : 'residualNormBackward',
    sizes: rowSizes,
    buffers: {
      dY: reads(),
      sum: reads(),
      statistics: reads(),
      scale: reads(),
      dSum: writes(),
      ...(drops ? { state: reads('u32'), dX: writes() } : {}),
    },
    workgroup: [ROW_THREADS, 1, 1],
    module: dropoutCode + rowSumCode,
    body: `let row = group.y * groups.x + group.x;
  if (row >= sizes.rows) { return; }
  let start = row * sizes.width;
  let mean = statistics[2u * row];
  let deviation = statistics[2u * row + 1u];
  var plain = 0.0;
  var along = 0.0;
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    let g = dY[start + column] * scale[column];
    plain += g;
    along += g * (sum[start + column] - mean) * deviation;
  }
  let meanPlain = rowSum(plain, thread) / f32(sizes.width);
  let meanAlong = rowSum(along, thread) / f32(sizes.width);
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    let at = start + column;
    let normal = (sum[at] - mean) * deviation;
    let value = deviation * (dY[at] * scale[column] - meanPlain - normal * meanAlong);
    dSum[at] = value;
    ${drops ? 'dX[at] = value * dropped(state[sizes.key], at, sizes.threshold, sizes.keepScale);' : ''}
  }`,
  });
}

function gradientsKernel(biased: boolean, shifted = true): Kernel {
  const parts = COLUMNS * LANES;
  return kernel<string, string>({
    name: `residualNormGradients${suffixOf({ bias: biased, residual: true, shift: shifted })}`,
    sizes: { rows: 'u32', width: 'u32', stride: 'u32' },
    buffers: {
      dY: reads(),
      sum: reads(),
      statistics: reads(),
      state: reads('u32'),
      ...(biased ? { dX: reads() } : {}),
      gradient: writes(),
    },
    workgroup: [COLUMNS, LANES, 1],
    module: `var<workgroup> parts: array<vec3f, ${parts}>;
fn put(at: u32, value: f32) {
  gradient[at] = value + select(0.0, gradient[at], state[${STATE.accumulate}] != 0u);
}`,
    body: `let column = group.x * ${COLUMNS}u + local.x;
  var total = vec3f(0.0); // scale, shift, bias
  if (column < sizes.width) {
    for (var row = local.y; row < sizes.rows; row += ${LANES}u) {
      let at = row * sizes.width + column;
      let normal = (sum[at] - statistics[2u * row]) * statistics[2u * row + 1u];
      total += vec3f(dY[at] * normal, dY[at], ${biased ? 'dX[at]' : '0.0'});
    }
  }
  parts[thread] = total;
  workgroupBarrier();
  if (local.y != 0u || column >= sizes.width) { return; }
  for (var lane = 1u; lane < ${LANES}u; lane++) { total += parts[lane * ${COLUMNS}u + local.x]; }
  ${biased ? 'put(column, total.z);' : ''}
  put(column + ${biased ? 'sizes.stride' : '0u'}, total.x);
  ${shifted ? `put(column + ${biased ? '2u * sizes.stride' : 'sizes.stride'}, total.y);` : ''}`,
  });
}

const backwardKernels = [backwardKernel(false), backwardKernel(true)] as const;
const gradientsKernels = [gradientsKernel(false), gradientsKernel(true)] as const;
const gradientsOfScale = gradientsKernel(false, false);

/** dSum [R, d], the gradient with respect to `sum`, from dY; dX = dSum through the dropout, null if nothing is dropped, where dSum serves as dX. */
export function recordResidualNormBackward(
  recorder: Recorder,
  shape: ResidualNormShape,
  inputs: {
    readonly dY: Region;
    readonly sum: Region;
    readonly statistics: Region;
    readonly scale: Region;
    readonly state: Region;
  },
  { dSum, dX }: { readonly dSum: Region; readonly dX: Region | null },
): void {
  const regions: Record<string, Region> = { ...inputs, dSum, ...(dX === null ? {} : { dX }) };
  const used = backwardKernels[dX === null ? 0 : 1];
  recorder.launch(used, rowSizesOf(shape), regions, linearGrid(shape.rows, 1), 40 * shape.rows * shape.hiddenSize);
}

/**
 * Column sums for [bias][scale][shift] (no bias if dX is null), each beginning at a multiple of 64 words of `gradient` (which is as long as
 * a row where the norm has a scale alone): dBias = sum of dX, dScale = sum of dY times the normalised row, dShift = sum of dY; written or added depending on the state.
 */
export function recordResidualNormGradients(
  recorder: Recorder,
  { rows, hiddenSize }: { readonly rows: number; readonly hiddenSize: number },
  inputs: {
    readonly dY: Region;
    readonly sum: Region;
    readonly statistics: Region;
    readonly dX: Region | null;
    readonly state: Region;
  },
  { gradient }: { readonly gradient: Region },
): void {
  const { dX, ...others } = inputs;
  const regions: Record<string, Region> = { ...others, gradient, ...(dX === null ? {} : { dX }) };
  const sizes = { rows, width: hiddenSize, stride: aligned(hiddenSize) };
  const grid = [Math.ceil(hiddenSize / COLUMNS), 1, 1] as const;
  const used = gradient.length > hiddenSize ? gradientsKernels[dX === null ? 0 : 1] : gradientsOfScale;
  recorder.launch(used, sizes, regions, grid, 8 * rows * hiddenSize);
}
