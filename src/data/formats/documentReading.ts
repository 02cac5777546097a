// What a reader of documents gives back, and the first thing each of them does.
import type { IssueList } from '../corpus/issues.ts';
import type { AnnotatedDocument } from '../documents/document.ts';
import { encodingFault } from './decodeText.ts';

export interface DocumentReading {
  /** In the order of the file, those without a usable sentence left out. */
  readonly documents: readonly AnnotatedDocument[];
  /** One list for each file read. */
  readonly issues: readonly IssueList[];
}

/** The text of a whole file, its byte order mark left out; null, and an error, when it is not UTF-8. */
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
