// Reads the import graph of the lab's source and finds its cycles, of files and of folders.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Folders whose files make up the lab; missing ones are skipped. */
export const houseRoots = ['src', 'workers', 'headless'];

/** Minimum milliseconds for which a graph is reused without looking at the disk. */
const freshMs = 2000;

/** The same as a multiple of the duration of the last look, to keep its share of lint's time negligible. */
const freshFactor = 20;

/** @type {Map<string, {freshUntilMs: number, graph: Map<string, import('./importGraph.d.mts').SourceEntry>}>} */
const graphs = new Map();

/** Reads every file below the roots of the lab, or only those that changed since the last call in this process. */
export function readImportGraph(root) {
  const cached = graphs.get(root);
  const startedAtMs = performance.now();
  if (cached !== undefined && startedAtMs < cached.freshUntilMs) return cached.graph;
  const read = new Map();
  for (const file of sourceFiles(root)) {
    const { mtimeMs, size } = statSync(path.join(root, file));
    const before = cached?.graph.get(file);
    const isSame = before !== undefined && before.mtimeMs === mtimeMs && before.size === size;
    read.set(file, isSame ? before : readEntry(root, file, mtimeMs, size));
  }
  const isUnchanged =
    cached !== undefined &&
    cached.graph.size === read.size &&
    [...read].every(([file, entry]) => cached.graph.get(file) === entry);
  const graph = isUnchanged ? cached.graph : read;
  const tookMs = performance.now() - startedAtMs;
  graphs.set(root, { freshUntilMs: startedAtMs + tookMs + Math.max(freshMs, freshFactor * tookMs), graph });
  return graph;
}

/** Caches a computation by graph; graphs never change. */
function oncePerGraph(compute) {
  const known = new WeakMap();
  return (graph) => {
    if (!known.has(graph)) known.set(graph, compute(graph));
    return known.get(graph);
  };
}

/** Lists the .ts and .tsx files below the roots, as sorted paths with slashes. */
export function sourceFiles(root) {
  return houseRoots
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true })
        .map((file) => path.posix.join(folder, String(file).split(path.sep).join('/')))
        .filter((file) => /\.tsx?$/.test(file)),
    )
    .sort();
}

function readEntry(root, file, mtimeMs, size) {
  const text = readFileSync(path.join(root, file), 'utf8');
  return { file, mtimeMs, size, ...entryOf(file, text) };
}

/** Finds what a file imports and which types it exports from its text. */
export function entryOf(file, text) {
  const options = { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseNone };
  const source = ts.createSourceFile(file, text, options, false);
  const imports = [];
  const types = [];
  const add = (literal, isTypeOnly) => {
    const target = targetOf(file, literal.text);
    if (target !== null) imports.push({ target, isTypeOnly });
  };
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) add(statement.moduleSpecifier, isTypeImport(statement));
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      add(statement.moduleSpecifier, statement.isTypeOnly);
    }
    const isType =
      ts.isTypeAliasDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isEnumDeclaration(statement);
    const isExported = isType && statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isExported && statement.name !== undefined) types.push(statement.name.text);
  }
  if (/import\s*\(|import\.meta/.test(text)) visitNested(source, add);
  return { lines: countLines(text), imports, types: [...new Set(types)] };
}

/** Visits what is not a top-level statement: dynamic imports, import types and the URLs of workers. */
function visitNested(node, add) {
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    if (node.arguments[0] !== undefined && ts.isStringLiteralLike(node.arguments[0])) add(node.arguments[0], false);
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'URL') {
    const [address, base] = node.arguments ?? [];
    const isOfModule = base !== undefined && ts.isPropertyAccessExpression(base) && ts.isMetaProperty(base.expression);
    if (isOfModule && ts.isStringLiteralLike(address)) add(address, false);
  }
  ts.forEachChild(node, (child) => visitNested(child, add));
}

