// Converts a document as annotated in its file into one with flat mentions, sentences and tokens.
import type { IssueList } from '../corpus/issues.ts';
import type { AnnotatedDocument, CorpusDocument, Span } from './document.ts';
import { flatMentions } from './flatMentions.ts';
import { sentenceSpans, tokenSpans } from './sentenceSpans.ts';

/**
 * Splits the document into sentences, leaves out those that touch a fault, and keeps the mentions in the rest. Every mention
 * consists of whole tokens. Takes time linear in the text, except for sorting mentions, faults and boundaries.
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
    for (const { type, link, ...written } of inside) {
      placed.push({ type, ...trimmed(text, written), confidence: null, ...(link !== undefined && { link }) });
    }
  }
  return { id, text, sentences, mentions: placed };
}

/** Trims white space off both ends, since tokens contain none. */
function trimmed(text: string, { start, end }: Span): Span {
  const written = text.slice(start, end);
  const from = start + (written.length - written.trimStart().length);
  return { start: from, end: from + written.trim().length };
}

/** Returns a test for whether a span touches one of `faults`; call it with spans in ascending order. */
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
