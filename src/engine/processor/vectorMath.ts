// Functions of four numbers at a time (exponential, logarithm, dropout's hash, multiply-add), and sums over rows by blocks of columns.
import type { FunctionBody, Local } from '../assembly/assembler.ts';
import { f32, f32x4, i32, i32x4, v128, type Value } from '../assembly/instructions.ts';

export interface VectorMath {
  /** left * right + sum, rounded once where the module is relaxed, else twice. */
  multiplyAdd(left: Value, right: Value, sum: Value): Value;
}

export function vectorMath(relaxed: boolean): VectorMath {
  return {
    multiplyAdd: (left, right, sum) =>
      relaxed ? f32x4.relaxedMultiplyAdd(left, right, sum) : f32x4.add(f32x4.mul(left, right), sum),
  };
}

/** Sum of the four lanes: (0 + 2) + (1 + 3). */
export function laneSum(f: FunctionBody, value: Value): Value {
  const whole = f.keep(value);
  const halves = f.keep(f32x4.add(whole, v128.shuffle(whole, whole, [2, 3, 2, 3])));
  return f32.add(f32x4.lane(halves, 0), f32x4.lane(halves, 1));
}

export function laneMaximum(f: FunctionBody, value: Value): Value {
  const whole = f.keep(value);
  const halves = f.keep(f32x4.greaterOf(whole, v128.shuffle(whole, whole, [2, 3, 2, 3])));
  return f32.max(f32x4.lane(halves, 0), f32x4.lane(halves, 1));
}

const repeated = (word: number): Value => i32x4.const(word, word, word, word);

/** A polynomial in x, its coefficients from the highest power down. */
function polynomial({ multiplyAdd }: VectorMath, [first = 0, ...others]: readonly number[], x: Local): Value {
  return others.reduce<Value>((sum, term) => multiplyAdd(sum, x, f32x4.const(term)), f32x4.const(first));
}

/** 2^r on [-½, ½] within 2e-9, highest power first. */
const POWER = [1.534581202e-4, 1.339993122e-3, 9.618488957e-3, 5.550328777e-2, 2.402264689e-1, 6.931472057e-1, 1];

/**
 * exp as 2^y, y = x / ln 2: the exponent of the nearest whole number, times a polynomial of the rest. Clamped to the range of normal numbers.
 * Within (2 + |x|) 1e-7 of the value: x / ln 2 is rounded.
 */
export function exponential(f: FunctionBody, math: VectorMath, x: Value): Local {
  const y = f32x4.mul(x, f32x4.const(Math.LOG2E));
  const near = f.keep(f32x4.smaller(f32x4.greaterOf(y, f32x4.const(-126)), f32x4.const(127)));
  const n = f.keep(f32x4.nearest(near));
  const r = f.keep(f32x4.sub(near, n));
  const value = polynomial(math, POWER, r);
  const power = i32x4.shl(i32x4.add(i32x4.fromFloats(n), repeated(127)), i32.const(23));
  return f.keep(f32x4.mul(value, power));
}

const LOGARITHM = [7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1]; // prettier-ignore

/** Natural logarithm of normal numbers above 0, by Cephes' `logf`: that of the mantissa, from √½ to √2, by a polynomial. */
export function logarithm(f: FunctionBody, math: VectorMath, x: Value): Value {
  const { multiplyAdd } = math;
  const bits = f.keep(x);
  const mantissa = f.keep(v128.or(v128.and(bits, repeated(0x7fffff)), f32x4.const(1)));
  const isLarge = f.keep(f32x4.greater(mantissa, f32x4.const(Math.SQRT2)));
  const power = i32x4.sub(i32x4.shr(bits, i32.const(23)), repeated(127));
  // The mask is -1 where a lane is set.
  const n = f.keep(i32x4.toFloats(i32x4.sub(power, isLarge)));
  const near = v128.bitselect(f32x4.mul(mantissa, f32x4.const(0.5)), mantissa, isLarge);
  const r = f.keep(f32x4.sub(near, f32x4.const(1)));
  const square = f.keep(f32x4.mul(r, r));
  const series = polynomial(math, LOGARITHM, r);
  const small = multiplyAdd(n, f32x4.const(-2.1219444e-4), f32x4.mul(f32x4.mul(r, square), series));
  const rest = f.keep(multiplyAdd(square, f32x4.const(-0.5), small));
  return multiplyAdd(n, f32x4.const(0.693359375), f32x4.add(r, rest));
}

/** Beyond it, erf is 1 in f32. */
const ERROR_BOUND = 3.832506856900711;
const ERROR_NUMERATOR = [2.2905065861e-4, 3.4082910107e-3, 5.0955695062e-2, 1.8520832239976e-1, 1.128379143519084];
const ERROR_DENOMINATOR = [-1.1791602954e-7, 2.3547966471e-5, 1.0179625279e-3, 1.4070470171e-2, 1.1098505178e-1, 4.974692511e-1, 1]; // prettier-ignore

/** Coefficients of a polynomial in x² / 2, highest first, as those of one in x². */
const ofSquare = (terms: readonly number[]): readonly number[] =>
  terms.map((term, at) => term * 0.5 ** (terms.length - 1 - at));

/**
 * The standard normal distribution function (1 + erf(x / √2)) / 2, within 2e-7. erf is x times a quotient of polynomials in x², the approximation
 * of XLA; halves and roots are in the coefficients, as each more constant costs V8 a register.
 */
