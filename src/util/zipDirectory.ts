// Reads the directory of a zip archive: names and positions of its entries, without unpacking.

export interface ZipEntry {
  readonly name: string;
  /** 0 for stored, 8 for deflated. */
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Unpacked and packed size in bytes, as stated in the directory. */
  readonly size: number;
  readonly packedSize: number;
  /** CRC-32 of the unpacked bytes. */
  readonly checksum: number;
  /** Returns the packed bytes, a view of the archive. Throws the error that `refuse` makes if they lie outside the file. */
  readonly packed: () => Uint8Array<ArrayBuffer>;
}

/** Makes an error of what was expected and what was found. */
type Refuse = (expected: string, got: string) => Error;

const endBytes = 22;
const longestComment = 65_535;
const entryBytes = 46;
const localBytes = 30;
/** A field of all ones refers to zip64's extra field. */
const full = 0xffffffff;

/**
 * Lists the entries in directory order, zip64 included; names may repeat. Throws the error that `refuse` makes if the directory is missing, damaged
 * or truncated. Takes time linear in the file.
 */
export function readZipDirectory(bytes: Uint8Array<ArrayBuffer>, refuse: Refuse): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { at: directoryAt, count } = findDirectory(view, refuse);
  const entries: ZipEntry[] = [];
  let at = directoryAt;
  for (let index = 0; index < count; index++) {
    if (at + entryBytes > bytes.byteLength || view.getUint32(at, true) !== 0x02014b50) {
      throw refuse(`${count} entries in its directory`, `${index}`);
    }
    const nameEnd = at + entryBytes + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    if (extraEnd > bytes.byteLength) throw refuse('the directory inside the file', 'a cut one');
    const flags = view.getUint16(at + 8, true);
    const name = nameOf(bytes.subarray(at + entryBytes, nameEnd), (flags & 0x800) !== 0);
    const [size, packedSize, localAt] = longFields(view, at, nameEnd, extraEnd);
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      isEncrypted: (flags & 1) !== 0,
      size,
      packedSize,
      checksum: view.getUint32(at + 16, true),
      packed() {
        if (localAt + localBytes > bytes.byteLength || view.getUint32(localAt, true) !== 0x04034b50) {
          throw refuse(`${name} inside the file`, `it at byte ${localAt} of ${bytes.byteLength}`);
        }
        const from = localAt + localBytes + view.getUint16(localAt + 26, true) + view.getUint16(localAt + 28, true);
        if (from + packedSize > bytes.byteLength) {
          throw refuse(`${name} inside the file`, `bytes ${from} to ${from + packedSize} of ${bytes.byteLength}`);
        }
        return bytes.subarray(from, from + packedSize);
      },
    });
    at = extraEnd + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Names not marked as UTF-8 are in an older code page, unless they happen to be valid UTF-8. */
function nameOf(bytes: Uint8Array, isUtf8: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: !isUtf8 }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** Finds where the directory begins and its number of entries, from the end record or zip64's. */
function findDirectory(view: DataView, refuse: Refuse): { readonly at: number; readonly count: number } {
  const earliest = Math.max(0, view.byteLength - endBytes - longestComment);
  for (let end = view.byteLength - endBytes; end >= earliest; end--) {
    if (view.getUint32(end, true) !== 0x06054b50) continue;
    const short = { at: view.getUint32(end + 16, true), count: view.getUint16(end + 10, true) };
    // torch writes zip64's record whatever the size; without it, the short one counts.
    const locator = end - 20;
    if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return short;
    const record = long(view, locator + 8);
    if (record + 56 > view.byteLength || view.getUint32(record, true) !== 0x06064b50) {
      throw refuse("zip64's end record inside the file", `byte ${record} of ${view.byteLength}`);
    }
    return { at: long(view, record + 48), count: long(view, record + 32) };
  }
  throw refuse('the directory of a zip archive at its end', 'none; the file may be truncated');
}

/** Size, packed size and offset of an entry; zip64's extra field (1) holds those that are all ones, in this order. */
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

/** Reads an unsigned 64-bit number; one larger than any file becomes infinite. */
function long(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
}
