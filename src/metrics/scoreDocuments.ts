// Scores the mentions found in documents against those that were annotated in them.
import type { AnnotatedDocument, AnnotatedMention } from '../data/annotatedDocument.ts';
import { sentencesOfDocument } from '../data/sentencesOfDocument.ts';
import { mentionsToTags } from '../data/tagScheme.ts';
import type { SplitScores } from './spanScore.ts';
import { scoreSplit } from './scoreSplit.ts';

export interface LabelledDocument extends AnnotatedDocument {
  /** Mentions that came with the text, in order and apart. */
  readonly gold: readonly AnnotatedMention[];
}

/** The annotated type that each type of the tagger is compared with; null for none. */
export type GoldTypes = Readonly<Record<string, string | null>>;

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
