// The gradients of relative attention: probabilities are made again from the scores and their log-sum-exp.
import type { Kernel } from '../kernel.ts';
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid, part } from '../recorder.ts';
import { STATE } from '../stepState.ts';
import type { AttentionInputs, AttentionShape } from './attentionScores.ts';
import { attentionScoresCode, attentionReads, attentionSizes, attentionSizesOf, attentionWork, dots, eachVector } from './attentionScores.ts'; // prettier-ignore

const indices = `let i = index % sizes.pieces;
  let head = (index / sizes.pieces) % sizes.heads;
  let b = index / (sizes.pieces * sizes.heads);`;
const leave = 'if (index >= sizes.sequences * sizes.heads * sizes.pieces) { return; }';

/** By query: log-sum-exp, delta = dContext·context, and the two segment scores. */
const statisticsKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention statistics ${h}`,
    sizes: attentionSizes,
    buffers: {
      threes: reads('vec4<f32>'),
      biases: reads('vec4<f32>'),
      context: reads('vec4<f32>'),
      dContext: reads('vec4<f32>'),
      logSumExp: reads(),
      statistics: writes('vec4<f32>'),
    },
    workgroup: [64, 1, 1],
    body: `${leave}
  ${indices}
  let own = (b * sizes.pieces + i) * sizes.width + head * ${h / 4}u;
  let bias = head * ${h / 4}u;
  var delta = 0.0;
  var same = 0.0;
  var other = 0.0;
  ${eachVector(
    h,
    (c) => `delta += dot(context[own + ${c}u], dContext[own + ${c}u]);
  let s${c} = threes[own + ${c}u] + biases[2u * sizes.biasStride + bias + ${c}u];
  same += dot(s${c}, biases[3u * sizes.biasStride + bias + ${c}u]);
  other += dot(s${c}, biases[3u * sizes.biasStride + sizes.width + bias + ${c}u]);`,
  )}
  statistics[index] = vec4f(logSumExp[index], delta, same, other);`,
  });

const backwardReads = { ...attentionReads, dContext: reads('vec4<f32>'), statistics: reads('vec4<f32>') } as const;

/** WGSL: dS of a pair, from its unscaled product score and dContext·v; `seen` is the query's statistics. */
const gradientCode = `${attentionScoresCode}
fn segmentScore(seen: vec4f, b: u32, i: u32, j: u32) -> f32 { return select(seen.z, seen.w, differ(b, i, j)); }`;

/** By query: content and position parts of dq, and the sum of dS over keys of the same segment, in one buffer. */
const queryKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention backward by query ${h}`,
    sizes: attentionSizes,
    buffers: { ...backwardReads, parts: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: gradientCode,
    body: `${leave}
  ${indices}
  let own = rowAt(b, head, i, ${h / 4}u);
  let bias = head * ${h / 4}u;
  let seen = statistics[index];
  ${eachVector(
    h,
    (c) => `let w${c} = threes[own + ${c}u] + biases[bias + ${c}u];
  let r${c} = threes[own + ${c}u] + biases[sizes.biasStride + bias + ${c}u];
  let d${c} = dContext[own + ${c}u];
  var content${c} = vec4f(0.0);
  var placed${c} = vec4f(0.0);`,
  )}
  var same = 0.0;
  var other = 0.0;
  let count = countOf(b);
  let keys = select(count, count + 1u, i >= count);
  for (var at = 0u; at < keys; at++) {
    let j = select(at, i, at == count);
    let k = sizes.threesStride + rowAt(b, head, j, ${h / 4}u);
    let v = k + sizes.threesStride;
    let p = positionAt(head, i, j, ${h / 4}u);
    ${eachVector(h, (c) => `let k${c} = threes[k + ${c}u]; let p${c} = position[p + ${c}u];`)}
    let score = sizes.scale * (segmentScore(seen, b, i, j)
      + ${dots(
        h,
        (c) => `w${c}`,
        (c) => `k${c}`,
      )}
      + ${dots(
        h,
        (c) => `r${c}`,
        (c) => `p${c}`,
      )});
    let dA = factorOf(b, head, i, j) * (${dots(
      h,
      (c) => `d${c}`,
      (c) => `threes[v + ${c}u]`,
    )});
    let dS = exp(score - seen.x) * (dA - seen.y) * sizes.scale;
    ${eachVector(h, (c) => `content${c} += dS * k${c}; placed${c} += dS * p${c};`)}
    if (differ(b, i, j)) { other += dS; } else { same += dS; }
  }
  ${eachVector(h, (c) => `parts[own + ${c}u] = content${c}; parts[sizes.threesStride + own + ${c}u] = placed${c};`)}
  parts[2u * sizes.threesStride + index] = vec4f(same, other, 0.0, 0.0);`,
  });

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
  let sums = parts[2u * sizes.threesStride + ((row / sizes.pieces) * sizes.heads + head) * sizes.pieces + row % sizes.pieces];
  let e = 3u * sizes.biasStride + column;
  dQuery[index] = parts[index] + parts[sizes.threesStride + index] + sums.x * biases[e] + sums.y * biases[e + sizes.width];`,
  });

/** By key: dk and dv, over the queries that see it. */
const keyKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention backward by key ${h}`,
    sizes: attentionSizes,
    buffers: { ...backwardReads, dThrees: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: gradientCode,
    body: `${leave}
  let j = index % sizes.pieces;
  let head = (index / sizes.pieces) % sizes.heads;
  let b = index / (sizes.pieces * sizes.heads);
  let own = sizes.threesStride + rowAt(b, head, j, ${h / 4}u);
  let bias = head * ${h / 4}u;
  ${eachVector(
    h,
    (c) => `let k${c} = threes[own + ${c}u];
  let v${c} = threes[own + sizes.threesStride + ${c}u];
  let wk${c} = biases[bias + ${c}u];
  let wr${c} = biases[sizes.biasStride + bias + ${c}u];
  var dk${c} = vec4f(0.0);
  var dv${c} = vec4f(0.0);`,
  )}
  let hidden = j >= countOf(b);
  let first = select(0u, j, hidden);
  let end = select(sizes.pieces, j + 1u, hidden);
  for (var i = first; i < end; i++) {
    let row = rowAt(b, head, i, ${h / 4}u);
    let p = positionAt(head, i, j, ${h / 4}u);
    let seen = statistics[(b * sizes.heads + head) * sizes.pieces + i];
    ${eachVector(h, (c) => `let q${c} = threes[row + ${c}u]; let d${c} = dContext[row + ${c}u];`)}
    let score = sizes.scale * (segmentScore(seen, b, i, j)
      + ${dots(
        h,
        (c) => `(q${c} + wk${c})`,
        (c) => `k${c}`,
      )}
      + ${dots(
        h,
        (c) => `(q${c} + wr${c})`,
        (c) => `position[p + ${c}u]`,
      )});
    let probability = exp(score - seen.x);
    let factor = factorOf(b, head, i, j);
    let dA = factor * (${dots(
      h,
      (c) => `d${c}`,
      (c) => `v${c}`,
    )});
    let dS = probability * (dA - seen.y) * sizes.scale;
    let weight = probability * factor;
    ${eachVector(h, (c) => `dk${c} += dS * (q${c} + wk${c}); dv${c} += weight * d${c};`)}
  }
  ${eachVector(h, (c) => `dThrees[own + ${c}u] = dk${c}; dThrees[own + sizes.threesStride + ${c}u] = dv${c};`)}`,
  });

