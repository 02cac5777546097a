// The types of text with mentions, as annotated in a file, as marked by a tagger, as stored in a corpus; its formats, and names of documents and files.
import type { MentionLink, Sentence, Split } from '../corpus/corpus.ts';

/** A flat mention in a document's text, in UTF-16 units. */
export interface AnnotatedMention extends Span {
  readonly type: string;
  /** Marginal probability of the whole mention, 0 to 1; null if confidences were not requested. */
  readonly confidence: number | null;
  /** Absent for a mention without an id. */
  readonly link?: MentionLink;
  /** Whether a person chose the id, or that there is none, so that no dictionary gives another. */
  readonly isLinkChosen?: true;
}

/** A text with the spans of its sentences and tokens. */
export interface DocumentText {
  /** Unique in its corpus or batch, such as `PMID-123` or a file name. */
  readonly id: string;
  readonly text: string;
  /** Spans of each token of each sentence: ascending, not overlapping. */
  readonly sentences: readonly (readonly Span[])[];
}

/** Mentions are in order and do not overlap; each begins and ends at token boundaries, within one sentence. */
export interface AnnotatedDocument extends DocumentText {
  readonly mentions: readonly AnnotatedMention[];
}

/** A file to be written: its path and text. */
export interface WrittenText {
  readonly path: string;
  readonly text: string;
}

/** UTF-16 units `[start, end)` of a text, as JavaScript counts. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A mention in a text; one with several fragments is discontinuous. Fragments are in order, disjoint and not blank. */
export interface DocumentMention {
  readonly type: string;
  readonly fragments: readonly Span[];
  /** 1-based; null if line numbers make no sense in the file. */
  readonly line: number | null;
  /** Absent for a mention without an id. */
  readonly link?: MentionLink;
}

/** A document as annotated in its file, with mentions as spans of characters. */
export interface CorpusDocument {
  readonly text: string;
  /** Offsets where a new part begins, such as the abstract; sentences end there. Ascending. */
  readonly parts: readonly number[];
  /** They may overlap. */
  readonly mentions: readonly DocumentMention[];
  /** Spans with unreadable annotations: sentences that touch them are left out. */
  readonly faults: readonly Span[];
}

/** A document as read into a corpus. */
export interface SplitDocument {
  /** The same for the same document, wherever it was dropped from: the seeded devel split depends on it. */
  readonly id: string;
  readonly sentences: readonly Sentence[];
  /** The text with the spans of the sentences' tokens; null for rows of tokens, which have no text. */
  readonly text: DocumentText | null;
}

/** The sentences of a split's documents, concatenated, are the sentences of the split. */
export type CorpusTexts = Readonly<Record<Split, readonly DocumentText[]>>;

// Lists the formats that annotated documents are written in.

/** Available formats, by display name. */
export const annotationFormats = [
  'CoNLL',
  'BRAT',
  'PubTator',
  'BioC XML',
  'BioC JSON',
  'doccano',
  'spaCy',
  'Label Studio',
  'Hugging Face',
] as const;
export type AnnotationFormat = (typeof annotationFormats)[number];

/** Formats without a place for the ids of mentions. */
const WITHOUT_IDS: readonly AnnotationFormat[] = ['CoNLL', 'doccano'];
export const formatsWithIds = annotationFormats.filter((format) => !WITHOUT_IDS.includes(format));

/** Says that ids are not written in a format; null where it has a place for them. */
export function lostIdsWords(format: AnnotationFormat): string | null {
  return formatsWithIds.includes(format)
    ? null
    : `${format} has no place for ids: mentions are written without them. ${formatsWithIds.join(', ')} have one.`;
}

// Names documents after files and files after documents, and makes document ids unique.

/** Returns a file name for each id that is valid on every file system; unique even when case is ignored. Takes time linear in the ids. */
export function fileNames(ids: readonly string[]): string[] {
  const used = new Set<string>();
  const numbers = new Map<string, number>();
  return ids.map((id) => {
    const plain = plainName(id);
    let number = numbers.get(plain) ?? 1;
    let name = number === 1 ? plain : `${plain}-${number}`;
    while (used.has(name.toLowerCase())) name = `${plain}-${++number}`;
    numbers.set(plain, number);
    used.add(name.toLowerCase());
    return name;
  });
}

/** Returns a file name without folders and extension. */
export function fileStem(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/(?<=.)\.[A-Za-z0-9]+$/, '');
}

function plainName(id: string): string {
  // Control characters and those that Windows does not allow.
  const plain = id.replace(/[\p{Cc}\p{Cs}/\\:*?"<>|]+/gu, '_').replace(/^[. ]+/, '');
  const short = Array.from(plain.slice(0, 200)).slice(0, 100).join('');
  return short.replace(/[. ]+$/, '') || 'document';
}

/** Makes ids unique: the second `a` becomes `a-2`. Takes time linear in the documents. */
export function uniqueIds<Document extends { readonly id: string }>(documents: readonly Document[]): Document[] {
  const given = new Set(documents.map(({ id }) => id));
  const seen = new Set<string>();
  const numbers = new Map<string, number>();
  return documents.map((document) => {
    const { id } = document;
    if (!seen.has(id)) {
      seen.add(id);
      return document;
    }
    let number = numbers.get(id) ?? 2;
    while (given.has(`${id}-${number}`)) number++;
    numbers.set(id, number + 1);
    return { ...document, id: `${id}-${number}` };
  });
}
