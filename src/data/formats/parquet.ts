// Unpacks a Parquet file of rows, as Hugging Face keeps its corpora, into lines of JSON.
import { gunzipSync } from 'fflate';
import type { Issue } from '../../util/issue.ts';
import { IssueList } from '../issueList.ts';
import type { NamedFile } from './namedFile.ts';
import { tagNamesIn, type TagNames } from './tagNames.ts';

export interface ParquetReading {
  /** Lines of JSON under the path of the Parquet file; null when it cannot be read. */
  readonly file: NamedFile | null;
  readonly issues: readonly Issue[];
}

/** More would not fit into a tab. */
const mostBytes = 512 * 2 ** 20;
const mostRows = 5_000_000;

/**
 * The rows of the file; tags that are numbers become their names where the metadata have them. Never throws. The reader is
 * loaded when the first such file comes. Pages may be packed by Snappy, gzip, Zstandard or not at all.
 */
export async function unpackParquet({ path, bytes }: NamedFile): Promise<ParquetReading> {
  const issues = new IssueList(path);
  try {
    const [{ parquetMetadata, parquetReadObjects }, { decompress }] = await Promise.all([
      import('hyparquet'),
      import('fzstd'),
    ]);
    const { buffer } = bytes.slice();
    const metadata = parquetMetadata(buffer);
    const unpackedBytes = metadata.row_groups.reduce((sum, group) => sum + Number(group.total_byte_size), 0);
    if (unpackedBytes > mostBytes || Number(metadata.num_rows) > mostRows) {
      const message = `The file unfolds to ${unpackedBytes} bytes in ${metadata.num_rows} rows: too much for a tab.`;
      issues.add('error', 'corpus/parquet', null, message);
      return { file: null, issues: issues.kept };
    }
    const rows = await parquetReadObjects({
      file: buffer,
      metadata,
      compressors: {
        GZIP: (page) => gunzipSync(page),
        ZSTD: (page, length) => decompress(page, new Uint8Array(length)),
      },
    });
    const described = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
    const names = tagNamesIn(described ?? '');
    const lines = rows.map((row) => `${JSON.stringify(row, (key, value: unknown) => plainValue(key, value, names))}\n`);
    return { file: { path, bytes: new TextEncoder().encode(lines.join('')) }, issues: [] };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    issues.add('error', 'corpus/parquet', null, `The Parquet file cannot be read: ${what}`);
    return { file: null, issues: issues.kept };
  }
}

/** 64-bit numbers as numbers, tags as their names, bytes (pictures, say) left out. */
function plainValue(key: string, value: unknown, names: TagNames): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return null;
  const own = names.get(key);
  if (own === undefined || !Array.isArray(value)) return value;
  return value.map((tag: unknown) => own[Number(tag)] ?? tag);
}
