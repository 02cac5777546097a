// Tags whole texts, a bounded number of sentences at a time.
import type { AnnotatedMention, DocumentText } from '../data/annotatedDocument.ts';
import type { Span } from '../data/corpusDocument.ts';
import { buildSequences } from '../data/features.ts';
import { macrotask } from '../util/macrotask.ts';
import type { OpenTagger } from './openTagger.ts';
import type { TaggedSentence } from './tagSentences.ts';
import { tagSentences } from './tagSentences.ts';

/** Sentences held as sequences and emissions at once. */
const SENTENCES_AT_ONCE = 256;

interface PlacedSentence {
  readonly document: number;
  readonly spans: readonly Span[];
}

/**
 * The mentions of each document, in order, with their confidences. Text is read as the tagger was trained to read it, but each sentence by
 * itself, so that what is found in one does not depend on what lies beside it. Yields the sentences done of all; throws the reason of `signal`.
 */
export async function* tagDocuments(
  documents: readonly DocumentText[],
  tagger: OpenTagger,
  signal: AbortSignal,
): AsyncGenerator<{ readonly done: number; readonly total: number }, readonly (readonly AnnotatedMention[])[]> {
  const config = { ...tagger.config, layout: 'sentence' as const };
  const placed = documents.flatMap(({ sentences }, document) => sentences.map((spans): PlacedSentence => ({ document, spans }))); // prettier-ignore
  const mentions = documents.map((): AnnotatedMention[] => []);
  for (let from = 0; from < placed.length; from += SENTENCES_AT_ONCE) {
    const block = placed.slice(from, from + SENTENCES_AT_ONCE);
    const sentences = block.map(({ document, spans }) => ({
      tokens: spans.map(({ start, end }) => documents[document]?.text.slice(start, end) ?? ''),
      mentions: [],
    }));
    const { sequences } = buildSequences(sentences, tagger.tagSet, tagger.tokenizer, config);
    await macrotask();
    const tagging = tagSentences({ sentences, sequences }, tagger, config, signal);
    let next = await tagging.next();
    for (; next.done !== true; next = await tagging.next()) {
      // A sentence may be several sequences.
      yield { done: from + Math.floor((block.length * next.value) / sequences.length), total: placed.length };
    }
    next.value.forEach((tagged, index) => {
      const sentence = block[index];
      if (sentence !== undefined) mentions[sentence.document]?.push(...inText(tagged, sentence.spans));
    });
  }
  return mentions;
}

function inText({ mentions }: TaggedSentence, spans: readonly Span[]): AnnotatedMention[] {
  return mentions.map(({ type, start, end, confidence }) => ({
    type,
    start: spans[start]?.start ?? 0,
    end: spans[end - 1]?.end ?? 0,
    confidence,
  }));
}
