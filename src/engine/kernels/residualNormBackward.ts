// The way back through dropout, residual and layer norm, and the gradients of the block's norm and bias.
import type { Kernel } from '../kernel.ts';
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { aligned, linearGrid } from '../recorder.ts';
import { STATE } from '../stepState.ts';
import { COLUMNS, LANES } from './columnSums.ts';
import { dropoutCode } from './dropoutCode.ts';
import type { ResidualNormShape } from './residualNorm.ts';
import { ROW_THREADS, rowSizes, rowSizesOf, rowSumCode } from './residualNorm.ts';

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
    ${drops ? 'dX[at] = value * dropped(state[sizes.key], at, sizes.threshold, sizes.kept);' : ''}
  }`,
  });
}

function gradientsKernel(biased: boolean): Kernel {
  const parts = COLUMNS * LANES;
  return kernel<string, string>({
    name: biased ? 'residualNormGradients with bias' : 'residualNormGradients',
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
  put(column + ${biased ? '2u * sizes.stride' : 'sizes.stride'}, total.y);`,
  });
}

const backwardKernels = [backwardKernel(false), backwardKernel(true)] as const;
const gradientsKernels = [gradientsKernel(false), gradientsKernel(true)] as const;

/** dSum [R, d], the gradient with respect to `sum`, from dY; dX = dSum through the dropout, null where nothing drops and dSum serves. */
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
 * Column sums for [bias][scale][shift] (bias absent where dX is null), each beginning at a multiple of 64 words of `gradient`: dBias =
 * sum of dX, dScale = sum of dY times the normalised row, dShift = sum of dY; written or added as the state says.
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
  recorder.launch(gradientsKernels[dX === null ? 0 : 1], sizes, regions, grid, 8 * rows * hiddenSize);
}
