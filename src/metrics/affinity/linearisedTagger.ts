// Estimates what fine-tuning a tagger on some tasks would do to its loss: logistic regression on gradients projected to few dimensions.
import { LabError } from '../../util/labError.ts';
import { hash32, hashWords } from '../../util/random.ts';

/** A sequence at the weights of a snapshot. */
export interface SequenceGradient {
  /** Negative log-likelihood of its labels, at least 0. */
  readonly loss: number;
  /** Projected gradient [dimensions] of that loss. */
  readonly gradient: Float32Array;
}

/** A sequence in the linearised tagger: its margin is `margin + direction · w`, its loss log(1 + exp(-margin)). */
export interface LinearisedSequence {
  readonly margin: number;
  readonly direction: Float64Array;
}

/** A sequence of which training learns, and how much it counts. */
export interface WeightedSequence extends LinearisedSequence {
  readonly weight: number;
}

/** The float32 networks compute smaller losses from differences of larger numbers: what is below is noise. */
const LEAST_LOSS = 1e-3;

/**
 * Linearises the margin of a sequence, the log-odds log(p / (1 - p)) of the probability p that the tagger gives its labels, so that its loss is
 * exactly log(1 + exp(-margin)) as in the logistic regression of Grad-TAG (Li et al. 2024, arXiv 2409.06091), whose labels are binary; the same output
 * is linearised by TRAK (Park et al. 2023, section 3.3). Its gradient is that of the loss times -1 / (1 - p).
 */
export function linearised({ loss, gradient }: SequenceGradient): LinearisedSequence {
  const bounded = Math.max(LEAST_LOSS, loss);
  const factor = 1 / Math.expm1(-bounded);
  return { margin: -logExpm1(bounded), direction: Float64Array.from(gradient, (value) => value * factor) };
}

/** log(exp(x) - 1) without overflow. */
function logExpm1(x: number): number {
  return x + Math.log(-Math.expm1(-x));
}

/** log(1 + exp(-margin)). */
export function marginLoss(margin: number): number {
  return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
}

/** The probability of being wrong, 1 / (1 + exp(margin)). */
function sigmoid(value: number): number {
  return value >= 0 ? 1 / (1 + Math.exp(-value)) : 1 - 1 / (1 + Math.exp(value));
}

/** The loss of each sequence after the weights moved by `shift` [dimensions] of the projection. */
export function shiftedLosses(sequences: readonly LinearisedSequence[], shift: Float64Array): readonly number[] {
  return sequences.map(({ margin, direction }) => marginLoss(margin + innerProduct(direction, shift)));
}

/** Mean size of what such a shift adds to the margins. */
export function meanMarginChange(sequences: readonly LinearisedSequence[], shift: Float64Array): number {
  const sum = sequences.reduce((total, { direction }) => total + Math.abs(innerProduct(direction, shift)), 0);
  return sequences.length === 0 ? 0 : sum / sequences.length;
}

/** Mean curvature of the summed loss along a dimension, by which ridges are scaled. */
export function meanCurvature(sequences: readonly WeightedSequence[]): number {
  const [first] = sequences;
  if (first === undefined) return 0;
  const trace = sequences.reduce((sum, { margin, direction, weight }) => {
    const wrong = sigmoid(-margin);
    return sum + weight * wrong * (1 - wrong) * innerProduct(direction, direction);
  }, 0);
  return trace / first.direction.length;
}

const MOST_NEWTON_STEPS = 60;
const MOST_CONJUGATE_STEPS = 200;
/** Of the gradient's length at the start. */
const TOLERANCE = 1e-6;

/**
 * Returns the shift w [dimensions] that minimises sum weight log(1 + exp(-margin - direction · w)) + ridge / 2 |w|^2, which is convex for ridge > 0:
 * Newton's method, its steps by conjugate gradients and halved until the value falls enough (Armijo). Deterministic.
 */
export function fitShift(sequences: readonly WeightedSequence[], ridge: number, dimensions: number): Float64Array {
  let shift = new Float64Array(dimensions);
  let state = evaluated(sequences, ridge, shift);
  const enough = TOLERANCE * Math.sqrt(innerProduct(state.gradient, state.gradient));
  for (let step = 0; step < MOST_NEWTON_STEPS; step++) {
    if (Math.sqrt(innerProduct(state.gradient, state.gradient)) <= enough) break;
    const direction = newtonStep(sequences, ridge, state);
    const slope = innerProduct(state.gradient, direction);
    let size = 1;
    let moved = shift;
    let next = state;
    for (; size > 1e-10; size /= 2) {
      moved = shift.map((value, index) => value + size * (direction[index] as number));
      next = evaluated(sequences, ridge, moved);
      if (next.value <= state.value + 1e-4 * size * slope) break;
    }
    // Rounding leaves nothing to gain.
    if (!(next.value < state.value)) break;
    [shift, state] = [moved, next];
  }
  return shift;
}

interface FitState {
  readonly value: number;
  readonly gradient: Float64Array;
  /** Second derivative of each sequence's loss by its margin, weighted. */
  readonly curvatures: Float64Array;
}

