// Mentions that are sure enough to be shown, and how many of each type there are.
import type { AnnotatedDocument, AnnotatedMention } from '../data/annotatedDocument.ts';

/** Whether a mention reaches the threshold; one that nobody was asked about always does. */
export function isConfident({ confidence }: AnnotatedMention, threshold: number): boolean {
  return confidence === null || confidence >= threshold;
}

/** The same documents without the mentions below the threshold. */
export function confidentDocuments<Document extends AnnotatedDocument>(
  documents: readonly Document[],
  threshold: number,
): readonly Document[] {
  if (threshold <= 0) return documents;
  return documents.map((document) => ({
    ...document,
    mentions: document.mentions.filter((mention) => isConfident(mention, threshold)),
  }));
}

export interface TypeCount {
  readonly type: string;
  readonly shown: number;
  /** Below the threshold. */
  readonly hidden: number;
  /** Mean confidence of those shown; null for none. */
  readonly meanConfidence: number | null;
}

/** In the order of `types`, each of which has an entry. */
export function countTypes(
  documents: readonly AnnotatedDocument[],
  types: readonly string[],
  threshold: number,
): readonly TypeCount[] {
  const tallies = new Map(types.map((type) => [type, { shown: 0, hidden: 0, confidence: 0 }]));
  for (const { mentions } of documents) {
    for (const mention of mentions) {
      const tally = tallies.get(mention.type);
      if (tally === undefined) continue;
      if (!isConfident(mention, threshold)) {
        tally.hidden++;
        continue;
      }
      tally.shown++;
      tally.confidence += mention.confidence ?? 1;
    }
  }
  return [...tallies].map(([type, { shown, hidden, confidence }]) => ({
    type,
    shown,
    hidden,
    meanConfidence: shown === 0 ? null : confidence / shown,
  }));
}
