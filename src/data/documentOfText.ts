// Cuts a plain text into sentences and tokens.
import type { DocumentText } from './annotatedDocument.ts';
import { sentenceSpans } from './sentenceSpans.ts';
import { tokenSpans } from './tokenSpans.ts';

/** The text with the sentences and tokens that a corpus of such texts would have. Takes time linear in the text. */
export function documentOfText(id: string, text: string): DocumentText {
  return { id, text, sentences: sentenceSpans(text, [], []).map((span) => tokenSpans(text, span, [])) };
}