function isTypeImport({ importClause }) {
  if (importClause === undefined) return false;
  if (importClause.isTypeOnly) return true;
  const bindings = importClause.namedBindings;
  if (importClause.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

/** Resolves a specifier to a path of the lab, or null if it is a package or not TypeScript. */
export function targetOf(file, specifier) {
  const name = specifier.replace(/[?#].*$/, '');
  if (!name.startsWith('.') || !/\.tsx?$/.test(name)) return null;
  return path.posix.join(path.posix.dirname(file), name);
}

/** Counts lines like an editor: a trailing line break begins no further line. */
export function countLines(text) {
  const lines = text.split('\n');
  return lines.length - (lines.at(-1) === '' ? 1 : 0);
}

/** Maps each file to the files it imports, types included unless `valuesOnly`. */
export function fileEdges(graph, { valuesOnly = false } = {}) {
  const edges = new Map();
  for (const [file, { imports }] of graph) {
    const used = imports.filter(({ target, isTypeOnly }) => graph.has(target) && !(valuesOnly && isTypeOnly));
    edges.set(file, new Set(used.map(({ target }) => target).filter((target) => target !== file)));
  }
  return edges;
}

/** Maps each folder that directly holds files to the other folders whose files it imports. */
export const folderEdges = oncePerGraph((graph) => {
  const edges = new Map();
  for (const file of graph.keys()) edges.set(path.posix.dirname(file), new Set());
  for (const [file, targets] of fileEdges(graph)) {
    const folder = path.posix.dirname(file);
    for (const target of targets) {
      if (path.posix.dirname(target) !== folder) edges.get(folder).add(path.posix.dirname(target));
    }
  }
  return edges;
});

/** Maps each file to the files that import it. */
export const importersOf = oncePerGraph((graph) => {
  const importers = new Map([...graph.keys()].map((file) => [file, new Set()]));
  for (const [file, targets] of fileEdges(graph)) {
    for (const target of targets) importers.get(target).add(file);
  }
  return importers;
});

/** Maps each folder that directly holds files to their number. */
export const folderSizes = oncePerGraph((graph) => {
  const sizes = new Map();
  for (const file of graph.keys()) {
    const folder = path.posix.dirname(file);
    sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
  }
  return sizes;
});

/** Maps each basename to the files that have it. */
export const filesByBasename = oncePerGraph((graph) =>
  grouped([...graph.keys()].map((file) => [path.posix.basename(file), file])),
);

/** Maps each exported type name to the files that declare it. */
export const filesByType = oncePerGraph((graph) =>
  grouped([...graph.values()].flatMap(({ file, types }) => types.map((type) => [type, file]))),
);

function grouped(pairs) {
  const groups = new Map();
  for (const [name, file] of pairs) groups.set(name, [...(groups.get(name) ?? []), file]);
  return groups;
}

/** Finds the cycles of a graph by Tarjan's algorithm: every strongly connected component of two nodes or more. */
export function circlesOf(edges) {
  return componentsOf(edges).filter((nodes) => nodes.length > 1);
}

/** Splits a graph into its strongly connected components, each after everything it reaches. */
export function componentsOf(edges) {
  const indexOf = new Map();
  const lowest = new Map();
  const stack = [];
  const onStack = new Set();
  const components = [];
  const visit = (node) => {
    indexOf.set(node, indexOf.size);
    lowest.set(node, indexOf.get(node));
    stack.push(node);
    onStack.add(node);
    for (const next of edges.get(node) ?? []) {
      if (!indexOf.has(next)) {
        visit(next);
        lowest.set(node, Math.min(lowest.get(node), lowest.get(next)));
      } else if (onStack.has(next)) {
        lowest.set(node, Math.min(lowest.get(node), indexOf.get(next)));
      }
    }
    if (lowest.get(node) !== indexOf.get(node)) return;
    const members = stack.splice(stack.indexOf(node));
    for (const member of members) onStack.delete(member);
    components.push(members.sort());
  };
  for (const node of [...edges.keys()].sort()) if (!indexOf.has(node)) visit(node);
  return components;
}

/** Finds a shortest path between two nodes, both ends included, or null if there is none. */
export function pathBetween(edges, from, to) {
  const cameFrom = new Map([[from, null]]);
  const waiting = [from];
  for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
    if (node === to) {
      const nodes = [];
      for (let step = node; step !== null; step = cameFrom.get(step)) nodes.unshift(step);
      return nodes;
    }
    for (const next of [...(edges.get(node) ?? [])].sort()) {
      if (!cameFrom.has(next)) {
        cameFrom.set(next, node);
        waiting.push(next);
      }
    }
  }
  return null;
}
