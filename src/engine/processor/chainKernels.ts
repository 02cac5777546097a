// The kernels of the CRF on the processor, in JavaScript on the same memory: little work, in float64.
import { chainSteps, isUsable, logSum, nextRow, turned, type ChainSteps } from '../../model/chainPaths.ts';

/** Offsets of the parts of a lattice, as in `latticeCode`. */
function latticeParts({ sequences, positions, tagCount }: ChainLengths) {
  const part = sequences * positions * tagCount;
  const count = 3 * part + sequences * positions;
  return { backward: part, posterior: 2 * part, pairSum: 3 * part, count, agreeing: count + sequences };
}

const countOf = (given: number, positions: number): number => Math.min(Math.max(given, 0), positions);

/** Words that the kernels of one launch share. */
interface Chain {
  readonly memory: ChainMemory;
  readonly lengths: ChainLengths;
  readonly places: Places;
  /** The transitions [origin, to]. */
  readonly weights: Float64Array;
  readonly forward: ChainSteps;
  readonly backward: ChainSteps;
}

function chainOf(memory: ChainMemory, lengths: ChainLengths, places: Places): Chain {
  const K = lengths.tagCount;
  const transitions = placeOf(places, 'transitions');
  const weights = Float64Array.from(memory.floats.subarray(transitions, transitions + K * K));
  return { memory, lengths, places, weights, forward: chainSteps(turned(weights, K)), backward: chainSteps(weights) };
}

/** Whether tag k may be at a row [B * N]. */
type IsAllowed = (row: number, k: number) => boolean;

/** Writes a and g of sequence `b` into the lattice from word `lattice` on, -Infinity at tags that are not allowed. */
function sweep(chain: Chain, b: number, count: number, lattice: number, isAllowed: IsAllowed | null): void {
  const { floats } = chain.memory;
  const { positions, tagCount: K } = chain.lengths;
  const { start, end } = chain.places;
  const emissions = placeOf(chain.places, 'emissions');
  const backward = latticeParts(chain.lengths).backward;
  let [before, next] = [new Float64Array(K), new Float64Array(K)];
  for (const forward of [true, false]) {
    const ends = forward ? start : end;
    const out = lattice + (forward ? 0 : backward);
    for (let step = 0; step < count; step++) {
      const position = b * positions + (forward ? step : count - 1 - step);
      const row = position * K;
      if (step > 0) nextRow(before, next, forward ? chain.forward : chain.backward, floats, emissions + row);
      else {
        for (let to = 0; to < K; to++) {
          next[to] = at(floats, emissions + row + to) + (ends === undefined ? 0 : at(floats, ends + to));
        }
      }
      for (let to = 0; isAllowed !== null && to < K; to++) if (!isAllowed(position, to)) next[to] = -Infinity;
      floats.set(next, out + row);
      [before, next] = [next, before];
    }
  }
}

/** Writes the posteriors of a row and returns the logarithm of what they are divided by; `joints` [K] receives a + g - P. */
function posteriorsOf(chain: Chain, row: number, lattice: number, joints: Float64Array): number {
  const { floats } = chain.memory;
  const K = chain.lengths.tagCount;
  const parts = latticeParts(chain.lengths);
  const own = placeOf(chain.places, 'emissions') + row * K;
  const [forwards, backwards] = [lattice + row * K, lattice + parts.backward + row * K];
  for (let k = 0; k < K; k++) {
    joints[k] = at(floats, forwards + k) + (at(floats, backwards + k) - at(floats, own + k));
  }
  const z = logSum(joints);
  for (let k = 0; k < K; k++) floats[lattice + parts.posterior + row * K + k] = Math.exp(at(joints, k) - z);
  return z;
}

function largestOf(floats: Float32Array, from: number, length: number): number {
  let top = -Infinity;
  for (let k = 0; k < length; k++) top = Math.max(top, at(floats, from + k));
  return top;
}

