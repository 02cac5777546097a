// The linear-chain CRF on the GPU: losses with gradients, also of partly known tags, tag probabilities, and the best tag sequences.
import { kernel, reads, STATE, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../../gpu/recorder.ts';
import {
  agreeingCode,
  checkStates,
  latticeCode,
  latticeLength,
  recordLossLattice,
  recordMarginalLattice,
  rowCapacity,
  type ChainInputs,
  type ChainLabels,
  type ChainShape,
} from './chainLattice.ts';

/** Written or added by `state.accumulate`; `start` and `end` are null without these states. */
export interface CrfGradients {
  readonly transitions: Region;
  readonly start: Region | null;
  readonly end: Region | null;
}

const THREADS = 64;
/** A thread sums TILE x TILE pairs of tags. */
const TILE = 4;

const tileCount = (tagCount: number): number => Math.ceil(tagCount / TILE) ** 2;

/** Threads that divide the positions of a tile among them: enough to fill a GPU, each with several positions. */
function sliceCount({ sequences, positions, tagCount }: ChainShape): number {
  return Math.max(1, Math.min(64, Math.floor(16384 / tileCount(tagCount)), Math.ceil((sequences * positions) / 8)));
}

const sizes = { sequences: 'u32', positions: 'u32', tagCount: 'u32' } as const;

const scaleCode = `
let K = sizes.tagCount;
let N = sizes.positions;
let scale = bitcast<f32>(state[${STATE.inverseSequences}]) * bitcast<f32>(state[${STATE.lossScale}]);`;

/** Kernels for tags that are all known, and for partial labels. */
const forLabels = (make: (partial: boolean) => Kernel) => ({ known: make(false), partial: make(true) });

const partialName = (partial: boolean): string => (partial ? ' of partial labels' : '');

/** WGSL functions: what the labels say of tag k at a row, 1 or 0 where the tag is known, else its posterior among the agreeing paths. */
const expectedCode = (partial: boolean): string => `${latticeCode}
fn known(row: u32, k: u32) -> f32 { return select(0.0, 1.0, u32(tags[row]) == k); }
${partial ? agreeingCode : ''}
fn expected(row: u32, k: u32) -> f32 {
  ${partial ? 'if (tags[row] < 0) { return lattice[agreeing() + posteriorAt() + row * sizes.tagCount + k]; }' : ''}
  return known(row, k);
}`;

/** dEmissions [B, N, K], one thread per element. */
const emissionKernels = forLabels((partial) =>
  kernel({
    name: `crf gradient of emissions${partialName(partial)}`,
    sizes,
    buffers: { lattice: reads(), tags: reads('i32'), state: reads('u32'), dEmissions: writes() },
    workgroup: [THREADS, 1, 1],
    module: expectedCode(partial),
    body: `
${scaleCode}
if (index >= sizes.sequences * N * K) { return; }
let row = index / K;
var gradient = 0.0;
if (row % N < u32(lattice[countAt() + row / N])) {
  gradient = (lattice[posteriorAt() + index] - expected(row, index % K)) * scale;
}
dEmissions[index] = gradient;`,
  }),
);

const indices = Array.from({ length: TILE }, (_, index) => index);
const each = (text: (index: number) => string): string => indices.map(text).join('\n    ');
const vector = (text: (index: number) => string): string => `vec4f(${indices.map(text).join(', ')})`;

/** WGSL: replaces the gold pairs of a tile by the posteriors of pairs among the agreeing paths, where one of the two tags is open. */
const agreeingPairs = `
    if (tags[row - 1u] < 0 || tags[row] < 0) {
      let agreeingReach = ${vector((to) => `lattice[agreeing() + after + j${to}]`)} - lattice[agreeing() + pairSumAt() + row];
      ${each((from) => `gold${from} = exp(lattice[agreeing() + before + i${from}] + weights${from} + agreeingReach);`)}
    }`;

/**
 * Posteriors of pairs of tags minus the gold pairs, [slices, K, K]: slice s is the sum over positions s + 1, s + 1 + slices, ... of
 * every sequence. One thread per slice of a tile; tiles past the last tag recompute the last one and discard it.
 */
const pairKernels = forLabels((partial) =>
  kernel({
    name: `crf pairs${partialName(partial)}`,
    sizes: { ...sizes, slices: 'u32' },
    buffers: { lattice: reads(), tags: reads('i32'), transitions: reads(), pairs: writes() },
    workgroup: [THREADS, 1, 1],
    module: latticeCode + (partial ? agreeingCode : ''),
    body: `
let K = sizes.tagCount;
let N = sizes.positions;
let across = (K + ${TILE - 1}u) / ${TILE}u;
if (index >= across * across * sizes.slices) { return; }
let slice = index % sizes.slices;
let tile = index / sizes.slices;
let i = tile / across * ${TILE}u;
let j = tile % across * ${TILE}u;
${each((at) => `let i${at} = min(i + ${at}u, K - 1u);\n    let j${at} = min(j + ${at}u, K - 1u);`)}
${each((from) => `let weights${from} = ${vector((to) => `transitions[i${from} * K + j${to}]`)};`)}
${each((from) => `var sum${from} = vec4f();`)}
for (var b = 0u; b < sizes.sequences; b++) {
  let count = u32(lattice[countAt() + b]);
  for (var n = slice + 1u; n < count; n += sizes.slices) {
    let row = b * N + n;
    let before = (row - 1u) * K;
    let after = backwardAt() + row * K;
    let reach = ${vector((to) => `lattice[after + j${to}]`)} - lattice[pairSumAt() + row];
    // Wraps around, and so equals no place in the tile, where the gold tag is before it.
    let x = u32(tags[row - 1u]) - i;
    let gold = select(vec4f(), vec4f(1.0), vec4u(u32(tags[row]) - j) == ${vector((to) => `${to}u`).replace('vec4f', 'vec4u')});
    ${each((from) => `var gold${from} = select(vec4f(), gold, x == ${from}u);`)}
    ${partial ? agreeingPairs : ''}
    ${each((from) => `sum${from} += exp(lattice[before + i${from}] + weights${from} + reach) - gold${from};`)}
  }
}
let kept = slice * K * K + i * K + j;
${each((from) => each((to) => `if (i + ${from}u < K && j + ${to}u < K) { pairs[kept + ${from}u * K + ${to}u] = sum${from}[${to}]; }`))}`,
  }),
);

/** Gradients of transitions from the slices, in order, and of start and end states from the posteriors of first and last positions. */
function weightKernel(startEnd: boolean, partial: boolean): Kernel {
  const buffers: Record<string, BufferBinding> = {
    lattice: reads(),
    tags: reads('i32'),
    state: reads('u32'),
    pairs: reads(),
    dTransitions: writes(),
    ...(startEnd ? { dStart: writes(), dEnd: writes() } : {}),
  };
  const states = `
let k = index - K * K;
if (k < K) {
  var atStart = 0.0;
  var atEnd = 0.0;
  for (var b = 0u; b < sizes.sequences; b++) {
    let count = u32(lattice[countAt() + b]);
    if (count > 0u) {
      let first = b * N;
      let last = first + count - 1u;
      atStart += lattice[posteriorAt() + first * K + k] - expected(first, k);
      atEnd += lattice[posteriorAt() + last * K + k] - expected(last, k);
    }
  }
  dStart[k] = select(0.0, dStart[k], accumulates) + atStart * scale;
  dEnd[k] = select(0.0, dEnd[k], accumulates) + atEnd * scale;
}`;
  return kernel({
    name: `crf gradients of weights${startEnd ? ' with states' : ''}${partialName(partial)}`,
    sizes: { ...sizes, slices: 'u32' },
    buffers,
    workgroup: [THREADS, 1, 1],
    module: expectedCode(partial),
    body: `
${scaleCode}
let accumulates = state[${STATE.accumulate}] != 0u;
if (index < K * K) {
  var sum = 0.0;
  for (var slice = 0u; slice < sizes.slices; slice++) { sum += pairs[slice * K * K + index]; }
  dTransitions[index] = select(0.0, dTransitions[index], accumulates) + sum * scale;
  return;
}
${startEnd ? states : ''}`,
  });
}

const weightKernels = {
  with: forLabels((partial) => weightKernel(true, partial)),
  without: forLabels((partial) => weightKernel(false, partial)),
};

/**
 * Computes losses [B] (negative log-likelihood of the labels, unscaled: of all paths that agree with them where positions are open), dEmissions [B, N, K] (gradient of the sum of losses times
 * state.inverseSequences times state.lossScale, 0 beyond a sequence's count) and the gradients of the chain's weights in the same
 * scale (null: frozen). A sequence with count 0 has loss and gradients 0. Throws above 1024 tags, and if states and their gradients
 * do not match the shape.
 */
export function recordCrf(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs & ChainLabels & { readonly state: Region },
  out: { readonly losses: Region; readonly dEmissions: Region; readonly gradients: CrfGradients | null },
): void {
  const { tags, openTags, state, ...chain } = inputs;
  const labels = openTags === null ? 'known' : 'partial';
  const { losses, dEmissions, gradients } = out;
  if (gradients !== null) checkStates(shape, gradients);
  const { sequences, positions, tagCount, startEnd } = shape;
  const lengths = { sequences, positions, tagCount };
  const elements = sequences * positions * tagCount;
  const lattice = recorder.temporary('lattice', latticeLength(shape) * (openTags === null ? 1 : 2));
  recordLossLattice(recorder, shape, chain, { tags, openTags }, { lattice, losses });
  const emissionRegions = { lattice, tags, state, dEmissions };
  recorder.launch(emissionKernels[labels], lengths, emissionRegions, linearGrid(elements, THREADS), elements * 8);
  if (gradients === null) return;

  const slices = sliceCount(shape);
  const pairs = recorder.temporary('tag pairs', slices * tagCount ** 2);
  const threads = tileCount(tagCount) * slices;
  const pairRegions = { lattice, tags, transitions: chain.transitions, pairs };
  const pairWork = elements * tagCount * 16;
  recorder.launch(pairKernels[labels], { ...lengths, slices }, pairRegions, linearGrid(threads, THREADS), pairWork);
  const { transitions: dTransitions, start: dStart, end: dEnd } = gradients;
  const states = dStart === null || dEnd === null ? {} : { dStart, dEnd };
  const weightRegions: Record<string, Region> = { lattice, tags, state, pairs, dTransitions, ...states };
  const grid = linearGrid(tagCount ** 2 + tagCount, THREADS);
  recorder.launch(weightKernels[startEnd ? 'with' : 'without'][labels], { ...lengths, slices }, weightRegions, grid);
}

/** Posterior tag probabilities [B, N, K] of each position, 0 beyond a sequence's count. Throws above 1024 tags. */
export function recordMarginals(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs,
  out: { readonly marginals: Region },
): void {
  const lattice = recorder.temporary('lattice', latticeLength(shape));
  recordMarginalLattice(recorder, shape, inputs, { lattice, marginals: out.marginals });
}

// Finds the best tag sequences of a linear-chain CRF on the GPU.

/** One workgroup per sequence, one barrier per position; scores relative to the largest of the previous row, so that they do not grow. */
function viterbiKernel(startEnd: boolean, capacity: number): Kernel {
  const threads = Math.min(capacity, 128);
  const buffers: Record<string, BufferBinding> = {
    emissions: reads(),
    crfCounts: reads('i32'),
    transitions: reads(),
    ...(startEnd ? { start: reads(), end: reads() } : {}),
    back: writes('u32'),
    tags: writes('i32'),
  };
  return kernel({
    name: `viterbi${startEnd ? ' with states' : ''}, ${capacity} tags`,
    sizes: { positions: 'u32', tagCount: 'u32' },
    buffers,
    workgroup: [threads, 1, 1],
    module: `var<workgroup> rows: array<f32, ${2 * capacity}>;`,
    body: `
let K = sizes.tagCount;
let N = sizes.positions;
let count = min(u32(max(crfCounts[group.x], 0)), N);
let first = group.x * N;
for (var n = 0u; n < count; n++) {
  let now = (n & 1u) * ${capacity}u;
  let before = ${capacity}u - now;
  for (var to = thread; to < K; to += ${threads}u) {
    var reached = ${startEnd ? 'start[to]' : '0.0'};
    if (n > 0u) {
      var top = rows[before];
      var source = 0u;
      reached = rows[before] + transitions[to];
      for (var origin = 1u; origin < K; origin++) {
        let value = rows[before + origin];
        let candidate = value + transitions[origin * K + to];
        top = max(top, value);
        if (candidate > reached) {
          reached = candidate;
          source = origin;
        }
      }
      reached -= top;
      back[(first + n) * K + to] = source;
    }
    rows[now + to] = reached + emissions[(first + n) * K + to];
  }
  workgroupBarrier();
}
storageBarrier();
for (var n = count + thread; n < N; n += ${threads}u) { tags[first + n] = 0; }
if (thread == 0u && count > 0u) {
  let lastRow = ((count - 1u) & 1u) * ${capacity}u;
  var tag = 0u;
  var best = rows[lastRow]${startEnd ? ' + end[0]' : ''};
  for (var k = 1u; k < K; k++) {
    let score = rows[lastRow + k]${startEnd ? ' + end[k]' : ''};
    if (score > best) {
      best = score;
      tag = k;
    }
  }
  for (var n = count - 1u; n > 0u; n--) {
    tags[first + n] = i32(tag);
    tag = back[(first + n) * K + tag];
  }
  tags[first] = i32(tag);
}`,
  });
}

const kernels = new Map<string, Kernel>();

/**
 * Tags i32 [B, N] of the best-scoring path of each sequence, 0 beyond its count. Ties go to the lower tag, as in `model/chainPaths`.
 * Throws above 1024 tags.
 */
export function recordViterbi(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs,
  out: { readonly tags: Region },
): void {
  checkStates(shape, inputs);
  const { sequences, positions, tagCount, startEnd } = shape;
  const { start, end, ...always } = inputs;
  const states = start === null || end === null ? {} : { start, end };
  const capacity = rowCapacity(tagCount);
  const key = `${startEnd} ${capacity}`;
  const made = kernels.get(key) ?? viterbiKernel(startEnd, capacity);
  kernels.set(key, made);
  const back = recorder.temporary('back pointers', sequences * positions * tagCount);
  const regions: Record<string, Region> = { ...always, ...states, back, tags: out.tags };
  const work = sequences * positions * tagCount ** 2 * 4;
  recorder.launch(made, { positions, tagCount }, regions, [sequences, 1, 1], work);
}
