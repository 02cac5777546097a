// Helpers for lint rules about the structure: the path of the linted file, and a visitor of its imports.
import { relative, sep } from 'node:path';
import { houseRoots, targetOf } from '../house/importGraph.mjs';

/** Returns the path of the linted file from the root, or null if it is not a source file of the lab. */
export function houseFile(context) {
  const file = relative(context.cwd, context.filename).split(sep).join('/');
  return houseRoots.some((folder) => file.startsWith(`${folder}/`)) ? file : null;
}

/** Calls `check(node, target)` for every import of a file of the lab, in any form. */
export function importVisitor(file, check) {
  const checkSource = (node, source) => {
    if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
    const target = targetOf(file, source.value);
    if (target !== null) check(node, target);
  };
  return {
    ImportDeclaration: (node) => checkSource(node, node.source),
    ExportNamedDeclaration: (node) => checkSource(node, node.source),
    ExportAllDeclaration: (node) => checkSource(node, node.source),
    ImportExpression: (node) => checkSource(node, node.source),
    TSImportType: (node) => checkSource(node, node.source ?? node.argument?.literal),
    'NewExpression[callee.name="URL"][arguments.1.type="MemberExpression"][arguments.1.object.type="MetaProperty"]': (
      node,
    ) => checkSource(node, node.arguments[0]),
  };
}