/** The lattice of a CRF and its losses, of `partial` labels after `agreeingLattice`: see `chainLattice`. */
export function lossLattice(memory: ChainMemory, lengths: ChainLengths, places: Places, partial: boolean): void {
  const { floats, integers } = memory;
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const [emissions, counts, lattice, tags, losses] = ['emissions', 'crfCounts', 'lattice', 'tags', 'losses'].map((name) => placeOf(places, name)) as [number, number, number, number, number]; // prettier-ignore
  const chain = chainOf(memory, lengths, places);
  const joints = new Float64Array(K);
  const agreeing = new Float64Array(K);
  const backward = lattice + parts.backward;
  const second = lattice + parts.agreeing;
  const agreeingSum = (row: number): number => {
    for (let k = 0; k < K; k++) {
      const onwards = at(floats, backward + row * K + k) - at(floats, emissions + row * K + k);
      agreeing[k] = at(floats, second + row * K + k) + onwards;
    }
    return logSum(agreeing);
  };
  for (let b = 0; b < sequences; b++) {
    const count = countOf(at(integers, counts + b), positions);
    sweep(chain, b, count, lattice, null);
    let lost = 0;
    for (let n = 0; n < count; n++) {
      const row = b * positions + n;
      const z = posteriorsOf(chain, row, lattice, joints);
      const y = at(integers, tags + row);
      if (n === 0) {
        lost += z - (partial && y < 0 ? agreeingSum(row) : at(joints, y));
        continue;
      }
      const x = at(integers, tags + row - 1);
      const previous = (row - 1) * K;
      const topBackward = largestOf(floats, backward + row * K, K);
      floats[lattice + parts.pairSum + row] = z + largestOf(floats, lattice + previous, K);
      if (partial && (x < 0 || y < 0)) {
        lost += agreeingSum(row - 1) - agreeingSum(row) + topBackward - largestOf(floats, second + previous, K);
        continue;
      }
      const reached = at(floats, backward + previous + x) - at(floats, emissions + previous + x) + topBackward;
      lost += reached - at(chain.weights, x * K + y) - at(floats, backward + row * K + y);
    }
    floats[losses + b] = lost;
    floats[lattice + parts.count + b] = count;
  }
}

/** The second lattice, of the paths that agree with the labels: see `agreeingCode`. */
export function agreeingLattice(memory: ChainMemory, lengths: ChainLengths, places: Places): void {
  const { floats, integers } = memory;
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const [counts, tags, openTags] = ['crfCounts', 'tags', 'openTags'].map((name) => placeOf(places, name)) as [number, number, number]; // prettier-ignore
  const lattice = placeOf(places, 'lattice') + parts.agreeing;
  const chain = chainOf(memory, lengths, places);
  const joints = new Float64Array(K);
  const isAllowed: IsAllowed = (row, k) => {
    const tag = at(integers, tags + row);
    return tag < 0 ? at(integers, openTags + Math.floor(row / positions) * K + k) !== 0 : tag === k;
  };
  for (let b = 0; b < sequences; b++) {
    const count = countOf(at(integers, counts + b), positions);
    sweep(chain, b, count, lattice, isAllowed);
    for (let n = 0; n < count; n++) {
      const row = b * positions + n;
      const z = posteriorsOf(chain, row, lattice, joints);
      if (n > 0) floats[lattice + parts.pairSum + row] = z + largestOf(floats, lattice + (row - 1) * K, K);
    }
  }
}

/** Returns what the labels say of tag k at a row: 1 or 0 where the tag is known, else its posterior among the agreeing paths. */
function expectations({ floats, integers }: ChainMemory, lengths: ChainLengths, places: Places) {
  const { agreeing, posterior } = latticeParts(lengths);
  const tags = placeOf(places, 'tags');
  const posteriors = placeOf(places, 'lattice') + agreeing + posterior;
  return (row: number, k: number): number => {
    const tag = at(integers, tags + row);
    return tag >= 0 ? (tag === k ? 1 : 0) : at(floats, posteriors + row * lengths.tagCount + k);
  };
}

/** Factor of gradients: 1 / sequences of the step, times the scale of the loss. */
export type GradientScale = number;

/** Gradient of the emissions from the posteriors. */
export function chainEmissionGradient(
  memory: ChainMemory,
  lengths: ChainLengths,
  places: Places,
  scale: GradientScale,
): void {
  const { floats } = memory;
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const expectedOf = expectations(memory, lengths, places);
  const [lattice, out] = ['lattice', 'dEmissions'].map((name) => placeOf(places, name)) as [number, number];
  for (let row = 0; row < sequences * positions; row++) {
    const isReal = row % positions < at(floats, lattice + parts.count + Math.floor(row / positions));
    for (let k = 0; k < K; k++) {
      const posterior = isReal ? at(floats, lattice + parts.posterior + row * K + k) : 0;
      floats[out + row * K + k] = (posterior - (isReal ? expectedOf(row, k) : 0)) * scale;
    }
  }
}

/** Takes the posteriors of pairs among the agreeing paths, of a row and the one before, from `sums` [K, K]. */
function takeAgreeingPairs(
  { floats }: ChainMemory,
  lengths: ChainLengths,
  places: Places,
  row: number,
  sums: Float64Array,
): void {
  const K = lengths.tagCount;
  const parts = latticeParts(lengths);
  const lattice = placeOf(places, 'lattice') + parts.agreeing;
  const transitions = placeOf(places, 'transitions');
  const pairSum = at(floats, lattice + parts.pairSum + row);
  for (let i = 0; i < K; i++) {
    const own = at(floats, lattice + (row - 1) * K + i) - pairSum;
    for (let j = 0; j < K; j++) {
      const score = own + at(floats, transitions + i * K + j) + at(floats, lattice + parts.backward + row * K + j);
      sums[i * K + j] = at(sums, i * K + j) - Math.exp(score);
    }
  }
}

