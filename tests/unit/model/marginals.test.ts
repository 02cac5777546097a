// Proves probabilities of tags and of mentions against the sum over every tag sequence of small chains, in every label mode and scheme.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention } from '../../../src/data/corpus/corpus.ts';
import { makeTagSet, type TagSet } from '../../../src/data/corpus/tagScheme.ts';
import { lenientMentions } from '../../../src/data/corpus/tagSequences.ts';
import { marginalsBy, viterbi, type ChainWeights } from '../../../src/model/chainPaths.ts';
import { mentionConfidence } from '../../../src/training/tagSentences.ts';

const score = fc.float({ min: -8, max: 8, noNaN: true });
const scores = (length: number) =>
  fc.array(score, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));

interface Chain {
  readonly emissions: Float32Array;
  readonly count: number;
  readonly tagCount: number;
  readonly weights: ChainWeights | null;
}

function chainOf(count: number, tagCount: number): fc.Arbitrary<Chain> {
  const states = fc.option(scores(tagCount));
  const weights = fc.record({ transitions: scores(tagCount * tagCount), start: states, end: states });
  return fc.record({
    emissions: scores(count * tagCount),
    count: fc.constant(count),
    tagCount: fc.constant(tagCount),
    weights: fc.option(weights),
  });
}

const smallChain = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 2, max: 4 }))
  .chain(([count, tagCount]) => chainOf(count, tagCount));

/** exp of the score of one tag sequence. */
function weightOf({ emissions, tagCount, weights }: Chain, tags: readonly number[]): number {
  let sum = (weights?.start?.[tags[0] ?? 0] ?? 0) + (weights?.end?.[tags.at(-1) ?? 0] ?? 0);
  tags.forEach((tag, i) => {
    sum += emissions[i * tagCount + tag] ?? NaN;
    if (i > 0) sum += weights?.transitions[(tags[i - 1] ?? 0) * tagCount + tag] ?? 0;
  });
  return Math.exp(sum);
}

/** Every tag sequence with its probability. */
function everySequence(chain: Chain): readonly { readonly tags: readonly number[]; readonly p: number }[] {
  let sequences: number[][] = [[]];
  for (let i = 0; i < chain.count; i++) {
    sequences = sequences.flatMap((tags) => Array.from({ length: chain.tagCount }, (_, tag) => [...tags, tag]));
  }
  const weighed = sequences.map((tags) => ({ tags, weight: weightOf(chain, tags) }));
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
  return weighed.map(({ tags, weight }) => ({ tags, p: weight / total }));
}

const marginalsOf = ({ emissions, count, tagCount, weights }: Chain) =>
  marginalsBy(weights, tagCount)(emissions, count);

