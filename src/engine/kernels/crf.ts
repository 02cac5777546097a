// Losses of a linear-chain CRF on the GPU with their gradients, and its posterior tag probabilities.
import type { BufferBinding, Kernel } from '../kernel.ts';
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { STATE } from '../stepState.ts';
import type { ChainInputs, ChainShape } from './chain.ts';
import { latticeCode, latticeLength, recordLattice } from './chain.ts';

/** Gradients by `state.accumulate`; `start` and `end` are null without these states. */
export interface CrfGradients {
  readonly transitions: Region;
  readonly start: Region | null;
  readonly end: Region | null;
}

/** A workgroup sums the pairs of this many transitions, each by this many threads. */
const PAIRS = 16;
const SLICES = 8;
const THREADS = PAIRS * SLICES;

/**
 * Gradients of the loss -(score - log-partition), from the lattice. Workgroups come in three runs: elements of dEmissions, transitions
 * (each thread every `SLICES`-th position of every sequence, then the slices in order), start and end states.
 */
function gradientKernel(startEnd: boolean, trained: boolean): Kernel {
  const states = startEnd && trained;
  const buffers: Record<string, BufferBinding> = {
    lattice: reads(),
    tags: reads('i32'),
    state: reads('u32'),
    dEmissions: writes(),
    ...(trained ? { transitions: reads(), dTransitions: writes() } : {}),
    ...(states ? { dStart: writes(), dEnd: writes() } : {}),
  };
  const elements = `
let element = flat * ${THREADS}u + thread;
if (flat < elementGroups) {
  if (element < backwardAt()) {
    let k = element % K;
    let row = element / K;
    var gradient = 0.0;
    if (row % N < u32(lattice[countAt() + row / N])) {
      gradient = (lattice[posteriorAt() + element] - select(0.0, 1.0, u32(tags[row]) == k)) * scale;
    }
    dEmissions[element] = gradient;
  }
  return;
}`;
  const pairs = `
let pairGroups = (K * K + ${PAIRS - 1}u) / ${PAIRS}u;
let pairGroup = flat - elementGroups;
if (pairGroup < pairGroups) {
  let pair = pairGroup * ${PAIRS}u + thread % ${PAIRS}u;
  if (pair < K * K) {
    let i = pair / K;
    let j = pair % K;
    let transition = transitions[pair];
    var sum = 0.0;
    for (var b = 0u; b < sizes.sequences; b++) {
      let count = u32(lattice[countAt() + b]);
      for (var n = thread / ${PAIRS}u + 1u; n < count; n += ${SLICES}u) {
        let row = b * N + n;
        let pairs = lattice[(row - 1u) * K + i] + transition + lattice[backwardAt() + row * K + j];
        sum += exp(pairs - lattice[pairSumAt() + row]);
        sum -= select(0.0, 1.0, u32(tags[row - 1u]) == i && u32(tags[row]) == j);
      }
    }
    slices[thread] = sum;
  }
  workgroupBarrier();
  if (thread < ${PAIRS}u && pair < K * K) {
    var total = 0.0;
    for (var slice = 0u; slice < ${SLICES}u; slice++) { total += slices[slice * ${PAIRS}u + thread]; }
    dTransitions[pair] = select(0.0, dTransitions[pair], accumulates) + total * scale;
  }
  return;
}`;
  const ends = `
let k = (pairGroup - pairGroups) * ${THREADS}u + thread;
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
    name: `crf gradients${trained ? '' : ' of emissions'}${states ? ' with states' : ''}`,
    sizes: { sequences: 'u32', positions: 'u32', tagCount: 'u32' },
    buffers,
    workgroup: [THREADS, 1, 1],
    module: `${trained ? `var<workgroup> slices: array<f32, ${THREADS}>;` : ''}
${latticeCode}`,
    body: `
let K = sizes.tagCount;
let N = sizes.positions;
let flat = group.y * groups.x + group.x;
let scale = bitcast<f32>(state[${STATE.inverseSequences}]) * bitcast<f32>(state[${STATE.lossScale}]);
let accumulates = state[${STATE.accumulate}] != 0u;
let elementGroups = (backwardAt() + ${THREADS - 1}u) / ${THREADS}u;
${elements}
${trained ? pairs : ''}
${states ? ends : ''}`,
  });
}

const gradientKernels = new Map<string, Kernel>();

/**
 * Losses [B] (negative log-likelihood, unscaled), dEmissions [B, N, K] (gradient of the sum of losses times state.inverseSequences times
 * state.lossScale, 0 beyond a sequence's count) and the gradients of the chain's weights in the same scale (null: frozen).
 * A sequence with count 0 has loss and gradients 0. Throws above 1024 tags.
 */
export function recordCrf(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs & { readonly tags: Region; readonly state: Region },
  out: { readonly losses: Region; readonly dEmissions: Region; readonly gradients: CrfGradients | null },
): void {
  const { tags, state, ...chain } = inputs;
  const { losses, dEmissions, gradients } = out;
  const { sequences, positions, tagCount, startEnd } = shape;
  const lattice = recorder.temporary('lattice', latticeLength(shape));
  recordLattice(recorder, shape, chain, { lattice, tags, losses });

  const key = `${startEnd} ${gradients !== null}`;
  const made = gradientKernels.get(key) ?? gradientKernel(startEnd, gradients !== null);
  gradientKernels.set(key, made);
  const regions: Record<string, Region> = { lattice, tags, state, dEmissions };
  const elements = sequences * positions * tagCount;
  let groups = Math.ceil(elements / THREADS);
  let work = elements * 8;
  if (gradients !== null) {
    Object.assign(regions, { transitions: chain.transitions, dTransitions: gradients.transitions });
    groups += Math.ceil(tagCount ** 2 / PAIRS);
    work += elements * tagCount * 16;
    if (startEnd) {
      if (gradients.start === null || gradients.end === null) {
        throw new Error('start and end states are trained with the transitions, but have no gradients');
      }
      Object.assign(regions, { dStart: gradients.start, dEnd: gradients.end });
      groups += Math.ceil(tagCount / THREADS);
    }
  }
  recorder.launch(made, { sequences, positions, tagCount }, regions, linearGrid(groups, 1), work);
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