/** Posteriors of pairs of tags minus the gold pairs, all in the first of the slices that the GPU would have. */
export function chainPairs(memory: ChainMemory, lengths: ChainLengths, slices: number, places: Places): void {
  const { floats, integers } = memory;
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const [lattice, tags, transitions, pairs] = ['lattice', 'tags', 'transitions', 'pairs'].map((name) => placeOf(places, name)) as [number, number, number, number]; // prettier-ignore
  const sums = new Float64Array(K * K);
  const exponentials = Float64Array.from(floats.subarray(transitions, transitions + K * K), Math.exp);
  const ends = new Float64Array(K);
  for (let b = 0; b < sequences; b++) {
    const count = at(floats, lattice + parts.count + b);
    for (let n = 1; n < count; n++) {
      const row = b * positions + n;
      const before = lattice + (row - 1) * K;
      const after = lattice + parts.backward + row * K;
      const pairSum = at(floats, lattice + parts.pairSum + row);
      let [topBefore, topAfter] = [-Infinity, -Infinity];
      for (let k = 0; k < K; k++) {
        topBefore = Math.max(topBefore, at(floats, before + k));
        topAfter = Math.max(topAfter, at(floats, after + k));
      }
      const factor = Math.exp(topBefore + topAfter - pairSum);
      const isExact = isUsable(factor);
      for (let k = 0; k < K; k++) ends[k] = Math.exp(at(floats, after + k) - topAfter);
      for (let i = 0; i < K; i++) {
        const own = at(floats, before + i) - pairSum;
        const first = factor * Math.exp(at(floats, before + i) - topBefore);
        for (let j = 0; j < K; j++) {
          const product = first * at(exponentials, i * K + j) * at(ends, j);
          const probability =
            isExact && product < Infinity
              ? product
              : Math.exp(own + at(floats, transitions + i * K + j) + at(floats, after + j));
          sums[i * K + j] = at(sums, i * K + j) + probability;
        }
      }
      const [x, y] = [at(integers, tags + row - 1), at(integers, tags + row)];
      if (x >= 0 && y >= 0) sums[x * K + y] = at(sums, x * K + y) - 1;
      else takeAgreeingPairs(memory, lengths, places, row, sums);
    }
  }
  floats.fill(0, pairs, pairs + slices * K * K);
  floats.set(sums, pairs);
}

/** Gradients of transitions, and of start and end states where there are. */
export function chainWeightGradients(
  memory: ChainMemory,
  lengths: ChainLengths,
  places: Places,
  scale: GradientScale,
  accumulates: boolean,
): void {
  const { floats } = memory;
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const expectedOf = expectations(memory, lengths, places);
  const [lattice, pairs, transitions] = ['lattice', 'pairs', 'dTransitions'].map((name) => placeOf(places, name)) as [number, number, number]; // prettier-ignore
  const put = (place: number, value: number): void => {
    floats[place] = (accumulates ? at(floats, place) : 0) + value * scale;
  };
  for (let pair = 0; pair < K * K; pair++) put(transitions + pair, at(floats, pairs + pair));
  const { dStart, dEnd } = places;
  if (dStart === undefined || dEnd === undefined) return;
  for (let k = 0; k < K; k++) {
    let [atStart, atEnd] = [0, 0];
    for (let b = 0; b < sequences; b++) {
      const count = at(floats, lattice + parts.count + b);
      if (count === 0) continue;
      const first = b * positions;
      const last = first + count - 1;
      atStart += at(floats, lattice + parts.posterior + first * K + k) - expectedOf(first, k);
      atEnd += at(floats, lattice + parts.posterior + last * K + k) - expectedOf(last, k);
    }
    put(dStart + k, atStart);
    put(dEnd + k, atEnd);
  }
}

// Names the words of the memory that kernels in JavaScript read and write.

/** The words of the memory, and where each region of a launch begins. */
export interface ChainMemory {
  readonly floats: Float32Array;
  readonly integers: Int32Array;
}

export interface ChainLengths {
  readonly sequences: number;
  readonly positions: number;
  readonly tagCount: number;
}

/** First word of each region, by the name that the GPU's kernels use. */
export type Places = Readonly<Record<string, number>>;

/** A number that is there. */
export const at = (numbers: Float32Array | Int32Array | Float64Array, index: number): number =>
  numbers[index] as number;

export function placeOf(places: Places, name: string): number {
  const place = places[name];
  if (place === undefined) throw new Error(`a launch without ${name}`);
  return place;
}
