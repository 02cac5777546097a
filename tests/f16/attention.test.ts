// Proves that attention with tiles in f16, forward and backward, equals its definition in float64 within f16's rounding.
import { describe, expect, it } from 'vitest';
import type { AttentionTerms } from '../../src/engine/kernels/attention/attentionScores.ts';
import {
  attentionTruth,
  drawAttention,
  namedResults,
  runAttention,
  type AttentionCase,
} from '../gpu/support/drawnAttention.ts';
import { differingWords } from '../gpu/support/differingWords.ts';
import { worstGap } from '../gpu/support/worstGap.ts';
import { hasF16 } from './halfDevice.ts';

/** In units of the largest magnitude expected. */
const TOLERANCE = 5e-3;

const cases: readonly (AttentionCase & { readonly terms: AttentionTerms })[] = [
  { counts: [13, 7, 1, 12], pieces: 13, heads: 3, headSize: 4, rate: 0, terms: 'relative' },
  { counts: [33, 20], pieces: 33, heads: 2, headSize: 64, rate: 0.3, terms: 'relative' },
  { counts: [33, 20], pieces: 33, heads: 2, headSize: 64, rate: 0.3, terms: 'absolute' },
  { counts: [66, 40, 3], pieces: 66, heads: 26, headSize: 4, rate: 0.3, terms: 'relative' },
];

describe.skipIf(!hasF16).each(cases)(
  '$terms, $counts of $pieces pieces, $heads heads of $headSize, rate $rate',
  (given) => {
    it('is right, and so is every gradient, and the same bits twice', async () => {
      const drawn = drawAttention(given, given.terms);
      const truth = attentionTruth(drawn);
      const run = () => runAttention('tiled f16', given, drawn);
      const found = await run();
      const gaps = Object.entries(namedResults(drawn, found)).map(
        ([name, values]) => [name, worstGap(values, truth[name] as Float64Array, 0.1)] as const,
      );
      expect(Object.fromEntries(gaps.filter(([, gap]) => !(gap < TOLERANCE)))).toEqual({});
      // Or nothing was rounded to f16.
      expect(Math.max(...gaps.map(([, gap]) => gap))).toBeGreaterThan(1e-5);
      const again = await run();
      for (const name of ['context', 'dQkv', 'dPosition', 'dBiases'] as const) {
        expect(differingWords(again[name], found[name]), name).toBe(0);
      }
    });
  },
);
