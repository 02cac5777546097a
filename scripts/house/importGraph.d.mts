// The types of importGraph.mjs, which is also used by lint rules written in JavaScript.

export interface FileImport {
  /** Path of the imported file from the root of the project. */
  readonly target: string;
  readonly isTypeOnly: boolean;
}

export interface SourceEntry {
  readonly file: string;
  readonly mtimeMs: number;
  readonly size: number;
  readonly lines: number;
  readonly imports: readonly FileImport[];
  /** Names of the exported types, interfaces, classes and enums. */
  readonly types: readonly string[];
}

export type ImportGraph = ReadonlyMap<string, SourceEntry>;
export type Edges = ReadonlyMap<string, ReadonlySet<string>>;

export const houseRoots: readonly string[];
export function readImportGraph(root: string): ImportGraph;
export function sourceFiles(root: string): readonly string[];
export function entryOf(file: string, text: string): Pick<SourceEntry, 'lines' | 'imports' | 'types'>;
export function targetOf(file: string, specifier: string): string | null;
export function countLines(text: string): number;
export function fileEdges(graph: ImportGraph, options?: { readonly valuesOnly?: boolean }): Edges;
export function folderEdges(graph: ImportGraph): Edges;
export function importersOf(graph: ImportGraph): Edges;
export function folderSizes(graph: ImportGraph): ReadonlyMap<string, number>;
export function filesByBasename(graph: ImportGraph): ReadonlyMap<string, readonly string[]>;
export function filesByType(graph: ImportGraph): ReadonlyMap<string, readonly string[]>;
export function circlesOf(edges: Edges): readonly (readonly string[])[];
export function componentsOf(edges: Edges): readonly (readonly string[])[];
export function pathBetween(edges: Edges, from: string, to: string): readonly string[] | null;
