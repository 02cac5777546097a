// Finds a symbol in a file of the lab by its dotted path, and collects the names it mentions.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Declared symbols and mentioned names of the files below `root`, each file parsed once. */
export class Symbols {
  private readonly root: string;
  private readonly parsed = new Map<string, ts.SourceFile>();

  constructor(root: string) {
    this.root = root;
  }

  /** Finds `outer.inner` in a file: `outer` at the top level, `inner` as the member or nested function nearest to it. */
  find(file: string, symbol: string): ts.Node | null {
    const [first = '', ...inner] = symbol.split('.');
    let found = topLevel(this.source(file)).find((node) => nameOf(node) === first) ?? null;
    for (const name of inner) found = found && nearest(found, name);
    return found;
  }

  /** Whether the file declares anything under this name, at any depth. */
  declares(file: string, name: string): boolean {
    return nearest(this.source(file), name) !== null;
  }

  /** Collects every identifier and text of a file outside its imports, with repetitions. */
  mentionsOf(file: string): readonly string[] {
    const statements = this.source(file).statements.filter(
      (statement) =>
        !ts.isImportDeclaration(statement) &&
        !(ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined),
    );
    return statements.flatMap((statement) => mentionsIn(statement));
  }

  private source(file: string): ts.SourceFile {
    const known = this.parsed.get(file);
    if (known !== undefined) return known;
    const text = readFileSync(path.join(this.root, file), 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
    this.parsed.set(file, source);
    return source;
  }
}

/** Collects the identifiers of a piece of code, and its single-word texts. */
export function mentionsIn(node: ts.Node): readonly string[] {
  const names: string[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isIdentifier(child) || ts.isPrivateIdentifier(child)) names.push(child.text);
    else if (ts.isStringLiteralLike(child) && /^[\w.]+$/.test(child.text)) names.push(child.text);
    ts.forEachChild(child, visit);
  };
  visit(node);
  return names;
}

function topLevel(source: ts.SourceFile): readonly ts.Node[] {
  return source.statements.flatMap((statement): readonly ts.Node[] =>
    ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement],
  );
}

/** Searches level by level: a member of a class or a nested function comes before anything inside either. */
function nearest(node: ts.Node, name: string): ts.Node | null {
  let level: readonly ts.Node[] = [node];
  while (level.length > 0) {
    const next: ts.Node[] = [];
    for (const parent of level) ts.forEachChild(parent, (child) => void next.push(child));
    const found = next.find((child) => nameOf(child) === name);
    if (found !== undefined) return found;
    level = next;
  }
  return null;
}

/** Returns the name of a function, class, constant, or member of an object or class. */
function nameOf(node: ts.Node): string | null {
  const isNamed =
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isGetAccessorDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node);
  if (!isNamed || node.name === undefined) return null;
  return ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name) ? node.name.text : null;
}
