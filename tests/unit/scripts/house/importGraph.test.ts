// Proves that the import graph detects every form of import, and finds cycles among files and among folders.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  circlesOf,
  entryOf,
  fileEdges,
  folderEdges,
  importersOf,
  pathBetween,
  readImportGraph,
} from '../../../../scripts/house/importGraph.mjs';

const files = {
  'src/main.tsx': "// Starts.\nimport { a } from './data/a.ts';\nexport const main = a;\n",
  'src/data/a.ts': "// Holds a.\nimport type { B } from './b.ts';\nexport const a = 1 as unknown as B;\n",
  'src/data/b.ts': "// Holds b.\nimport { c } from '../schema/c.ts';\nexport class B { c = c; }\n",
  'src/schema/c.ts': "// Holds c.\nexport type A = typeof import('../data/a.ts').a;\nexport const c = 1;\n",
  'workers/one.worker.ts': '// Works.\n',
};
let root = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'importGraph-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
});
afterAll(() => rmSync(root, { recursive: true }));

describe('an import', () => {
  it.each([
    ["import { one } from './one.ts';", false],
    ["import type { One } from './one.ts';", true],
    ["import { type One } from './one.ts';", true],
    ["import './one.ts';", false],
    ["export { one } from './one.ts';", false],
    ["export type { One } from './one.ts';", true],
    ["export * from './one.ts';", false],
    ["const load = () => import('./one.ts');", false],
    ["type One = import('./one.ts').One;", true],
    ["new Worker(new URL('./one.ts', import.meta.url));", false],
  ])('is seen in %s', (text, isTypeOnly) => {
    expect(entryOf('src/data/other.ts', text).imports).toEqual([{ target: 'src/data/one.ts', isTypeOnly }]);
  });

  it('of a package, a style sheet or the bytes of a file is none of the lab’s', () => {
    const text = "import 'react';\nimport './one.css';\nimport program from './tag.py?raw';\n";
    expect(entryOf('src/ui/other.ts', text).imports).toEqual([]);
  });
});

it('lists the exported types of a file, and no values', () => {
  const text = 'export interface A {}\nexport type B = A;\nexport class C {}\nexport const d = 1;\ntype E = A;\n';
  expect(entryOf('src/one.ts', text).types).toEqual(['A', 'B', 'C']);
});

describe('a graph read from disk', () => {
  it('has every file below the roots, with its importers', () => {
    const graph = readImportGraph(root);
    expect([...graph.keys()].sort()).toEqual(Object.keys(files).sort());
    expect([...(importersOf(graph).get('src/data/a.ts') ?? [])].sort()).toEqual(['src/main.tsx', 'src/schema/c.ts']);
  });

  it('shows circles of files, of files by values, and of folders', () => {
    const graph = readImportGraph(root);
    expect(circlesOf(fileEdges(graph))).toEqual([['src/data/a.ts', 'src/data/b.ts', 'src/schema/c.ts']]);
    expect(circlesOf(fileEdges(graph, { valuesOnly: true }))).toEqual([]);
    expect(circlesOf(folderEdges(graph))).toEqual([['src/data', 'src/schema']]);
    expect(pathBetween(folderEdges(graph), 'src', 'src/schema')).toEqual(['src', 'src/data', 'src/schema']);
    expect(pathBetween(folderEdges(graph), 'src/data', 'workers')).toBeNull();
  });
});
