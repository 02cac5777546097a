// How sure a tagger is of a mention: the probability of all tag sequences that say exactly this mention.
import type { Mention } from '../data/corpus.ts';
import type { TagSet } from '../data/tagSet.ts';
import { splitTag } from '../data/tagScheme.ts';
import type { AllowedTags, ChainMarginals, PositionConstraint } from '../model/marginals.ts';

/** Where the tag of a token stands: at a position of a chain, the one of its first piece. */
export interface TokenPlace {
  readonly chain: ChainMarginals;
  readonly position: number;
}

/** What is asked of one token. */
type Asked = readonly [token: number, allowed: AllowedTags];

/**
 * Tells p(mention) of mentions of one sentence, from the place of each of its tokens.
 *
 * The tagger reads a mention of type t on tokens a to b off the tags z of first pieces alone, as conlleval does: X and O are alike, and what
 * continuation pieces carry says nothing. So, with y the tags of all pieces,
 *
 *   p(a, b, t) = sum of p(y) over all y whose z starts a chunk of t at a, goes on to b, and ends there:
 *     z_a = B or S, or I or E where z_(a-1) is neither B-t nor I-t (else the chunk has begun before);
 *     z_a .. z_(b-1) in {B, I}, z_(a+1) .. z_b in {I, E};
 *     z_b = E or S, or B or I where z_(b+1) is neither I-t nor E-t (else the chunk goes on).
 *
 * That is four disjoint products of allowed tags, whose probabilities add up: `x` and `all` sum over continuation pieces, `first` has none.
 * Chains are independent, so a mention in a sentence that was split into sequences has the product of its parts. Exact but for rounding.
 */
export function mentionConfidence(places: readonly TokenPlace[], { tags }: TagSet): (mention: Mention) => number {
  const parts = tags.map(splitTag);
  const known = new Map<string, AllowedTags>();
  const tagsOf = (type: string, prefixes: string, wanted: boolean): AllowedTags => {
    const key = `${wanted} ${prefixes}-${type}`;
    const made = known.get(key) ?? parts.map((tag) => (tag.type === type && prefixes.includes(tag.prefix)) === wanted);
    known.set(key, made);
    return made;
  };

  return ({ type, start, end }) => {
    const last = end - 1;
    const some = (prefixes: string): AllowedTags => tagsOf(type, prefixes, true);
    const notBefore: Asked = [start - 1, tagsOf(type, 'BI', false)];
    const notAfter: Asked = [end, tagsOf(type, 'IE', false)];
    const inner = Array.from({ length: Math.max(0, last - start - 1) }, (_, at): Asked => [start + 1 + at, some('I')]);
    const ways: readonly (readonly Asked[])[] =
      start === last
        ? [
            [[start, some('S')]],
            [[start, some('B')], notAfter],
            [notBefore, [start, some('E')]],
            [notBefore, [start, some('I')], notAfter],
          ]
        : [
            [[start, some('B')], ...inner, [last, some('E')]],
            [[start, some('B')], ...inner, [last, some('I')], notAfter],
            [notBefore, [start, some('I')], ...inner, [last, some('E')]],
            [notBefore, [start, some('I')], ...inner, [last, some('I')], notAfter],
          ];
    return Math.min(1, ways.reduce((sum, way) => sum + jointProbability(places, way), 0)); // prettier-ignore
  };
}

/** The probability that the tokens carry what is asked of them; tokens outside of the sentence are asked nothing. */
function jointProbability(places: readonly TokenPlace[], asked: readonly Asked[]): number {
  const constraints = new Map<ChainMarginals, PositionConstraint[]>();
  for (const [token, allowed] of asked) {
    const place = places[token];
    if (place === undefined) continue;
    const ofChain = constraints.get(place.chain) ?? [];
    ofChain.push({ position: place.position, allowed });
    constraints.set(place.chain, ofChain);
  }
  return [...constraints].reduce((product, [chain, own]) => product * chain.probability(own), 1);
}
