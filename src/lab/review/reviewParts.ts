// Cuts tagged documents into parts of a few hundred sentences for storage, and joins them again.
import type { AnnotatedMention } from '../../data/documents/document.ts';
import type { LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import type { DocumentSlice, StoredMention } from '../../schema/reviewRecord.ts';

/** Sentences in one part: few enough to write and read within a frame. */
const SENTENCES_A_PART = 100;

/** Cuts documents into parts; a long document is in several, with its text in the first. */
export function* partsOfDocuments(documents: readonly LabelledDocument[]): Generator<readonly DocumentSlice[]> {
  let part: DocumentSlice[] = [];
  let room = SENTENCES_A_PART;
  for (const document of documents) {
    const found = mentionsInOrder(document.mentions);
    const gold = mentionsInOrder(document.gold);
    let first = 0;
    do {
      const sentences = document.sentences.slice(first, first + room);
      const isLast = first + sentences.length >= document.sentences.length;
      const end = isLast ? Infinity : (sentences.at(-1)?.at(-1)?.end ?? 0);
      part.push({
        id: document.id,
        ...(first === 0 && { text: document.text }),
        sentences: sentences.map((tokens) => tokens.flatMap((token) => [token.start, token.end])),
        found: found(end),
        gold: gold(end),
      });
      first += sentences.length;
      room -= sentences.length;
      if (room === 0) {
        yield part;
        part = [];
        room = SENTENCES_A_PART;
      }
    } while (first < document.sentences.length);
  }
  if (part.length > 0) yield part;
}

/** Returns a function that takes the next mentions, up to an offset, in their stored form. */
function mentionsInOrder(mentions: readonly AnnotatedMention[]): (end: number) => StoredMention[] {
  let next = 0;
  return (end) => {
    const taken: StoredMention[] = [];
    for (let mention = mentions[next]; mention !== undefined && mention.end <= end; mention = mentions[++next]) {
      taken.push([mention.type, mention.start, mention.end, mention.confidence]);
    }
    return taken;
  };
}

interface JoinedDocument extends LabelledDocument {
  readonly sentences: LabelledDocument['sentences'][number][];
  readonly mentions: AnnotatedMention[];
  readonly gold: AnnotatedMention[];
}

/** Joins the parts again, given one after the other. */
export class DocumentJoiner {
  readonly documents: JoinedDocument[] = [];

  add(part: readonly DocumentSlice[]): void {
    for (const { id, text, sentences, found, gold } of part) {
      if (text !== undefined) this.documents.push({ id, text, sentences: [], mentions: [], gold: [] });
      const document = this.documents.at(-1);
      if (document === undefined) continue;
      for (const offsets of sentences) document.sentences.push(spansOf(offsets));
      for (const mention of found) document.mentions.push(unstored(mention));
      for (const mention of gold) document.gold.push(unstored(mention));
    }
  }
}

function spansOf(offsets: readonly number[]): LabelledDocument['sentences'][number] {
  return Array.from({ length: offsets.length / 2 }, (_, token) => ({
    start: offsets[2 * token] ?? 0,
    end: offsets[2 * token + 1] ?? 0,
  }));
}

function unstored([type, start, end, confidence]: StoredMention): AnnotatedMention {
  return { type, start, end, confidence };
}