/** By relative position: dkr, over all sequences and all pairs at that distance. */
const positionKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention backward by position ${h}`,
    sizes: attentionSizes,
    buffers: { ...backwardReads, dPosition: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: gradientCode,
    body: `let T = sizes.pieces;
  if (index >= sizes.heads * 2u * T) { return; }
  let p = index % (2u * T);
  let head = index / (2u * T);
  let own = p * sizes.width + head * ${h / 4}u;
  let bias = head * ${h / 4}u;
  ${eachVector(
    h,
    (c) => `let p${c} = position[own + ${c}u];
  let wk${c} = biases[bias + ${c}u];
  let wr${c} = biases[sizes.biasStride + bias + ${c}u];
  var sum${c} = vec4f(0.0);`,
  )}
  // j = p - T + i lies in [0, T).
  let first = select(0u, T - p, p < T);
  let end = select(2u * T - p, T, p < T);
  for (var b = 0u; b < sizes.sequences; b++) {
    let count = countOf(b);
    for (var i = first; i < end; i++) {
      let j = p + i - T;
      if (j >= count && j != i) { continue; }
      let row = rowAt(b, head, i, ${h / 4}u);
      let k = sizes.threesStride + rowAt(b, head, j, ${h / 4}u);
      let v = k + sizes.threesStride;
      let seen = statistics[(b * sizes.heads + head) * T + i];
      ${eachVector(h, (c) => `let q${c} = threes[row + ${c}u];`)}
      let score = sizes.scale * (segmentScore(seen, b, i, j)
        + ${dots(
          h,
          (c) => `(q${c} + wk${c})`,
          (c) => `threes[k + ${c}u]`,
        )}
        + ${dots(
          h,
          (c) => `(q${c} + wr${c})`,
          (c) => `p${c}`,
        )});
      let dA = factorOf(b, head, i, j) * (${dots(
        h,
        (c) => `dContext[row + ${c}u]`,
        (c) => `threes[v + ${c}u]`,
      )});
      let dS = exp(score - seen.x) * (dA - seen.y) * sizes.scale;
      ${eachVector(h, (c) => `sum${c} += dS * (q${c} + wr${c});`)}
    }
  }
  ${eachVector(h, (c) => `dPosition[own + ${c}u] = sum${c};`)}`,
  });

/** Gradients of the five bias vectors, a workgroup a vec4 of columns with lanes over the rows. */
const biasKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention bias gradients ${h}`,
    sizes: attentionSizes,
    buffers: {
      parts: reads('vec4<f32>'),
      threes: reads('vec4<f32>'),
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
    let sums = parts[2u * sizes.threesStride + ((row / sizes.pieces) * sizes.heads + head) * sizes.pieces + row % sizes.pieces];
    total[0] += parts[at];
    total[1] += parts[sizes.threesStride + at];
    total[2] += sums.x * biases[e] + sums.y * biases[e + sizes.width];
    total[3] += sums.x * (threes[at] + s);
    total[4] += sums.y * (threes[at] + s);
  }
  for (var which = 0u; which < 5u; which++) { lanes[which][thread] = total[which]; }
  workgroupBarrier();
  if (thread >= 5u) { return; }
  var sum = vec4f(0.0);
  for (var lane = 0u; lane < 32u; lane++) { sum += lanes[thread][lane]; }
  let place = select(thread * sizes.biasStride, 3u * sizes.biasStride + sizes.width, thread == 4u);
  put(place + column, sum);`,
  });

const makers = { statisticsKernel, queryKernel, assembleKernel, keyKernel, positionKernel, biasKernel };
type Made = Readonly<Record<keyof typeof makers, Kernel>>;
const madeFor = new Map<number, Made>();

function kernelsFor(headSize: number): Made {
  const known = madeFor.get(headSize);
  if (known !== undefined) return known;
  const made = Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make(headSize)])) as Made;
  madeFor.set(headSize, made);
  return made;
}

export interface AttentionGradients {
  /** As `threes`: written. */
  readonly threes: Region;
  /** [2T, H*h], written. */
  readonly position: Region;
  /** As `biases`, written or added as the state says; null where they are frozen. */
  readonly biases: Region | null;
}

/** Gradients of `recordAttention` from dContext [B*T, H*h] and what forward kept. Memory is linear in T. */
export function recordAttentionBackward(
  recorder: Recorder,
  shape: AttentionShape,
  inputs: AttentionInputs,
  saved: { readonly context: Region; readonly logSumExp: Region },
  dContext: Region,
  gradients: AttentionGradients,
): void {
  const { sequences, pieces, heads, headSize } = shape;
  const made = kernelsFor(headSize);
  const sizes = attentionSizesOf(shape);
  const queries = sequences * heads * pieces;
  const rowWords = sequences * pieces * heads * headSize;
  const statistics = recorder.temporary('attention statistics', 4 * queries);
  const parts = recorder.temporary('attention parts', 8 * sizes.threesStride + 4 * queries);
  const { threes, biases, state } = inputs;
  const byRow = linearGrid(queries, 64);
  const { context, logSumExp } = saved;
  const launch = (
    used: Kernel,
    regions: Record<string, Region>,
    grid: readonly [number, number, number],
    products = 0,
  ): void => recorder.launch(used, sizes, regions, grid, products === 0 ? undefined : attentionWork(shape, products));
  launch(made.statisticsKernel, { threes, biases, context, dContext, logSumExp, statistics }, byRow);
  launch(made.queryKernel, { ...inputs, dContext, statistics, parts }, byRow, 5);
  const dQuery = part(gradients.threes, 0, rowWords);
  launch(made.assembleKernel, { parts, biases, dQuery }, linearGrid(rowWords / 4, 64));
  launch(made.keyKernel, { ...inputs, dContext, statistics, dThrees: gradients.threes }, byRow, 5);
  const byPosition = linearGrid(heads * 2 * pieces, 64);
  launch(made.positionKernel, { ...inputs, dContext, statistics, dPosition: gradients.position }, byPosition, 4);
  if (gradients.biases === null) return;
  launch(made.biasKernel, { parts, threes, biases, state, gradient: gradients.biases }, [sizes.width, 1, 1]);
}
