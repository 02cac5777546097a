// Emits the gradients of attention on the processor: scores are computed again, block by block of queries.
import type { FunctionBody, FunctionHandle, Local, ModuleBuilder } from '../assembly/assembler.ts';
import { f32x4, i32, i32x4, select, v128, type Value, type ValueType } from '../assembly/instructions.ts';
import {
  addPositionScores,
  ATTENTION_TYPES,
  attentionNumbers,
  MARGIN_BYTES,
  QUERY_BLOCK,
  rounded,
  scaledScores,
  scratchParts,
  segmentScores,
  spacingOf,
  words,
  writeBiased,
  isReached,
  reachOf,
  zeroHeads,
  type AttentionNumbers,
  type Spacing,
} from './attentionKernels.ts';
import type { ProductKernels } from './productKernels.ts';
import { callTile, TILE_ROWS } from './productTiles.ts';
import { dropFactors, dropping, elementsFrom, exponential, laneSum, type VectorMath } from './vectorMath.ts';

const ZERO = i32.const(0);
const ONE = i32.const(1);

/** dkr of a block of queries: the gradients of scores, seen by position, times the queries; only where the two meet. */
function addPositionGradients(
  f: FunctionBody,
  { tileOfColumns }: ProductKernels,
  { pieces, headSize }: AttentionNumbers,
  { row: rowBytes, scores }: Spacing,
  at: {
    readonly first: Local;
    readonly rows: Local;
    readonly keys: Local;
    readonly dScores: Local;
    readonly panels: Local;
    readonly panelBytes: Local;
    readonly out: Value;
  },
): void {
  const [p, start, stop, column, panel, low] = Array.from({ length: 6 }, () => f.variable('i32')) as [Local, Local, Local, Local, Local, Local]; // prettier-ignore
  const { first, rows, keys } = at;
  const out = f.keep(at.out);
  const skewed = f.keep(i32.add(scores, i32.const(4)));
  // Positions of the block's first query begin here, those of its last `rows` - 1 earlier.
  const distance = f.keep(i32.sub(pieces, first));
  const earliest = f.keep(select(i32.sub(distance, rows), ZERO, i32.less(rows, distance)));
  f.loop(p, earliest, i32.add(distance, keys), TILE_ROWS, () => {
    // Of query i of the block, position p is key p - distance + i: from 0 for the tile's last row, to `keys` for its first.
    f.set(low, i32.add(p, i32.const(TILE_ROWS)));
    f.set(start, select(i32.sub(distance, low), ZERO, i32.less(low, distance)));
    f.set(stop, i32.sub(i32.add(distance, keys), p));
    f.set(stop, select(stop, rows, i32.less(stop, rows)));
    f.when(i32.less(start, stop), () => {
      f.set(panel, i32.add(at.panels, i32.shl(start, i32.const(5))));
      const origin = f.keep(i32.add(i32.add(at.dScores, i32.mul(start, skewed)), words(i32.sub(p, distance))));
      const left = f.keep(i32.sub(i32.shl(pieces, ONE), p));
      f.loop(column, ZERO, headSize, 8, () => {
        callTile(
          f,
          tileOfColumns,
          origin,
          skewed,
          panel,
          i32.sub(stop, start),
          i32.add(i32.add(out, i32.mul(p, rowBytes)), words(column)),
          rowBytes,
          ONE,
          left,
          i32.sub(headSize, column),
        );
        f.advance(panel, at.panelBytes);
      });
    });
  });
}

