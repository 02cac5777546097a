// Emits attention to contents and distances apart on the processor: query by query, forward and backward.
import type { FunctionBody, Local, ModuleBuilder } from '../assembly/assembler.ts';
import { f32, f32x4, i32, v128, type Value, type ValueType } from '../assembly/instructions.ts';
import {
  ATTENTION_TYPES,
  attentionNumbers,
  scratchParts,
  words,
  zeroHeads,
  type AttentionNumbers,
} from './attentionKernels.ts';
import {
  dropFactors,
  dropping,
  elementsFrom,
  exponential,
  laneMaximum,
  laneSum,
  logarithm,
  type VectorMath,
} from './vectorMath.ts';

const ZERO = i32.const(0);
const PAST_END = -1e30;

/** Lengths in bytes. */
interface Lengths {
  readonly row: Local;
  readonly head: Local;
}

/** Addresses of one head of one sequence. */
interface HeadAt {
  readonly keys: Local;
  readonly queries: Local;
  readonly keysAt: Local;
  readonly valuesAt: Local;
  /** Queries and keys of distances, at distance T. */
  readonly distanceQueries: Local;
  readonly distanceKeys: Local;
  readonly offset: Local;
}

function headAt(
  f: FunctionBody,
  given: AttentionNumbers,
  { row, head: headBytes }: Lengths,
  b: Local,
  head: Local,
  distances: Local,
  distanceStride: Local,
): HeadAt {
  const column = f.keep(i32.mul(head, headBytes));
  const offset = f.keep(i32.add(i32.mul(i32.mul(b, given.pieces), row), column));
  const queries = f.keep(i32.add(given.qkv, offset));
  const keysAt = f.keep(i32.add(queries, given.qkvStride));
  const distanceQueries = f.keep(i32.add(distances, column));
  return {
    keys: f.keep(i32.load(i32.add(given.counts, words(b)))),
    offset,
    queries,
    keysAt,
    valuesAt: f.keep(i32.add(keysAt, given.qkvStride)),
    distanceQueries,
    distanceKeys: f.keep(i32.add(distanceQueries, distanceStride)),
  };
}

/** Bytes from distance T to that of query i and key 0. */
const distanceAt = (f: FunctionBody, { pieces }: AttentionNumbers, { row }: Lengths, i: Local): Local =>
  f.keep(i32.mul(i32.sub(pieces, i), row));

/** The sum over the columns of a head, as a number. */
function overColumns(f: FunctionBody, head: Local, term: (c: Local, sum: Local) => Value): Value {
  const [c, sum] = [f.variable('i32'), f.keep(f32x4.const(0))];
  f.loop(c, ZERO, head, 16, () => f.set(sum, term(c, sum)));
  return laneSum(f, sum);
}

/** Scaled scores of query i with all keys, then four that count as nothing. */
function writeScores(
  f: FunctionBody,
  { multiplyAdd }: VectorMath,
  given: AttentionNumbers,
  lengths: Lengths,
  at: HeadAt,
  i: Local,
  out: Local,
): void {
  const j = f.variable('i32');
  const query = f.keep(i32.add(at.queries, i32.mul(i, lengths.row)));
  const key = f.keep(at.keysAt);
  const first = distanceAt(f, given, lengths, i);
  const [ofQuery, ofKey] = [f.keep(i32.add(at.distanceQueries, first)), f.keep(i32.add(at.distanceKeys, first))];
  const place = f.keep(out);
  f.loop(j, ZERO, at.keys, 1, () => {
    const score = overColumns(f, lengths.head, (c, sum) => {
      const k = f.keep(v128.load(i32.add(key, c)));
      const content = f32x4.add(k, v128.load(i32.add(ofKey, c)));
      return multiplyAdd(k, v128.load(i32.add(ofQuery, c)), multiplyAdd(v128.load(i32.add(query, c)), content, sum));
    });
    f.store(place, f32.mul(score, given.scale));
    f.advance(place, 4);
    for (const pointer of [key, ofQuery, ofKey]) f.advance(pointer, lengths.row);
  });
  f.store(place, f32x4.const(PAST_END));
}

const OWN = ['i32', 'i32'] as const; // distances, bytes between their queries and keys

