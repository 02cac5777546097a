// Opens packed files one layer at a time: zips, gzip and Parquet, all within the limits of archives.
import type { NamedFile } from '../../util/namedFile.ts';
import type { Issue } from '../corpus/issues.ts';
import { unpackParquet } from '../formats/parquet.ts';
import { archiveLimits, readArchive } from './archive.ts';
import { detectFormat, leadingBytes } from './detectFormat.ts';
import { unpackGzip } from './gzip.ts';

/** What one layer of a packed file holds. */
interface UnpackedLayer {
  readonly by: 'zip' | 'gzip' | 'parquet';
  /** None where the file is left out. */
  readonly files: readonly NamedFile[];
}

/** Unpacks the files of one drop, and lists what is wrong with them. */
export class Unpacking {
  readonly issues: Issue[] = [];
  /** May be more than are listed. */
  issueCount = 0;
  private gzipBytes = 0;

  /**
   * Returns what one layer of a packed file holds; null for a file that is not packed. `depth` is the number of layers of gzip around
   * the file.
   */
  async open(file: NamedFile, depth: number): Promise<UnpackedLayer | null> {
    const format = detectFormat(file.path, file.bytes.subarray(0, leadingBytes));
    if (format === 'zip') {
      const archive = readArchive(file.bytes, file.path);
      this.add(archive.issues, archive.issueCount);
      return { files: archive.files, by: 'zip' };
    }
    if (format === 'parquet') {
      const unpacked = await unpackParquet(file);
      this.add(unpacked.issues, unpacked.issues.length);
      return { files: unpacked.file === null ? [] : [unpacked.file], by: 'parquet' };
    }
    return format === 'gzip' ? { files: this.openGzip(file, depth), by: 'gzip' } : null;
  }

  /** Leaves a file out. */
  refuse(file: string, message: string): void {
    this.add([{ severity: 'error', code: 'drop/unread', file, line: null, message }], 1);
  }

  private openGzip(file: NamedFile, depth: number): readonly NamedFile[] {
    const most = Math.min(archiveLimits.entryBytes, archiveLimits.totalBytes - this.gzipBytes);
    const inside = depth >= archiveLimits.depth ? `at most ${archiveLimits.depth} packings` : unpackGzip(file, most);
    if (typeof inside === 'string') {
      this.refuse(file.path, `The file is left out: expected ${inside}.`);
      return [];
    }
    this.gzipBytes += inside.bytes.length;
    return [inside];
  }

  private add(issues: readonly Issue[], count: number): void {
    for (const issue of issues) this.issues.push(issue);
    this.issueCount += count;
  }
}
