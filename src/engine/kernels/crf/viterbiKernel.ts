// Finds the best tag sequences of a linear-chain CRF on the GPU.
import { kernel, reads, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import type { Recorder, Region } from '../../gpu/recorder.ts';
import { checkStates, rowCapacity, type ChainInputs, type ChainShape } from './chainLattice.ts';

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
 * Tags i32 [B, N] of the best-scoring path of each sequence, 0 beyond its count. Ties go to the lower tag, as in `model/viterbi`.
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
