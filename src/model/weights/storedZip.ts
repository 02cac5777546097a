// Zip archives as torch writes them: entries stored as they are, found through the directory without copying a byte.
import { crc32 } from '../../util/crc32.ts';
import { LabError } from '../../util/labError.ts';

/** Content of an entry, as a view on the archive. Throws LabError `torch/archive` where its checksum does not fit. */
export type StoredZip = ReadonlyMap<string, () => Uint8Array<ArrayBuffer>>;

const endBytes = 22;
const longestComment = 65_535;
const entryBytes = 46;
const localBytes = 30;
/** A field that is full says that zip64's extra field has the number. */
const full = 0xffffffff;

/**
 * The entries of an archive by name. Throws LabError `torch/archive` for a directory that is damaged or cut off, an entry outside of the
 * file, one that is compressed or encrypted, or two of one name.
 */
export function readStoredZip(bytes: Uint8Array<ArrayBuffer>): StoredZip {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { at: directoryAt, count } = findDirectory(view);
  const entries = new Map<string, () => Uint8Array<ArrayBuffer>>();
  let at = directoryAt;
  for (let index = 0; index < count; index++) {
    if (at + entryBytes > bytes.byteLength || view.getUint32(at, true) !== 0x02014b50) {
      throw damaged(`${count} entries in its directory`, `${index}`);
    }
    const nameEnd = at + entryBytes + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    if (extraEnd > bytes.byteLength) throw damaged('the directory inside the file', 'a cut one');
    const name = new TextDecoder().decode(bytes.subarray(at + entryBytes, nameEnd));
    if (entries.has(name)) throw damaged('entries of different names', `${name} twice`);
    const [size, packedSize, localAt] = longFields(view, at, nameEnd, extraEnd);
    if ((view.getUint16(at + 8, true) & 1) !== 0 || view.getUint16(at + 10, true) !== 0 || size !== packedSize) {
      throw damaged('entries stored as they are, as torch.save does', `${name} compressed or encrypted`);
    }
    if (localAt + localBytes > bytes.byteLength || view.getUint32(localAt, true) !== 0x04034b50) {
      throw damaged(`${name} inside the file`, `it at byte ${localAt} of ${bytes.byteLength}`);
    }
    const from = localAt + localBytes + view.getUint16(localAt + 26, true) + view.getUint16(localAt + 28, true);
    if (from + size > bytes.byteLength) {
      throw damaged(`${name} inside the file`, `bytes ${from} to ${from + size} of ${bytes.byteLength}`);
    }
    const checksum = view.getUint32(at + 16, true);
    entries.set(name, () => {
      const content = bytes.subarray(from, from + size);
      if (crc32(content) === checksum) return content;
      throw damaged(`${name} with checksum ${checksum.toString(16)}`, crc32(content).toString(16));
    });
    at = extraEnd + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Where the directory begins and how many entries it has, from the end record or zip64's. */
function findDirectory(view: DataView): { readonly at: number; readonly count: number } {
  const earliest = Math.max(0, view.byteLength - endBytes - longestComment);
  for (let end = view.byteLength - endBytes; end >= earliest; end--) {
    if (view.getUint32(end, true) !== 0x06054b50) continue;
    const short = { at: view.getUint32(end + 16, true), count: view.getUint16(end + 10, true) };
    // torch writes zip64's record whatever the size; where it is not, the short one counts.
    const locator = end - 20;
    if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return short;
    const record = long(view, locator + 8);
    if (record + 56 > view.byteLength || view.getUint32(record, true) !== 0x06064b50) {
      throw damaged("zip64's end record inside the file", `byte ${record} of ${view.byteLength}`);
    }
    return { at: long(view, record + 48), count: long(view, record + 32) };
  }
  throw damaged('the directory of a zip archive at its end', 'none; the file may be truncated');
}

/** Size, packed size and place of an entry; zip64's extra field (1) holds those that are full, in this order. */
function longFields(view: DataView, at: number, nameEnd: number, extraEnd: number): [number, number, number] {
  const fields: [number, number, number] = [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ];
  if (!fields.includes(full)) return fields;
  for (let extra = nameEnd; extra + 4 <= extraEnd; extra += 4 + view.getUint16(extra + 2, true)) {
    if (view.getUint16(extra, true) !== 1) continue;
    let next = extra + 4;
    for (const [index, field] of fields.entries()) {
      if (field !== full) continue;
      if (next + 8 > extraEnd) break;
      fields[index] = long(view, next);
      next += 8;
    }
  }
  return fields;
}

/** An unsigned 64-bit number; what no file has is infinite. */
function long(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
}

function damaged(expected: string, got: string): LabError {
  return new LabError('torch/archive', 'The zip archive of a PyTorch file is damaged.', { expected, got });
}
