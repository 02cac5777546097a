// Turns the bytes of an XML file into text, in the encoding that it declares.
import type { IssueList } from '../issueList.ts';

/** The text without its byte order mark; null, and an error, when the encoding is unknown or the bytes are not of it. */
export function decodeXml(bytes: Uint8Array, issues: IssueList): string | null {
  const encoding = encodingOfXml(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    issues.add('error', 'corpus/encoding', null, `The file is not ${encoding}, as it says: save it as UTF-8.`);
    return null;
  }
}

/** As the byte order mark says, or the declaration, or else UTF-8. */
export function encodingOfXml(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const declaration = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  return /^[^<]*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']/.exec(declaration)?.[1]?.toLowerCase() ?? 'utf-8';
}
