// Tells corpora of documents apart, by name and first bytes.
import type { DocumentSource } from '../corpusSource.ts';
import { isAnnotations } from './brat.ts';
import { encodingOfXml } from './decodeXml.ts';
import { looksLikePubTator } from './pubTator.ts';
import { isColumnDescription } from './tagNames.ts';

/** The format of documents that a file speaks; null when it speaks none. `head` is its first bytes or all of it. */
export function corpusFormatOf(path: string, head: Uint8Array): DocumentSource['format'] | null {
  if (isAnnotations(path)) return 'BRAT';
  if (/\.pubtator$/i.test(path)) return 'PubTator';
  if (isColumnDescription(path)) return 'JSONL';
  const text = new TextDecoder('utf-8').decode(head);
  if (looksLikePubTator(text)) return 'PubTator';
  if (isXml(path, text)) return /<([\w.-]+:)?collection\b/.test(decodeLoosely(head)) ? 'BioC' : null;
  if (!/^\s*[{[]/.test(text)) return null;
  if (/"passages"\s*:/.test(text)) return 'BioC';
  return looksLikeItems(path, text) ? (/\.parquet$/i.test(path) ? 'Parquet' : 'JSONL') : null;
}

/** Whether a BioC file is XML rather than JSON. */
export function isXml(path: string, text: string): boolean {
  return /\.xml$/i.test(path) || /^\s*</.test(text);
}

function decodeLoosely(head: Uint8Array): string {
  try {
    return new TextDecoder(encodingOfXml(head)).decode(head);
  } catch {
    return new TextDecoder('utf-8').decode(head);
  }
}

/** JSON of texts or tokens; a lone object must say mentions too, or any configuration would be a corpus. */
function looksLikeItems(path: string, text: string): boolean {
  const isPairs = /^\s*(\[|\{.{0,4096}"annotations"\s*:\s*\[)\s*\[\s*"/s.test(text);
  if (isPairs) return /"(entities|spans)"\s*:/.test(text);
  if (!/"(text|data|content|sentence|tokens|words)"\s*:/.test(text)) return false;
  const isList = /\.(jsonl|ndjson|parquet)$/i.test(path) || /^\s*\[/.test(text);
  return isList || /"(entities|ents|spans|labels?|annotations|completions|predictions|ner_tags|tags)"\s*:/.test(text);
}
