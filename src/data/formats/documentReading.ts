// The result type of all document readers, the first step they share, and the ids of annotations given as keys and values.
import type { MentionLink } from '../corpus/corpus.ts';
import type { IssueList } from '../corpus/issues.ts';
import type { AnnotatedDocument } from '../documents/document.ts';
import { encodingFault } from '../rows/decodeText.ts';
import { spellConfidence } from '../rows/spellConfidence.ts';

export interface DocumentReading {
  /** In file order, without documents that have no usable sentence. */
  readonly documents: readonly AnnotatedDocument[];
  /** One list for each file read. */
  readonly issues: readonly IssueList[];
}

/** Decodes a whole file without its byte order mark; null, and an error, if it is not UTF-8. */
export function readWholeText(bytes: Uint8Array, issues: IssueList): string | null {
  const unfit = encodingFault(bytes);
  if (unfit !== null) {
    issues.add('error', unfit.code, null, unfit.message);
    return null;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    issues.add('error', 'corpus/invalid-utf8', null, 'The file is not UTF-8.');
    return null;
  }
}

/** Names of infons that hold an id, the most common first. */
const idKeys = ['identifier', 'identifiers', 'conceptid', 'concept_id', 'mesh', 'omim', 'ncbi gene', 'ncbi taxonomy'];

/** Adds an infon to a link if it is part of one. */
export function withInfon(link: MentionLink | null, key: string, value: string): MentionLink | null {
  const [name, text] = [key.toLowerCase(), value.trim()];
  if (text === '' || text === '-' || text === '-1') return link;
  if (idKeys.includes(name)) return name === 'identifier' || (link?.id ?? '') === '' ? { ...link, id: text } : link;
  if (name === 'identifier_name') return { id: '', ...link, name: text };
  const score = Number(text);
  return name === 'identifier_score' && score >= 0 && score <= 1 ? { id: '', ...link, score } : link;
}

/** Nothing without an id. */
export function linkOf(link: MentionLink | null): { readonly link?: MentionLink } {
  return link === null || link.id === '' ? {} : { link };
}

/** The infons of a link. */
export function linkInfons(link: MentionLink | undefined): Readonly<Record<string, string>> {
  return {
    ...(link !== undefined && { identifier: link.id }),
    ...(link?.name !== undefined && { identifier_name: link.name }),
    ...(link?.score !== undefined && { identifier_score: spellConfidence(link.score) }),
  };
}
