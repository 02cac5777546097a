// Unpacks one entry of a zip archive, believing nothing that its directory says of it.
import { Inflate } from 'fflate';
import { crc32 } from '../../util/crc32.ts';
import type { ZipEntry } from '../../util/zipDirectory.ts';

/** Bytes that a packed byte may unfold to: a deflated symbol of two bits repeats up to 258 bytes. */
const mostPerByte = 1032;
/** Packed bytes unfolded at once: few at first, so that a bomb that states a small size is noticed early. */
const firstStep = 1024;
const longestStep = 65_536;

/**
 * The content; in words what was expected where it cannot be had. No more memory is asked for than packed bytes can fill, and a stream
 * that goes beyond the stated size is left there.
 */
export function unpackEntry(entry: ZipEntry): Uint8Array<ArrayBuffer> | string {
  const { method, isEncrypted, size, packedSize, checksum } = entry;
  if (isEncrypted) return 'a file without a password';
  if (method !== 0 && method !== 8) return `a file that is stored or deflated, got packing ${method}`;
  if (method === 0 ? size !== packedSize : size > mostPerByte * packedSize) {
    return `${size} bytes, which the ${packedSize} bytes packed for it cannot hold`;
  }
  let content: Uint8Array<ArrayBuffer> | string;
  try {
    const packed = entry.packed();
    content = method === 0 ? packed.slice() : inflated(packed, size);
  } catch (error) {
    return error instanceof Error ? `an undamaged file, got "${error.message}"` : 'an undamaged file';
  }
  if (typeof content === 'string' || crc32(content) === checksum) return content;
  return `checksum ${checksum.toString(16)}, got ${crc32(content).toString(16)}: the file is damaged`;
}

function inflated(packed: Uint8Array, size: number): Uint8Array<ArrayBuffer> | string {
  const content = new Uint8Array(size);
  let filled = 0;
  const inflate = new Inflate((chunk) => {
    if (filled + chunk.length <= size) content.set(chunk, filled);
    filled += chunk.length;
  });
  let step = firstStep;
  for (let at = 0; at < packed.length && filled <= size; at += step, step = Math.min(2 * step, longestStep)) {
    inflate.push(packed.subarray(at, at + step), at + step >= packed.length);
  }
  if (filled === size) return content;
  return `${size} bytes as the directory says, got ${filled > size ? 'more' : String(filled)}`;
}
