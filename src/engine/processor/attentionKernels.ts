// Emits attention on the processor, forward: block by block of queries, so that scratch is linear in the length.
import type { FunctionBody, FunctionHandle, Local, ModuleBuilder } from '../assembly/assembler.ts';
import { f32, f32x4, i32, i32x4, select, v128, type Value, type ValueType } from '../assembly/instructions.ts';
import type { ProductKernels } from './productKernels.ts';
import { callTile, TILE_ROWS } from './productTiles.ts';
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

/** Queries of a block. */
export const QUERY_BLOCK = 48;
/**
 * Words before the first and after the last score of a row. A row's positions are its keys shifted by the row's number, so tiles
 * of position scores reach up to fourteen words past either end.
 */
const MARGIN = 16;
export const MARGIN_BYTES = MARGIN * 4;

export const words = (count: Value): Value => i32.shl(count, i32.const(2));
export const rounded = (count: Value, unit: number): Value =>
  i32.and(i32.add(count, i32.const(unit - 1)), i32.const(-unit));

const PARAMETERS = {
  sequences: 'i32',
  pieces: 'i32',
  heads: 'i32',
  headSize: 'i32',
  qkv: 'i32',
  /** Bytes between queries, keys and values. */
  qkvStride: 'i32',
  segments: 'i32',
  counts: 'i32',
  position: 'i32',
  biases: 'i32',
  /** Bytes between biases. */
  biasStride: 'i32',
  scale: 'f32',
  keyAt: 'i32',
  threshold: 'i32',
  keepScale: 'f32',
  window: 'i32',
  context: 'i32',
  logSumExp: 'i32',
} as const satisfies Record<string, ValueType>;

/** Names of the numbers that both directions of attention take after `from` and `to`, in order. */
export const ATTENTION_NUMBERS = Object.keys(PARAMETERS) as readonly (keyof typeof PARAMETERS)[];
export const ATTENTION_TYPES: readonly ValueType[] = Object.values(PARAMETERS);
export type AttentionNumbers = Readonly<Record<keyof typeof PARAMETERS, Local>>;

export function attentionNumbers(locals: readonly Local[]): AttentionNumbers {
  return Object.fromEntries(ATTENTION_NUMBERS.map((name, at) => [name, locals[at] as Local])) as AttentionNumbers;
}

/** Lengths in bytes that addresses are made of. */
export interface Spacing {
  /** A row of queries, keys, values or context. */
  readonly row: Local;
  /** A head's part of a row. */
  readonly head: Local;
  /** A panel of eight columns with the head's size as its inner length. */
  readonly panel: Local;
  /** A row of scores with its margins. */
  readonly scores: Local;
}

export function spacingOf(f: FunctionBody, { pieces, heads, headSize }: AttentionNumbers): Spacing {
  const head = f.keep(words(headSize));
  return {
    head,
    row: f.keep(i32.mul(heads, head)),
    panel: f.keep(i32.shl(headSize, i32.const(5))),
    scores: f.keep(words(i32.add(rounded(pieces, 8), i32.const(2 * MARGIN)))),
  };
}

/** Gives out the scratch memory of a kernel, one part after another. */
export function scratchParts(f: FunctionBody, scratch: Local): (bytes: Value) => Local {
  const next = f.keep(scratch);
  return (bytes) => {
    const part = f.keep(next);
    f.advance(next, rounded(bytes, 64));
    return part;
  };
}

/** Bytes of scratch that attention needs, backward, the larger one. */
export function attentionScratchBytes(pieces: number, headSize: number): number {
  const up = (count: number): number => Math.ceil(count / 8) * 8;
  const panels = 4 * up(2 * pieces) * up(headSize) + 3 * up(pieces) * up(headSize);
  const blocks = QUERY_BLOCK * (7 * up(headSize) + 2 * (up(pieces) + 2 * MARGIN));
  return 4 * (panels + blocks + 6 * up(headSize) + 4 * QUERY_BLOCK + 1024);
}

