// Has a server tag documents, some sentences a call: long documents in pieces, short ones together.
import type { AnnotatedDocument, AnnotatedMention, DocumentText } from '../../data/documents/document.ts';
import type { TaggerRef } from '../../wire/taggerRef.ts';
import type { ServerClient } from '../../wire/trainingProtocol.ts';

/** Sentences per message: enough for full batches, few enough for a reply every few seconds. */
const SENTENCES_A_CALL = 500;

/** A document with the mentions that a tagger found, beside those that came with the text. */
export interface GoldAndFound extends AnnotatedDocument {
  readonly gold: readonly AnnotatedMention[];
}

/**
 * Tags documents in order and yields those that are complete after each call; `report` gets the sentences that are done. Ends early when `signal`
 * is aborted; interrupting the call is left to the caller, who knows `id`.
 */
export async function* taggedDocuments(
  client: ServerClient,
  { id, tagger }: { readonly id: string; readonly tagger: TaggerRef },
  documents: Iterable<AnnotatedDocument>,
  signal: AbortSignal,
  report: (sentences: number) => void,
  sentencesACall = SENTENCES_A_CALL,
): AsyncGenerator<readonly GoldAndFound[], void> {
  let before = 0;
  const stopListening = client.onEvent((event) => {
    if (event.kind === 'predicting' && event.runId === id) report(before + event.done);
  });
  try {
    /** Mentions of the document that is tagged in several pieces. */
    let sofar: readonly AnnotatedMention[] = [];
    for (const chunk of chunksOf(documents, sentencesACall)) {
      if (signal.aborted) return;
      const found = await client.call('tag', { id, tagger, documents: chunk.map(textOfPiece) });
      if (found === null || signal.aborted) return;
      before += chunk.reduce((sum, { first, end }) => sum + end - first, 0);
      const complete: GoldAndFound[] = [];
      for (const [index, piece] of chunk.entries()) {
        sofar = [...sofar, ...inDocument(found[index] ?? [], piece)];
        const { document, end } = piece;
        if (end < document.sentences.length) continue;
        // The annotations that came with the text stay as gold beside the mentions found.
        complete.push({ ...document, gold: document.mentions, mentions: sofar });
        sofar = [];
      }
      if (complete.length > 0) yield complete;
      report(before);
    }
  } finally {
    stopListening();
  }
}

/** Some sentences of a document, `[first, end)`: all of them, but for one of more sentences than a call takes. */
interface Piece {
  readonly document: AnnotatedDocument;
  readonly first: number;
  readonly end: number;
}

/** Returns the offset at which the text of a piece begins in its document. */
function startOfPiece({ document, first }: Piece): number {
  return first === 0 ? 0 : (document.sentences[first]?.[0]?.start ?? 0);
}

function textOfPiece(piece: Piece): DocumentText {
  const { document, first, end } = piece;
  const { id, text, sentences } = document;
  if (first === 0 && end === sentences.length) return { id, text, sentences };
  const from = startOfPiece(piece);
  return {
    id,
    text: text.slice(from, sentences[end - 1]?.at(-1)?.end),
    sentences: sentences
      .slice(first, end)
      .map((tokens) => tokens.map((token) => ({ start: token.start - from, end: token.end - from }))),
  };
}

/** Moves mentions found in a piece to their offsets in the document. */
function inDocument(found: readonly AnnotatedMention[], piece: Piece): readonly AnnotatedMention[] {
  const from = startOfPiece(piece);
  return from === 0 ? found : found.map((one) => ({ ...one, start: one.start + from, end: one.end + from }));
}

function* chunksOf(documents: Iterable<AnnotatedDocument>, most: number): Generator<readonly Piece[]> {
  let chunk: Piece[] = [];
  let sentences = 0;
  for (const document of documents) {
    const { length } = document.sentences;
    for (let first = 0; first < length; first += most) {
      const end = Math.min(length, first + most);
      if (chunk.length > 0 && sentences + end - first > most) {
        yield chunk;
        chunk = [];
        sentences = 0;
      }
      chunk.push({ document, first, end });
      sentences += end - first;
    }
  }
  if (chunk.length > 0) yield chunk;
}
