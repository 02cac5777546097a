// Computes the losses of a linear-chain CRF on the GPU with their gradients, and its posterior tag probabilities.
import { kernel, reads, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../../gpu/recorder.ts';
import { STATE } from '../../gpu/stepState.ts';
import {
  checkStates,
  latticeCode,
  latticeLength,
  recordLattice,
  type ChainInputs,
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

/** dEmissions [B, N, K], one thread per element. */
const emissionKernel = kernel({
  name: 'crf gradient of emissions',
  sizes,
  buffers: { lattice: reads(), tags: reads('i32'), state: reads('u32'), dEmissions: writes() },
  workgroup: [THREADS, 1, 1],
  module: latticeCode,
  body: `
${scaleCode}
if (index >= sizes.sequences * N * K) { return; }
let row = index / K;
var gradient = 0.0;
if (row % N < u32(lattice[countAt() + row / N])) {
  gradient = (lattice[posteriorAt() + index] - select(0.0, 1.0, u32(tags[row]) == index % K)) * scale;
}
dEmissions[index] = gradient;`,
});

const indices = Array.from({ length: TILE }, (_, index) => index);
const each = (text: (index: number) => string): string => indices.map(text).join('\n    ');
const vector = (text: (index: number) => string): string => `vec4f(${indices.map(text).join(', ')})`;

/**
 * Posteriors of pairs of tags minus the gold pairs, [slices, K, K]: slice s is the sum over positions s + 1, s + 1 + slices, ... of
 * every sequence. One thread per slice of a tile; tiles past the last tag recompute the last one and discard it.
 */
const pairKernel = kernel({
  name: 'crf pairs',
  sizes: { ...sizes, slices: 'u32' },
  buffers: { lattice: reads(), tags: reads('i32'), transitions: reads(), pairs: writes() },
  workgroup: [THREADS, 1, 1],
  module: latticeCode,
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
    ${each((from) => `sum${from} += exp(lattice[before + i${from}] + weights${from} + reach) - select(vec4f(), gold, x == ${from}u);`)}
  }
}
let kept = slice * K * K + i * K + j;
${each((from) => each((to) => `if (i + ${from}u < K && j + ${to}u < K) { pairs[kept + ${from}u * K + ${to}u] = sum${from}[${to}]; }`))}`,
});

/** Gradients of transitions from the slices, in order, and of start and end states from the posteriors of first and last positions. */
function weightKernel(startEnd: boolean): Kernel {
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
      atStart += lattice[posteriorAt() + first * K + k] - select(0.0, 1.0, u32(tags[first]) == k);
      atEnd += lattice[posteriorAt() + last * K + k] - select(0.0, 1.0, u32(tags[last]) == k);
    }
  }
  dStart[k] = select(0.0, dStart[k], accumulates) + atStart * scale;
  dEnd[k] = select(0.0, dEnd[k], accumulates) + atEnd * scale;
}`;
  return kernel({
    name: `crf gradients of weights${startEnd ? ' with states' : ''}`,
    sizes: { ...sizes, slices: 'u32' },
    buffers,
    workgroup: [THREADS, 1, 1],
    module: latticeCode,
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

const weightKernels = { with: weightKernel(true), without: weightKernel(false) };

/**
 * Computes losses [B] (negative log-likelihood, unscaled), dEmissions [B, N, K] (gradient of the sum of losses times
 * state.inverseSequences times state.lossScale, 0 beyond a sequence's count) and the gradients of the chain's weights in the same
 * scale (null: frozen). A sequence with count 0 has loss and gradients 0. Throws above 1024 tags, and if states and their gradients
 * do not match the shape.
 */
export function recordCrf(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs & { readonly tags: Region; readonly state: Region },
  out: { readonly losses: Region; readonly dEmissions: Region; readonly gradients: CrfGradients | null },
): void {
  const { tags, state, ...chain } = inputs;
  const { losses, dEmissions, gradients } = out;
  if (gradients !== null) checkStates(shape, gradients);
  const { sequences, positions, tagCount, startEnd } = shape;
  const lengths = { sequences, positions, tagCount };
  const elements = sequences * positions * tagCount;
  const lattice = recorder.temporary('lattice', latticeLength(shape));
  recordLattice(recorder, shape, chain, { lattice, tags, losses });
  const emissionRegions = { lattice, tags, state, dEmissions };
  recorder.launch(emissionKernel, lengths, emissionRegions, linearGrid(elements, THREADS), elements * 8);
  if (gradients === null) return;

  const slices = sliceCount(shape);
  const pairs = recorder.temporary('tag pairs', slices * tagCount ** 2);
  const threads = tileCount(tagCount) * slices;
  const pairRegions = { lattice, tags, transitions: chain.transitions, pairs };
  const pairWork = elements * tagCount * 16;
  recorder.launch(pairKernel, { ...lengths, slices }, pairRegions, linearGrid(threads, THREADS), pairWork);
  const { transitions: dTransitions, start: dStart, end: dEnd } = gradients;
  const states = dStart === null || dEnd === null ? {} : { dStart, dEnd };
  const weightRegions: Record<string, Region> = { lattice, tags, state, pairs, dTransitions, ...states };
  const grid = linearGrid(tagCount ** 2 + tagCount, THREADS);
  recorder.launch(weightKernels[startEnd ? 'with' : 'without'], { ...lengths, slices }, weightRegions, grid);
}

/** Posterior tag probabilities [B, N, K] of each position, 0 beyond a sequence's count. Throws above 1024 tags. */
export function recordMarginals(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs,
  out: { readonly marginals: Region },
): void {
  const lattice = recorder.temporary('lattice', latticeLength(shape));
  recordLattice(recorder, shape, inputs, { lattice, marginals: out.marginals });
}