/** out [rows, h] = x + bias, rows of x `row` bytes apart. */
export function writeBiased(
  f: FunctionBody,
  rows: Value,
  x: Value,
  { row, head }: Spacing,
  bias: Value | null,
  out: Value,
): void {
  const [n, c] = [f.variable('i32'), f.variable('i32')];
  const [from, to] = [f.keep(x), f.keep(out)];
  const biasAt = bias === null ? null : f.keep(bias);
  const count = f.keep(rows);
  f.loop(n, i32.const(0), count, 1, () => {
    f.loop(c, i32.const(0), head, 16, () => {
      const value = v128.load(i32.add(from, c));
      f.store(i32.add(to, c), biasAt === null ? value : f32x4.add(value, v128.load(i32.add(biasAt, c))));
    });
    f.advance(from, row);
    f.advance(to, head);
  });
}

/** Adds the position scores of a block's queries to their scores: tile by tile, each only the positions that its rows reach. */
export function addPositionScores(
  f: FunctionBody,
  { tileOfRows }: ProductKernels,
  { pieces, headSize }: AttentionNumbers,
  { head, scores }: Spacing,
  at: {
    readonly first: Value;
    readonly rows: Value;
    readonly keys: Value;
    readonly biased: Value;
    readonly panels: Value;
    readonly out: Value;
  },
): void {
  const [row, p, distance, end] = [f.variable('i32'), f.variable('i32'), f.variable('i32'), f.variable('i32')];
  const [rows, keys, panels] = [f.keep(at.rows), f.keep(at.keys), f.keep(at.panels)];
  const skewed = f.keep(i32.add(scores, i32.const(4)));
  f.loop(row, i32.const(0), rows, TILE_ROWS, () => {
    // The first row's position 0: the key as far before the query as there are pieces.
    f.set(distance, i32.sub(pieces, i32.add(at.first, row)));
    f.set(end, i32.add(distance, keys));
    const before = i32.const(TILE_ROWS - 1);
    const start = select(i32.sub(distance, before), i32.const(0), i32.less(before, distance));
    f.loop(p, i32.and(start, i32.const(-8)), end, 8, () => {
      callTile(
        f,
        tileOfRows,
        i32.add(at.biased, i32.mul(row, head)),
        head,
        i32.add(panels, i32.mul(p, head)),
        headSize,
        i32.add(i32.add(at.out, i32.mul(row, scores)), words(i32.sub(p, distance))),
        skewed,
        i32.const(1),
        i32.sub(rows, row),
        i32.const(8),
      );
    });
  });
}

/** The two segment scores of a query, (q + s)·e for the same segment and for another. */
export function segmentScores(
  f: FunctionBody,
  math: VectorMath,
  query: Local,
  bias: Local,
  embedding: Local,
  { head, row }: Spacing,
) {
  const [same, other, c] = [f.variable('v128'), f.variable('v128'), f.variable('i32')];
  f.set(same, f32x4.const(0));
  f.set(other, f32x4.const(0));
  f.loop(c, i32.const(0), head, 16, () => {
    const met = f.keep(f32x4.add(v128.load(i32.add(query, c)), v128.load(i32.add(bias, c))));
    const own = i32.add(embedding, c);
    f.set(same, math.multiplyAdd(met, v128.load(own), same));
    f.set(other, math.multiplyAdd(met, v128.load(i32.add(own, row)), other));
  });
  return { same: f.keep(f32x4.splat(laneSum(f, same))), other: f.keep(f32x4.splat(laneSum(f, other))) };
}

export interface HeadPlace {
  readonly b: Local;
  readonly head: Local;
  /** Pieces of the sequence that are no padding. */
  readonly keys: Local;
  /** Bytes from the start of a matrix [B*T, H*h] to the head's part of the sequence's first row. */
  readonly offset: Local;
  readonly segments: Local;
}

/** Scaled scores of four keys with their segments' share; `j` counts keys. */
export function scaledScores(
  row: Local,
  j: Local,
  scale: Local,
  segment: { readonly same: Local; readonly other: Local; readonly own: Local; readonly ids: Local } | null,
): Value {
  const score = v128.load(i32.add(row, words(j)));
  if (segment === null) return f32x4.mul(score, scale);
  const isSame = i32x4.eq(segment.own, v128.load(i32.add(segment.ids, words(j))));
  return f32x4.mul(f32x4.add(score, v128.bitselect(segment.same, segment.other, isSame)), scale);
}

/** The keys that a query attends to, from the first to before the last, as vectors; `isReached` of four keys. */
interface Reach {
  readonly first: Local;
  readonly end: Local;
}

