// Reads the sources whose texts people see, with the strings that any source compares.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type ts from 'typescript';
import { codesOf, type Codes } from './codes.ts';
import { parsed } from './extract.ts';
import { dataFiles } from './visibleNames.ts';

/** Folders whose texts are messages. */
const worded = ['src/lab/', 'src/tab/', 'src/ui/'];
/** Folders in which strings may be compared. */
const comparing = ['headless', 'src', 'workers'];

export interface Sources {
  /** By path from the root, in order of their names. */
  readonly files: ReadonlyMap<string, ts.SourceFile>;
  readonly codes: Codes;
}

/** Whether the texts of a file, given by its path from the root, are messages. */
export function isWorded(file: string): boolean {
  return (
    /(?<!\.d)\.tsx?$/.test(file) &&
    worded.some((folder) => file.startsWith(folder)) &&
    !dataFiles.some((data) => file === data || (data.endsWith('/') && file.startsWith(data)))
  );
}

/** Reads and parses every source below the root. */
export function readSources(root: string): Sources {
  const all = comparing
    .flatMap((folder) => filesBelow(root, folder))
    .toSorted()
    .map((file) => [file, parsed(file, readFileSync(path.join(root, file), 'utf8'))] as const);
  return {
    files: new Map(all.filter(([file]) => isWorded(file))),
    codes: codesOf(all.map(([, source]) => source)),
  };
}

function filesBelow(root: string, folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.d)\.tsx?$/.test(name))
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')));
}
