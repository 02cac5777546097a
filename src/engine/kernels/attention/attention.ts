// Attention forward and backward: never stores anything of size [T, T]; recomputes probabilities from the scores.
import { kernel, reads, STATE, writes, type Kernel } from '../../gpu/kernel.ts';
import { linearGrid, part, type Grid, type Recorder, type Region } from '../../gpu/recorder.ts';
import { recordMatmulSum } from '../matmul/matmul.ts';
import {
  attentionDirectBackwardKernels,
  attentionDirectKernel,
  attentionDirectPositionKernel,
} from './attentionDirect.ts';
import { recordDisentangled, recordDisentangledBackward } from './attentionDisentangled.ts';
import {
  attentionName,
  attentionRegions,
  attentionSizes,
  attentionSizesOf,
  attentionWork,
  eachVector,
  ifRelative,
  ofOnePiece,
  onceByHead,
  recordWholeAttention,
  recordWholeAttentionBackward,
  termsOf,
  type AttentionFamily,
  type AttentionInputs,
  type AttentionShape,
  type AttentionTerms,
  type TiledFamily,
} from './attentionScores.ts';
import { attentionTiledBackwardKernels, attentionTiledKernel, attentionTiledPositionKernel } from './attentionTiled.ts';
import { tileGrid } from './attentionTiles.ts';

const forwardKernels = {
  direct: onceByHead(attentionDirectKernel),
  tiled: onceByHead((headSize, terms) => attentionTiledKernel(headSize, terms, 'f32')),
  'tiled f16': onceByHead((headSize, terms) => attentionTiledKernel(headSize, terms, 'f16')),
} as const;

/**
 * context [B*T, H*h] = dropout(softmax(scores)) v, scores[i, j] = (the terms of query i and key j) / sqrt(h); logSumExp [B, H, T]
 * of the scores lets the backward pass recompute the probabilities.
 */
export function recordAttention(
  recorder: Recorder,
  family: AttentionFamily,
  shape: AttentionShape,
  inputs: AttentionInputs,
  out: { readonly context: Region; readonly logSumExp: Region },
): void {
  if (inputs.distances !== undefined) {
    recordDisentangled(recorder, family, shape, { ...inputs, distances: inputs.distances }, out);
    return;
  }
  if (family === 'whole') {
    recordWholeAttention(recorder, shape, inputs, out);
    return;
  }
  const { headSize, sequences, heads, pieces } = shape;
  const grid = family === 'direct' ? linearGrid(sequences * heads * pieces, 64) : tileGrid(shape);
  const terms = termsOf(inputs);
  recorder.launch(
    forwardKernels[family](headSize, terms),
    attentionSizesOf(shape),
    { ...attentionRegions(inputs), ...out },
    grid,
    attentionWork(shape, terms === 'relative' ? 3 : 2),
  );
}

/** By query: log-sum-exp, delta = dContext·context, and with relative terms the two segment scores. */
const statisticsKernel = (h: number, terms: AttentionTerms): Kernel => {
  const relative = ifRelative(terms);
  return kernel<string, string>({
    name: attentionName('attention statistics', h, terms),
    sizes: attentionSizes,
    buffers: {
      ...(terms === 'relative' ? { qkv: reads('vec4<f32>'), biases: reads('vec4<f32>') } : {}),
      context: reads('vec4<f32>'),
      dContext: reads('vec4<f32>'),
      logSumExp: reads(),
      statistics: writes('vec4<f32>'),
    },
    workgroup: [64, 1, 1],
    body: `${ofOnePiece('i')}
  let own = (b * sizes.pieces + i) * sizes.width + head * ${h / 4}u;
${relative(`  let bias = head * ${h / 4}u;
`)}  var delta = 0.0;
${relative(`  var same = 0.0;
  var other = 0.0;
`)}  ${eachVector(
      h,
      (c) =>
        `delta += dot(context[own + ${c}u], dContext[own + ${c}u]);${relative(`
  let s${c} = qkv[own + ${c}u] + biases[2u * sizes.biasStride + bias + ${c}u];
  same += dot(s${c}, biases[3u * sizes.biasStride + bias + ${c}u]);
  other += dot(s${c}, biases[3u * sizes.biasStride + sizes.width + bias + ${c}u]);`)}`,
    )}
  statistics[index] = vec4f(logSumExp[index], delta, ${terms === 'relative' ? 'same, other' : '0.0, 0.0'});`,
  });
};