export function reachOf(f: FunctionBody, { window }: AttentionNumbers, query: Value, keys: Local): Reach {
  const own = f.keep(query);
  const after = f.keep(i32.add(i32.add(own, window), i32.const(1)));
  const first = select(i32.sub(own, window), i32.const(0), i32.less(window, own));
  return {
    first: f.keep(i32x4.splat(first)),
    end: f.keep(i32x4.splat(select(after, keys, i32.less(after, keys)))),
  };
}

export function isReached(j: Local, { first, end }: Reach): Value {
  return v128.andNot(i32x4.less(elementsFrom(j), end), i32x4.less(elementsFrom(j), first));
}

export function zeroHeads(f: FunctionBody, from: Value, rows: Value, { row, head }: Spacing): void {
  const [n, c, at, count] = [f.variable('i32'), f.variable('i32'), f.keep(from), f.keep(rows)];
  f.loop(n, i32.const(0), count, 1, () => {
    f.loop(c, i32.const(0), head, 16, () => f.store(i32.add(at, c), f32x4.const(0)));
    f.advance(at, row);
  });
}

/**
 * Attention of heads `from` to `to`, numbered by head, then sequence. Padding queries get a context of 0: no gradient reaches them,
 * and nothing reads them.
 */
export function defineAttention(
  module: ModuleBuilder,
  math: VectorMath,
  products: ProductKernels,
  relative: boolean,
): FunctionHandle {
  const name = relative ? 'attention' : 'attentionAbsolute';
  const parameters: readonly ValueType[] = ['i32', 'i32', ...ATTENTION_TYPES, 'i32'];
  return module.define(name, parameters, null, (f, from, to, ...others) => {
    const given = attentionNumbers(others);
    const scratch = others.at(-1) as Local;
    const { sequences, pieces, heads, headSize, qkv, qkvStride } = given;
    const space = spacingOf(f, given);
    const part = scratchParts(f, scratch);
    const positions = part(i32.mul(rounded(i32.shl(pieces, i32.const(1)), 8), space.head));
    const keyPanels = part(i32.mul(rounded(pieces, 8), space.head));
    const valuePanels = part(i32.mul(words(rounded(headSize, 8)), pieces));
    const block = i32.const(QUERY_BLOCK);
    const [met, placed] = [part(i32.mul(block, space.head)), part(i32.mul(block, space.head))];
    const inverses = part(i32.const(QUERY_BLOCK * 4));
    const scores = f.keep(i32.add(part(i32.mul(block, space.scores)), i32.const(MARGIN_BYTES)));
    const drop = dropping(f, given.keyAt, given.threshold, given.keepScale);
    const scale = f.keep(f32x4.splat(given.scale));
    const [unit, head, b, keys, first, rows, row, j, c] = Array.from({ length: 9 }, () => f.variable('i32')) as [Local, Local, Local, Local, Local, Local, Local, Local, Local]; // prettier-ignore
    const packed = f.keep(i32.const(-1));
    f.loop(unit, from, to, 1, () => {
      f.set(head, i32.divide(unit, sequences));
      f.set(b, i32.remainder(unit, sequences));
      f.set(keys, i32.load(i32.add(given.counts, words(b))));
      const headAt = f.keep(i32.mul(head, space.head));
      const offset = f.keep(i32.add(i32.mul(i32.mul(b, pieces), space.row), headAt));
      const segments = f.keep(i32.add(given.segments, words(i32.mul(b, pieces))));
      if (relative) {
        f.when(i32.ne(head, packed), () => {
          const own = i32.add(given.position, headAt);
          f.call(
            products.packTransposed,
            own,
            space.row,
            headSize,
            i32.shl(pieces, i32.const(1)),
            positions,
            space.panel,
          );
          f.set(packed, head);
        });
      }
      const queries = f.keep(i32.add(qkv, offset));
      const keyRows = f.keep(i32.add(queries, qkvStride));
      f.call(products.packTransposed, keyRows, space.row, headSize, keys, keyPanels, space.panel);
      const valuePanel = f.keep(i32.shl(keys, i32.const(5)));
      f.call(products.packRows, i32.add(keyRows, qkvStride), space.row, keys, headSize, valuePanels, valuePanel);
      const bias = f.keep(i32.add(given.biases, headAt));
      f.loop(first, i32.const(0), keys, QUERY_BLOCK, () => {
        f.set(rows, select(i32.sub(keys, first), block, i32.less(i32.sub(keys, first), block)));
        const queryAt = f.keep(i32.add(queries, i32.mul(first, space.row)));
        writeBiased(f, rows, queryAt, space, relative ? bias : null, met);
        const wide = rounded(keys, 8);
        f.call(
          products.products,
          met,
          space.head,
          keyPanels,
          space.panel,
          headSize,
          rows,
          wide,
          scores,
          space.scores,
          i32.const(0),
        );
        if (relative) {
          writeBiased(f, rows, queryAt, space, i32.add(bias, given.biasStride), placed);
          addPositionScores(f, products, given, space, {
            first,
            rows,
            keys,
            biased: placed,
            panels: positions,
            out: scores,
          });
        }
        const keyCount = f.keep(i32x4.splat(keys));
        f.loop(row, i32.const(0), rows, 1, () => {
          const own = f.keep(i32.add(scores, i32.mul(row, space.scores)));
          const query = f.keep(i32.add(queryAt, i32.mul(row, space.row)));
          const index = f.keep(i32.add(i32.mul(i32.add(i32.mul(b, heads), head), pieces), i32.add(first, row)));
          const segment = relative
            ? {
                ...segmentScores(
                  f,
                  math,
                  query,
                  f.keep(i32.add(bias, i32.shl(given.biasStride, i32.const(1)))),
                  f.keep(i32.add(bias, i32.mul(given.biasStride, i32.const(3)))),
                  space,
                ),
                own: f.keep(v128.loadSplat(i32.add(segments, words(i32.add(first, row))))),
                ids: segments,
              }
            : null;
          const largest = f.keep(f32x4.const(-1e30));
          const reach = relative ? null : reachOf(f, given, i32.add(first, row), keys);
          f.loop(j, i32.const(0), keys, 4, () => {
            const seen = reach === null ? i32x4.less(elementsFrom(j), keyCount) : isReached(j, reach);
            const score = f.keep(v128.bitselect(scaledScores(own, j, scale, segment), f32x4.const(-1e30), seen));
            f.store(i32.add(own, words(j)), score);
            f.set(largest, f32x4.greaterOf(largest, score));
          });
          const most = f.keep(laneMaximum(f, largest));
          f.set(largest, f32x4.splat(most));
          const total = f.keep(f32x4.const(0));
          const element = f.keep(i32.mul(index, pieces));
          const place = f.keep(own);
          const weights = (drops: boolean): void =>
            f.loop(j, i32.const(0), keys, 4, () => {
              const weight = exponential(f, math, f32x4.sub(v128.load(place), largest));
              f.set(total, f32x4.add(total, weight));
              const factors = drops ? dropFactors(f, drop, elementsFrom(i32.add(element, j))) : null;
              f.store(place, factors === null ? weight : f32x4.mul(weight, factors));
              f.advance(place, 16);
            });
          // A separate loop without dropout: newer V8 runs short of registers where one does both.
          f.when(given.threshold, () => weights(true), () => weights(false)); // prettier-ignore
          const sum = f.keep(laneSum(f, total));
          f.store(i32.add(inverses, words(row)), f32.div(f32.const(1), sum));
          const log = f32x4.lane(logarithm(f, math, f32x4.splat(sum)), 0);
          f.store(i32.add(given.logSumExp, words(index)), f32.add(most, log));
        });
        const contextAt = f.keep(i32.add(i32.add(given.context, offset), i32.mul(first, space.row)));
        f.call(
          products.products,
          scores,
          space.scores,
          valuePanels,
          valuePanel,
          keys,
          rows,
          headSize,
          contextAt,
          space.row,
          i32.const(0),
        );
        f.loop(row, i32.const(0), rows, 1, () => {
          const inverse = f.keep(v128.loadSplat(i32.add(inverses, words(row))));
          f.loop(c, i32.const(0), space.head, 16, () => {
            const at = f.keep(i32.add(contextAt, c));
            f.store(at, f32x4.mul(v128.load(at), inverse));
          });
          f.advance(contextAt, space.row);
        });
      });
      const rest = i32.add(i32.add(given.context, offset), i32.mul(keys, space.row));
      zeroHeads(f, rest, i32.sub(pieces, keys), space);
    });
    return null;
  });
}
