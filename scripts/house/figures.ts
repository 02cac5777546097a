// Measures the structure of the source: sizes of files and folders, cycles, duplicate names, and the length of the walks.
import path from 'node:path';
import {
  circlesOf,
  fileEdges,
  filesByBasename,
  filesByType,
  folderEdges,
  folderSizes,
  importersOf,
  readImportGraph,
  type Edges,
  type ImportGraph,
} from './importGraph.mjs';
import { Symbols } from './symbols.ts';
import { faultsOf, walkLength, type WalkFile } from './walks.ts';

export interface Figure {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  /** The items counted, where a reader needs them to act. */
  readonly names?: readonly string[];
}

export interface Figures {
  readonly figures: readonly Figure[];
  /** What is wrong with the walks, one sentence each. */
  readonly faults: readonly string[];
}

const shortLines = 30;

export function figuresOf(root: string, walks: WalkFile): Figures {
  const graph = readImportGraph(root);
  const symbols = new Symbols(root);
  return {
    figures: [
      ...sizeFigures(graph),
      ...folderFigures(graph),
      ...circleFigures(graph),
      ...nameFigures(graph),
      ...walkFigures(graph, walks, symbols),
    ],
    faults: walks.walks.flatMap((walk) => faultsOf(walk, root, symbols)),
  };
}

function sizeFigures(graph: ImportGraph): readonly Figure[] {
  const entries = [...graph.values()].sort((left, right) => left.lines - right.lines);
  const lines = entries.map((entry) => entry.lines);
  const largest = entries.at(-1);
  const importers = [...importersOf(graph).values()];
  const short = lines.filter((count) => count < shortLines).length;
  return [
    figure('files', 'files', entries.length),
    figure('lines', 'lines', sum(lines)),
    figure('median', 'median lines of a file', quantile(lines, 0.5)),
    figure('p90', 'lines of a file at the 90th percentile', quantile(lines, 0.9)),
    figure('largest', 'largest file', `${largest?.lines ?? 0} (${largest?.file ?? ''})`),
    figure('short', `files under ${shortLines} lines`, `${short} (${percent(short, lines.length)})`),
    figure('single', 'files with a single importer', importers.filter(({ size }) => size === 1).length),
  ];
}

function folderFigures(graph: ImportGraph): readonly Figure[] {
  const sizes = folderSizes(graph);
  const [largest] = [...sizes].sort(([, left], [, right]) => right - left);
  const imports = [...fileEdges(graph)].flatMap(([file, targets]) => [...targets].map((target) => [file, target]));
  const inside = imports.filter(([file = '', target = '']) => folderOf(file) === folderOf(target)).length;
  return [
    figure('folders', 'folders', sizes.size),
    figure('largestFolder', 'largest folder', `${largest?.[1] ?? 0} files (${largest?.[0] ?? ''})`),
    figure('imports', 'imports between files', imports.length),
    figure('inside', 'imports that stay in their folder', percent(inside, imports.length)),
  ];
}

function circleFigures(graph: ImportGraph): readonly Figure[] {
  return [
    circleFigure('folderCircles', 'circles of folders', folderEdges(graph)),
    circleFigure('fileCircles', 'circles of files', fileEdges(graph)),
    circleFigure('valueCircles', 'circles of files by values alone', fileEdges(graph, { valuesOnly: true })),
  ];
}

function circleFigure(key: string, label: string, edges: Edges): Figure {
  const circles = circlesOf(edges);
  return figure(key, label, circles.length, circles.map((members) => members.join(', '))); // prettier-ignore
}

function nameFigures(graph: ImportGraph): readonly Figure[] {
  return [
    namedTwice('basenames', 'basenames used twice', filesByBasename(graph)),
    namedTwice('types', 'exported type names declared twice', filesByType(graph)),
  ];
}

function namedTwice(key: string, label: string, homes: ReadonlyMap<string, readonly string[]>): Figure {
  const twice = [...homes].filter(([, files]) => files.length > 1).sort(([left], [right]) => (left < right ? -1 : 1));
  return figure(key, label, twice.length, twice.map(([name, files]) => `${name}: ${files.join(', ')}`)); // prettier-ignore
}

function walkFigures(graph: ImportGraph, { walks, settings, leaks }: WalkFile, symbols: Symbols): readonly Figure[] {
  const mentions = new Map([...graph.keys()].map((file) => [file, symbols.mentionsOf(file)]));
  const filesWith = (isMeant: (mention: string) => boolean) =>
    [...mentions].filter(([, names]) => names.some(isMeant)).map(([file]) => file);
  const ofSettings = settings.map((setting) => [setting, filesWith((mention) => mention === setting)] as const);
  const counts = ofSettings.map(([, files]) => files.length);
  const leaking = filesWith((mention) => new RegExp(leaks, 'i').test(mention));
  return [
    ...walks.map((walk) => {
      const { files, calls } = walkLength(walk);
      return figure(`walk.${walk.name}`, `walk “${walk.name}”: ${walk.from} to ${walk.to}`, `${files} files, ${calls} calls`); // prettier-ignore
    }),
    figure(
      'walk.setting',
      `files that name one training setting (${settings.join(', ')})`,
      `${Math.min(...counts)} to ${Math.max(...counts)} files`,
      ofSettings.map(([setting, files]) => `${setting}: ${files.join(', ')}`),
    ),
    figure(
      'walk.leaks',
      `files in which a name outside the imports speaks of leaks`,
      `${leaking.length} files in ${new Set(leaking.map(folderOf)).size} folders`,
      leaking,
    ),
  ];
}

function figure(key: string, label: string, value: number | string, names?: readonly string[]): Figure {
  return { key, label, value: String(value), ...(names === undefined ? {} : { names }) };
}

function folderOf(file: string): string {
  return path.posix.dirname(file);
}

/** Returns the value at a quantile of sorted numbers, the lower one between two. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${Math.round((100 * part) / whole)} %`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
