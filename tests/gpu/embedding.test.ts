// Proves that XLNet's and BERT's embeddings and the head's rows match the plain model forward and backward, with dropout, duplicates and padding.
import { describe, expect, it } from 'vitest';
import { aligned } from '../../src/engine/gpu/recorder.ts';
import {
  recordEmbedding,
  recordEmbeddingGradient,
  recordEmbeddingNorm,
  recordPositionGradient,
  recordSegmentGradient,
} from '../../src/engine/kernels/embedding.ts';
import { recordHeadRows, recordHeadRowsBackward } from '../../src/engine/kernels/headKernels.ts';
import { Rng } from '../../src/util/random.ts';
import { differingWords } from './support/differingWords.ts';
import { drawnNumbers } from './support/drawnNumbers.ts';
import { kernelState, LAYERS, plainMask } from './support/kernelState.ts';
import { runRecording } from './support/runRecording.ts';
import { worstGap } from './support/worstGap.ts';

interface TableCase {
  readonly rows: number;
  readonly hiddenSize: number;
  readonly vocabulary: number;
  readonly rate: number;
  /** Every nth row is padding; 0 for none. */
  readonly padding: number;
}

const tableCases: readonly TableCase[] = [
  { rows: 1, hiddenSize: 4, vocabulary: 3, rate: 0, padding: 0 },
  { rows: 3, hiddenSize: 36, vocabulary: 2, rate: 0.3, padding: 0 },
  { rows: 64, hiddenSize: 128, vocabulary: 40, rate: 0.1, padding: 3 },
  { rows: 513, hiddenSize: 36, vocabulary: 1, rate: 0, padding: 0 },
  { rows: 513, hiddenSize: 768, vocabulary: 700, rate: 0.1, padding: 5 },
  { rows: 64, hiddenSize: 1024, vocabulary: 9, rate: 0, padding: 2 },
];

function drawIds({ rows, vocabulary }: TableCase): Int32Array<ArrayBuffer> {
  const rng = Rng.seeded(4);
  return Int32Array.from({ length: rows }, () => rng.integer(vocabulary));
}

/** The real rows by ascending id, where each id begins, and the ids; an extra group would add the first row to id 0. */
function grouped(given: TableCase, pieceIds: Int32Array) {
  const { rows, padding } = given;
  const real = [...pieceIds.keys()].filter((row) => padding === 0 || row % padding !== padding - 1);
  const ids = [...new Set(real.map((row) => pieceIds[row] as number))].sort((left, right) => left - right);
  const groups = ids.map((id) => real.filter((row) => pieceIds[row] === id));
  const starts = [0];
  for (const members of groups) starts.push((starts.at(-1) as number) + members.length);
  const filled = (length: number, values: readonly number[], beyond = 0): Uint32Array<ArrayBuffer> => {
    const words = new Uint32Array(length).fill(beyond);
    words.set(values);
    return words;
  };
  return {
    real,
    order: filled(rows, groups.flat()),
    starts: filled(rows + 1, starts, rows),
    ids: filled(rows, ids),
    uniqueCount: Uint32Array.of(groups.length),
  };
}

describe.each(tableCases)('$rows rows of $hiddenSize, $vocabulary pieces, rate $rate', (given) => {
  const { rows, hiddenSize, vocabulary, rate } = given;
  const pieceIds = drawIds(given);
  const mask = plainMask(rows * hiddenSize, rate, -1, 'embedding');

  it('are the rows of the table, dropped as in the plain model', async () => {
    const table = drawnNumbers('table', vocabulary * hiddenSize);
    const { out } = await runRecording(
      { table, pieceIds, state: kernelState() },
      { out: rows * hiddenSize },
      (recorder, { table, pieceIds, state, out }) =>
        recordEmbedding(recorder, { rows, hiddenSize, rate }, { table, pieceIds, state }, { out }),
    );
    const expected = out.map((_, at) => {
      const id = pieceIds[Math.floor(at / hiddenSize)] as number;
      return (table[id * hiddenSize + (at % hiddenSize)] as number) * (mask[at] as number);
    });
    expect(worstGap(out, expected)).toBe(0);
  });

  it('add their gradients to the table, real rows alone, the same bits twice', async () => {
    const { real, ...lists } = grouped(given, pieceIds);
    const before = drawnNumbers('before', vocabulary * hiddenSize);
    const dOut = drawnNumbers('dOut', rows * hiddenSize);
    const run = (): Promise<{ gradient: Float32Array<ArrayBuffer> }> =>
      runRecording(
        { dOut, ...lists, state: kernelState(), gradient: before },
        { gradient: before.length },
        (recorder, { gradient, ...inputs }) =>
          recordEmbeddingGradient(recorder, { rows, hiddenSize, rate }, inputs, { gradient }),
      );
    const { gradient } = await run();
    const expected = Float64Array.from(before);
    for (const row of real) {
      for (let column = 0; column < hiddenSize; column++) {
        const from = row * hiddenSize + column;
        const to = (pieceIds[row] as number) * hiddenSize + column;
        expected[to] = (expected[to] as number) + (dOut[from] as number) * (mask[from] as number);
      }
    }
    expect(worstGap(gradient, expected)).toBeLessThan(1e-6);
    const touched = new Set(real.map((row) => pieceIds[row]));
    const kept = (values: Float32Array): Float32Array<ArrayBuffer> =>
      values.filter((_, at) => !touched.has(Math.floor(at / hiddenSize))) as Float32Array<ArrayBuffer>;
    expect(differingWords(kept(gradient), kept(before))).toBe(0);
    expect(differingWords((await run()).gradient, gradient)).toBe(0);
  });
});

