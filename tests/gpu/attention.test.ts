// Proves that attention with relative and with absolute terms and its gradients match their definitions in float64, for every kernel family.
import { describe, expect, it } from 'vitest';
import { aligned } from '../../src/engine/gpu/recorder.ts';
import { recordAttention, recordAttentionBackward } from '../../src/engine/kernels/attention/attention.ts';
import type { AttentionTerms } from '../../src/engine/kernels/attention/attentionScores.ts';
import {
  bruteForceAttention,
  bruteForceAttentionGradients,
  type AttentionOperands,
  type FloatAttention,
} from './support/bruteForceAttention.ts';
import { differingWords } from './support/differingWords.ts';
import { drawnNumbers } from './support/drawnNumbers.ts';
import { kernelState, plainMask } from './support/kernelState.ts';
import { runRecording } from './support/runRecording.ts';
import { worstGap } from './support/worstGap.ts';

const LAYER = 1;
const BEFORE = 3;
/** Largest error, in units of the largest magnitude expected, or of 0.1 if all must be smaller. */
const TOLERANCE = 3e-5;

const ways = [{ way: 'direct' }, { way: 'tiled' }] as const;
type Way = (typeof ways)[number];
const kinds = ['relative', 'absolute'] as const satisfies readonly AttentionTerms[];

interface AttentionCase {
  readonly counts: readonly number[];
  readonly pieces: number;
  readonly heads: number;
  readonly headSize: number;
  readonly rate: number;
  /** Standard deviation of queries and keys: the larger, the sharper the softmax. */
  readonly size?: number;
}

type Floats = Float32Array<ArrayBuffer>;

interface Drawn extends FloatAttention<Floats> {
  readonly terms: AttentionTerms;
  readonly segmentIds: Int32Array<ArrayBuffer>;
  readonly dContext: Floats;
}

const BIASES = ['contentBias', 'positionBias', 'segmentBias', 'segmentEmbedding'] as const;
const THREES = ['queries', 'keys', 'values'] as const;

/** Absolute terms are relative ones with all biases, positions and segments zero. */
function drawAttention(
  { counts, pieces, heads, headSize, rate, size = 1 }: AttentionCase,
  terms: AttentionTerms = 'relative',
): Drawn {
  const relative = terms === 'relative' ? 1 : 0;
  const width = heads * headSize;
  const length = counts.length * pieces * width;
  // Two segments, the last piece in a third, padding in a fourth.
  const segment = (t: number, count: number): number => {
    if (t >= count) return 4;
    if (t === count - 1) return 2;
    return t * 3 > count ? 1 : 0;
  };
  return {
    terms,
    sequences: counts.length,
    pieces,
    heads,
    headSize,
    counts,
    segmentIds: Int32Array.from({ length: counts.length * pieces }, (_, row) =>
      segment(row % pieces, counts[Math.floor(row / pieces)] as number),
    ),
    factors: plainMask(counts.length * heads * pieces * pieces, rate, LAYER, 'attention'),
    queries: drawnNumbers('queries', length, size),
    keys: drawnNumbers('keys', length, size),
    values: drawnNumbers('values', length),
    position: drawnNumbers('position', 2 * pieces * width, relative),
    contentBias: drawnNumbers('contentBias', width, 0.5 * relative),
    positionBias: drawnNumbers('positionBias', width, 0.5 * relative),
    segmentBias: drawnNumbers('segmentBias', width, 0.5 * relative),
    segmentEmbedding: drawnNumbers('segmentEmbedding', 2 * width, relative),
    dContext: drawnNumbers('dContext', length),
  };
}

/** Concatenates the parts, each beginning at a multiple of `stride` words. */
function joined(stride: number, parts: readonly Floats[]): Floats {
  const last = parts.at(-1) as Floats;
  const all = new Float32Array((parts.length - 1) * stride + last.length);
  for (const [place, part] of parts.entries()) all.set(part, place * stride);
  return all;
}

