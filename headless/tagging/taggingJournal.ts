// Records in the folder of the results which slices are written, so that the same command goes on where it was ended.
import { mkdir, open, readdir, readFile, rename, stat, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { NamedFile } from '../../src/util/namedFile.ts';
import { LabError } from '../../src/util/labError.ts';

/** What makes results comparable: in one folder it is the same for all. */
export interface TaggingSettings {
  /** The fingerprint of the tagger. */
  readonly tagger: string;
  readonly format: string;
  readonly sliceBytes: number;
  /** The fingerprint of the dictionary and the least score of an id; absent where mentions have none. */
  readonly dictionary?: string;
}

/** A slice that is written. */
export interface WrittenSlice {
  /** Of the unit. */
  readonly unit: string;
  readonly number: number;
  readonly documents: number;
  readonly mentions: number;
  /** The first of its files; null where it had no documents. */
  readonly file: string | null;
}

const SETTINGS = 'tagging.json';
const isJournal = (name: string): boolean => /^tagging-\d+\.jsonl$/.test(name);
const keyOf = ({ unit, number }: Pick<WrittenSlice, 'unit' | 'number'>): string => `${number}\n${unit}`;

export class TaggingJournal {
  private readonly folder: string;
  private readonly written: ReadonlyMap<string, WrittenSlice>;
  private readonly file: FileHandle;

  private constructor(folder: string, written: ReadonlyMap<string, WrittenSlice>, file: FileHandle) {
    this.folder = folder;
    this.written = written;
    this.file = file;
  }

  /**
   * Opens the journal of one of several processes, which reads those of all. Throws LabError `headless/tagging` where the folder has results of
   * another tagger, in another format or in slices of another size.
   */
  static async open(folder: string, settings: TaggingSettings, part: number): Promise<TaggingJournal> {
    await mkdir(folder, { recursive: true });
    await assertSame(path.join(folder, SETTINGS), settings);
    const written = new Map<string, WrittenSlice>();
    for (const name of (await readdir(folder)).filter(isJournal)) {
      for (const slice of await readJournal(path.join(folder, name))) written.set(keyOf(slice), slice);
    }
    const own = await open(path.join(folder, `tagging-${part}.jsonl`), 'a');
    // A line that a kill cut off stays alone.
    if ((await own.stat()).size > 0) await own.appendFile('\n');
    return new TaggingJournal(folder, written, own);
  }

  /** Returns what was written of a slice; null where nothing was, or where its file is gone. */
  async find(slice: Pick<WrittenSlice, 'unit' | 'number'>): Promise<WrittenSlice | null> {
    const known = this.written.get(keyOf(slice));
    if (known === undefined) return null;
    if (known.file === null) return known;
    return stat(path.join(this.folder, known.file)).then(() => known, () => null); // prettier-ignore
  }

  /** Where a file of these results is. */
  placeOf({ path: name }: Pick<NamedFile, 'path'>): string {
    return path.join(this.folder, name);
  }

  /** Writes the files of a slice, each whole or not at all, and records it after them. */
  async write(slice: Omit<WrittenSlice, 'file'>, files: readonly NamedFile[]): Promise<void> {
    for (const { path: name, bytes } of files) {
      const target = this.placeOf({ path: name });
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(`${target}~`, bytes);
      await rename(`${target}~`, target);
    }
    const line: WrittenSlice = { ...slice, file: files[0]?.path ?? null };
    await this.file.appendFile(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

async function assertSame(file: string, settings: TaggingSettings): Promise<void> {
  const found = await readFile(file, 'utf8').catch(() => null);
  const text = `${JSON.stringify({ format: 'bioner-lab-tagging', version: 1, settings }, null, 2)}\n`;
  if (found === null) {
    // Processes beside one another write the same.
    const own = `${file}~${process.pid}`;
    await writeFile(own, text);
    await rename(own, file);
    return;
  }
  const stored = settingsOf(found);
  const keys = Object.keys({ ...stored, ...settings }) as (keyof TaggingSettings)[];
  const differs = keys.filter((key) => stored?.[key] !== settings[key]);
  if (differs.length === 0) return;
  const shown = (from: Partial<TaggingSettings>): string =>
    differs.map((key) => `${key} ${String(from[key])}`).join(', ');
  throw new LabError(
    'headless/tagging',
    'The folder has results of another tagging: choose another --out, or remove it.',
    {
      expected: stored === null ? `a folder without a damaged ${SETTINGS}` : shown(stored),
      got: shown(settings),
    },
  );
}

function settingsOf(text: string): Partial<TaggingSettings> | null {
  try {
    const { settings } = JSON.parse(text) as { readonly settings?: Partial<TaggingSettings> };
    return settings ?? null;
  } catch {
    return null;
  }
}

/** Lines that are whole. */
async function readJournal(file: string): Promise<readonly WrittenSlice[]> {
  return (await readFile(file, 'utf8')).split('\n').flatMap((line): WrittenSlice[] => {
    try {
      const slice = JSON.parse(line) as Partial<WrittenSlice>;
      return typeof slice.unit === 'string' && typeof slice.number === 'number' ? [slice as WrittenSlice] : [];
    } catch {
      return [];
    }
  });
}