/** dq = content part + position part + segment part. */
const assembleKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention query gradient ${h}`,
    sizes: attentionSizes,
    buffers: { parts: reads('vec4<f32>'), biases: reads('vec4<f32>'), dQuery: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    body: `if (index >= sizes.sequences * sizes.pieces * sizes.width) { return; }
  let column = index % sizes.width;
  let row = index / sizes.width;
  let head = column / ${h / 4}u;
  let sums = parts[2u * sizes.qkvStride + ((row / sizes.pieces) * sizes.heads + head) * sizes.pieces + row % sizes.pieces];
  let e = 3u * sizes.biasStride + column;
  dQuery[index] = parts[index] + parts[sizes.qkvStride + index] + sums.x * biases[e] + sums.y * biases[e + sizes.width];`,
  });

/** Gradients of the five bias vectors, one workgroup per vec4 of columns, with lanes over the rows. */
const biasKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention bias gradients ${h}`,
    sizes: attentionSizes,
    buffers: {
      parts: reads('vec4<f32>'),
      qkv: reads('vec4<f32>'),
      biases: reads('vec4<f32>'),
      state: reads('u32'),
      gradient: writes('vec4<f32>'),
    },
    workgroup: [32, 1, 1],
    module: `var<workgroup> lanes: array<array<vec4f, 32>, 5>;
fn put(at: u32, value: vec4f) {
  gradient[at] = value + select(vec4f(0.0), gradient[at], state[${STATE.accumulate}] != 0u);
}`,
    body: `let column = group.x;
  let head = column / ${h / 4}u;
  let e = 3u * sizes.biasStride + column;
  let s = biases[2u * sizes.biasStride + column];
  var total: array<vec4f, 5>;
  for (var row = thread; row < sizes.sequences * sizes.pieces; row += 32u) {
    let at = row * sizes.width + column;
    let sums = parts[2u * sizes.qkvStride + ((row / sizes.pieces) * sizes.heads + head) * sizes.pieces + row % sizes.pieces];
    total[0] += parts[at];
    total[1] += parts[sizes.qkvStride + at];
    total[2] += sums.x * biases[e] + sums.y * biases[e + sizes.width];
    total[3] += sums.x * (qkv[at] + s);
    total[4] += sums.y * (qkv[at] + s);
  }
  for (var which = 0u; which < 5u; which++) { lanes[which][thread] = total[which]; }
  workgroupBarrier();
  if (thread >= 5u) { return; }
  var sum = vec4f(0.0);
  for (var lane = 0u; lane < 32u; lane++) { sum += lanes[thread][lane]; }
  let place = select(thread * sizes.biasStride, 3u * sizes.biasStride + sizes.width, thread == 4u);
  put(place + column, sum);`,
  });

const backwardKernels = {
  statistics: onceByHead(statisticsKernel),
  assemble: onceByHead(assembleKernel),
  biases: onceByHead(biasKernel),
  direct: onceByHead(attentionDirectBackwardKernels),
  tiled: onceByHead((headSize, terms) => attentionTiledBackwardKernels(headSize, terms, 'f32')),
  'tiled f16': onceByHead((headSize, terms) => attentionTiledBackwardKernels(headSize, terms, 'f16')),
  position: {
    direct: onceByHead(attentionDirectPositionKernel),
    tiled: onceByHead((headSize) => attentionTiledPositionKernel(headSize, 'f32')),
    'tiled f16': onceByHead((headSize) => attentionTiledPositionKernel(headSize, 'f16')),
  },
} as const;

interface AttentionGradients {
  /** As `qkv`: written. */
  readonly qkv: Region;
  /** Null with absolute terms. */
  readonly relative: RelativeGradients | null;
  /** As `distances` of the inputs: written. */
  readonly distances?: Region;
}

interface RelativeGradients {
  /** [2T, H*h], written. */
  readonly position: Region;
  /** Like `biases`, written or added depending on the state; null if frozen. */
  readonly biases: Region | null;
}

/** With fewer workgroups by relative position than this, sequences are divided among more of them and summed afterwards. */
const ENOUGH_GROUPS = 256;