describe('a chain', () => {
  it('has the log-partition and the marginals of all its sequences', () => {
    fc.assert(
      fc.property(smallChain, (chain) => {
        const all = everySequence(chain);
        const found = marginalsOf(chain);
        const best = all.reduce((left, right) => (right.p > left.p ? right : left));
        // p = exp(S) / Z for any sequence gives log Z.
        expect(found.logPartition).toBeCloseTo(Math.log(weightOf(chain, best.tags)) - Math.log(best.p), 9);
        for (let i = 0; i < chain.count; i++) {
          let sum = 0;
          for (let tag = 0; tag < chain.tagCount; tag++) {
            const expected = all.reduce((total, { tags, p }) => total + (tags[i] === tag ? p : 0), 0);
            expect(found.marginal(i, tag)).toBeCloseTo(expected, 9);
            sum += found.marginal(i, tag);
          }
          expect(sum).toBeCloseTo(1, 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has the probability of any constraints, and of its best path', () => {
    const asked = smallChain.chain((chain) =>
      fc.record({
        chain: fc.constant(chain),
        allowed: fc.array(fc.option(fc.array(fc.boolean(), { minLength: chain.tagCount, maxLength: chain.tagCount })), {
          minLength: chain.count,
          maxLength: chain.count,
        }),
      }),
    );
    fc.assert(
      fc.property(asked, ({ chain, allowed }) => {
        const all = everySequence(chain);
        const found = marginalsOf(chain);
        const constraints = allowed.flatMap((tags, position) => (tags === null ? [] : [{ position, allowed: tags }]));
        const meeting = all.filter(({ tags }) => constraints.every((one) => one.allowed[tags[one.position] ?? 0]));
        expect(found.probability(constraints)).toBeCloseTo(
          meeting.reduce((sum, { p }) => sum + p, 0),
          9,
        );

        const { emissions, count, tagCount, weights } = chain;
        if (weights === null) return;
        const { tags, score: bestScore } = viterbi(emissions, count, tagCount, weights);
        const path = Array.from(tags, (tag, position) => ({
          position,
          allowed: Array.from({ length: tagCount }, (_, other) => other === tag),
        }));
        expect(found.probability(path)).toBeCloseTo(Math.exp(bestScore - found.logPartition), 9);
      }),
      { numRuns: 60 },
    );
  });

  it('is not moved by a constant on the emissions of a position, nor by scores that no exponential holds', () => {
    fc.assert(
      fc.property(smallChain, fc.constantFrom(0, 1000, -1000), (chain, constant) => {
        const shifted = { ...chain, emissions: chain.emissions.map((value) => Math.fround(value) + constant) };
        const expected = marginalsOf(chain);
        const found = marginalsOf(shifted);
        for (let i = 0; i < chain.count; i++) {
          // float32 emissions near 1000 keep four decimals.
          expect(found.marginal(i, 0)).toBeCloseTo(expected.marginal(i, 0), 2);
        }
      }),
      { numRuns: 30 },
    );
  });
});

/** A sentence of tokens with pieces, as read by a tagger: one chain, or two if it was split. */
const read = fc
  .record({
    labelMode: fc.constantFrom('x', 'first', 'all'),
    scheme: fc.constantFrom('IOB1', 'IOB2', 'IOBES'),
    types: fc.constantFrom(['Gene'], ['Gene', 'Virus']),
    pieces: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 4 }),
    split: fc.boolean(),
  })
  .map((drawn) => {
    const tagSet = makeTagSet(drawn.types, drawn.scheme, drawn.labelMode);
    // As many positions as 20,000 sequences allow.
    const most = Math.floor(Math.log(20_000) / Math.log(tagSet.tags.length));
    const shown = drawn.labelMode === 'first' ? drawn.pieces.map(() => 1) : drawn.pieces;
    const fitting = shown.filter((_, at) => shown.slice(0, at + 1).reduce((sum, count) => sum + count, 0) <= most);
    const parts = drawn.split && fitting.length > 1 ? [fitting.slice(0, 1), fitting.slice(1)] : [fitting];
    return { tagSet, parts };
  })
  .chain(({ tagSet, parts }) =>
    fc.record({
      tagSet: fc.constant(tagSet),
      parts: fc.tuple(
        ...parts.map((pieces) =>
          fc.record({
            pieces: fc.constant(pieces),
            chain: chainOf(
              pieces.reduce((sum, count) => sum + count, 0),
              tagSet.tags.length,
            ),
          }),
        ),
      ),
    }),
  );

/** Position index of each token's first piece. */
function firstPieces(pieces: readonly number[]): readonly number[] {
  return pieces.map((_, token) => pieces.slice(0, token).reduce((sum, count) => sum + count, 0));
}

/** The tags of tokens as predictions are joined: those of first pieces, with X read as O. */
function tokenTags(
  pieces: readonly number[],
  tags: readonly number[],
  { tags: names, continuation }: TagSet,
): string[] {
  return firstPieces(pieces).map((position) => {
    const tag = tags[position] ?? 0;
    return tag === continuation ? 'O' : (names[tag] ?? '');
  });
}

const keyOf = ({ type, start, end }: Mention): string => `${type} ${start} ${end}`;

describe('a mention', () => {
  it('is as likely as all tag sequences together that say exactly it', () => {
    fc.assert(
      fc.property(read, ({ tagSet, parts }) => {
        let readings = [{ tags: [] as string[], p: 1 }];
        for (const { pieces, chain } of parts) {
          const own = new Map<string, { tags: string[]; p: number }>();
          for (const { tags, p } of everySequence(chain)) {
            const said = tokenTags(pieces, tags, tagSet);
            const known = own.get(said.join(' '))?.p ?? 0;
            own.set(said.join(' '), { tags: said, p: known + p });
          }
          readings = readings.flatMap((before) => [...own.values()].map(({ tags, p }) => ({ tags: [...before.tags, ...tags], p: before.p * p }))); // prettier-ignore
        }
        const expected = new Map<string, number>();
        for (const { tags, p } of readings) {
          for (const mention of lenientMentions(tags))
            expected.set(keyOf(mention), (expected.get(keyOf(mention)) ?? 0) + p);
        }

        const places = parts.flatMap(({ pieces, chain }) => {
          const found = marginalsOf(chain);
          return firstPieces(pieces).map((position) => ({ chain: found, position }));
        });
        const confidence = mentionConfidence(places, tagSet);
        const types = new Set(tagSet.tags.map((tag) => tag.slice(2)).filter((type) => type !== ''));
        for (const type of types) {
          for (let start = 0; start < places.length; start++) {
            for (let end = start + 1; end <= places.length; end++) {
              const mention = { type, start, end };
              expect(confidence(mention)).toBeCloseTo(expected.get(keyOf(mention)) ?? 0, 9);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is certain where one sequence alone has weight, and the product of its tokens under the softmax head', () => {
    const tagSet = makeTagSet(['Gene'], 'IOBES', 'first');
    const index = (tag: string): number => tagSet.indexOf.get(tag) ?? NaN;
    const emissions = new Float32Array(3 * tagSet.tags.length);
    for (const [position, tag] of ['O', 'B-Gene', 'E-Gene'].entries())
      emissions[position * tagSet.tags.length + index(tag)] = 90;
    const placesOf = (values: Float32Array) => {
      const chain = marginalsBy(null, tagSet.tags.length)(values, 3);
      return [0, 1, 2].map((position) => ({ chain, position }));
    };
    const mention = { type: 'Gene', start: 1, end: 3 };
    expect(mentionConfidence(placesOf(emissions), tagSet)(mention)).toBe(1);
    expect(mentionConfidence(placesOf(emissions), tagSet)({ ...mention, end: 2 })).toBeLessThan(1e-30);
    // Equal scores: B or else an I that does not continue a mention, in 1/5 each, then E, or an I at the end.
    const even = mentionConfidence(placesOf(new Float32Array(15)), tagSet)(mention);
    expect(even).toBeCloseTo((1 / 5 + (1 / 5) * (3 / 5)) * (2 / 5), 12);
  });
});
