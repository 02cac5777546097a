// Turns a document as its file annotates it into one with flat mentions, sentences and tokens.
import type { IssueList } from '../corpus/issues.ts';
import type { AnnotatedDocument, CorpusDocument, Span } from './document.ts';
import { flatMentions } from './flatMentions.ts';
import { sentenceSpans, tokenSpans } from './sentenceSpans.ts';

/**
 * The document with its sentences, those left out that touch a fault, and the mentions in them. Every mention is made of whole
 * tokens. Takes time linear in the text, but for sorting mentions, faults and borders.
 */
export function annotateDocument(id: string, document: CorpusDocument, issues: IssueList): AnnotatedDocument {
  const { text, parts } = document;
  const mentions = flatMentions(document, issues);
  const touchesFault = faultTest(document.faults);
  const placed: AnnotatedDocument['mentions'][number][] = [];
  const sentences: Span[][] = [];
  let next = 0;
  for (const span of sentenceSpans(text, parts, mentions)) {
    const first = next;
    while ((mentions[next]?.end ?? Infinity) <= span.end) next++;
    if (touchesFault(span)) continue;
    const inside = mentions.slice(first, next);
    const cuts = inside.flatMap(({ start, end }) => [start, end]);
    sentences.push(tokenSpans(text, span, cuts));
    for (const { type, ...written } of inside) placed.push({ type, ...trimmed(text, written), confidence: null });
  }
  return { id, text, sentences, mentions: placed };
}

/** Without white space at its ends, since tokens have none. */
function trimmed(text: string, { start, end }: Span): Span {
  const written = text.slice(start, end);
  const from = start + (written.length - written.trimStart().length);
  return { start: from, end: from + written.trim().length };
}

/** Tells whether a span touches one of `faults`; to be asked for spans in ascending order. */
function faultTest(faults: readonly Span[]): (span: Span) => boolean {
  const sorted = [...faults].sort((left, right) => left.start - right.start);
  let next = 0;
  let reach = -Infinity;
  return ({ start, end }) => {
    for (let fault = sorted[next]; fault !== undefined && fault.start < end; fault = sorted[++next]) {
      reach = Math.max(reach, fault.end);
    }
    return reach > start;
  };
}