/** Attention of heads `from` to `to`, numbered by head, then sequence; padding queries get a context of 0. */
export function defineDisentangled(module: ModuleBuilder, math: VectorMath): void {
  const parameters: readonly ValueType[] = ['i32', 'i32', ...ATTENTION_TYPES, ...OWN, 'i32'];
  module.define('disentangledAttention', parameters, null, (f, from, to, ...others) => {
    const given = attentionNumbers(others);
    const [distances, distanceStride, scratch] = others.slice(ATTENTION_TYPES.length) as [Local, Local, Local];
    const { sequences, pieces, heads } = given;
    const headBytes = f.keep(words(given.headSize));
    const lengths = { head: headBytes, row: f.keep(i32.mul(heads, headBytes)) };
    const scores = scratchParts(f, scratch)(words(i32.add(pieces, i32.const(8))));
    const drop = dropping(f, given.keyAt, given.threshold, given.keepScale);
    const [unit, head, b, i, j, c] = Array.from({ length: 6 }, () => f.variable('i32')) as [Local, Local, Local, Local, Local, Local]; // prettier-ignore
    f.loop(unit, from, to, 1, () => {
      f.set(head, i32.divide(unit, sequences));
      f.set(b, i32.remainder(unit, sequences));
      const at = headAt(f, given, lengths, b, head, distances, distanceStride);
      const context = f.keep(i32.add(given.context, at.offset));
      f.loop(i, ZERO, at.keys, 1, () => {
        writeScores(f, math, given, lengths, at, i, scores);
        const largest = f.keep(f32x4.const(PAST_END));
        f.loop(j, ZERO, at.keys, 4, () => {
          f.set(largest, f32x4.greaterOf(largest, v128.load(i32.add(scores, words(j)))));
        });
        const most = f.keep(laneMaximum(f, largest));
        f.set(largest, f32x4.splat(most));
        const index = f.keep(i32.add(i32.mul(i32.add(i32.mul(b, heads), head), pieces), i));
        const element = f.keep(i32.mul(index, pieces));
        const total = f.keep(f32x4.const(0));
        f.loop(j, ZERO, at.keys, 4, () => {
          const place = f.keep(i32.add(scores, words(j)));
          const weight = exponential(f, math, f32x4.sub(v128.load(place), largest));
          f.set(total, f32x4.add(total, weight));
          f.when(given.threshold, () => {
            f.set(weight, f32x4.mul(weight, dropFactors(f, drop, elementsFrom(i32.add(element, j)))));
          });
          f.store(place, weight);
        });
        const sum = f.keep(laneSum(f, total));
        const inverse = f.keep(f32x4.splat(f32.div(f32.const(1), sum)));
        const log = f32x4.lane(logarithm(f, math, f32x4.splat(sum)), 0);
        f.store(i32.add(given.logSumExp, words(index)), f32.add(most, log));
        f.loop(c, ZERO, headBytes, 16, () => {
          const value = f.keep(i32.add(at.valuesAt, c));
          const whole = f.keep(f32x4.const(0));
          f.loop(j, ZERO, at.keys, 1, () => {
            const weight = v128.loadSplat(i32.add(scores, words(j)));
            f.set(whole, math.multiplyAdd(weight, v128.load(value), whole));
            f.advance(value, lengths.row);
          });
          f.store(i32.add(context, c), f32x4.mul(whole, inverse));
        });
        f.advance(context, lengths.row);
      });
      zeroHeads(f, context, i32.sub(pieces, at.keys), { ...lengths, panel: headBytes, scores: headBytes });
    });
    return null;
  });
}

/**
 * Gradients of attention for heads `from` to `to`, each over all sequences in order. After the numbers of attention: distances, the bytes
 * between their queries and keys, dContext, dQkv, dDistances.
 */
