// Every right and wrong mention of one snapshot or two, beside what is needed to choose among them.
import type { Mention, Sentence } from '../data/corpus.ts';
import { compareErrors, type Right } from '../metrics/compareErrors.ts';
import { errorKinds, type ErrorRow } from '../metrics/errorKinds.ts';
import { mentionText } from '../metrics/mentionText.ts';
import type { ErrorFilter, KindChoice, RightChoice, SeenChoice } from '../schema/errorFilter.ts';

/** A mention with a row of each snapshot, as `compareErrors` has them; `right` is null for one snapshot. */
export interface JudgedMention {
  readonly sentence: number;
  readonly gold: Mention | null;
  readonly rows: readonly (ErrorRow | null)[];
  readonly right: Right | null;
  /** Of its string, the annotated one where there is one, in training. */
  readonly frequency: number;
}

/** In the order of the text. Throws `metrics/sentences` when the predictions are of other sentences. */
export function judgedMentions(
  sentences: readonly Sentence[],
  predictions: readonly (readonly (readonly Mention[])[])[],
  frequencies: ReadonlyMap<string, number>,
): JudgedMention[] {
  const gold = sentences.map(({ mentions }) => mentions);
  const [ofA = [], ofB] = predictions;
  const judged =
    ofB === undefined
      ? errorKinds(gold, ofA).map((row) => ({ sentence: row.sentence, gold: row.gold, rows: [row], right: null }))
      : compareErrors(gold, ofA, ofB).map(({ a, b, ...rest }) => ({ ...rest, rows: [a, b] }));
  return judged.map((one) => {
    const tokens = sentences[one.sentence] ?? { tokens: [] };
    const [mention] = mentionsOf(one);
    return { ...one, frequency: mention === undefined ? 0 : (frequencies.get(mentionText(tokens, mention)) ?? 0) };
  });
}

/** A test for each part of a filter: whether a mention passes it. */
export function filterTests(filter: ErrorFilter, sentences: readonly Sentence[]) {
  const wanted = filter.text.trim().toLowerCase();
  return {
    kind: (one: JudgedMention, choice: KindChoice = filter.kind): boolean =>
      choice === 'any' ||
      one.rows.some((row) => row !== null && (choice === 'wrong' ? row.kind !== 'correct' : row.kind === choice)),
    right: ({ right, rows }: JudgedMention, choice: RightChoice = filter.right): boolean =>
      choice === 'any' || (choice === 'differ' ? differ(rows) : right === choice),
    seen: ({ frequency }: JudgedMention, choice: SeenChoice = filter.seen): boolean =>
      choice === 'any' || (choice === 'seen') === frequency > 0,
    text: (one: JudgedMention): boolean => {
      if (wanted === '') return true;
      const tokens = sentences[one.sentence] ?? { tokens: [] };
      return mentionsOf(one).some((mention) => mentionText(tokens, mention).toLowerCase().includes(wanted));
    },
    type: (one: JudgedMention): boolean =>
      filter.type === null || mentionsOf(one).some(({ type }) => type === filter.type),
  };
}

/** The annotated mention, then the predicted ones. */
function mentionsOf({ gold, rows }: Pick<JudgedMention, 'gold' | 'rows'>): Mention[] {
  return [gold, ...rows.map((row) => row?.predicted ?? null)].filter((mention) => mention !== null);
}

function differ([a, b]: JudgedMention['rows']): boolean {
  const [left, right] = [a?.predicted ?? null, b?.predicted ?? null];
  if (left === null || right === null) return left !== right;
  return left.start !== right.start || left.end !== right.end || left.type !== right.type;
}
