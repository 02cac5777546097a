// Two systems side by side on the same sentences: which of them is right about each mention.
import type { Mention } from '../data/corpus.ts';
import { errorKinds, overlap, pairMentions, type ErrorRow } from './errorKinds.ts';

/** Which of the two is right. */
export type Right = 'both' | 'a' | 'b' | 'neither';

/** A gold mention (`gold`, then both have a row), or a spurious one of either system or both. */
export interface ComparedMention {
  readonly sentence: number;
  readonly gold: Mention | null;
  readonly a: ErrorRow | null;
  readonly b: ErrorRow | null;
  readonly right: Right;
}

/**
 * Every gold mention once, and every spurious one of A or B once, by sentence and then by where they begin; all three `[sentences][mentions]`.
 * Right about a gold mention is who has it exactly. Spurious mentions of A and B are paired as `pairMentions` pairs, and neither is right; about a
 * spurious mention of one alone the other is right, unless it has some wrong mention there itself. So `right: 'a'` is what A
 * got right and B did not. Throws `metrics/sentences` when they differ in sentences.
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
  return compared.sort((left, right) => startOf(left) - startOf(right));
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

function startOf({ gold, a, b }: ComparedMention): number {
  return gold?.start ?? Math.min(a?.predicted?.start ?? Infinity, b?.predicted?.start ?? Infinity);
}