async function runAttention(
  { way }: Way,
  { rate }: AttentionCase,
  drawn: Drawn,
  { accumulate = false, frozen = false } = {},
) {
  const { sequences, pieces, heads, headSize, counts, segmentIds, position, dContext } = drawn;
  const length = dContext.length;
  const layoutWords = new Int32Array(aligned(segmentIds.length) + sequences);
  layoutWords.set(segmentIds);
  layoutWords.set(counts, aligned(segmentIds.length));
  const inputs = {
    qkv: joined(aligned(length), THREES.map((name) => drawn[name])), // prettier-ignore
    position,
    layoutWords,
    biases: joined(aligned(heads * headSize), BIASES.map((name) => drawn[name])), // prettier-ignore
    state: kernelState(accumulate),
    dContext,
  };
  const lengths = {
    context: length,
    logSumExp: sequences * heads * pieces,
    dQkv: inputs.qkv.length,
    dPosition: position.length,
    dBiases: inputs.biases.length,
  };
  return runRecording(
    inputs,
    lengths,
    (recorder, { dContext, context, logSumExp, dQkv, dPosition, dBiases, ...read }) => {
      const shape = { sequences, pieces, heads, headSize, layer: LAYER, rate };
      const { qkv, layoutWords, state, position, biases } = read;
      const isRelative = drawn.terms === 'relative';
      const inputs = { qkv, layoutWords, state, relative: isRelative ? { position, biases } : null };
      recordAttention(recorder, way, shape, inputs, { context, logSumExp });
      const relative = isRelative ? { position: dPosition, biases: frozen ? null : dBiases } : null;
      const gradients = { qkv: dQkv, relative };
      recordAttentionBackward(recorder, way, shape, inputs, { context, logSumExp }, dContext, gradients);
    },
    { fill: BEFORE },
  );
}

/** Returns each result by name, cut from the buffers that hold several. */
function named(drawn: Drawn, found: Awaited<ReturnType<typeof runAttention>>): Readonly<Record<string, Floats>> {
  const cut = (from: Floats, stride: number, names: readonly (keyof AttentionOperands)[]) =>
    Object.fromEntries(
      names.map((name, place) => [name, from.subarray(place * stride, place * stride + drawn[name].length)]),
    );
  const own = {
    context: found.context,
    logSumExp: found.logSumExp,
    ...cut(found.dQkv, aligned(drawn.queries.length), THREES),
  };
  if (drawn.terms === 'absolute') return own;
  return { ...own, position: found.dPosition, ...cut(found.dBiases, aligned(drawn.contentBias.length), BIASES) };
}

type Truth = Readonly<Record<string, Float64Array>>;

function truthOf(drawn: Drawn): Truth {
  return { ...bruteForceAttention(drawn), ...bruteForceAttentionGradients(drawn, drawn.dContext) };
}

/** Lists the results that are too far from the truth, with their errors. */
function errors(found: Readonly<Record<string, Floats>>, truth: Truth): Readonly<Record<string, number>> {
  const gaps = Object.entries(found).map(
    ([name, values]) => [name, worstGap(values, truth[name] as Float64Array, 0.1)] as const,
  );
  return Object.fromEntries(gaps.filter(([, gap]) => !(gap < TOLERANCE)));
}

const shapes: readonly Omit<AttentionCase, 'rate'>[] = [
  { counts: [1], pieces: 1, heads: 1, headSize: 4 },
  { counts: [2], pieces: 2, heads: 3, headSize: 4 },
  { counts: [1, 16], pieces: 16, heads: 2, headSize: 12 },
  { counts: [13, 7, 1, 12], pieces: 13, heads: 3, headSize: 4 },
  { counts: [33, 20], pieces: 33, heads: 2, headSize: 64 },
  { counts: [64], pieces: 67, heads: 2, headSize: 12 },
  { counts: [40, 40], pieces: 41, heads: 1, headSize: 12, size: 4 },
  // Enough heads for a workgroup of the tiles to process several sequences, and the last one fewer.
  { counts: [66, 40, 3], pieces: 66, heads: 26, headSize: 12 },
  { counts: [512], pieces: 512, heads: 1, headSize: 8 },
  { counts: [1000], pieces: 1024, heads: 1, headSize: 4 },
];
/** Absolute terms are tested with only one tiled head size: each takes seconds to compile, and they are parts of what relative ones run. */
const hasTerms = ({ headSize }: Omit<AttentionCase, 'rate'>, terms: AttentionTerms): boolean =>
  terms === 'relative' || headSize !== 12;