describe.each([
  { sequences: 1, pieces: 1, hiddenSize: 4, positions: 1, firstPosition: 0, segments: 1, rate: 0 },
  { sequences: 3, pieces: 7, hiddenSize: 36, positions: 9, firstPosition: 2, segments: 2, rate: 0.3 },
  // Longer than the number of positions, as padding may be.
  { sequences: 2, pieces: 48, hiddenSize: 36, positions: 40, firstPosition: 3, segments: 3, rate: 0 },
  { sequences: 4, pieces: 128, hiddenSize: 768, positions: 512, firstPosition: 0, segments: 2, rate: 0.1 },
])('embeddings of $sequences x $pieces, $hiddenSize wide, with positions and segments, rate $rate', (given) => {
  const { sequences, pieces, hiddenSize: d, positions, firstPosition, segments, rate } = given;
  const rows = sequences * pieces;
  const vocabulary = 20;
  const epsilon = 1e-5;
  const rng = Rng.seeded(6);
  const pieceIds = Int32Array.from({ length: rows }, () => rng.integer(vocabulary));
  const segmentIds = Int32Array.from({ length: rows }, () => rng.integer(segments));
  const positionOf = (row: number): number => Math.min(firstPosition + (row % pieces), positions - 1);

  it('are the sums of three rows, normed and then dropped', async () => {
    const words = drawnNumbers('words', vocabulary * d);
    const tables = [drawnNumbers('position', positions * d), drawnNumbers('segment', segments * d), drawnNumbers('scale', d, 0.2, 1), drawnNumbers('shift', d)] as const; // prettier-ignore
    const starts = tables.map((_, at) => tables.slice(0, at).reduce((end, { length }) => end + aligned(length), 0));
    const others = new Float32Array((starts[3] as number) + d);
    for (const [at, table] of tables.entries()) others.set(table, starts[at]);
    const found = await runRecording(
      { words, others, pieceIds, segmentIds, state: kernelState() },
      { y: rows * d, sum: rows * d, statistics: rows * 2 },
      (recorder, { y, sum, statistics, ...inputs }) =>
        recordEmbeddingNorm(recorder, { ...given, epsilon }, inputs, { y, sum, statistics }),
    );
    const mask = plainMask(rows * d, rate, -1, 'embedding');
    const [position, segment, scale, shift] = tables;
    const [sum, y] = [new Float64Array(rows * d), new Float64Array(rows * d)];
    for (let row = 0; row < rows; row++) {
      const own = Float64Array.from({ length: d }, (_, column) => {
        const from = (table: Float32Array, at: number): number => table[at * d + column] as number;
        return from(words, pieceIds[row] as number) + from(position, positionOf(row)) + from(segment, segmentIds[row] as number); // prettier-ignore
      });
      const mean = own.reduce((total, value) => total + value, 0) / d;
      const variance = own.reduce((total, value) => total + (value - mean) ** 2, 0) / d;
      for (const [column, value] of own.entries()) {
        const normed = (value - mean) / Math.sqrt(variance + epsilon);
        const at = row * d + column;
        sum[at] = value;
        y[at] = (normed * (scale[column] as number) + (shift[column] as number)) * (mask[at] as number);
      }
    }
    expect(worstGap(found.sum, sum)).toBeLessThan(1e-6);
    expect(worstGap(found.y, y)).toBeLessThan(1e-5);
  });

  it('add their gradients to the tables of positions and segments, the same bits twice', async () => {
    const dSum = drawnNumbers('dSum', rows * d);
    const before = {
      position: drawnNumbers('position', positions * d),
      segment: drawnNumbers('segment', segments * d),
    };
    const run = () =>
      runRecording(
        { dSum, segmentIds, ...before },
        { position: before.position.length, segment: before.segment.length },
        (recorder, { dSum, segmentIds, position, segment }) => {
          recordPositionGradient(recorder, given, { dSum }, { gradient: position });
          const shape = { rows, segments, hiddenSize: d };
          recordSegmentGradient(recorder, shape, { dSum, segmentIds }, { gradient: segment });
        },
      );
    const found = await run();
    const expected = { position: Float64Array.from(before.position), segment: Float64Array.from(before.segment) };
    for (let at = 0; at < rows * d; at++) {
      const [row, column] = [Math.floor(at / d), at % d];
      const add = (table: Float64Array, to: number): void => {
        table[to * d + column] = (table[to * d + column] as number) + (dSum[at] as number);
      };
      // Pieces beyond the last position are padding and have no gradient.
      if (firstPosition + (row % pieces) < positions) add(expected.position, firstPosition + (row % pieces));
      add(expected.segment, segmentIds[row] as number);
    }
    expect(worstGap(found.position, expected.position)).toBeLessThan(1e-6);
    expect(worstGap(found.segment, expected.segment)).toBeLessThan(2e-6);
    const again = await run();
    expect(differingWords(again.position, found.position)).toBe(0);
    expect(differingWords(again.segment, found.segment)).toBe(0);
  });
});

