// Dropout, residual and layer norm of one block, a workgroup a row.
import type { DropoutSite } from '../../model/dropout.ts';
import type { Kernel } from '../kernel.ts';
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { keyWord } from '../stepState.ts';
import { dropoutCode, dropoutSizes } from './dropoutCode.ts';

export const ROW_THREADS = 64;

export interface ResidualNormShape {
  readonly rows: number;
  readonly hiddenSize: number;
  readonly epsilon: number;
  readonly rate: number;
  readonly layer: number;
  readonly site: DropoutSite;
}

/**
 * WGSL: the sum of a value over the threads of a workgroup, the same in every thread. Every thread adds all lanes: two barriers, where
 * halving them again and again would take eight, and barriers are what a row's work is mostly spent on.
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

/** Numbers shared by the kernels of a block, forward and backward. */
export const rowSizes = {
  rows: 'u32',
  width: 'u32',
  epsilon: 'f32',
  key: 'u32',
  threshold: 'u32',
  kept: 'f32',
} as const;

export function rowSizesOf({ rows, hiddenSize, epsilon, rate, layer, site }: ResidualNormShape) {
  return { rows, width: hiddenSize, epsilon, key: keyWord(layer, site), ...dropoutSizes(rate) };
}

/**
 * WGSL: a row's `sum` of `value` by columns, its `mean`, and its `deviation`, 1 / sqrt(variance + epsilon); `start` is the row's first word.
 */
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

/** WGSL: keeps a row's mean and deviation. */
export const rowStatisticsCode = `if (thread == 0u) {
    statistics[2u * row] = mean;
    statistics[2u * row + 1u] = deviation;
  }`;

function residualNormKernel(biased: boolean): Kernel {
  const x = biased ? '(x[at] + bias[column])' : 'x[at]';
  return kernel<string, string>({
    name: biased ? 'residualNorm with bias' : 'residualNorm',
    sizes: rowSizes,
    buffers: {
      x: reads(),
      residual: reads(),
      scaleShift: reads(),
      ...(biased ? { bias: reads() } : {}),
      state: reads('u32'),
      y: writes(),
      sum: writes(),
      statistics: writes(),
    },
    workgroup: [ROW_THREADS, 1, 1],
    module: dropoutCode + rowSumCode,
    body: `let row = group.y * groups.x + group.x;
  if (row >= sizes.rows) { return; }
  let start = row * sizes.width;
  let key = state[sizes.key];
  ${rowSpreadCode(`${x} * dropped(key, at, sizes.threshold, sizes.kept) + residual[at]`)}
  let shiftAt = arrayLength(&scaleShift) - sizes.width;
  for (var column = thread; column < sizes.width; column += ${ROW_THREADS}u) {
    y[start + column] = (sum[start + column] - mean) * deviation * scaleShift[column] + scaleShift[shiftAt + column];
  }
  ${rowStatisticsCode}`,
  });
}

const kernels: readonly Kernel[] = [residualNormKernel(false), residualNormKernel(true)];

/**
 * sum = dropout(x + bias) + residual; y = (sum - mean) * deviation * scale + shift, by rows [R, d]; statistics [R, 2] keep the mean and
 * 1 / sqrt(variance + epsilon). `scaleShift` reaches from the scale's first word to the shift's last: one binding instead of two.
 */
export function recordResidualNorm(
  recorder: Recorder,
  shape: ResidualNormShape,
  inputs: {
    readonly x: Region;
    readonly bias: Region | null;
    readonly residual: Region;
    readonly scaleShift: Region;
    readonly state: Region;
  },
  out: { readonly y: Region; readonly sum: Region; readonly statistics: Region },
): void {
  const { bias, ...others } = inputs;
  const regions: Record<string, Region> = { ...others, ...out, ...(bias === null ? {} : { bias }) };
  const used = kernels[bias === null ? 0 : 1] as Kernel;
  recorder.launch(used, rowSizesOf(shape), regions, linearGrid(shape.rows, 1), 40 * shape.rows * shape.hiddenSize);
}
