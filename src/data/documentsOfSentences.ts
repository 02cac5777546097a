// Makes texts of sentences that came as bare tokens.
import type { DocumentText } from './annotatedDocument.ts';
import type { Sentence } from './corpus.ts';
import type { Span } from './corpusDocument.ts';

/**
 * Texts whose tokens stand apart by a space and whose sentences by a line feed: one called `id` of all sentences, or of
 * `sentencesEach` of them each, called `id-1`, `id-2` and so on.
 */
export function documentsOfSentences(
  sentences: readonly Pick<Sentence, 'tokens'>[],
  id: string,
  sentencesEach: number = Infinity,
): DocumentText[] {
  if (sentencesEach >= sentences.length) return sentences.length === 0 ? [] : [joinSentences(id, sentences)];
  const documents: DocumentText[] = [];
  for (let start = 0; start < sentences.length; start += sentencesEach) {
    documents.push(joinSentences(`${id}-${documents.length + 1}`, sentences.slice(start, start + sentencesEach)));
  }
  return documents;
}

function joinSentences(id: string, sentences: readonly Pick<Sentence, 'tokens'>[]): DocumentText {
  const lines: string[] = [];
  const spans: Span[][] = [];
  let place = 0;
  for (const { tokens } of sentences) {
    lines.push(tokens.join(' '));
    spans.push(
      tokens.map((token) => {
        const span = { start: place, end: place + token.length };
        place = span.end + 1;
        return span;
      }),
    );
  }
  return { id, text: lines.join('\n'), sentences: spans };
}
