// The forward and backward recursions over a chain of tags, shared by the CRF's loss, its gradients and its marginals.
import { kernel, reads, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import type { Recorder, Region } from '../../gpu/recorder.ts';

export interface ChainShape {
  readonly sequences: number;
  /** Maximum positions per sequence. */
  readonly positions: number;
  readonly tagCount: number;
  /** Whether the chain has start and end states. */
  readonly startEnd: boolean;
}

/** The scores of a path; row = from in `transitions` [K, K]. */
export interface ChainInputs {
  /** [B, N, K] */
  readonly emissions: Region;
  /** i32 [B]: number of positions of each sequence, 0 for one to ignore. */
  readonly crfCounts: Region;
  readonly transitions: Region;
  /** [K]; null without these states. */
  readonly start: Region | null;
  readonly end: Region | null;
}

/** Most tags for which the two rows of each direction fit into 16 KB of workgroup memory. */
const MOST_TAGS = 1024;

/** Words of workgroup memory for a row of tags: the same code serves all tag counts up to it. */
export function rowCapacity(tagCount: number): number {
  if (tagCount > MOST_TAGS) throw new Error(`a chain of ${tagCount} tags; there is room for ${MOST_TAGS}`);
  if (tagCount > 128) return 2 ** Math.ceil(Math.log2(tagCount));
  const unit = tagCount > 16 ? 16 : 4;
  return Math.ceil(tagCount / unit) * unit;
}

/** Throws if the shape and the regions disagree about start and end states. */
export function checkStates({ startEnd }: ChainShape, { start, end }: Pick<ChainInputs, 'start' | 'end'>): void {
  if ((start !== null) !== startEnd || (end !== null) !== startEnd) {
    throw new Error(`a chain ${startEnd ? 'with' : 'without'} start and end states got the other`);
  }
}

/** What the losses of a CRF compare with: the tags of each position, and which tags an open one may have. */
export interface ChainLabels {
  /** i32 [B, N]: the tag of each position; OPEN where it is one of `openTags`. */
  readonly tags: Region;
  /** i32 [B, K]: 1 for the tags that the open positions of a sequence may have; null where no position is open. */
  readonly openTags: Region | null;
}

/** Words of a lattice, laid out as described at `latticeCode`. */
export function latticeLength({ sequences, positions, tagCount }: ChainShape): number {
  return sequences * (positions * (3 * tagCount + 1) + 1);
}

/**
 * WGSL: offsets of the parts of `lattice`, for kernels with sizes `sequences`, `positions` and `tagCount`: a and g [B, N, K]
 * (forward and backward log-sums, both with the position's emission, each row relative to the largest value of the row it came
 * from, so that they do not grow with the length), p [B, N, K] (posteriors of tags), c [B, N] (log of the sum over all pairs of
 * tags (i, j) at (n - 1, n) of exp(a[n - 1, i] + transition[i, j] + g[n, j])), count [B]. Rows of a, g, p and c beyond a sequence's
 * count are not written.
 */
export const latticeCode = `
fn backwardAt() -> u32 { return sizes.sequences * sizes.positions * sizes.tagCount; }
fn posteriorAt() -> u32 { return 2u * backwardAt(); }
fn pairSumAt() -> u32 { return 3u * backwardAt(); }
fn countAt() -> u32 { return 3u * backwardAt() + sizes.sequences * sizes.positions; }`;

/**
 * WGSL: with open positions a second lattice follows the first: of the paths that agree with the labels. Its a and g are LOWEST at the
 * tags that a position cannot have, its p 0.
 */
export const agreeingCode = `
fn agreeing() -> u32 { return countAt() + sizes.sequences; }`;

const LOWEST = '-1e30';

/** Adds four terms, in vectors `value` (of the row before) and `reach`, to a log-sum stored as its largest term and the sum relative to it. */
const logSumCode = `
struct LogSum { top: f32, best: f32, sum: f32 }
fn largest(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
fn added(before: LogSum, value: vec4f, reach: vec4f) -> LogSum {
  let best = max(before.best, largest(reach));
  let terms = exp(reach - best);
  let sum = before.sum * exp(before.best - best) + ((terms.x + terms.y) + (terms.z + terms.w));
  return LogSum(max(before.top, largest(value)), best, sum);
}`;

/** What a lattice is for: `marginals` of all paths; `known` losses of tags that are all known; with open ones, the paths that agree with them, then `partial` losses. */
type Role = 'marginals' | 'known' | 'agreeing' | 'partial';

const ROLE_NAMES: Readonly<Record<Role, string>> = {
  marginals: ' for marginals',
  known: '',
  agreeing: ' of agreeing paths',
  partial: ' of partial labels',
};

/** WGSL: the log-sum over the agreeing prefixes that end at a position, of the full chain's paths on from there. */
const agreeingSumCode = `
fn agreeingSum(row: u32) -> f32 {
  var best = ${LOWEST};
  for (var k = 0u; k < sizes.tagCount; k++) {
    best = max(best, lattice[agreeing() + row + k] + (lattice[backwardAt() + row + k] - emissions[row + k]));
  }
  var sum = 0.0;
  for (var k = 0u; k < sizes.tagCount; k++) {
    sum += exp(lattice[agreeing() + row + k] + (lattice[backwardAt() + row + k] - emissions[row + k]) - best);
  }
  return best + log(sum);
}`;

/** Adds what position n costs: the plain code where its tag and the one before are known, else minus log P(labels to n | labels to n - 1). */
function lossCode(plainFirst: string, plainNext: string, partial: boolean): string {
  if (!partial) return `if (n == 0u) { ${plainFirst} } else { ${plainNext} }`;
  return `
    let isOpen = tags[b * sizes.positions + n] < 0;
    if (n == 0u) {
      if (isOpen) { lost += z - agreeingSum(row); } else { ${plainFirst} }
    } else if (isOpen || tags[b * sizes.positions + n - 1u] < 0) {
      var topAgreeing = ${LOWEST};
      for (var k = 0u; k < K; k++) { topAgreeing = max(topAgreeing, lattice[agreeing() + before + k]); }
      lost += agreeingSum(before) - agreeingSum(row) + topBackward - topAgreeing;
    } else { ${plainNext} }`;
}

/**
 * One workgroup per sequence, its first half going forward and its second half backward at the same time, one barrier per position:
 *   forward   r[n, j] = logsumexp_i(a[n - 1, i] + A[i, j])   a[n, j] = r[n, j] + P[n, j]   (start states at n = 0)
 *   backward  b[n, i] = logsumexp_j(g[n + 1, j] + A[i, j])   g[n, i] = b[n, i] + P[n, i]   (end states at the last n)
 * Then, one thread per position, posteriors exp(a + g - P) over their sum and, with `gold` tags y, the sequence's loss as
 *   -log p[0, y_0] - sum over n of log p(y_n | y_(n - 1)),   p(j | i) = exp(A[i, j] + g[n, j] - b[n - 1, i]),
 * whose terms all have one sign, so that nothing cancels however large the scores are. With partial labels the loss is
 *   -log P(labels to 0) - sum over n of log P(labels to n | labels to n - 1),
 * from the lattice of the agreeing paths, which is this one with every other tag at LOWEST; the terms of known tags are the same, to the bit.
 */
function latticeKernel(startEnd: boolean, role: Role, capacity: number): Kernel {
  const lanes = Math.min(capacity, 128);
  const threads = 2 * lanes;
  const buffers: Record<string, BufferBinding> = {
    emissions: reads(),
    crfCounts: reads('i32'),
    transitions: reads(),
    ...(startEnd ? { start: reads(), end: reads() } : {}),
    lattice: writes(),
    ...buffersOf(role),
  };
  const isLoss = role === 'known' || role === 'partial';
  // The lattice of the agreeing paths is the second one.
  const own = role === 'agreeing' ? 'agreeing() + ' : '';
  const posterior = role === 'marginals' ? 'marginals[row + k]' : `lattice[${own}posteriorAt() + row + k]`;
  const first = `lost += z - joint(row + y);`;
  const next = `
      let x = u32(tags[b * sizes.positions + n - 1u]);
      lost += lattice[backwardAt() + before + x] - emissions[before + x] + topBackward
        - transitions[x * K + y] - lattice[backwardAt() + row + y];`;
  const tops = `
    let before = max(row, K) - K;
    var topForward = ${LOWEST};
    var topBackward = ${LOWEST};
    if (n > 0u) {
      for (var k = 0u; k < K; k++) {
        topForward = max(topForward, lattice[${own}before + k]);
        topBackward = max(topBackward, lattice[${own}backwardAt() + row + k]);
      }
      lattice[${own}pairSumAt() + b * sizes.positions + n] = z + topForward;
    }`;
  const loss = `
    let y = u32(tags[b * sizes.positions + n]);
    ${lossCode(first, next, role === 'partial')}`;
  const perPosition = role === 'marginals' ? '' : tops + (isLoss ? loss : '');
  const sum = `
rows[thread] = lost;
workgroupBarrier();
if (thread == 0u) {
  var total = 0.0;
  for (var other = 0u; other < min(${threads}u, count); other++) { total += rows[other]; }
  losses[b] = total;
  lattice[countAt() + b] = f32(count);
}`;
  return kernel({
    name: `crf lattice${startEnd ? ' with states' : ''}${ROLE_NAMES[role]}, ${capacity} tags`,
    sizes: { sequences: 'u32', positions: 'u32', tagCount: 'u32' },
    buffers,
    workgroup: [threads, 1, 1],
    module: `
var<workgroup> rows: array<f32, ${4 * capacity}>;
${latticeCode}
${role === 'agreeing' || role === 'partial' ? agreeingCode : ''}
${role === 'partial' ? agreeingSumCode : ''}
${role === 'agreeing' ? allowedCode : ''}
${logSumCode}
// Past the last of the origins rows hold the lowest value, and any weight will do.
fn weight(at: u32) -> f32 { return transitions[min(at, sizes.tagCount * sizes.tagCount - 1u)]; }
fn joint(at: u32) -> f32 { return lattice[${own}at] + (lattice[${own}backwardAt() + at] - emissions[at]); }`,
    body: `
let b = group.x;
let K = sizes.tagCount;
let count = min(u32(max(crfCounts[b], 0)), sizes.positions);
let sequence = b * sizes.positions * K;
let half = thread / ${lanes}u;
let forward = half == 0u;
let originStride = select(1u, K, forward);
let toStride = select(K, 1u, forward);
for (var at = thread; at < ${4 * capacity}u; at += ${threads}u) { rows[at] = ${LOWEST}; }
workgroupBarrier();
for (var step = 0u; step < count; step++) {
  let row = sequence + select(count - 1u - step, step, forward) * K;
  let now = ((step & 1u) * 2u + half) * ${capacity}u;
  let before = ((1u - (step & 1u)) * 2u + half) * ${capacity}u;
  for (var to = thread % ${lanes}u; to < K; to += ${lanes}u) {
    var reached = emissions[row + to];
    if (step > 0u) {
      var total = LogSum(${LOWEST}, ${LOWEST}, 0.0);
      var at = to * toStride;
      for (var origin = before; origin < before + K; origin += 4u) {
        let value = vec4f(rows[origin], rows[origin + 1u], rows[origin + 2u], rows[origin + 3u]);
        let weights = vec4f(weight(at), weight(at + originStride), weight(at + 2u * originStride), weight(at + 3u * originStride));
        total = added(total, value, value + weights);
        at += 4u * originStride;
      }
      reached += (total.best - total.top) + log(total.sum);
    }${startEnd ? ' else if (forward) {\n      reached += start[to];\n    } else {\n      reached += end[to];\n    }' : ''}
${role === 'agreeing' ? `    if (!isAllowed(b, row, to)) { reached = ${LOWEST}; }\n` : ''}    rows[now + to] = reached;
    lattice[${own}half * backwardAt() + row + to] = reached;
  }
  workgroupBarrier();
}
storageBarrier();
${isLoss ? 'var lost = 0.0;' : ''}
for (var n = thread; n < sizes.positions; n += ${threads}u) {
  let row = sequence + n * K;
  if (n < count) {
    var best = ${LOWEST};
    for (var k = 0u; k < K; k++) { best = max(best, joint(row + k)); }
    var sum = 0.0;
    for (var k = 0u; k < K; k++) { sum += exp(joint(row + k) - best); }
    let z = best + log(sum);
    for (var k = 0u; k < K; k++) { ${posterior} = exp(joint(row + k) - z); }
    ${perPosition}
  }${role === 'marginals' ? ` else {\n    for (var k = 0u; k < K; k++) { ${posterior} = 0.0; }\n  }` : ''}
}
${isLoss ? sum : ''}`,
  });
}

/** WGSL: whether the label of a position lets it have tag k. */
const allowedCode = `
fn isAllowed(b: u32, row: u32, k: u32) -> bool {
  let tag = tags[row / sizes.tagCount];
  return select(u32(tag) == k, openTags[b * sizes.tagCount + k] != 0, tag < 0);
}`;

function buffersOf(role: Role): Record<string, BufferBinding> {
  if (role === 'marginals') return { marginals: writes() };
  return role === 'agreeing'
    ? { tags: reads('i32'), openTags: reads('i32') }
    : { tags: reads('i32'), losses: writes() };
}

const kernels = new Map<string, Kernel>();

function launchLattice(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs,
  role: Role,
  own: Readonly<Record<string, Region>>,
): void {
  checkStates(shape, inputs);
  const { sequences, positions, tagCount, startEnd } = shape;
  const { start, end, ...always } = inputs;
  const states = start === null || end === null ? {} : { start, end };
  const capacity = rowCapacity(tagCount);
  const key = `${startEnd} ${role} ${capacity}`;
  const made = kernels.get(key) ?? latticeKernel(startEnd, role, capacity);
  kernels.set(key, made);
  const regions: Record<string, Region> = { ...always, ...states, ...own };
  const work = sequences * positions * tagCount * (tagCount + 4) * 24;
  recorder.launch(made, { sequences, positions, tagCount }, regions, [sequences, 1, 1], work);
}

/** Writes the lattice, with its posteriors, and the losses [B]; with open positions the lattice of the agreeing paths, too. */
export function recordLossLattice(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs,
  { tags, openTags }: ChainLabels,
  out: { readonly lattice: Region; readonly losses: Region },
): void {
  const { lattice } = out;
  if (openTags !== null) launchLattice(recorder, shape, inputs, 'agreeing', { lattice, tags, openTags });
  launchLattice(recorder, shape, inputs, openTags === null ? 'known' : 'partial', { ...out, tags });
}

/** Writes the posteriors [B, N, K] into `marginals`, 0 beyond a sequence's count. */
export function recordMarginalLattice(
  recorder: Recorder,
  shape: ChainShape,
  inputs: ChainInputs,
  out: { readonly lattice: Region; readonly marginals: Region },
): void {
  launchLattice(recorder, shape, inputs, 'marginals', out);
}
