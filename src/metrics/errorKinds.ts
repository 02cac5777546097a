// Pairs gold and predicted mentions, each exactly once; classifies errors, scores them as SemEval-2013 task 9 does, and by stratum of mentions.
import type { Mention } from '../data/corpus/corpus.ts';
import { LabError } from '../util/labError.ts';
import { checkSentences, sharedMentions, spanScore, type SpanCounts, type SpanScore } from './scores/spanScore.ts';
import { mentionText } from './text/nearIndex.ts';

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

// Counts nearly correct mentions in the four ways of SemEval-2013 task 9, as nervaluate does since it takes the best partner.

/** `strict`: boundaries and type. `exact`: boundaries only. `partial`: boundaries only, half for an overlap. `type`: type only, given an overlap. */
export type SemevalView = 'strict' | 'exact' | 'partial' | 'type';

export const SEMEVAL_VIEWS: readonly SemevalView[] = ['strict', 'exact', 'partial', 'type'];

export interface SemevalCounts {
  /** COR, INC, PAR, MIS and SPU. */
  readonly correct: number;
  readonly incorrect: number;
  readonly partial: number;
  readonly missed: number;
  readonly spurious: number;
}

/** Percent; 0 if undefined. */
export interface SemevalScore extends SemevalCounts {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Counts and scores flat mentions in order, both `[sentences][mentions]` (Segura-Bedmar et al. 2013, section 5; nervaluate
 * after 1.1.0, commit 0340f67): precision = (COR + PAR / 2) / (COR + INC + PAR + SPU), recall the same over COR + INC + PAR + MIS.
 *
 * As in nervaluate, each predicted mention from left to right is paired with a gold one not yet paired: one that is correct in this
 * view (in `type`, the one with the nearest boundaries); or else the first that it overlaps, which then counts as incorrect or
 * partial. So counts depend on order if two mentions compete for a partner, and `errorKinds`, which takes the best pair first, may
 * pair them differently; `correct` of `strict` and `exact` is the same in both, as flat mentions with the same boundaries have no
 * rival. nervaluate up to 1.1.0 pairs with the first gold mention that a predicted one overlaps: its counts differ in `type` alone, where
 * that one has another type and a later one the same. Two differences from any nervaluate: percent, and one common token is an overlap even in a mention of over a hundred. Throws
 * `metrics/sentences` if gold and predicted differ in sentences.
 */
export function semevalScores(
  gold: readonly (readonly Mention[])[],
  predicted: readonly (readonly Mention[])[],
): Readonly<Record<SemevalView, SemevalScore>> {
  checkSentences(gold, predicted);
  const scoreOf = (view: SemevalView) => {
    const counts = { correct: 0, incorrect: 0, partial: 0, missed: 0, spurious: 0 };
    gold.forEach((mentions, sentence) => {
      count(view, mentions, predicted[sentence] ?? [], counts);
    });
    return semevalScore(counts);
  };
  return { strict: scoreOf('strict'), exact: scoreOf('exact'), partial: scoreOf('partial'), type: scoreOf('type') };
}

/** Adds the counts of one sentence. */
function count(
  view: SemevalView,
  gold: readonly Mention[],
  predicted: readonly Mention[],
  counts: { -readonly [Name in keyof SemevalCounts]: number },
): void {
  const open = new Set(gold);
  for (const mention of predicted) {
    const overlapped = [...open].filter((other) => overlap(mention, other) > 0);
    const right = nearest(
      mention,
      overlapped.filter((other) => isRight(view, mention, other)),
    );
    const partner = right ?? overlapped[0];
    if (partner === undefined) counts.spurious++;
    else {
      open.delete(partner);
      if (right !== undefined) counts.correct++;
      else if (view === 'partial') counts.partial++;
      else counts.incorrect++;
    }
  }
  counts.missed += open.size;
}

function isRight(view: SemevalView, mention: Mention, gold: Mention): boolean {
  const sameType = mention.type === gold.type;
  if (view === 'type') return sameType;
  return borderDistance(mention, gold) === 0 && (sameType || view !== 'strict');
}

/** Returns the first of those with the nearest boundaries. */
function nearest(mention: Mention, others: readonly Mention[]): Mention | undefined {
  const least = Math.min(...others.map((other) => borderDistance(mention, other)));
  return others.find((other) => borderDistance(mention, other) === least);
}

function semevalScore(counts: SemevalCounts): SemevalScore {
  const { correct, incorrect, partial, missed, spurious } = counts;
  const right = 100 * (correct + partial / 2);
  const paired = correct + incorrect + partial;
  const precision = paired + spurious > 0 ? right / (paired + spurious) : 0;
  const recall = paired + missed > 0 ? right / (paired + missed) : 0;
  const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { ...counts, precision, recall, f1 };
}

// Scores mentions stratified by length, or by how often their string was seen in training.

/** Mentions whose length or frequency is between `from` and `to`, inclusive; `to` is null for the last. */
export interface Stratum {
  readonly from: number;
  readonly to: number | null;
}

export interface StratumScore extends Stratum {
  readonly score: SpanScore;
}

/** What is scored: tokens `[sentences][tokens]`, mentions `[sentences][mentions]`. */
export interface ScoredMentions {
  readonly tokens: readonly (readonly string[])[];
  readonly gold: readonly (readonly Mention[])[];
  readonly predicted: readonly (readonly Mention[])[];
}

/** Lower bounds of strata: lengths 1, 2, 3, 4, 5 and more tokens. */
export const lengthBorders: readonly number[] = [1, 2, 3, 4, 5];
/** Lower bounds of strata: strings seen never, once, 2 to 4, 5 to 19, 20 and more times. */
export const frequencyBorders: readonly number[] = [0, 1, 2, 5, 20];
/** Lower bounds of strata: unseen strings, seen ones. */
export const seenBorders: readonly number[] = [0, 1];

/** Scores by length in tokens; see `scoreStrata`. */
export function strataByLength(scored: Omit<ScoredMentions, 'tokens'>, borders = lengthBorders): StratumScore[] {
  return scoreStrata(scored, borders, ({ start, end }) => end - start);
}

/**
 * Scores by how often the exact string of a mention (its tokens in the form of `mentionText`) is a mention in training; strings
 * missing from `frequencies` count 0. With `seenBorders` the strata are unseen and seen. See `scoreStrata`.
 */
export function strataByFrequency(
  scored: ScoredMentions,
  frequencies: ReadonlyMap<string, number>,
  borders = frequencyBorders,
): StratumScore[] {
  checkSentences(scored.gold, scored.tokens);
  return scoreStrata(
    scored,
    borders,
    (mention, sentence) => frequencies.get(mentionText({ tokens: scored.tokens[sentence] ?? [] }, mention)) ?? 0,
  );
}

/**
 * Scores each stratum, in the order of `borders`, each of which begins a stratum that ends before the next. Recall is stratified by
 * the gold mention and precision by the predicted one: a stratum's recall is the share of its gold mentions found, its precision
 * the share of the mentions predicted in it that are correct. A correct mention is the same on both sides, so it is in one stratum,
 * and counts add up to the overall ones. F1 combines the two, though a mention with wrong boundaries may be missed in one stratum
 * and spurious in another. Throws `metrics/sentences` if gold and predicted differ in sentences, `strata/borders` unless borders
 * increase, `strata/outside` for a mention below the first.
 */
function scoreStrata(
  { gold, predicted }: Omit<ScoredMentions, 'tokens'>,
  borders: readonly number[],
  valueOf: (mention: Mention, sentence: number) => number,
): StratumScore[] {
  checkSentences(gold, predicted);
  checkBorders(borders);
  const counts = borders.map(() => ({ gold: 0, predicted: 0, correct: 0 }));
  const add = (what: keyof SpanCounts, mentions: readonly Mention[], sentence: number) => {
    for (const mention of mentions) {
      const value = valueOf(mention, sentence);
      const ofStratum = counts[borders.findLastIndex((border) => border <= value)];
      if (ofStratum === undefined) {
        throw new LabError('strata/outside', `A mention of sentence ${sentence} is in no stratum.`, {
          expected: `at least ${borders[0]}`,
          got: `${value}`,
        });
      }
      ofStratum[what]++;
    }
  };
  gold.forEach((ofGold, sentence) => {
    const found = predicted[sentence] ?? [];
    add('gold', ofGold, sentence);
    add('predicted', found, sentence);
    add('correct', sharedMentions(ofGold, found), sentence);
  });
  return borders.map((from, stratum) => {
    const next = borders[stratum + 1];
    const score = spanScore(counts[stratum] ?? { gold: 0, predicted: 0, correct: 0 });
    return { from, to: next === undefined ? null : next - 1, score };
  });
}

function checkBorders(borders: readonly number[]): void {
  const rises = borders.every(
    (border, index) => Number.isInteger(border) && border > (borders[index - 1] ?? -Infinity),
  );
  if (borders.length > 0 && rises) return;
  throw new LabError('strata/borders', 'The strata overlap, or there are none.', {
    expected: 'whole numbers that rise',
    got: borders.join(', '),
  });
}
