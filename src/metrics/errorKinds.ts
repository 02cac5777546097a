// Every gold and every predicted mention once, paired and with the kind of error it is.
import type { Mention } from '../data/corpus.ts';
import { checkSentences } from './sentenceCounts.ts';

/**
 * `correct`: same borders and type. `boundary`: overlapping, same type, other borders. `type`: same borders, other type. `boundaryAndType`:
 * overlapping, neither the same. `missed`: a gold mention without a partner. `spurious`: a predicted one without.
 */
export type ErrorKind = PairKind | 'missed' | 'spurious';
export type PairKind = 'correct' | 'boundary' | 'type' | 'boundaryAndType';

export const ERROR_KINDS: readonly ErrorKind[] = [
  'correct',
  'boundary',
  'type',
  'boundaryAndType',
  'missed',
  'spurious',
];

/** Gold and predicted mention with their kind; one side is null where there is no partner. */
export type MentionPair =
  | { readonly kind: PairKind; readonly gold: Mention; readonly predicted: Mention }
  | { readonly kind: 'missed'; readonly gold: Mention; readonly predicted: null }
  | { readonly kind: 'spurious'; readonly gold: null; readonly predicted: Mention };

export type ErrorRow = MentionPair & { readonly sentence: number };

/**
 * The rows of all sentences, both `[sentences][mentions]`, by sentence and then by where they begin, right ones among them. Rows of
 * kind `correct` are as many as conlleval's correct. Throws `metrics/sentences` when gold and predicted differ in sentences.
 */
export function errorKinds(
  gold: readonly (readonly Mention[])[],
  predicted: readonly (readonly Mention[])[],
): ErrorRow[] {
  checkSentences(gold, predicted);
  return gold.flatMap((mentions, sentence) =>
    pairMentions(mentions, predicted[sentence] ?? []).map((pair) => ({ ...pair, sentence })),
  );
}

/**
 * Pairs the flat mentions of one sentence. Of all overlapping pairs the best is taken first, and again among what is left: same borders and
 * type; then same borders; then the most tokens in common; then the same type; then the least difference of borders; then the
 * first gold and the first predicted mention. So the order of the lists does not matter, and a mention that overlaps
 * only mentions with better partners is missed or spurious, as it is for nervaluate.
 */
export function pairMentions(gold: readonly Mention[], predicted: readonly Mention[]): MentionPair[] {
  const candidates = gold
    .flatMap((mention) =>
      predicted.filter((other) => overlap(mention, other) > 0).map((other) => candidate(mention, other)),
    )
    .sort((left, right) => compare(left.rank, right.rank));
  const openGold = new Set(gold);
  const openPredicted = new Set(predicted);
  const pairs: MentionPair[] = [];
  for (const { gold: mention, predicted: other } of candidates) {
    if (!openGold.has(mention) || !openPredicted.has(other)) continue;
    openGold.delete(mention);
    openPredicted.delete(other);
    pairs.push({ kind: kindOf(mention, other), gold: mention, predicted: other });
  }
  for (const mention of openGold) pairs.push({ kind: 'missed', gold: mention, predicted: null });
  for (const mention of openPredicted) pairs.push({ kind: 'spurious', gold: null, predicted: mention });
  return pairs.sort((left, right) => startOf(left) - startOf(right));
}

/** How many tokens the two have in common; not positive where there are none. */
export function overlap(left: Mention, right: Mention): number {
  return Math.min(left.end, right.end) - Math.max(left.start, right.start);
}

/** How far the borders of two mentions are apart, in tokens, both ends added. */
export function borderDistance(left: Mention, right: Mention): number {
  return Math.abs(left.start - right.start) + Math.abs(left.end - right.end);
}

/** A pair with its rank, compared number by number, smaller first. */
function candidate(gold: Mention, predicted: Mention) {
  const distance = borderDistance(gold, predicted);
  const otherType = gold.type === predicted.type ? 0 : 1;
  const otherBorders = distance === 0 ? 0 : 1;
  const rank = [otherBorders, -overlap(gold, predicted), otherType, distance, gold.start, predicted.start];
  return { gold, predicted, rank };
}

function compare(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

function kindOf(gold: Mention, predicted: Mention): PairKind {
  const sameBorders = borderDistance(gold, predicted) === 0;
  if (gold.type === predicted.type) return sameBorders ? 'correct' : 'boundary';
  return sameBorders ? 'type' : 'boundaryAndType';
}

function startOf({ gold, predicted }: MentionPair): number {
  return Math.min(gold?.start ?? Infinity, predicted?.start ?? Infinity);
}
