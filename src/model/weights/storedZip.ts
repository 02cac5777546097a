// Zip archives as torch writes them: entries stored as they are, found through the directory without copying a byte.
import { crc32 } from '../../util/crc32.ts';
import { LabError } from '../../util/labError.ts';
import { readZipDirectory } from '../../util/zipDirectory.ts';

/** Content of an entry, as a view on the archive. Throws LabError `torch/archive` where its checksum does not fit. */
export type StoredZip = ReadonlyMap<string, () => Uint8Array<ArrayBuffer>>;

/**
 * The entries of an archive by name. Throws LabError `torch/archive` for a directory that is damaged or cut off, an entry outside of the
 * file, one that is compressed or encrypted, or two of one name.
 */
export function readStoredZip(bytes: Uint8Array<ArrayBuffer>): StoredZip {
  const entries = new Map<string, () => Uint8Array<ArrayBuffer>>();
  for (const { name, method, isEncrypted, size, packedSize, checksum, packed } of readZipDirectory(bytes, damaged)) {
    if (entries.has(name)) throw damaged('entries of different names', `${name} twice`);
    if (isEncrypted || method !== 0 || size !== packedSize) {
      throw damaged('entries stored as they are, as torch.save does', `${name} compressed or encrypted`);
    }
    const content = packed();
    entries.set(name, () => {
      const found = crc32(content);
      if (found === checksum) return content;
      throw damaged(`${name} with checksum ${checksum.toString(16)}`, found.toString(16));
    });
  }
  return entries;
}

function damaged(expected: string, got: string): LabError {
  return new LabError('torch/archive', 'The zip archive of a PyTorch file is damaged.', { expected, got });
}
