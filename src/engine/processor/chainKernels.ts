// The kernels of single sequences on the processor, in JavaScript on the same memory: little work, in float64.

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

const at = (numbers: Float32Array | Int32Array | Float64Array, index: number): number => numbers[index] as number;

function placeOf(places: Places, name: string): number {
  const place = places[name];
  if (place === undefined) throw new Error(`a launch without ${name}`);
  return place;
}

/** Offsets of the parts of a lattice, as in `latticeCode`. */
function latticeParts({ sequences, positions, tagCount }: ChainLengths) {
  const part = sequences * positions * tagCount;
  return { backward: part, posterior: 2 * part, pairSum: 3 * part, count: 3 * part + sequences * positions };
}

const countOf = (given: number, positions: number): number => Math.min(Math.max(given, 0), positions);

/** Exponentials of transitions, and a row of others, so that a position needs an exponential for each tag, not for each pair. */
interface ChainWeights {
  /** [to, origin] */
  readonly logs: Float64Array;
  readonly exponentials: Float64Array;
  readonly row: Float64Array;
}

function chainWeights(logs: Float64Array): ChainWeights {
  return { logs, exponentials: logs.map(Math.exp), row: new Float64Array(Math.sqrt(logs.length)) };
}

/** Whether no term that matters was lost below the least number or above the largest; else logarithms are added up. */
const isUsable = (sum: number): boolean => sum > 1e-280 && sum < 1e280;

/** Logarithm of the sum over origins of exp(before + weights to `to`). */
function logSum(before: Float64Array, logs: Float64Array, to: number): number {
  const K = before.length;
  const row = to * K;
  let best = -Infinity;
  for (let origin = 0; origin < K; origin++) best = Math.max(best, at(before, origin) + at(logs, row + origin));
  let sum = 0;
  for (let origin = 0; origin < K; origin++) sum += Math.exp(at(before, origin) + at(logs, row + origin) - best);
  return best + Math.log(sum);
}

/** A row of a lattice from the one before, relative to that row's largest value, plus its emissions from word `emissions` on. */
function nextRow(
  before: Float64Array,
  next: Float64Array,
  { logs, exponentials, row }: ChainWeights,
  floats: Float32Array,
  emissions: number,
): void {
  const K = before.length;
  let top = -Infinity;
  for (let origin = 0; origin < K; origin++) top = Math.max(top, at(before, origin));
  for (let origin = 0; origin < K; origin++) row[origin] = Math.exp(at(before, origin) - top);
  for (let to = 0; to < K; to++) {
    let sum = 0;
    for (let origin = 0; origin < K; origin++) sum += at(row, origin) * at(exponentials, to * K + origin);
    next[to] = at(floats, emissions + to) + (isUsable(sum) ? Math.log(sum) : logSum(before, logs, to) - top);
  }
}

/** The lattice of a CRF and its losses: see `chainLattice`. */
export function chainLattice({ floats, integers }: ChainMemory, lengths: ChainLengths, places: Places): void {
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const [emissions, counts, transitions, lattice, tags, losses] = ['emissions', 'crfCounts', 'transitions', 'lattice', 'tags', 'losses'].map((name) => placeOf(places, name)) as [number, number, number, number, number, number]; // prettier-ignore
  const { start, end } = places;
  const weights = Float64Array.from(floats.subarray(transitions, transitions + K * K));
  const turned = weights.map((_, place) => at(weights, (place % K) * K + Math.floor(place / K)));
  const [onward, back] = [chainWeights(turned), chainWeights(weights)];
  const joints = new Float64Array(K);
  let [before, next] = [new Float64Array(K), new Float64Array(K)];
  for (let b = 0; b < sequences; b++) {
    const count = countOf(at(integers, counts + b), positions);
    const sequence = b * positions * K;
    for (const forward of [true, false]) {
      const ends = forward ? start : end;
      const out = lattice + (forward ? 0 : parts.backward);
      for (let step = 0; step < count; step++) {
        const row = sequence + (forward ? step : count - 1 - step) * K;
        if (step > 0) nextRow(before, next, forward ? onward : back, floats, emissions + row);
        else {
          for (let to = 0; to < K; to++) {
            next[to] = at(floats, emissions + row + to) + (ends === undefined ? 0 : at(floats, ends + to));
          }
        }
        floats.set(next, out + row);
        [before, next] = [next, before];
      }
    }
    let lost = 0;
    for (let n = 0; n < count; n++) {
      const row = sequence + n * K;
      const [forwards, backwards, own] = [lattice + row, lattice + parts.backward + row, emissions + row];
      let best = -Infinity;
      for (let k = 0; k < K; k++) {
        joints[k] = at(floats, forwards + k) + (at(floats, backwards + k) - at(floats, own + k));
        best = Math.max(best, at(joints, k));
      }
      let sum = 0;
      for (let k = 0; k < K; k++) sum += Math.exp(at(joints, k) - best);
      const z = best + Math.log(sum);
      for (let k = 0; k < K; k++) floats[lattice + parts.posterior + row + k] = Math.exp(at(joints, k) - z);
      const y = at(integers, tags + b * positions + n);
      if (n === 0) {
        lost += z - at(joints, y);
        continue;
      }
      const x = at(integers, tags + b * positions + n - 1);
      const previous = row - K;
      let [topForward, topBackward] = [-Infinity, -Infinity];
      for (let k = 0; k < K; k++) {
        topForward = Math.max(topForward, at(floats, lattice + previous + k));
        topBackward = Math.max(topBackward, at(floats, lattice + parts.backward + row + k));
      }
      floats[lattice + parts.pairSum + b * positions + n] = z + topForward;
      const reached =
        at(floats, lattice + parts.backward + previous + x) - at(floats, emissions + previous + x) + topBackward;
      lost += reached - at(weights, x * K + y) - at(floats, lattice + parts.backward + row + y);
    }
    floats[losses + b] = lost;
    floats[lattice + parts.count + b] = count;
  }
}

