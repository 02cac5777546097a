// Scores the predictions for one split in every way the lab reports.
import { lenientMentions, strictMentions } from '../../data/corpus/chunks.ts';
import type { TagScheme } from '../../data/corpus/tagScheme.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import { checkLengths, conlleval } from './conlleval.ts';
import { sharedMentions } from './sentenceCounts.ts';
import { SpanTally, type EntityScores, type SplitScores } from './spanScore.ts';

/** Entity scores of mentions that are well-formed in their tag scheme. */
interface StrictScores {
  readonly entities: EntityScores;
  /** Predicted mentions that only conlleval's lenient reading has: the cost of strictness. */
  readonly discarded: number;
}

/**
 * Scores exact spans and types of the strict reading of both sides, `[sentences][tokens]`. Ill-formed predictions are dropped, so
 * precision can exceed the lenient one while recall is lower. Throws `metrics/length` if gold and predicted differ in length.
 */
function strictScores(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  scheme: TagScheme,
): StrictScores {
  checkLengths(gold, predicted);
  const spans = new SpanTally();
  let discarded = 0;
  gold.forEach((goldTags, sentence) => {
    const predictedTags = predicted[sentence] ?? [];
    const goldMentions = strictMentions(goldTags, scheme).mentions;
    const predictedMentions = strictMentions(predictedTags, scheme).mentions;
    for (const { type } of goldMentions) spans.add(type, 'gold');
    for (const { type } of predictedMentions) spans.add(type, 'predicted');
    for (const { type } of sharedMentions(goldMentions, predictedMentions)) spans.add(type, 'correct');
    const lenient = lenientMentions(predictedTags);
    discarded += lenient.length - sharedMentions(lenient, predictedMentions).length;
  });
  return { entities: spans.scores(), discarded };
}

/**
 * Scores predicted against gold tags, both `[sentences][tokens]` in `scheme`, leniently like conlleval and strictly. Throws
 * `metrics/length` if they differ in length.
 */
export function scoreSplit(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  scheme: TagScheme,
): SplitScores {
  const { sentences, tokens, accuracy, entities: lenient } = conlleval(gold, predicted);
  const { entities: strict, discarded } = strictScores(gold, predicted, scheme);
  return { sentences, tokens, accuracy, lenient, strict, discarded };
}

export interface LabelledDocument extends AnnotatedDocument {
  /** Mentions annotated in the file, in order and disjoint. */
  readonly gold: readonly AnnotatedMention[];
}

/** Maps each of the tagger's types to the annotated type it is compared with; null for none. */
type GoldTypes = Readonly<Record<string, string | null>>;

/**
 * Scores exact spans of the compared types, under the tagger's names, as `scoreSplit` counts them in both readings: mentions of documents are well
 * formed. Predicted mentions of other types are left out on one side, annotated ones on the other. Takes time linear in the mentions.
 */
export function scoreDocuments(documents: readonly LabelledDocument[], goldTypes: GoldTypes): EntityScores {
  const nameOf = new Map(Object.entries(goldTypes).flatMap(([type, gold]) => (gold === null ? [] : [[gold, type]])));
  const compared = new Set(nameOf.values());
  const spans = new SpanTally();
  for (const document of documents) {
    const found = new Map<number, AnnotatedMention>();
    for (const mention of document.mentions) {
      if (!compared.has(mention.type)) continue;
      found.set(mention.start, mention);
      spans.add(mention.type, 'predicted');
    }
    for (const { type: written, start, end } of document.gold) {
      const type = nameOf.get(written);
      if (type === undefined) continue;
      spans.add(type, 'gold');
      const same = found.get(start);
      if (same?.end === end && same.type === type) spans.add(type, 'correct');
    }
  }
  return spans.scores();
}

/** Default type mapping: the same name, however it is spelled, else the only one there is. */
export function matchTypes(types: readonly string[], goldTypes: readonly string[]): GoldTypes {
  const plain = (type: string): string => type.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const only = types.length === 1 && goldTypes.length === 1 ? (goldTypes[0] ?? null) : null;
  const matchOf = (type: string): string | null =>
    goldTypes.find((gold) => gold === type) ?? goldTypes.find((gold) => plain(gold) === plain(type)) ?? only;
  return Object.fromEntries(types.map((type) => [type, matchOf(type)]));
}
