// Sorts files into the parts a corpus is read from: one file each, but for BRAT all documents of a folder and split.
import type { DocumentSource } from './corpusSource.ts';
import { isAnnotations, stemOfPath } from './formats/brat.ts';
import { corpusFormatOf } from './formats/corpusFormat.ts';
import { corpusExtensions, detectFormat, leadingBytes } from './formats/detectFormat.ts';
import type { NamedFile } from './formats/namedFile.ts';
import { isColumnDescription } from './formats/tagNames.ts';
import { splitOfName } from './splitOfFile.ts';

export interface CorpusPart {
  /** Of its file, without the description of columns that may lie beside it; for BRAT a pattern such as `NCBI/train/*.ann`, or `NCBI/train*.ann` where the names of documents say the split. */
  readonly path: string;
  readonly format: 'CoNLL' | DocumentSource['format'];
  readonly files: readonly NamedFile[];
}

export interface CorpusParts {
  readonly parts: readonly CorpusPart[];
  /** Paths of files that are no part of a corpus. */
  readonly ignored: readonly string[];
}

/** The parts that these files make. Takes time linear in the files, but for sorting them. */
export function corpusParts(files: readonly NamedFile[]): CorpusParts {
  const annotated = annotatedStems(files.map(({ path }) => path));
  const parts: CorpusPart[] = [];
  const ignored: string[] = [];
  const described: NamedFile[] = [];
  const folders = new Map<string, NamedFile[]>();
  for (const file of [...files].sort((left, right) => (left.path < right.path ? -1 : 1))) {
    const { path } = file;
    if (isAnnotations(path) || isAnnotatedText(path, annotated)) {
      const folder = path.slice(0, path.lastIndexOf('/') + 1);
      const members = folders.get(folder);
      if (members === undefined) folders.set(folder, [file]);
      else members.push(file);
      continue;
    }
    const head = file.bytes.subarray(0, leadingBytes);
    if (detectFormat(path, head) !== 'corpus') ignored.push(path);
    else if (isColumnDescription(path)) described.push(file);
    else
      parts.push({
        path,
        format: corpusExtensions.test(path) ? 'CoNLL' : (corpusFormatOf(path, head) ?? 'CoNLL'),
        files: [file],
      });
  }
  const withColumns = parts.map((part) => ({ ...part, files: [...part.files, ...columnsOf(part, described)] }));
  return {
    parts: [...withColumns, ...[...folders].flatMap(([folder, members]) => bratParts(folder, members))],
    ignored,
  };
}

/** The description of columns in the folder of a file of JSON, or the nearest around it. */
function columnsOf({ path, format }: CorpusPart, described: readonly NamedFile[]): NamedFile[] {
  if (format !== 'JSONL') return [];
  const folderOf = (one: string) => one.slice(0, one.lastIndexOf('/') + 1);
  const around = described.filter((file) => path.startsWith(folderOf(file.path)));
  return around.sort((left, right) => folderOf(right.path).length - folderOf(left.path).length).slice(0, 1);
}

/** What the paths of BRAT annotations have in common with those of their texts. */
export function annotatedStems(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.filter(isAnnotations).map(stemOfPath));
}

/** Whether a file is the text to annotations that lie beside it. */
export function isAnnotatedText(path: string, annotated: ReadonlySet<string>): boolean {
  return /\.txt$/i.test(path) && annotated.has(stemOfPath(path));
}

/** Documents are told apart by their own names only where each of them says a split; a title may hold the word test. */
function bratParts(folder: string, files: readonly NamedFile[]): CorpusPart[] {
  const bySplit = new Map<string | null, NamedFile[]>();
  for (const file of files) {
    const split = splitOfName(stemOfPath(file.path.slice(folder.length)));
    const members = bySplit.get(split);
    if (members === undefined) bySplit.set(split, [file]);
    else members.push(file);
  }
  if (bySplit.has(null)) return [{ path: `${folder}*.ann`, format: 'BRAT', files }];
  return [...bySplit].map(([split, members]) => ({ path: `${folder}${split}*.ann`, format: 'BRAT', files: members }));
}