const cases = shapes.flatMap((shape) =>
  kinds
    .filter((terms) => hasTerms(shape, terms))
    .flatMap((terms) => [0, 0.3].map((rate) => ({ ...shape, rate, terms }))),
);

describe.each(cases)('$terms, $counts of $pieces pieces, $heads heads of $headSize, rate $rate', (given) => {
  let known: { readonly drawn: Drawn; readonly truth: Truth } | null = null;
  const expected = () => {
    if (known === null) {
      const drawn = drawAttention(given, given.terms);
      known = { drawn, truth: truthOf(drawn) };
    }
    return known;
  };

  // Each tiled head size takes seconds to compile: test one size with a single block of columns, and one with more.
  it.each(ways.filter(({ way }) => way === 'direct' || given.headSize >= 12))(
    'is right, and so is every gradient ($way)',
    async (way) => {
      const { drawn, truth } = expected();
      expect(errors(named(drawn, await runAttention(way, given, drawn)), truth)).toEqual({});
    },
  );
});

describe.each(ways)('$way', (way) => {
  const given: AttentionCase = { counts: [37, 21, 1], pieces: 37, heads: 3, headSize: 12, rate: 0.3 };
  const drawn = drawAttention(given);

  it('adds to the gradients of the biases where the state says so, and leaves what lies between them', async () => {
    const truth: Record<string, Float64Array> = { ...truthOf(drawn) };
    for (const name of BIASES) truth[name] = (truth[name] as Float64Array).map((value) => value + BEFORE);
    const found = await runAttention(way, given, drawn, { accumulate: true });
    expect(errors(named(drawn, found), truth)).toEqual({});
    const width = given.heads * given.headSize;
    const between = (at: number): boolean => at < 3 * aligned(width) && at % aligned(width) >= width;
    expect(found.dBiases.filter((_, at) => between(at)).every((value) => value === BEFORE)).toBe(true);
  });

  it('touches nothing of relative terms where they are absolute, and has the same bits twice', async () => {
    const drawn = drawAttention({ ...given, headSize: 64 }, 'absolute');
    const [first, second] = [await runAttention(way, given, drawn), await runAttention(way, given, drawn)];
    expect(first.dBiases.every((value) => value === BEFORE)).toBe(true);
    expect(first.dPosition.every((value) => value === BEFORE)).toBe(true);
    for (const name of ['context', 'logSumExp', 'dQkv'] as const) {
      expect(differingWords(second[name], first[name]), name).toBe(0);
    }
  });

  it('has the other gradients where the biases are frozen, and the same bits twice', async () => {
    const [first, second] = [await runAttention(way, given, drawn), await runAttention(way, given, drawn)];
    const frozen = await runAttention(way, given, drawn, { frozen: true });
    expect(frozen.dBiases.every((value) => value === BEFORE)).toBe(true);
    for (const name of ['context', 'logSumExp', 'dQkv', 'dPosition'] as const) {
      expect(differingWords(second[name], first[name]), name).toBe(0);
      expect(differingWords(frozen[name], first[name]), name).toBe(0);
    }
    expect(differingWords(second.dBiases, first.dBiases)).toBe(0);
  });
});

it('the reference has the slopes of its own context', () => {
  const drawn = drawAttention({ counts: [3, 1], pieces: 3, heads: 2, headSize: 4, rate: 0.3 });
  const lossOf = (given: FloatAttention): number =>
    bruteForceAttention(given).context.reduce((sum, value, at) => sum + value * (drawn.dContext[at] as number), 0);
  const gradients = bruteForceAttentionGradients(drawn, drawn.dContext);
  const half = 1e-5;
  for (const name of [...THREES, ...BIASES, 'position'] as const) {
    const slopes = gradients[name].map((_, at) => {
      const lossBy = (by: number): number => {
        const moved = Float64Array.from(drawn[name], (value, index) => value + (index === at ? by : 0));
        return lossOf({ ...drawn, [name]: moved });
      };
      return (lossBy(half) - lossBy(-half)) / (2 * half);
    });
    expect(worstGap(gradients[name], slopes, 0.1), name).toBeLessThan(1e-8);
  }
});
