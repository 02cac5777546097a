// Tells corpora of documents apart, by name and first bytes.
import type { DocumentSource } from '../../schema/corpusRecord.ts';
import { isAnnotations } from './brat.ts';

/** The format of documents that a file speaks; null when it speaks none. */
export function corpusFormatOf(path: string): DocumentSource['format'] | null {
  return isAnnotations(path) ? 'BRAT' : null;
}
