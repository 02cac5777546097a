// Reduces the import graph to what a picture can show: folders as boxes in layers, and the arrows that others do not imply.
import path from 'node:path';
import { componentsOf, fileEdges, type ImportGraph } from './importGraph.mjs';

/** A folder inside a big one, with everything below it. */
export interface InnerBox {
  readonly path: string;
  readonly name: string;
  readonly files: number;
}

/** A top-level folder, or a top-level file. */
export interface Box {
  readonly path: string;
  readonly name: string;
  readonly files: number;
  /** Its subfolders, if it is big; the other files are directly in it. */
  readonly inner: readonly InnerBox[];
}

/** Boxes that import each other in a cycle, or a single box. */
export interface Group {
  readonly boxes: readonly Box[];
  /** 0 is the lowest. */
  readonly layer: number;
  /** Indices of the groups that this one imports, without those that another of them imports in turn. */
  readonly imports: readonly number[];
}

/** A folder with more files than this is shown with its subfolders. */
const bigFolder = 20;

/** Lists the groups lowest first, those of one layer by name. */
export function architectureOf(graph: ImportGraph): readonly Group[] {
  const boxes = boxesOf([...graph.keys()]);
  const edges = new Map([...boxes.keys()].map((box) => [box, new Set<string>()]));
  for (const [file, targets] of fileEdges(graph)) {
    for (const target of targets) {
      if (boxPathOf(file) !== boxPathOf(target)) edges.get(boxPathOf(file))?.add(boxPathOf(target));
    }
  }
  // Each component comes after everything it imports.
  const components = componentsOf(edges);
  const componentOf = new Map(components.flatMap((members, index) => members.map((member) => [member, index])));
  const imports = components.map(
    (members, index) =>
      new Set(
        members
          .flatMap((member) => [...(edges.get(member) ?? [])].map((target) => componentOf.get(target) as number))
          .filter((target) => target !== index),
      ),
  );
  const layers: number[] = [];
  for (const targets of imports) layers.push(Math.max(-1, ...[...targets].map((target) => layers[target] ?? 0)) + 1);
  const reached: Set<number>[] = [];
  for (const targets of imports) {
    reached.push(new Set([...targets].flatMap((target) => [target, ...(reached[target] ?? [])])));
  }
  const order = components.map((_, index) => index);
  const nameOf = (index: number) => components[index]?.[0] ?? '';
  order.sort((left, right) => (layers[left] ?? 0) - (layers[right] ?? 0) || (nameOf(left) < nameOf(right) ? -1 : 1));
  return order.map((index) => {
    const targets = [...(imports[index] ?? [])];
    const kept = targets.filter((target) => !targets.some((other) => reached[other]?.has(target)));
    return {
      boxes: (components[index] ?? []).flatMap((box) => boxes.get(box) ?? []),
      layer: layers[index] ?? 0,
      imports: kept.map((target) => order.indexOf(target)).sort((left, right) => left - right),
    };
  });
}

function boxesOf(files: readonly string[]): ReadonlyMap<string, Box> {
  const members = new Map<string, string[]>();
  for (const file of files) members.set(boxPathOf(file), [...(members.get(boxPathOf(file)) ?? []), file]);
  return new Map(
    [...members].map(([box, own]) => {
      const inner = own.length > bigFolder ? innerBoxes(box, own) : [];
      return [box, { path: box, name: path.posix.basename(box), files: own.length, inner }];
    }),
  );
}

function innerBoxes(box: string, files: readonly string[]): readonly InnerBox[] {
  const counts = new Map<string, number>();
  for (const file of files) {
    const [name = '', ...below] = file.slice(box.length + 1).split('/');
    if (below.length > 0) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort().map(([name, count]) => ({ path: `${box}/${name}`, name, files: count }));
}

/** A folder of `src`, a file directly in it, or any other root. */
function boxPathOf(file: string): string {
  const [root = '', name = ''] = file.split('/');
  return root === 'src' ? `${root}/${name}` : root;
}
