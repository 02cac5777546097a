// Unpacks a Parquet file of rows, as Hugging Face stores its corpora, into JSON lines.
import { gunzipSync } from 'fflate';
import type { NamedFile } from '../../util/namedFile.ts';
import { IssueList, type Issue } from '../corpus/issues.ts';
import type { UnpackPage } from './parquetPages.ts';
import { itemNaming, tagNamesIn, type TagNames } from './tokenItem.ts';

export interface ParquetReading {
  /** JSON lines under the path of the Parquet file; null if it cannot be read. */
  readonly file: NamedFile | null;
  readonly issues: readonly Issue[];
}

interface Unpacker {
  /** The most bytes that one packed byte can expand to. */
  readonly mostPerByte: number;
  readonly unpack: UnpackPage;
}

/** More would not fit into a tab. */
const mostBytes = 512 * 2 ** 20;
const mostRows = 5_000_000;

/**
 * Returns the rows of the file; numbers of tags and types become their names if the metadata have them. Never throws. The reader is loaded on
 * first use. Pages may be packed by Snappy, gzip, Zstandard or not at all.
 */
export async function unpackParquet({ path, bytes }: NamedFile): Promise<ParquetReading> {
  const issues = new IssueList(path);
  try {
    const [
      { parquetMetadata, parquetReadObjects, snappyUncompress },
      { decompress },
      { checkParquetFooter, checkParquetPages },
    ] = await Promise.all([import('hyparquet'), import('fzstd'), import('./parquetPages.ts')]);
    const { buffer } = bytes.slice();
    checkParquetFooter(buffer);
    const metadata = parquetMetadata(buffer);
    const { num_rows: rowCount, row_groups: groups } = metadata;
    const columns = groups.flatMap((group) => group.columns.flatMap(({ meta_data: column }) => column ?? []));
    const sum = (sizes: readonly bigint[]): number => sizes.reduce((total, size) => total + Number(size), 0);
    const unpackedBytes = sum(groups.map((group) => group.total_byte_size));
    if (unpackedBytes > mostBytes || rowCount > mostRows || sum(groups.map((group) => group.num_rows)) > mostRows) {
      throw new Error(`it unfolds to ${unpackedBytes} bytes in ${rowCount} rows, too much for a tab.`);
    }
    // Columns that share their bytes could be unpacked again and again.
    const packedBytes = sum(columns.map((column) => column.total_compressed_size));
    if (packedBytes > bytes.length) {
      throw new Error(`expected columns within its ${bytes.length} bytes, got columns of ${packedBytes} bytes.`);
    }
    const unpackers: Readonly<Record<string, Unpacker>> = {
      SNAPPY: {
        mostPerByte: 22,
        unpack(page, length) {
          const unpacked = new Uint8Array(length);
          snappyUncompress(page, unpacked);
          return unpacked;
        },
      },
      GZIP: { mostPerByte: 1032, unpack: (page, length) => gunzipSync(page, { out: new Uint8Array(length) }) },
      ZSTD: { mostPerByte: 32_768, unpack: (page, length) => decompress(page, new Uint8Array(length)) },
    };
    const checked = within(mostBytes, unpackers);
    checkParquetPages(buffer, metadata, (codec) => (codec === 'UNCOMPRESSED' ? (page) => page : checked[codec]));
    const rows = await parquetReadObjects({ file: buffer, metadata, compressors: within(mostBytes, unpackers) });
    const described = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
    const names = tagNamesIn(described ?? '');
    return { file: { path, bytes: linesOf(rows, names) }, issues: [] };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    issues.add('error', 'corpus/parquet', null, `The Parquet file cannot be read: ${what}`);
    return { file: null, issues: issues.listed };
  }
}

/**
 * Wraps unpackers to refuse more than `most` bytes in total. A page's length is only a claim: no memory is allocated that its
 * packed bytes could not fill.
 */
function within(most: number, unpackers: Readonly<Record<string, Unpacker>>): Readonly<Record<string, UnpackPage>> {
  let left = most;
  const limited = ({ mostPerByte, unpack }: Unpacker): UnpackPage => {
    return (page, length) => {
      left -= length;
      if (length >= 0 && length <= mostPerByte * page.length && left >= 0) return unpack(page, length);
      throw new Error(`expected a page that ${page.length} packed bytes can hold, got one of ${length} bytes.`);
    };
  };
  return Object.fromEntries(Object.entries(unpackers).map(([codec, unpacker]) => [codec, limited(unpacker)]));
}

/** Writes one row per line. Throws beyond `mostBytes`: a text stored once in the file may be that of every row. */
function linesOf(rows: readonly unknown[], names: TagNames): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const named = itemNaming(names);
  let size = 0;
  for (const row of rows) {
    const part = encoder.encode(`${JSON.stringify(named(row), (_, value: unknown) => plainValue(value))}\n`);
    size += part.length;
    if (size > mostBytes) throw new Error(`its rows unfold to more than ${mostBytes} bytes, too much for a tab.`);
    parts.push(part);
  }
  const lines = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    lines.set(part, at);
    at += part.length;
  }
  return lines;
}

/** Converts 64-bit numbers to numbers; drops bytes (pictures, for example). */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Uint8Array ? null : value;
}