/** out [rows, h] = the gradients of scores, seen by position, times the position keys. */
function writePlacedGradients(
  f: FunctionBody,
  { tileOfRows }: ProductKernels,
  { pieces, headSize }: AttentionNumbers,
  { head, scores }: Spacing,
  at: {
    readonly first: Local;
    readonly rows: Local;
    readonly keys: Local;
    readonly dScores: Local;
    readonly panels: Local;
    readonly panelBytes: Local;
    readonly out: Local;
  },
): void {
  const [row, column, distance, start, panel] = Array.from({ length: 5 }, () => f.variable('i32')) as [Local, Local, Local, Local, Local]; // prettier-ignore
  const { first, rows, keys } = at;
  const skewed = f.keep(i32.add(scores, i32.const(4)));
  f.loop(row, ZERO, rows, TILE_ROWS, () => {
    f.set(distance, i32.sub(pieces, i32.add(first, row)));
    f.set(
      start,
      select(i32.sub(distance, i32.const(TILE_ROWS - 1)), ZERO, i32.less(i32.const(TILE_ROWS - 1), distance)),
    );
    f.set(panel, i32.add(at.panels, i32.shl(start, i32.const(5))));
    f.loop(column, ZERO, headSize, 8, () => {
      callTile(
        f,
        tileOfRows,
        i32.add(i32.add(at.dScores, i32.mul(row, scores)), words(i32.sub(start, distance))),
        skewed,
        panel,
        i32.sub(i32.add(distance, keys), start),
        i32.add(i32.add(at.out, i32.mul(row, head)), words(column)),
        head,
        ZERO,
        i32.sub(rows, row),
        i32.sub(headSize, column),
      );
      f.advance(panel, at.panelBytes);
    });
  });
}

/** Words between the sums of the five bias vectors in scratch, in bytes: `head`, rounded. */
interface BiasSums {
  readonly at: Local;
  readonly bytes: Local;
}

/** dq of a block from its parts, and what the block adds to the gradients of the head's biases. */
function assemble(
  f: FunctionBody,
  math: VectorMath,
  { row: rowBytes, head }: Spacing,
  at: {
    readonly rows: Local;
    readonly content: Local;
    readonly placed: Local;
    readonly segmentSums: Local;
    readonly queries: Local;
    readonly dQueries: Local;
    readonly segmentBias: Local;
    readonly embedding: Local;
    readonly sums: BiasSums;
  },
): void {
  const [row, c] = [f.variable('i32'), f.variable('i32')];
  f.loop(c, ZERO, head, 16, () => {
    const sumAt = f.keep(i32.add(at.sums.at, c));
    const totals = [0, 1, 2, 3, 4].map((which) => f.keep(v128.load(i32.add(sumAt, i32.mul(at.sums.bytes, i32.const(which)))))) as [Local, Local, Local, Local, Local]; // prettier-ignore
    const e = f.keep(i32.add(at.embedding, c));
    const [same, other] = [f.keep(v128.load(e)), f.keep(v128.load(i32.add(e, rowBytes)))];
    const bias = f.keep(v128.load(i32.add(at.segmentBias, c)));
    const query = f.keep(i32.add(at.queries, c));
    const out = f.keep(i32.add(at.dQueries, c));
    const own = f.keep(c);
    const segment = f.keep(at.segmentSums);
    f.loop(row, ZERO, at.rows, 1, () => {
      const [x, y] = [f.keep(v128.loadSplat(segment)), f.keep(v128.loadSplat(segment, 4))];
      const content = f.keep(v128.load(i32.add(at.content, own)));
      const placed = f.keep(v128.load(i32.add(at.placed, own)));
      const met = f.keep(f32x4.add(v128.load(query), bias));
      const through = f.keep(math.multiplyAdd(y, other, f32x4.mul(x, same)));
      f.store(out, f32x4.add(f32x4.add(content, placed), through));
      f.set(totals[0], f32x4.add(totals[0], content));
      f.set(totals[1], f32x4.add(totals[1], placed));
      f.set(totals[2], f32x4.add(totals[2], through));
      f.set(totals[3], math.multiplyAdd(x, met, totals[3]));
      f.set(totals[4], math.multiplyAdd(y, met, totals[4]));
      f.advance(query, rowBytes);
      f.advance(out, rowBytes);
      f.advance(own, head);
      f.advance(segment, 8);
    });
    for (const [which, total] of totals.entries()) {
      f.store(i32.add(sumAt, i32.mul(at.sums.bytes, i32.const(which))), total);
    }
  });
}

/**
 * Gradients of attention for heads `from` to `to`, each over all sequences in order. After the numbers of attention: dContext, dQkv,
 * dPosition, the gradients of the biases, and the word that says whether these are added.
 */