export function defineDisentangledBackward(module: ModuleBuilder, math: VectorMath): void {
  const parameters: readonly ValueType[] = ['i32', 'i32', ...ATTENTION_TYPES, ...OWN, 'i32', 'i32', 'i32', 'i32'];
  module.define('disentangledAttentionBackward', parameters, null, (f, from, to, ...others) => {
    const given = attentionNumbers(others);
    const [distances, distanceStride, dContext, dQkv, dDistances, scratch] = others.slice(ATTENTION_TYPES.length) as [Local, Local, Local, Local, Local, Local]; // prettier-ignore
    const { sequences, pieces, heads, qkvStride } = given;
    const headBytes = f.keep(words(given.headSize));
    const lengths = { head: headBytes, row: f.keep(i32.mul(heads, headBytes)) };
    const space = { ...lengths, panel: headBytes, scores: headBytes };
    const part = scratchParts(f, scratch);
    const [weights, gradients] = [0, 1].map(() => part(words(i32.add(pieces, i32.const(8))))) as [Local, Local];
    const drop = dropping(f, given.keyAt, given.threshold, given.keepScale);
    const [unit, b, i, j, c] = Array.from({ length: 5 }, () => f.variable('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    f.loop(unit, from, to, 1, () => {
      const column = f.keep(i32.mul(unit, headBytes));
      const dOfQuery = f.keep(i32.add(dDistances, column));
      const dOfKey = f.keep(i32.add(dOfQuery, distanceStride));
      for (const out of [dOfQuery, dOfKey]) zeroHeads(f, out, i32.shl(pieces, i32.const(1)), space);
      f.loop(b, ZERO, sequences, 1, () => {
        const at = headAt(f, given, lengths, b, unit, distances, distanceStride);
        const dQueries = f.keep(i32.add(dQkv, at.offset));
        const dKeys = f.keep(i32.add(dQueries, qkvStride));
        const dValues = f.keep(i32.add(dKeys, qkvStride));
        for (const out of [dQueries, dKeys, dValues]) zeroHeads(f, out, pieces, space);
        f.loop(i, ZERO, at.keys, 1, () => {
          writeScores(f, math, given, lengths, at, i, weights);
          const before = f.keep(i32.mul(i, lengths.row));
          const [context, dOut] = [given.context, dContext].map((base) => f.keep(i32.add(i32.add(base, at.offset), before))) as [Local, Local]; // prettier-ignore
          const product = (left: Local, right: Local): Value =>
            overColumns(f, headBytes, (column, sum) => math.multiplyAdd(v128.load(i32.add(left, column)), v128.load(i32.add(right, column)), sum)); // prettier-ignore
          const delta = f.keep(f32x4.splat(product(context, dOut)));
          const value = f.keep(at.valuesAt);
          const place = f.keep(gradients);
          f.loop(j, ZERO, at.keys, 1, () => {
            f.store(place, product(dOut, value));
            f.advance(place, 4);
            f.advance(value, lengths.row);
          });
          const index = f.keep(i32.add(i32.mul(i32.add(i32.mul(b, heads), unit), pieces), i));
          const element = f.keep(i32.mul(index, pieces));
          const logSumExp = f.keep(v128.loadSplat(i32.add(given.logSumExp, words(index))));
          const scale = f.keep(f32x4.splat(given.scale));
          f.loop(j, ZERO, at.keys, 4, () => {
            const [weightAt, gradientAt] = [f.keep(i32.add(weights, words(j))), f.keep(i32.add(gradients, words(j)))];
            const probability = exponential(f, math, f32x4.sub(v128.load(weightAt), logSumExp));
            const weight = f.keep(probability);
            const dWeight = f.keep(v128.load(gradientAt));
            f.when(given.threshold, () => {
              const factor = dropFactors(f, drop, elementsFrom(i32.add(element, j)));
              f.set(weight, f32x4.mul(weight, factor));
              f.set(dWeight, f32x4.mul(dWeight, factor));
            });
            f.store(weightAt, weight);
            f.store(gradientAt, f32x4.mul(f32x4.mul(probability, f32x4.sub(dWeight, delta)), scale));
          });
          const first = distanceAt(f, given, lengths, i);
          const [query, dQuery] = [at.queries, dQueries].map((base) => f.keep(i32.add(base, before))) as [Local, Local];
          const byKey = [at.keysAt, dKeys, dValues].map((base) => f.keep(base)) as [Local, Local, Local];
          const byDistance = [at.distanceQueries, at.distanceKeys, dOfQuery, dOfKey].map((base) => f.keep(i32.add(base, first))) as [Local, Local, Local, Local]; // prettier-ignore
          const [key, dKey, dValue] = byKey;
          const [ofQuery, ofKey, dQ, dK] = byDistance;
          f.loop(j, ZERO, at.keys, 1, () => {
            const weight = f.keep(v128.loadSplat(i32.add(weights, words(j))));
            const gradient = f.keep(v128.loadSplat(i32.add(gradients, words(j))));
            f.loop(c, ZERO, headBytes, 16, () => {
              const load = (base: Local): Value => v128.load(i32.add(base, c));
              const add = (base: Local, factor: Local, value: Value): void =>
                f.store(i32.add(base, c), math.multiplyAdd(factor, value, load(base)));
              const [q, k] = [f.keep(load(query)), f.keep(load(key))];
              add(dQuery, gradient, f32x4.add(k, load(ofKey)));
              add(dKey, gradient, f32x4.add(q, load(ofQuery)));
              add(dValue, weight, load(dOut));
              add(dQ, gradient, k);
              add(dK, gradient, q);
            });
            for (const pointer of [...byKey, ...byDistance]) f.advance(pointer, lengths.row);
          });
        });
      });
    });
    return null;
  });
}
