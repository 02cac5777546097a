// Turns a document with spans of characters into sentences with spans of tokens.
import type { AnnotatedDocument, AnnotatedMention } from './annotatedDocument.ts';
import type { Mention, Sentence } from './corpus.ts';

/** A mention as spans of tokens say it, and how sure its tagger is. */
export type TokenMention = Mention & Pick<AnnotatedMention, 'confidence'>;

/** The sentences of a document; every mention holds exactly its own tokens. Takes time linear in the text. */
export function sentencesOfDocument(document: AnnotatedDocument): Sentence[] {
  const mentions = tokenMentions(document);
  return document.sentences.map((tokens, at) => ({
    tokens: tokens.map(({ start, end }) => document.text.slice(start, end)),
    mentions: (mentions[at] ?? []).map(({ type, start, end }) => ({ type, start, end })),
  }));
}

/** The mentions of each sentence, as spans of its tokens. */
export function tokenMentions({ sentences, mentions }: AnnotatedDocument): TokenMention[][] {
  let next = 0;
  return sentences.map((tokens) => {
    const own: TokenMention[] = [];
    const end = tokens.at(-1)?.end ?? 0;
    let token = 0;
    for (let mention = mentions[next]; mention !== undefined && mention.end <= end; mention = mentions[++next]) {
      while ((tokens[token]?.end ?? Infinity) <= mention.start) token++;
      const first = token;
      while ((tokens[token]?.start ?? Infinity) < mention.end) token++;
      own.push({ type: mention.type, start: first, end: token, confidence: mention.confidence });
    }
    return own;
  });
}