export function defineAttentionBackward(
  module: ModuleBuilder,
  math: VectorMath,
  products: ProductKernels,
  relative: boolean,
): FunctionHandle {
  const name = relative ? 'attentionBackward' : 'attentionBackwardAbsolute';
  const own = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
  const parameters: readonly ValueType[] = ['i32', 'i32', ...ATTENTION_TYPES, ...own, 'i32'];
  return module.define(name, parameters, null, (f, from, to, ...others) => {
    const given = attentionNumbers(others);
    const [dContext, dQkv, dPosition, dBiases, accumulate, scratch] = others.slice(ATTENTION_TYPES.length) as [Local, Local, Local, Local, Local, Local]; // prettier-ignore
    const { sequences, pieces, heads, headSize, qkv, qkvStride } = given;
    const space = spacingOf(f, given);
    const { row: rowBytes, head: headBytes, panel } = space;
    const part = scratchParts(f, scratch);
    const block = i32.const(QUERY_BLOCK);
    const across = f.keep(words(rounded(headSize, 8)));
    const twice = i32.shl(pieces, ONE);
    const positionPanels = part(i32.mul(rounded(twice, 8), headBytes));
    const positionRows = part(i32.mul(twice, across));
    const keyPanels = part(i32.mul(rounded(pieces, 8), headBytes));
    const valuePanels = part(i32.mul(rounded(pieces, 8), headBytes));
    const keyRows = part(i32.mul(pieces, across));
    const [met, placed, content, placedGradient] = [0, 1, 2, 3].map(() => part(i32.mul(block, headBytes))) as [Local, Local, Local, Local]; // prettier-ignore
    const [metRows, placedRows, contextRows] = [0, 1, 2].map(() => part(i32.mul(block, across))) as [Local, Local, Local]; // prettier-ignore
    const segmentSums = part(i32.const(QUERY_BLOCK * 8));
    const sums: BiasSums = {
      bytes: f.keep(rounded(headBytes, 64)),
      at: part(i32.mul(rounded(headBytes, 64), i32.const(5))),
    };
    const [scores, dScores] = [0, 1].map(() => f.keep(i32.add(part(i32.mul(block, space.scores)), i32.const(MARGIN_BYTES)))) as [Local, Local]; // prettier-ignore
    const drop = dropping(f, given.keyAt, given.threshold, given.keepScale);
    const scale = f.keep(f32x4.splat(given.scale));
    const [unit, b, first, rows, row, j, c] = Array.from({ length: 7 }, () => f.variable('i32')) as [Local, Local, Local, Local, Local, Local, Local]; // prettier-ignore
    const positionPanel = f.keep(i32.shl(twice, i32.const(5)));
    f.loop(unit, from, to, 1, () => {
      const headAt = f.keep(i32.mul(unit, headBytes));
      const bias = f.keep(i32.add(given.biases, headAt));
      const segmentBias = f.keep(i32.add(bias, i32.shl(given.biasStride, ONE)));
      const embedding = f.keep(i32.add(bias, i32.mul(given.biasStride, i32.const(3))));
      if (relative) {
        const ownPositions = f.keep(i32.add(given.position, headAt));
        f.call(products.packTransposed, ownPositions, rowBytes, headSize, twice, positionPanels, panel);
        f.call(products.packRows, ownPositions, rowBytes, twice, headSize, positionRows, positionPanel);
        zeroHeads(f, i32.add(dPosition, headAt), twice, space);
        f.loop(c, ZERO, i32.mul(sums.bytes, i32.const(5)), 16, () => f.store(i32.add(sums.at, c), f32x4.const(0)));
      }
      f.loop(b, ZERO, sequences, 1, () => {
        const keys = f.keep(i32.load(i32.add(given.counts, words(b))));
        const keyCount = f.keep(i32x4.splat(keys));
        const wide = f.keep(rounded(keys, 8));
        const offset = f.keep(i32.add(i32.mul(i32.mul(b, pieces), rowBytes), headAt));
        const segments = f.keep(i32.add(given.segments, words(i32.mul(b, pieces))));
        const queries = f.keep(i32.add(qkv, offset));
        const keysAt = f.keep(i32.add(queries, qkvStride));
        const dQueries = f.keep(i32.add(dQkv, offset));
        const dKeys = f.keep(i32.add(dQueries, qkvStride));
        const dValues = f.keep(i32.add(dKeys, qkvStride));
        const rest = f.keep(i32.mul(keys, rowBytes));
        for (const out of [dQueries, dKeys, dValues]) zeroHeads(f, i32.add(out, rest), i32.sub(pieces, keys), space);
        const keyPanel = f.keep(i32.shl(keys, i32.const(5)));
        f.call(products.packTransposed, keysAt, rowBytes, headSize, keys, keyPanels, panel);
        f.call(products.packTransposed, i32.add(keysAt, qkvStride), rowBytes, headSize, keys, valuePanels, panel);
        f.call(products.packRows, keysAt, rowBytes, keys, headSize, keyRows, keyPanel);
        f.loop(first, ZERO, keys, QUERY_BLOCK, () => {
          f.set(rows, select(i32.sub(keys, first), block, i32.less(i32.sub(keys, first), block)));
          const before = f.keep(i32.mul(first, rowBytes));
          const queryAt = f.keep(i32.add(queries, before));
          const contextAt = f.keep(i32.add(i32.add(given.context, offset), before));
          const dContextAt = f.keep(i32.add(i32.add(dContext, offset), before));
          const blockPanel = f.keep(i32.shl(rows, i32.const(5)));
          writeBiased(f, rows, queryAt, space, relative ? bias : null, met);
          f.call(products.packRows, met, headBytes, rows, headSize, metRows, blockPanel);
          f.call(products.packRows, dContextAt, rowBytes, rows, headSize, contextRows, blockPanel);
          f.call(products.products, met, headBytes, keyPanels, panel, headSize, rows, wide, scores, space.scores, ZERO);
          f.call(products.products, dContextAt, rowBytes, valuePanels, panel, headSize, rows, wide, dScores, space.scores, ZERO); // prettier-ignore
          if (relative) {
            writeBiased(f, rows, queryAt, space, i32.add(bias, given.biasStride), placed);
            f.call(products.packRows, placed, headBytes, rows, headSize, placedRows, blockPanel);
            addPositionScores(f, products, given, space, { first, rows, keys, biased: placed, panels: positionPanels, out: scores }); // prettier-ignore
          }
          f.loop(row, ZERO, rows, 1, () => {
            const at = f.keep(i32.mul(row, space.scores));
            const score = f.keep(i32.add(scores, at));
            const dScore = f.keep(i32.add(dScores, at));
            const ownRow = f.keep(i32.mul(row, rowBytes));
            const index = f.keep(i32.add(i32.mul(i32.add(i32.mul(b, heads), unit), pieces), i32.add(first, row)));
            const query = f.keep(i32.add(queryAt, ownRow));
            const segment = relative
              ? {
                  ...segmentScores(f, math, query, segmentBias, embedding, space),
                  own: f.keep(v128.loadSplat(i32.add(segments, words(i32.add(first, row))))),
                  ids: segments,
                }
              : null;
            const logSumExp = f.keep(v128.loadSplat(i32.add(given.logSumExp, words(index))));
            const delta = f.keep(f32x4.const(0));
            f.loop(c, ZERO, headBytes, 16, () => {
              const [left, right] = [i32.add(i32.add(contextAt, ownRow), c), i32.add(i32.add(dContextAt, ownRow), c)];
              f.set(delta, math.multiplyAdd(v128.load(left), v128.load(right), delta));
            });
            f.set(delta, f32x4.splat(laneSum(f, delta)));
            const element = f.keep(i32.mul(index, pieces));
            const [same, other] = [f.keep(f32x4.const(0)), f.keep(f32x4.const(0))];
            const reach = relative ? null : reachOf(f, given, i32.add(first, row), keys);
            f.loop(j, ZERO, keys, 4, () => {
              const place = f.keep(words(j));
              const seen = f.keep(reach === null ? i32x4.less(elementsFrom(j), keyCount) : isReached(j, reach));
              const exponent = f32x4.sub(scaledScores(score, j, scale, segment), logSumExp);
              const probability = f.keep(v128.and(exponential(f, math, exponent), seen));
              const weight = f.keep(probability);
              const dWeight = f.keep(v128.load(i32.add(dScore, place)));
              f.when(given.threshold, () => {
                const factor = dropFactors(f, drop, elementsFrom(i32.add(element, j)));
                f.set(weight, f32x4.mul(weight, factor));
                f.set(dWeight, f32x4.mul(dWeight, factor));
              });
              const change = f32x4.mul(f32x4.mul(probability, f32x4.sub(dWeight, delta)), scale);
              const gradient = f.keep(v128.and(change, seen));
              f.store(i32.add(score, place), weight);
              f.store(i32.add(dScore, place), gradient);
              if (segment === null) return;
              const isSame = f.keep(i32x4.eq(segment.own, v128.load(i32.add(segments, place))));
              f.set(same, f32x4.add(same, v128.and(gradient, isSame)));
              f.set(other, f32x4.add(other, v128.andNot(gradient, isSame)));
            });
            if (!relative) return;
            f.store(i32.add(segmentSums, i32.shl(row, i32.const(3))), laneSum(f, same));
            f.store(i32.add(segmentSums, i32.shl(row, i32.const(3))), laneSum(f, other), 4);
            // Tiles by position reach past both ends of the row.
            const end = f.keep(i32.add(dScore, words(rounded(keys, 4))));
            for (let at = 0; at < MARGIN_BYTES; at += 16) {
              f.store(i32.sub(dScore, i32.const(MARGIN_BYTES)), f32x4.const(0), at);
              f.store(end, f32x4.const(0), at);
            }
          });
          const adds = f.keep(first);
          const step = i32.const(TILE_ROWS * 4);
          f.call(products.productsOfColumns, scores, space.scores, contextRows, blockPanel, rows, keys, headSize, dValues, rowBytes, adds, step); // prettier-ignore
          f.call(products.productsOfColumns, dScores, space.scores, metRows, blockPanel, rows, keys, headSize, dKeys, rowBytes, adds, step); // prettier-ignore
          if (!relative) {
            const out = i32.add(dQueries, before);
            f.call(
              products.products,
              dScores,
              space.scores,
              keyRows,
              keyPanel,
              keys,
              rows,
              headSize,
              out,
              rowBytes,
              ZERO,
            );
            return;
          }
          f.call(products.products, dScores, space.scores, keyRows, keyPanel, keys, rows, headSize, content, headBytes, ZERO); // prettier-ignore
          const shared = { first, rows, keys, dScores };
          writePlacedGradients(f, products, given, space, { ...shared, panels: positionRows, panelBytes: positionPanel, out: placedGradient }); // prettier-ignore
          addPositionGradients(f, products, given, space, { ...shared, panels: placedRows, panelBytes: blockPanel, out: i32.add(dPosition, headAt) }); // prettier-ignore
          assemble(f, math, space, {
            rows,
            content,
            placed: placedGradient,
            segmentSums,
            queries: queryAt,
            dQueries: f.keep(i32.add(dQueries, before)),
            segmentBias,
            embedding,
            sums,
          });
        });
      });
      if (!relative) return;
      const places = [0, 1, 2, 3, 3].map((strides, which) => {
        const own = i32.add(i32.add(dBiases, headAt), i32.mul(given.biasStride, i32.const(strides)));
        return f.keep(which === 4 ? i32.add(own, rowBytes) : own);
      });
      for (const [which, place] of places.entries()) {
        f.loop(c, ZERO, headBytes, 16, () => {
          const at = f.keep(i32.add(place, c));
          const sum = f.keep(v128.load(i32.add(i32.add(sums.at, i32.mul(sums.bytes, i32.const(which))), c)));
          f.when(i32.load(accumulate), () => f.set(sum, f32x4.add(sum, v128.load(at))));
          f.store(at, sum);
        });
      }
    });
    return null;
  });
}