/** Computes gradients of `recordAttention` from dContext [B*T, H*h] and the values the forward pass saved. Memory is linear in T. */
export function recordAttentionBackward(
  recorder: Recorder,
  family: AttentionFamily,
  shape: AttentionShape,
  inputs: AttentionInputs,
  saved: { readonly context: Region; readonly logSumExp: Region },
  dContext: Region,
  gradients: AttentionGradients,
): void {
  if (inputs.distances !== undefined && gradients.distances !== undefined) {
    const statistics = family === 'whole' ? null : recordStatistics(recorder, shape, saved, dContext);
    const own = { qkv: gradients.qkv, distances: gradients.distances };
    recordDisentangledBackward(recorder, shape, { ...inputs, distances: inputs.distances }, { ...saved, statistics }, dContext, own); // prettier-ignore
    return;
  }
  if (family === 'whole') {
    recordWholeAttentionBackward(recorder, shape, inputs, saved, dContext, gradients);
    return;
  }
  const { sequences, pieces, heads, headSize } = shape;
  const terms = termsOf(inputs);
  const own = backwardKernels[family](headSize, terms);
  const sizes = attentionSizesOf(shape);
  const queries = sequences * heads * pieces;
  const statistics = recorder.temporary('attention statistics', 4 * queries);
  const byRow = linearGrid(queries, 64);
  const byPiece = family === 'direct' ? byRow : tileGrid(shape);
  const { context, logSumExp } = saved;
  const regions = attentionRegions(inputs);
  const launch = (used: Kernel, regions: Readonly<Record<string, Region>>, grid: Grid, products = 0): void =>
    recorder.launch(used, sizes, regions, grid, products === 0 ? undefined : attentionWork(shape, products));
  launch(backwardKernels.statistics(headSize, terms), { ...regions, context, dContext, logSumExp, statistics }, byRow);
  const read = { ...regions, dContext, statistics };
  const dQuery = part(gradients.qkv, 0, sequences * pieces * heads * headSize);
  const { relative } = gradients;
  if (inputs.relative === null || relative === null) {
    launch(own.query, { ...read, dQuery }, byPiece, 3);
    launch(own.key, { ...read, dQkv: gradients.qkv }, byPiece, 4);
    return;
  }
  const { biases } = inputs.relative;
  const parts = recorder.temporary('attention parts', 8 * sizes.qkvStride + 4 * queries);
  launch(own.query, { ...read, parts }, byPiece, 5);
  launch(backwardKernels.assemble(headSize, terms), { parts, biases, dQuery }, linearGrid(dQuery.length / 4, 64));
  launch(own.key, { ...read, dQkv: gradients.qkv }, byPiece, 5);
  if (family === 'direct') {
    const byPosition = linearGrid(heads * 2 * pieces, 64);
    launch(backwardKernels.position.direct(headSize, terms), { ...read, dPosition: relative.position }, byPosition, 4);
  } else {
    recordTiledPositions(recorder, family, shape, read, relative.position);
  }
  if (relative.biases === null) return;
  const { qkv, state } = inputs;
  const regionsOfBiases = { parts, qkv, biases, state, gradient: relative.biases };
  launch(backwardKernels.biases(headSize, terms), regionsOfBiases, [sizes.width, 1, 1]);
}

function recordStatistics(
  recorder: Recorder,
  shape: AttentionShape,
  saved: { readonly context: Region; readonly logSumExp: Region },
  dContext: Region,
): Region {
  const queries = shape.sequences * shape.heads * shape.pieces;
  const statistics = recorder.temporary('attention statistics', 4 * queries);
  const used = backwardKernels.statistics(shape.headSize, 'absolute');
  recorder.launch(used, attentionSizesOf(shape), { ...saved, dContext, statistics }, linearGrid(queries, 64));
  return statistics;
}

/** If relative positions give too few workgroups, each processes a share of the sequences, and the shares are summed. */
function recordTiledPositions(
  recorder: Recorder,
  family: TiledFamily,
  shape: AttentionShape,
  read: Readonly<Record<string, Region>>,
  dPosition: Region,
): void {
  const { sequences, pieces, heads, headSize } = shape;
  const [blocks] = tileGrid({ ...shape, pieces: 2 * pieces });
  const share = Math.ceil(sequences / Math.ceil(ENOUGH_GROUPS / (blocks * heads)));
  const shares = Math.ceil(sequences / share);
  const length = 2 * pieces * heads * headSize;
  const sums = shares > 1 ? recorder.temporary('attention position shares', shares * length) : null;
  recorder.launch(
    backwardKernels.position[family](headSize, 'relative'),
    { ...attentionSizesOf(shape), share },
    { ...read, dPosition: sums ?? dPosition },
    [blocks, heads, shares],
    attentionWork(shape, 4),
  );
  if (sums === null) return;
  const sizes = { length, splits: shares, outputs: 1, strideOut: 0 };
  recordMatmulSum(recorder, sizes, 'write', true, { parts: sums, out: dPosition });
}
