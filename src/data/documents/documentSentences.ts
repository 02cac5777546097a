// Converts documents into sentences of tokens, and sentences back into documents.
import { LabError } from '../../util/labError.ts';
import type { Mention, Sentence } from '../corpus/corpus.ts';
import type { AnnotatedDocument, AnnotatedMention, DocumentText, Span } from './document.ts';
import { sentenceSpans, tokenSpans } from './sentenceSpans.ts';

/** A mention as spans of tokens say it, and how sure its tagger is. */
type TokenMention = Mention & Pick<AnnotatedMention, 'confidence'>;

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

/** The text with the sentences and tokens that a corpus of such texts would have. Takes time linear in the text. */
export function documentOfText(id: string, text: string): DocumentText {
  return { id, text, sentences: sentenceSpans(text, [], []).map((span) => tokenSpans(text, span, [])) };
}
