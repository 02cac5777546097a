// Writes annotated documents as CoNLL rows: a token, its tag of IOB2, and perhaps the confidence of its mention.
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import { tokenMentions } from '../sentencesOfDocument.ts';
import { mentionsToTags } from '../tagScheme.ts';
import { writeConll } from './writeConll.ts';
import { spellConfidence } from './spellConfidence.ts';

/** Rows of all documents. Of several, each begins with a row `-DOCSTART-`. The text between tokens is not written. */
export function writeConllDocuments(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  const start = confidences ? '-DOCSTART-\tO\t_\n\n' : '-DOCSTART-\tO\n\n';
  const written = documents.map((document) => writeOne(document, confidences));
  return documents.length < 2 ? written.join('') : written.map((rows) => `${start}${rows}`).join('');
}

function writeOne(document: AnnotatedDocument, confidences: boolean): string {
  const mentions = tokenMentions(document);
  const sentences = document.sentences.map((tokens) => ({
    tokens: tokens.map(({ start, end }) => document.text.slice(start, end)),
  }));
  const lengthOf = (at: number) => sentences[at]?.tokens.length ?? 0;
  const tags = mentions.map((own, at) => mentionsToTags(own, lengthOf(at), 'IOB2'));
  if (!confidences) return writeConll(sentences, [tags]);
  const column = mentions.map((own, at) => {
    const cells = new Array<string>(lengthOf(at)).fill('_');
    for (const { start, end, confidence } of own) {
      if (confidence !== null) cells.fill(spellConfidence(confidence), start, end);
    }
    return cells;
  });
  return writeConll(sentences, [tags, column]);
}