/** Factor of gradients: 1 / sequences of the step, times the scale of the loss. */
export type GradientScale = number;

/** Gradient of the emissions from the posteriors. */
export function chainEmissionGradient(
  { floats, integers }: ChainMemory,
  lengths: ChainLengths,
  places: Places,
  scale: GradientScale,
): void {
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const [lattice, tags, out] = ['lattice', 'tags', 'dEmissions'].map((name) => placeOf(places, name)) as [number, number, number]; // prettier-ignore
  for (let row = 0; row < sequences * positions; row++) {
    const isReal = row % positions < at(floats, lattice + parts.count + Math.floor(row / positions));
    const gold = isReal ? at(integers, tags + row) : -1;
    for (let k = 0; k < K; k++) {
      const posterior = isReal ? at(floats, lattice + parts.posterior + row * K + k) : 0;
      floats[out + row * K + k] = (posterior - (k === gold ? 1 : 0)) * scale;
    }
  }
}

/** Posteriors of pairs of tags minus the gold pairs, all in the first of the slices that the GPU would have. */
export function chainPairs(
  { floats, integers }: ChainMemory,
  lengths: ChainLengths,
  slices: number,
  places: Places,
): void {
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
      const gold = at(integers, tags + row - 1) * K + at(integers, tags + row);
      sums[gold] = at(sums, gold) - 1;
    }
  }
  floats.fill(0, pairs, pairs + slices * K * K);
  floats.set(sums, pairs);
}

/** Gradients of transitions, and of start and end states where there are. */
export function chainWeightGradients(
  { floats, integers }: ChainMemory,
  lengths: ChainLengths,
  places: Places,
  scale: GradientScale,
  accumulates: boolean,
): void {
  const { sequences, positions, tagCount: K } = lengths;
  const parts = latticeParts(lengths);
  const [lattice, tags, pairs, transitions] = ['lattice', 'tags', 'pairs', 'dTransitions'].map((name) => placeOf(places, name)) as [number, number, number, number]; // prettier-ignore
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
      atStart += at(floats, lattice + parts.posterior + first * K + k) - (at(integers, tags + first) === k ? 1 : 0);
      atEnd += at(floats, lattice + parts.posterior + last * K + k) - (at(integers, tags + last) === k ? 1 : 0);
    }
    put(dStart + k, atStart);
    put(dEnd + k, atEnd);
  }
}

/** Losses of the softmax head and the gradient of its emissions. */
export function softmaxLosses(
  { floats, integers }: ChainMemory,
  { sequences, positions, tagCount: K }: ChainLengths,
  places: Places,
  scale: GradientScale,
): void {
  const [emissions, tags, counts, losses, out] = ['emissions', 'tags', 'crfCounts', 'losses', 'dEmissions'].map((name) => placeOf(places, name)) as [number, number, number, number, number]; // prettier-ignore
  for (let b = 0; b < sequences; b++) {
    const count = at(integers, counts + b);
    let lost = 0;
    for (let n = 0; n < positions; n++) {
      const row = (b * positions + n) * K;
      if (n >= count) {
        floats.fill(0, out + row, out + row + K);
        continue;
      }
      const gold = at(integers, tags + b * positions + n);
      let best = -Infinity;
      for (let k = 0; k < K; k++) best = Math.max(best, at(floats, emissions + row + k));
      let sum = 0;
      for (let k = 0; k < K; k++) sum += Math.exp(at(floats, emissions + row + k) - best);
      lost += best - at(floats, emissions + row + gold) + Math.log(sum);
      for (let k = 0; k < K; k++) {
        const probability = Math.exp(at(floats, emissions + row + k) - best) / sum;
        floats[out + row + k] = (probability - (k === gold ? 1 : 0)) * scale;
      }
    }
    floats[losses + b] = lost;
  }
}

/** Tags with the largest emission, ties to the lower one. */
export function argmaxOfRows(
  { floats, integers }: ChainMemory,
  { sequences, positions, tagCount: K }: ChainLengths,
  places: Places,
): void {
  const [emissions, counts, tags] = ['emissions', 'crfCounts', 'tags'].map((name) => placeOf(places, name)) as [number, number, number]; // prettier-ignore
  for (let row = 0; row < sequences * positions; row++) {
    let tag = 0;
    if (row % positions < at(integers, counts + Math.floor(row / positions))) {
      for (let k = 1; k < K; k++) {
        if (at(floats, emissions + row * K + k) > at(floats, emissions + row * K + tag)) tag = k;
      }
    }
    integers[tags + row] = tag;
  }
}
