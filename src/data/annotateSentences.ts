// Puts mentions that are spans of tokens into the text that the tokens come from.
import type { AnnotatedDocument, AnnotatedMention, DocumentText } from './annotatedDocument.ts';
import type { Mention } from './corpus.ts';
import { LabError } from '../util/labError.ts';

/**
 * The document with its mentions, given for each of its sentences in order. A mention without a confidence gets null.
 * Throws LabError `data/mention` when a mention is no span of tokens of its sentence.
 */
export function annotateSentences(
  { id, text, sentences }: DocumentText,
  mentions: readonly (readonly (Mention & Partial<Pick<AnnotatedMention, 'confidence'>>)[])[],
): AnnotatedDocument {
  return {
    id,
    text,
    sentences,
    mentions: sentences.flatMap((tokens, at) =>
      (mentions[at] ?? []).map(({ type, start, end, confidence = null }) => {
        const first = tokens[start];
        const last = tokens[end - 1];
        if (first === undefined || last === undefined || end <= start) {
          throw new LabError('data/mention', `A mention does not fit into sentence ${at + 1} of ${id}.`, {
            expected: `a span within [0, ${tokens.length})`,
            got: `[${start}, ${end}) of type ${type}`,
          });
        }
        return { type, start: first.start, end: last.end, confidence };
      }),
    ),
  };
}