export function normalDistribution(f: FunctionBody, math: VectorMath, x: Value): Value {
  const bound = ERROR_BOUND * Math.SQRT2;
  const near = f.keep(f32x4.smaller(f32x4.greaterOf(x, f32x4.const(-bound)), f32x4.const(bound)));
  const square = f.keep(f32x4.mul(near, near));
  const halved = ofSquare(ERROR_NUMERATOR).map((term) => term * Math.SQRT1_2 * 0.5);
  const numerator = f32x4.mul(near, polynomial(math, halved, square));
  const quotient = f32x4.div(numerator, polynomial(math, ofSquare(ERROR_DENOMINATOR), square));
  return f32x4.add(f32x4.const(0.5), quotient);
}

/** 1 / (1 + exp(-x)), within (2 + |x|) 1e-7 of the value. */
export function logistic(f: FunctionBody, math: VectorMath, x: Value): Value {
  return f32x4.div(f32x4.const(1), f32x4.add(f32x4.const(1), exponential(f, math, f32x4.neg(x))));
}

/** Beyond it, tanh is 1 in f32. */
const TANGENT_BOUND = 7.90531110763549805;
const TANGENT_NUMERATOR = [-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3]; // prettier-ignore
const TANGENT_DENOMINATOR = [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3];

/** tanh by x times a quotient of polynomials in x², the approximation of Eigen, within 4e-7 of the value. */
export function hyperbolicTangent(f: FunctionBody, math: VectorMath, x: Value): Value {
  const near = f.keep(f32x4.smaller(f32x4.greaterOf(x, f32x4.const(-TANGENT_BOUND)), f32x4.const(TANGENT_BOUND)));
  const square = f.keep(f32x4.mul(near, near));
  const numerator = f32x4.mul(near, polynomial(math, TANGENT_NUMERATOR, square));
  return f32x4.div(numerator, polynomial(math, TANGENT_DENOMINATOR, square));
}

/**
 * `hash32` of `util/random` on four words. Its shift by (state >> 28) + 4 differs between lanes, which no instruction does: the
 * upper half of the product with 2^(28 - (state >> 28)) is the same, and that power is a float whose exponent is known.
 */
function hash(f: FunctionBody, word: Value): Local {
  const state = f.keep(i32x4.add(i32x4.mul(word, repeated(747796405)), repeated(2891336453)));
  const exponent = v128.and(i32x4.shr(state, i32.const(5)), repeated(0x07800000));
  const power = f.keep(i32x4.fromFloats(i32x4.sub(repeated(0x4d800000), exponent)));
  const shifted = v128.shuffle(i32x4.wideLow(state, power), i32x4.wideHigh(state, power), [1, 3, 5, 7]);
  const mixed = f.keep(i32x4.mul(v128.xor(shifted, state), repeated(277803737)));
  return f.keep(v128.xor(i32x4.shr(mixed, i32.const(22)), mixed));
}

/** A site's dropout, as kernels get it: its key, threshold and scale in all lanes. */
export interface Dropping {
  readonly key: Local;
  readonly threshold: Local;
  readonly scale: Local;
}

/** From the word of the state with the site's key, the threshold and the scale. */
export function dropping(f: FunctionBody, keyAt: Value, threshold: Value, scale: Value): Dropping {
  return {
    key: f.keep(v128.loadSplat(keyAt)),
    threshold: f.keep(i32x4.splat(threshold)),
    scale: f.keep(f32x4.splat(scale)),
  };
}

/** Factors, 0 or the scale, of four elements; the same as `dropped` in the GPU's kernels. */
export function dropFactors(f: FunctionBody, { key, threshold, scale }: Dropping, elements: Value): Local {
  const hashed = hash(f, v128.xor(key, hash(f, elements)));
  return f.keep(v128.andNot(scale, i32x4.less(hashed, threshold)));
}

/** The elements `first` to `first` + 3. */
export function elementsFrom(first: Value): Value {
  return i32x4.add(i32x4.splat(first), i32x4.const(0, 1, 2, 3));
}

// Emits sums over rows, a block of columns at a time.

/** Columns that a unit of sums over rows takes: a cache line of each row. */
export const COLUMN_BLOCK = 16;
const BLOCK_BYTES = 4 * COLUMN_BLOCK;

/**
 * For each block of columns of rows of `bytes` bytes from `from` to `to`: emits `sum` for the whole block, and for single vectors of four
 * where the last block is shorter. `column` is the first one's byte, `vectors` the vectors from there on.
 */
export function eachColumnBlock(
  f: FunctionBody,
  { unit, from, to, bytes }: Readonly<Record<'unit' | 'from' | 'to' | 'bytes', Local>>,
  sum: (column: Local, vectors: readonly number[]) => void,
): void {
  const [column, vector, end] = [f.variable('i32'), f.variable('i32'), f.keep(i32.and(bytes, i32.const(-16)))];
  f.loop(unit, from, to, 1, () => {
    f.set(column, i32.mul(unit, i32.const(BLOCK_BYTES)));
    f.when(
      i32.less(i32.add(column, i32.const(BLOCK_BYTES - 1)), bytes),
      () => sum(column, [0, 1, 2, 3]),
      () => f.loop(vector, column, end, 16, () => sum(vector, [0])),
    );
  });
}

/** Stores sums of vectors next to each other, or adds them to what is there. */
export function storeSums(f: FunctionBody, place: Local, sums: readonly Local[], accumulate: Value): void {
  for (const [index, sum] of sums.entries()) {
    f.when(i32.load(accumulate), () => f.set(sum, f32x4.add(sum, v128.load(place, 16 * index))));
    f.store(place, sum, 16 * index);
  }
}