function evaluated(sequences: readonly WeightedSequence[], ridge: number, shift: Float64Array): FitState {
  let value = (ridge / 2) * innerProduct(shift, shift);
  const gradient = shift.map((one) => ridge * one);
  const curvatures = new Float64Array(sequences.length);
  for (const [index, { margin, direction, weight }] of sequences.entries()) {
    const moved = margin + innerProduct(direction, shift);
    const wrong = sigmoid(-moved);
    value += weight * marginLoss(moved);
    curvatures[index] = weight * wrong * (1 - wrong);
    addScaled(gradient, direction, -weight * wrong);
  }
  return { value, gradient, curvatures };
}

/** Solves Hessian · step = -gradient by conjugate gradients. */
function newtonStep(
  sequences: readonly WeightedSequence[],
  ridge: number,
  { gradient, curvatures }: FitState,
): Float64Array {
  const step = new Float64Array(gradient.length);
  const residual = gradient.map((value) => -value);
  let direction = residual.slice();
  let square = innerProduct(residual, residual);
  const enough = square * 1e-8;
  for (let turn = 0; turn < MOST_CONJUGATE_STEPS && square > enough; turn++) {
    const curved = direction.map((value) => ridge * value);
    for (const [index, { direction: of }] of sequences.entries()) {
      addScaled(curved, of, (curvatures[index] as number) * innerProduct(of, direction));
    }
    const size = square / innerProduct(direction, curved);
    addScaled(step, direction, size);
    addScaled(residual, curved, -size);
    const next = innerProduct(residual, residual);
    direction = residual.map((value, index) => value + (next / square) * (direction[index] as number));
    square = next;
  }
  return step;
}

function addScaled(sum: Float64Array, values: Float64Array, factor: number): void {
  for (let index = 0; index < sum.length; index++) {
    sum[index] = (sum[index] as number) + factor * (values[index] as number);
  }
}

// Projects gradients to few dimensions with a sparse random matrix of a seed, so that their inner products survive.

/** Entries of each column of the matrix that are not zero. */
const ENTRIES = 2;
/** Bits of a hash for one entry: a sign, and the row within its block. */
const ENTRY_BITS = 16;

/**
 * The sparse Johnson-Lindenstrauss transform of Kane and Nelson (2014, "Sparser Johnson-Lindenstrauss transforms", the block construction) with two
 * entries a column: coordinate i goes, with random signs over sqrt(2), to one random row of each half. An inner product of projections is unbiased, with a
 * variance of at most (|x|^2 |y|^2 + (x y)^2) / dimensions, as that of the dense random signs of Grad-TAG, at a cost that does not depend on the
 * dimensions. The coordinates of all tensors are numbered in the order of their names, so that the projection depends on the seed and the names alone.
 */
export class GradientProjection {
  readonly dimensions: number;
  private readonly key: number;
  private readonly offsets: ReadonlyMap<string, number>;

  /** `sizes`: the number of values of each tensor. Throws LabError `affinity/dimensions` unless `dimensions` is even, from 2 to 4,096. */
  constructor(dimensions: number, seed: number, sizes: ReadonlyMap<string, number>) {
    if (!Number.isInteger(dimensions / ENTRIES) || dimensions < ENTRIES || dimensions > 4096) {
      throw new LabError('affinity/dimensions', 'Gradients cannot be projected to this number of dimensions.', {
        expected: 'an even number from 2 to 4096',
        got: String(dimensions),
      });
    }
    this.dimensions = dimensions;
    this.key = hashWords(seed >>> 0, dimensions);
    const offsets = new Map<string, number>();
    let next = 0;
    for (const name of [...sizes.keys()].sort()) {
      offsets.set(name, next);
      next += sizes.get(name) ?? 0;
    }
    this.offsets = offsets;
  }

  /** Returns the projection [dimensions] of all tensors together, summed in float64; values are divided by `scale` first. */
  project(tensors: Iterable<readonly [string, ArrayLike<number>]>, scale = 1): Float32Array<ArrayBuffer> {
    const sums = new Float64Array(this.dimensions);
    for (const [name, values] of tensors) {
      const offset = this.offsets.get(name);
      if (offset === undefined) throw new Error(`${name} is not among the tensors that are projected`);
      this.add(values, offset, sums);
    }
    const factor = 1 / (scale * Math.sqrt(ENTRIES));
    return Float32Array.from(sums, (sum) => sum * factor);
  }

  private add(values: ArrayLike<number>, offset: number, sums: Float64Array): void {
    const { key } = this;
    const block = this.dimensions / ENTRIES;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as number;
      // Most rows of an embedding have no gradient.
      if (value === 0) continue;
      const bits = hash32((key ^ (offset + index)) >>> 0);
      const low = (bits & 0x7fff) % block;
      const high = block + (((bits >>> ENTRY_BITS) & 0x7fff) % block);
      sums[low] = (sums[low] as number) + ((bits & 0x8000) === 0 ? value : -value);
      sums[high] = (sums[high] as number) + (bits >>> 31 === 0 ? value : -value);
    }
  }
}

/** The inner product of two vectors of one length. */
export function innerProduct(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index] as number) * (right[index] as number);
  return sum;
}
