// Pairs gold and predicted mentions, each exactly once, and classifies the errors.
import type { Mention } from '../data/corpus/corpus.ts';
import { checkSentences } from './scores/sentenceCounts.ts';

/**
 * `correct`: same boundaries and type. `boundary`: overlapping, same type, other boundaries. `type`: same boundaries, other type.
 * `boundaryAndType`: overlapping, neither the same. `missed`: a gold mention without a partner. `spurious`: a predicted one
 * without.
 */
export type ErrorKind = PairKind | 'missed' | 'spurious';
type PairKind = 'correct' | 'boundary' | 'type' | 'boundaryAndType';

export const ERROR_KINDS: readonly ErrorKind[] = [
  'correct',
  'boundary',
  'type',
  'boundaryAndType',
  'missed',
  'spurious',
];

/** A gold and a predicted mention with their kind; one side is null without a partner. */
type MentionPair =
  | { readonly kind: PairKind; readonly gold: Mention; readonly predicted: Mention }
  | { readonly kind: 'missed'; readonly gold: Mention; readonly predicted: null }
  | { readonly kind: 'spurious'; readonly gold: null; readonly predicted: Mention };

export type ErrorRow = MentionPair & { readonly sentence: number };

/**
 * Returns the rows of all sentences, both `[sentences][mentions]`, by sentence and then by start, correct ones included. Rows of
 * kind `correct` equal conlleval's correct count. Throws `metrics/sentences` if gold and predicted differ in sentences.
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
 * Pairs the flat mentions of one sentence. Greedily takes the best of the remaining overlapping pairs: same boundaries and type;
 * then same boundaries; then the most common tokens; then the same type; then the smallest boundary distance; then the first gold
 * and the first predicted mention. The result is independent of list order, and a mention that overlaps only mentions with better
 * partners is missed or spurious, as in nervaluate.
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

/** Number of tokens the two have in common; not positive if there are none. */
export function overlap(left: Mention, right: Mention): number {
  return Math.min(left.end, right.end) - Math.max(left.start, right.start);
}

/** Distance between the boundaries of two mentions, in tokens, summed over both ends. */
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

/** Which of the two is right. */
export type Right = 'both' | 'a' | 'b' | 'neither';

/** A gold mention (`gold`, then both have a row), or a spurious one of either system or both. */
interface ComparedMention {
  readonly sentence: number;
  readonly gold: Mention | null;
  readonly a: ErrorRow | null;
  readonly b: ErrorRow | null;
  readonly right: Right;
}

/**
 * Returns every gold mention once, and every spurious one of A or B once, by sentence and then by start; all three
 * `[sentences][mentions]`. A system is right about a gold mention if it predicts it exactly. Spurious mentions of A and B are
 * paired like in `pairMentions`, and neither is right; about a spurious mention of only one system the other is right, unless it
 * has a wrong mention there itself. So `right: 'a'` is what A got right and B did not. Throws `metrics/sentences` if they differ in
 * sentences.
 */
export function compareErrors(
  gold: readonly (readonly Mention[])[],
  a: readonly (readonly Mention[])[],
  b: readonly (readonly Mention[])[],
): ComparedMention[] {
  const rowsOfA = bySentence(errorKinds(gold, a), gold.length);
  const rowsOfB = bySentence(errorKinds(gold, b), gold.length);
  return gold.flatMap((_, sentence) => compareSentence(sentence, rowsOfA[sentence] ?? [], rowsOfB[sentence] ?? []));
}

function bySentence(rows: readonly ErrorRow[], sentences: number): ErrorRow[][] {
  const found = Array.from({ length: sentences }, (): ErrorRow[] => []);
  for (const row of rows) found[row.sentence]?.push(row);
  return found;
}

function compareSentence(sentence: number, a: readonly ErrorRow[], b: readonly ErrorRow[]): ComparedMention[] {
  const ofGoldInB = new Map(b.map((row) => [row.gold, row]));
  const compared: ComparedMention[] = [];
  for (const row of a) {
    if (row.gold === null) continue;
    const other = ofGoldInB.get(row.gold) ?? null;
    const right = rightOf(row.kind === 'correct', other?.kind === 'correct');
    compared.push({ sentence, gold: row.gold, a: row, b: other, right });
  }
  const [spuriousA, spuriousB] = [spuriousRows(a), spuriousRows(b)];
  for (const { gold: ofA, predicted: ofB } of pairMentions([...spuriousA.keys()], [...spuriousB.keys()])) {
    const isRightA = ofB !== null && ofA === null && !isWrongAt(ofB, a);
    const isRightB = ofA !== null && ofB === null && !isWrongAt(ofA, b);
    const rowA = ofA === null ? null : (spuriousA.get(ofA) ?? null);
    const rowB = ofB === null ? null : (spuriousB.get(ofB) ?? null);
    compared.push({ sentence, gold: null, a: rowA, b: rowB, right: rightOf(isRightA, isRightB) });
  }
  return compared.sort((left, right) => startOfCompared(left) - startOfCompared(right));
}

function spuriousRows(rows: readonly ErrorRow[]): Map<Mention, ErrorRow> {
  return new Map(rows.flatMap((row) => (row.kind === 'spurious' ? [[row.predicted, row]] : [])));
}

/** Whether a predicted mention of `rows` that is not correct overlaps `mention`. */
function isWrongAt(mention: Mention, rows: readonly ErrorRow[]): boolean {
  return rows.some(
    ({ kind, predicted }) => kind !== 'correct' && predicted !== null && overlap(predicted, mention) > 0,
  );
}

function rightOf(a: boolean, b: boolean): Right {
  if (a) return b ? 'both' : 'a';
  return b ? 'b' : 'neither';
}

function startOfCompared({ gold, a, b }: ComparedMention): number {
  return gold?.start ?? Math.min(a?.predicted?.start ?? Infinity, b?.predicted?.start ?? Infinity);
}
