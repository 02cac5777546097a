// Attention to contents and distances apart, as in DeBERTa: forward and backward without barriers, or as one launch each.
import { kernel, reads, writes, type Kernel } from '../../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../../gpu/recorder.ts';
import {
  attentionRegions,
  attentionScoresCode,
  attentionSizes,
  attentionSizesOf,
  attentionWork,
  dots,
  eachVector,
  ofOnePiece,
  onceByHead,
  scoreOf,
  wholeKernel,
  wholeSizesOf,
  type AttentionFamily,
  type AttentionInputs,
  type AttentionShape,
} from './attentionScores.ts';

type DisentangledInputs = AttentionInputs & { readonly distances: Region };

const sizes = { ...attentionSizes, distanceStride: 'u32' } as const;
const inputs = {
  qkv: reads('vec4<f32>'),
  distances: reads('vec4<f32>'),
  layoutWords: reads('i32'),
  state: reads('u32'),
} as const;
const saved = { dContext: reads('vec4<f32>'), statistics: reads('vec4<f32>') } as const;

const code = `${attentionScoresCode('absolute')}
fn positionAt(head: u32, i: u32, j: u32, vectors: u32) -> u32 { return (sizes.pieces + j - i) * sizes.width + head * vectors; }`;

/** WGSL: the score of query vectors `q` with key vectors `k`, whose distance has the vectors `dq` and `dk`. */
const score = (h: number): string =>
  scoreOf([
    dots(h, (c) => `q${c}`, (c) => `(k${c} + dk${c})`),
    dots(h, (c) => `k${c}`, (c) => `dq${c}`),
  ]); // prettier-ignore

const distanceVectors = (h: number): string =>
  `let p = positionAt(head, i, j, ${h / 4}u);
    ${eachVector(h, (c) => `let dq${c} = distances[p + ${c}u]; let dk${c} = distances[sizes.distanceStride + p + ${c}u];`)}`;

/** One invocation per query iterates over the keys it sees. */
const forwardKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `disentangled attention ${h}`,
    sizes,
    buffers: { ...inputs, context: writes('vec4<f32>'), logSumExp: writes() },
    workgroup: [64, 1, 1],
    module: code,
    body: `${ofOnePiece('i')}
  let own = rowAt(b, head, i, ${h / 4}u);
  ${eachVector(h, (c) => `let q${c} = qkv[own + ${c}u]; var sum${c} = vec4f(0.0);`)}
  let count = countOf(b);
  var largest = -1e30;
  var total = 0.0;
  // Keys up to the sequence's count, and the piece itself where it is padding.
  let keys = select(count, count + 1u, i >= count);
  for (var at = 0u; at < keys; at++) {
    let j = select(at, i, at == count);
    let row = sizes.qkvStride + rowAt(b, head, j, ${h / 4}u);
    ${eachVector(h, (c) => `let k${c} = qkv[row + ${c}u];`)}
    ${distanceVectors(h)}
    let score = ${score(h)};
    if (score > largest) {
      let shrink = exp(largest - score);
      largest = score;
      total *= shrink;
      ${eachVector(h, (c) => `sum${c} *= shrink;`)}
    }
    let weight = exp(score - largest);
    total += weight;
    let kept = weight * factorOf(b, head, i, j);
    ${eachVector(h, (c) => `sum${c} += kept * qkv[row + sizes.qkvStride + ${c}u];`)}
  }
  ${eachVector(h, (c) => `context[own + ${c}u] = sum${c} / total;`)}
  logSumExp[index] = largest + log(total);`,
  });

/** WGSL: dS and the weight of a pair, whose query has the statistics `seen` and the gradient `d`, from the value row `v`. */
const pairGradient = (h: number): string => `let probability = exp(${score(h)} - seen.x);
    let factor = factorOf(b, head, i, j);
    let dA = factor * (${dots(
      h,
      (c) => `d${c}`,
      (c) => `qkv[v + ${c}u]`,
    )});
    let dS = probability * (dA - seen.y) * sizes.scale;`;

const queryKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `disentangled attention backward by query ${h}`,
    sizes,
    buffers: { ...inputs, ...saved, dQkv: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: code,
    body: `${ofOnePiece('i')}
  let own = rowAt(b, head, i, ${h / 4}u);
  let seen = statistics[index];
  ${eachVector(h, (c) => `let q${c} = qkv[own + ${c}u]; let d${c} = dContext[own + ${c}u]; var sum${c} = vec4f(0.0);`)}
  let count = countOf(b);
  let keys = select(count, count + 1u, i >= count);
  for (var at = 0u; at < keys; at++) {
    let j = select(at, i, at == count);
    let row = sizes.qkvStride + rowAt(b, head, j, ${h / 4}u);
    let v = row + sizes.qkvStride;
    ${eachVector(h, (c) => `let k${c} = qkv[row + ${c}u];`)}
    ${distanceVectors(h)}
    ${pairGradient(h)}
    ${eachVector(h, (c) => `sum${c} += dS * (k${c} + dk${c});`)}
  }
  ${eachVector(h, (c) => `dQkv[own + ${c}u] = sum${c};`)}`,
  });

const keyKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `disentangled attention backward by key ${h}`,
    sizes,
    buffers: { ...inputs, ...saved, dQkv: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: code,
    body: `${ofOnePiece('j')}
  let own = sizes.qkvStride + rowAt(b, head, j, ${h / 4}u);
  let v = own + sizes.qkvStride;
  ${eachVector(h, (c) => `let k${c} = qkv[own + ${c}u]; var keys${c} = vec4f(0.0); var values${c} = vec4f(0.0);`)}
  let hidden = j >= countOf(b);
  let first = select(0u, j, hidden);
  let end = select(sizes.pieces, j + 1u, hidden);
  for (var i = first; i < end; i++) {
    let row = rowAt(b, head, i, ${h / 4}u);
    let seen = statistics[(b * sizes.heads + head) * sizes.pieces + i];
    ${eachVector(h, (c) => `let q${c} = qkv[row + ${c}u]; let d${c} = dContext[row + ${c}u];`)}
    ${distanceVectors(h)}
    ${pairGradient(h)}
    let weight = probability * factor;
    ${eachVector(h, (c) => `keys${c} += dS * (q${c} + dq${c}); values${c} += weight * d${c};`)}
  }
  ${eachVector(h, (c) => `dQkv[own + ${c}u] = keys${c}; dQkv[v + ${c}u] = values${c};`)}`,
  });

/** By distance, over all sequences and all pairs at it. */
const distanceKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `disentangled attention backward by distance ${h}`,
    sizes,
    buffers: { ...inputs, ...saved, dDistances: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: code,
    body: `let T = sizes.pieces;
  if (index >= sizes.heads * 2u * T) { return; }
  let p = index % (2u * T);
  let head = index / (2u * T);
  let own = p * sizes.width + head * ${h / 4}u;
  ${eachVector(
    h,
    (c) => `let dq${c} = distances[own + ${c}u]; let dk${c} = distances[sizes.distanceStride + own + ${c}u];
  var queries${c} = vec4f(0.0);
  var keys${c} = vec4f(0.0);`,
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
      let keyRow = sizes.qkvStride + rowAt(b, head, j, ${h / 4}u);
      let v = keyRow + sizes.qkvStride;
      let seen = statistics[(b * sizes.heads + head) * T + i];
      ${eachVector(h, (c) => `let q${c} = qkv[row + ${c}u]; let k${c} = qkv[keyRow + ${c}u]; let d${c} = dContext[row + ${c}u];`)}
      ${pairGradient(h)}
      ${eachVector(h, (c) => `queries${c} += dS * k${c}; keys${c} += dS * q${c};`)}
    }
  }
  ${eachVector(h, (c) => `dDistances[own + ${c}u] = queries${c}; dDistances[sizes.distanceStride + own + ${c}u] = keys${c};`)}`,
  });

const kernels = {
  forward: onceByHead(forwardKernel),
  query: onceByHead(queryKernel),
  key: onceByHead(keyKernel),
  distance: onceByHead(distanceKernel),
} as const;

const plain = { qkv: reads(), distances: reads(), layoutWords: reads('i32'), state: reads('u32') } as const;
const withStride = (one: Kernel): Kernel => ({
  ...one,
  sizes: [...one.sizes, { name: 'distanceStride', type: 'u32' }],
});
const whole = {
  forward: withStride(
    wholeKernel('whole disentangled attention', { ...plain, context: writes(), logSumExp: writes() }),
  ),
  backward: withStride(
    wholeKernel('whole disentangled attention backward', {
      ...plain,
      ...{ context: reads(), logSumExp: reads(), dContext: reads() },
      ...{ dQkv: writes(), dDistances: writes() },
    }),
  ),
} as const;

const strideOf = ({ pieces, heads, headSize }: AttentionShape) => ({
  distanceStride: aligned(2 * pieces * heads * headSize) / 4,
});

/** As `recordAttention`. On a GPU without tiles, whatever the family. */
export function recordDisentangled(
  recorder: Recorder,
  family: AttentionFamily,
  shape: AttentionShape,
  given: DisentangledInputs,
  out: { readonly context: Region; readonly logSumExp: Region },
): void {
  const regions = { ...attentionRegions(given), ...out };
  const work = attentionWork(shape, 4);
  if (family === 'whole') {
    recorder.launch(whole.forward, { ...wholeSizesOf(shape), ...strideOf(shape) }, regions, [1, 1, 1], work);
    return;
  }
  const { sequences, heads, pieces, headSize } = shape;
  const grid = linearGrid(sequences * heads * pieces, 64);
  recorder.launch(kernels.forward(headSize, 'absolute'), { ...attentionSizesOf(shape), ...strideOf(shape) }, regions, grid, work); // prettier-ignore
}

/** As `recordAttentionBackward`; `statistics` are null for one launch. */
export function recordDisentangledBackward(
  recorder: Recorder,
  shape: AttentionShape,
  given: DisentangledInputs,
  { context, logSumExp, statistics }: { readonly context: Region; readonly logSumExp: Region; readonly statistics: Region | null }, // prettier-ignore
  dContext: Region,
  gradients: { readonly qkv: Region; readonly distances: Region },
): void {
  const { sequences, heads, pieces, headSize } = shape;
  const { qkv: dQkv, distances: dDistances } = gradients;
  const read = { ...attentionRegions(given), dContext };
  if (statistics === null) {
    const regions = { ...read, context, logSumExp, dQkv, dDistances };
    const values = { ...wholeSizesOf(shape), ...strideOf(shape) };
    recorder.launch(whole.backward, values, regions, [1, 1, 1], attentionWork(shape, 10));
    return;
  }
  const launch = (used: Kernel, written: Readonly<Record<string, Region>>, count: number): void =>
    recorder.launch(
      used,
      { ...attentionSizesOf(shape), ...strideOf(shape) },
      { ...read, statistics, ...written },
      linearGrid(count, 64),
      attentionWork(shape, 6),
    );
  const ofHead = headSize;
  launch(kernels.query(ofHead, 'absolute'), { dQkv }, sequences * heads * pieces);
  launch(kernels.key(ofHead, 'absolute'), { dQkv }, sequences * heads * pieces);
  launch(kernels.distance(ofHead, 'absolute'), { dDistances }, heads * 2 * pieces);
}
