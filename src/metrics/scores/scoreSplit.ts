// Everything the lab says about the predictions for one split.
import { lenientMentions, strictMentions } from '../../data/corpus/chunks.ts';
import { mentionsToTags, type TagScheme } from '../../data/corpus/tagScheme.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import { sentencesOfDocument } from '../../data/documents/documentSentences.ts';
import { checkLengths, conlleval } from './conlleval.ts';
import { sharedMentions } from './sentenceCounts.ts';
import { SpanTally, type EntityScores, type SplitScores } from './spanScore.ts';

/** Entity scores of mentions that are well-formed in their tag scheme. */
interface StrictScores {
  readonly entities: EntityScores;
  /** Predicted mentions that conlleval's lenient reading has and the strict one has not: what strictness costs. */
  readonly discarded: number;
}

/**
 * Scores exact spans and types of the strict reading of both sides, `[sentences][tokens]`. Ill-formed
 * predictions are dropped, so precision can be above the lenient one while recall is below.
 * Throws `metrics/length` when gold and predicted differ in length.
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
 * Scores predicted against gold tags, both `[sentences][tokens]` in `scheme`, leniently as conlleval and strictly.
 * Throws `metrics/length` when they differ in length.
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
  /** Mentions that came with the text, in order and apart. */
  readonly gold: readonly AnnotatedMention[];
}

/** The annotated type that each type of the tagger is compared with; null for none. */
type GoldTypes = Readonly<Record<string, string | null>>;

/**
 * Exact spans of the types that are compared, under the tagger's names, as `scoreSplit` counts them. Found mentions of other types are left
 * out on one side, annotated ones on the other.
 */
export function scoreDocuments(documents: readonly LabelledDocument[], goldTypes: GoldTypes): SplitScores {
  const nameOf = new Map(Object.entries(goldTypes).flatMap(([type, gold]) => (gold === null ? [] : [[gold, type]])));
  const compared = new Set(nameOf.values());
  const gold: string[][] = [];
  const predicted: string[][] = [];
  for (const document of documents) {
    const annotated = document.gold.flatMap((mention) => {
      const type = nameOf.get(mention.type);
      return type === undefined ? [] : [{ ...mention, type }];
    });
    gold.push(...tagsOf({ ...document, mentions: annotated }));
    predicted.push(...tagsOf({ ...document, mentions: document.mentions.filter(({ type }) => compared.has(type)) }));
  }
  return scoreSplit(gold, predicted, 'IOB2');
}

/** What each type is compared with until somebody says otherwise: its own name, however it is written, else the only one there is. */
export function matchTypes(types: readonly string[], goldTypes: readonly string[]): GoldTypes {
  const plain = (type: string): string => type.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const only = types.length === 1 && goldTypes.length === 1 ? (goldTypes[0] ?? null) : null;
  const matchOf = (type: string): string | null =>
    goldTypes.find((gold) => gold === type) ?? goldTypes.find((gold) => plain(gold) === plain(type)) ?? only;
  return Object.fromEntries(types.map((type) => [type, matchOf(type)]));
}

function tagsOf(document: AnnotatedDocument): string[][] {
  return sentencesOfDocument(document).map(({ tokens, mentions }) => mentionsToTags(mentions, tokens.length, 'IOB2'));
}
