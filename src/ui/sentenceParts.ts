// A sentence of a document cut where mentions begin and end, for whoever draws it.
import type { AnnotatedDocument, AnnotatedMention } from '../data/annotatedDocument.ts';

export interface SentencePart {
  readonly text: string;
  /** Null for text outside of mentions. */
  readonly mention: AnnotatedMention | null;
}

/** The text of sentences `[first, end)` as it stands, from first to last token, white space between sentences left out. */
export function sentenceParts(
  { text, sentences, mentions }: AnnotatedDocument,
  first: number,
  end: number,
): readonly (readonly SentencePart[])[] {
  const from = sentences[first]?.[0]?.start ?? 0;
  let next = firstAtOrAfter(mentions, from);
  return sentences.slice(first, end).map((tokens) => {
    const parts: SentencePart[] = [];
    let at = tokens[0]?.start ?? 0;
    const last = tokens.at(-1)?.end ?? at;
    for (let mention = mentions[next]; mention !== undefined && mention.end <= last; mention = mentions[++next]) {
      if (mention.start > at) parts.push({ text: text.slice(at, mention.start), mention: null });
      parts.push({ text: text.slice(mention.start, mention.end), mention });
      at = mention.end;
    }
    if (at < last) parts.push({ text: text.slice(at, last), mention: null });
    return parts;
  });
}

/** Index of the first mention that starts at `place` or behind it, by halving. */
function firstAtOrAfter(mentions: readonly AnnotatedMention[], place: number): number {
  let low = 0;
  let high = mentions.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((mentions[middle]?.start ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
