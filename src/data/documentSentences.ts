// Turns a document with spans of characters into sentences with spans of tokens.
import type { Mention, Sentence } from './corpus.ts';
import type { CorpusDocument } from './corpusDocument.ts';
import { flatMentions } from './flatMentions.ts';
import type { IssueList } from './issueList.ts';
import { sentenceSpans } from './sentenceSpans.ts';
import { tokenSpans } from './tokenSpans.ts';

/**
 * The sentences of a document, those left out that touch a fault. Every kept mention is made of whole tokens and holds exactly
 * its own visible characters. Takes time linear in the text, but for sorting mentions and borders.
 */
export function documentSentences(document: CorpusDocument, issues: IssueList): Sentence[] {
  const { text, parts, faults } = document;
  const mentions = flatMentions(document, issues);
  const sentences: Sentence[] = [];
  let next = 0;
  for (const span of sentenceSpans(text, parts, mentions)) {
    const inside = [];
    for (; (mentions[next]?.end ?? Infinity) <= span.end; next++) inside.push(mentions[next]);
    if (faults.some(({ start, end }) => start < span.end && end > span.start)) continue;
    const own = inside.filter((mention) => mention !== undefined);
    const tokens = tokenSpans(
      text,
      span,
      own.flatMap(({ start, end }) => [start, end]),
    );
    const spans: Mention[] = [];
    let token = 0;
    for (const { type, start, end } of own) {
      while ((tokens[token]?.end ?? Infinity) <= start) token++;
      const first = token;
      while ((tokens[token]?.start ?? Infinity) < end) token++;
      spans.push({ type, start: first, end: token });
    }
    sentences.push({ tokens: tokens.map((one) => text.slice(one.start, one.end)), mentions: spans });
  }
  return sentences;
}
