// Converts documents into sentences of tokens, and sentences back into documents.
import { LabError } from '../../util/labError.ts';
import type { Mention, Sentence } from '../corpus/corpus.ts';
import type { AnnotatedDocument, AnnotatedMention, DocumentText, Span } from './document.ts';
import { sentenceSpans, tokenSpans } from './sentenceSpans.ts';

/** A mention as a span of tokens, with the tagger's confidence. */
type TokenMention = Mention & Pick<AnnotatedMention, 'confidence'>;

/** Returns the sentences of a document; every mention covers exactly its own tokens. Takes time linear in the text. */
export function sentencesOfDocument(document: AnnotatedDocument): Sentence[] {
  const mentions = tokenMentions(document);
  return document.sentences.map((tokens, at) => ({
    tokens: tokens.map(({ start, end }) => document.text.slice(start, end)),
    mentions: (mentions[at] ?? []).map(({ type, start, end, link }) => ({
      type,
      start,
      end,
      ...(link !== undefined && { link }),
    })),
  }));
}

/** Returns the mentions of each sentence, as spans of its tokens. */
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
      const { type, confidence, link } = mention;
      own.push({ type, start: first, end: token, confidence, ...(link !== undefined && { link }) });
    }
    return own;
  });
}

/**
 * Adds mentions to a document, given for each of its sentences in order. A mention without a confidence gets null. Throws LabError
 * `data/mention` if a mention is not a token span of its sentence.
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
      (mentions[at] ?? []).map(({ type, start, end, confidence = null, link }) => {
        const first = tokens[start];
        const last = tokens[end - 1];
        if (first === undefined || last === undefined || end <= start) {
          throw new LabError('data/mention', `A mention does not fit into sentence ${at + 1} of ${id}.`, {
            expected: `a span within [0, ${tokens.length})`,
            got: `[${start}, ${end}) of type ${type}`,
          });
        }
        return { type, start: first.start, end: last.end, confidence, ...(link !== undefined && { link }) };
      }),
    ),
  };
}

/**
 * Makes texts with tokens separated by spaces and sentences by line feeds: one called `id` of all sentences, or ones of
 * `sentencesEach` sentences called `id-1`, `id-2` and so on.
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
  let index = 0;
  for (const { tokens } of sentences) {
    lines.push(tokens.join(' '));
    spans.push(
      tokens.map((token) => {
        const span = { start: index, end: index + token.length };
        index = span.end + 1;
        return span;
      }),
    );
  }
  return { id, text: lines.join('\n'), sentences: spans };
}

/** Splits a text into the sentences and tokens that a corpus would have. Takes time linear in the text. */
export function documentOfText(id: string, text: string): DocumentText {
  return { id, text, sentences: sentenceSpans(text, [], []).map((span) => tokenSpans(text, span, [])) };
}

/** Sentences split into tokens between two turns. */
const SENTENCES_A_TURN = 500;

/** Splits a text like `documentOfText`, and calls `turn` now and then, so that a page can draw meanwhile. */
export async function documentOfLongText(id: string, text: string, turn: () => Promise<void>): Promise<DocumentText> {
  const spans = sentenceSpans(text, [], []);
  const sentences: Span[][] = [];
  for (const [index, span] of spans.entries()) {
    if (index % SENTENCES_A_TURN === 0) await turn();
    sentences.push(tokenSpans(text, span, []));
  }
  return { id, text, sentences };
}