describe.each([
  { rows: 1, hiddenSize: 4, encoderRate: 0, headRate: 0, stride: 1 },
  { rows: 64, hiddenSize: 36, encoderRate: 0.1, headRate: 0.3, stride: 2 },
  { rows: 64, hiddenSize: 128, encoderRate: 0, headRate: 0.5, stride: 3 },
  { rows: 513, hiddenSize: 128, encoderRate: 0.2, headRate: 0, stride: 1 },
  { rows: 513, hiddenSize: 768, encoderRate: 0.1, headRate: 0.1, stride: 2 },
])('head rows, every $stride of $rows x $hiddenSize, rates $encoderRate and $headRate', (given) => {
  const { rows: R, hiddenSize, stride, encoderRate, headRate } = given;
  const length = R * hiddenSize;
  const shape = { hiddenSize, layers: LAYERS, encoderRate, headRate };
  const encoderMask = plainMask(length, encoderRate, LAYERS, 'encoderOutput');
  const headMask = plainMask(length, headRate, LAYERS, 'head');
  const mask = encoderMask.map((factor, at) => factor * (headMask[at] as number));
  // Visits pieces from last to first, to detect a kernel that ignores the lists.
  const pieces = Array.from({ length: R }, (_, row) => R - 1 - row).filter((row) => row % stride === 0);
  const rows = new Uint32Array(R);
  rows.set(pieces);
  const inverse = new Int32Array(R).fill(-1);
  for (const [position, row] of pieces.entries()) inverse[row] = position;

  it('take both masks at their piece row', async () => {
    const hidden = drawnNumbers('hidden', length);
    const { out } = await runRecording(
      { hidden, rows, state: kernelState() },
      { out: length },
      (recorder, { hidden, rows, state, out }) =>
        recordHeadRows(recorder, { ...shape, count: R }, { hidden, rows, state }, { out }),
    );
    const expected = out.map((_, at) => {
      const from = (rows[Math.floor(at / hiddenSize)] as number) * hiddenSize + (at % hiddenSize);
      return (hidden[from] as number) * (mask[from] as number);
    });
    expect(worstGap(out, expected)).toBeLessThan(3e-7);
    expect(out.map((value) => (value === 0 ? 1 : 0))).toEqual(expected.map((value) => (value === 0 ? 1 : 0)));
  });

  it('give every piece row its gradient, and 0 to those without a position', async () => {
    const dOut = drawnNumbers('dOut', length);
    const { dHidden } = await runRecording(
      { dOut, inverse, state: kernelState() },
      { dHidden: length },
      (recorder, { dOut, inverse, state, dHidden }) =>
        recordHeadRowsBackward(recorder, { ...shape, rows: R }, { dOut, inverse, state }, { dHidden }),
    );
    const expected = dHidden.map((_, at) => {
      const position = inverse[Math.floor(at / hiddenSize)] as number;
      if (position < 0) return 0;
      return (dOut[position * hiddenSize + (at % hiddenSize)] as number) * (mask[at] as number);
    });
    expect(worstGap(dHidden, expected)).toBeLessThan(3e-7);
  });
});
