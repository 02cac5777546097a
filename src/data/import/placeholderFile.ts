// Recognises by their content files that are not what their names say: pointers, web pages and messages that were saved for a model's files.
import { LabError } from '../../util/labError.ts';
import { shortened } from '../../util/wording.ts';

/** Pointers, pages and messages show what they are at once; a vocabulary or configuration may be any text after that. */
const headBytes = 4096;

/** What came in place of a file, and what to do about it. */
interface Placeholder {
  readonly got: string;
  readonly expected: string;
}

/**
 * Refuses a file of a model that is empty, a pointer of Git LFS or the like, a web page, a server's message, or a file of another
 * format under its name. Throws LabError `model/placeholder` that says which.
 */
export function refusePlaceholder({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array }): void {
  const found = placeholderOf(name, bytes);
  if (found === null) return;
  throw new LabError('model/placeholder', `${name} is not the file that its name says: it is ${found.got}.`, {
    expected: found.expected,
    got: bytes.byteLength === 0 ? '0 bytes' : `${bytes.byteLength} bytes that begin with ${JSON.stringify(beginning(bytes))}`,
  }); // prettier-ignore
}

function placeholderOf(name: string, bytes: Uint8Array): Placeholder | null {
  if (bytes.byteLength === 0) return { got: 'empty', expected: 'the whole file; download it again' };
  const text = new TextDecoder('utf-8').decode(bytes.subarray(0, headBytes)).trimStart();
  return pointer(text) ?? page(text) ?? message(name, text, bytes.byteLength) ?? otherFormat(name, bytes);
}

function pointer(text: string): Placeholder | null {
  if (/^version https?:\/\/(git-lfs\.github\.com|hawser\.github\.com|git-media\.io)\//.test(text)) {
    const size = /^size (\d+)\s*$/m.exec(text)?.[1];
    return {
      got: 'a pointer of Git LFS, which only says where the file is',
      expected: `the file itself${size === undefined ? '' : `, of ${size} bytes`}: run git lfs pull, or download this file by itself`,
    };
  }
  if (/^# xet version/.test(text)) {
    return { got: 'a pointer of Git Xet', expected: 'the file itself: download this file by itself' };
  }
  // Copies of a cache or of an annex where links became texts.
  if (/^[^\n]{0,200}(blobs\/[0-9a-f]{40,64}|\.git\/annex\/objects\/[^\n]*|annex\/objects\/[^\n]*)\s*$/.test(text)) {
    return { got: 'a link to the file, written as text', expected: 'the file itself: copy it with its links followed' };
  }
  return null;
}

function page(text: string): Placeholder | null {
  // A vocabulary may begin with a piece like <html>, but no page is without another of these.
  const isHtml =
    /^(<!--.*?-->\s*)?(<!doctype html|<html[^\n<>]*>.*<(head|body|title|meta|script)\b|<head>.*<title)/is.test(text);
  if (isHtml) {
    const title = /<title[^>]*>\s*([^<]+?)\s*</i.exec(text)?.[1];
    return {
      got: `a web page${title === undefined ? '' : ` (“${shortened(title).slice(0, 100)}”)`}`,
      expected: 'the file itself: use its download link, not the address of the page about it',
    };
  }
  if (!/^<\?xml/.test(text)) return null;
  return { got: "an answer in XML, such as a server's error", expected: 'the file itself; download it again' };
}

/** Recognises what a server says instead of a file: `Entry not found`, or JSON of an error alone. */
function message(name: string, text: string, sizeBytes: number): Placeholder | null {
  if (sizeBytes > headBytes) return null;
  const expected = 'the file itself; download it again, with a login if it needs one';
  if (name.endsWith('.json')) {
    const said = errorIn(text);
    return said === null ? null : { got: `a server's message (“${said}”)`, expected };
  }
  const isBinary = isWeights(name) || /^(spiece|spm)\.model$/.test(name);
  // Weights and pieces have control characters, or bytes that are no text, among their first.
  if (!isBinary || /[\0-\x08\x0e-\x1f\x7f\ufffd]/.test(text.slice(0, 64))) return null;
  return { got: `a text (“${text.trim().split(/\r?\n/)[0]?.slice(0, 100) ?? ''}”)`, expected };
}

const messageKeys = new Set(['error', 'errors', 'message', 'detail', 'status', 'statusCode', 'code', 'path', 'timestamp', 'reason', 'success', 'documentation_url', 'request_id', 'requestId']); // prettier-ignore

function errorIn(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const entries = Object.entries(value);
    if (!entries.every(([key]) => messageKeys.has(key))) return null;
    const said = entries.find(([key]) => ['error', 'message', 'detail', 'errors'].includes(key))?.[1] as unknown;
    if (said === undefined) return null;
    return (typeof said === 'string' ? said : JSON.stringify(said)).slice(0, 100);
  } catch {
    return null;
  }
}

function isWeights(name: string): boolean {
  return /\.(safetensors|bin|pt|pth|ckpt)$/.test(name);
}

/** Recognises weights under the name of another format. */
function otherFormat(name: string, bytes: Uint8Array): Placeholder | null {
  if (!isWeights(name)) return null;
  const starts = (...magic: readonly number[]): boolean => magic.every((byte, index) => bytes[index] === byte);
  const isTorch = starts(0x50, 0x4b) || (starts(0x80, 2) && bytes[2] === 0x8a);
  const isSafetensors = bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0);
  const named = name.endsWith('.safetensors') ? 'safetensors' : 'torch';
  if (named === 'safetensors' && isTorch) {
    return { got: 'a PyTorch file', expected: 'safetensors under this name; rename it to pytorch_model.bin' };
  }
  if (named === 'torch' && isSafetensors) {
    return { got: 'a safetensors file', expected: 'a PyTorch file under this name; rename it to model.safetensors' };
  }
  if (starts(0x1f, 0x8b)) return { got: 'packed with gzip', expected: 'the unpacked file' };
  if (starts(0x89, 0x48, 0x44, 0x46)) return { got: 'weights of Keras (HDF5)', expected: 'safetensors or PyTorch' };
  if (starts(0x47, 0x47, 0x55, 0x46)) return { got: 'a GGUF file of llama.cpp', expected: 'safetensors or PyTorch' };
  return null;
}

function beginning(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes.subarray(0, 40));
}
