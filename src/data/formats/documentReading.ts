// The result type of all document readers, and the first step they share.
import type { IssueList } from '../corpus/issues.ts';
import type { AnnotatedDocument } from '../documents/document.ts';
import { encodingFault } from '../rows/decodeText.ts';

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
