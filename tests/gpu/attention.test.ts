// Proves that attention with relative and with absolute terms and its gradients match their definitions in float64, for every kernel family.
import { describe, expect, it } from 'vitest';
import { aligned } from '../../src/engine/gpu/recorder.ts';
import type { AttentionTerms } from '../../src/engine/kernels/attention/attentionScores.ts';
import {
  bruteForceAttention,
  bruteForceAttentionGradients,
  type FloatAttention,
} from './support/bruteForceAttention.ts';
import { differingWords } from './support/differingWords.ts';
import {
  attentionTruth,
  BEFORE,
  BIASES,
  drawAttention,
  namedResults,
  QKV,
  runAttention,
  type AttentionCase,
  type AttentionTruth,
  type DrawnAttention,
} from './support/drawnAttention.ts';
import { worstGap } from './support/worstGap.ts';

/** Largest error, in units of the largest magnitude expected, or of 0.1 if all must be smaller. */
const TOLERANCE = 3e-5;

const ways = [{ way: 'direct' }, { way: 'tiled' }] as const;
const kinds = ['relative', 'absolute'] as const satisfies readonly AttentionTerms[];

/** Lists the results that are too far from the truth, with their errors. */
function errors(
  found: Readonly<Record<string, Float32Array>>,
  truth: AttentionTruth,
): Readonly<Record<string, number>> {
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
  let known: { readonly drawn: DrawnAttention; readonly truth: AttentionTruth } | null = null;
  const expected = () => {
    if (known === null) {
      const drawn = drawAttention(given, given.terms);
      known = { drawn, truth: attentionTruth(drawn) };
    }
    return known;
  };

  // Each tiled head size takes seconds to compile: test one size with a single block of columns, and one with more.
  it.each(ways.filter(({ way }) => way === 'direct' || given.headSize >= 12))(
    'is right, and so is every gradient ($way)',
    async ({ way }) => {
      const { drawn, truth } = expected();
      expect(errors(namedResults(drawn, await runAttention(way, given, drawn)), truth)).toEqual({});
    },
  );
});

describe.each(ways)('$way', ({ way }) => {
  const given: AttentionCase = { counts: [37, 21, 1], pieces: 37, heads: 3, headSize: 12, rate: 0.3 };
  const drawn = drawAttention(given);

  it('adds to the gradients of the biases where the state says so, and leaves what lies between them', async () => {
    const truth: Record<string, Float64Array> = { ...attentionTruth(drawn) };
    for (const name of BIASES) truth[name] = (truth[name] as Float64Array).map((value) => value + BEFORE);
    const found = await runAttention(way, given, drawn, { accumulate: true });
    expect(errors(namedResults(drawn, found), truth)).toEqual({});
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
  for (const name of [...QKV, ...BIASES, 'position'] as const) {
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
