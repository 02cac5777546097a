// The lint rule that checks every import, value or type, against the table of layers.
import { isBuiltin } from 'node:module';
import { posix, relative, sep } from 'node:path';
import { floors } from './floors.mjs';

export const floorsRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      homeless: '{{file}} belongs to no layer: add it to the table in scripts/lint/floors.mjs.',
      floor: '{{from}} may not use {{to}} ({{target}}); it may use {{allowed}}.',
      package: '{{from}} may not use the package {{name}}; it may use {{allowed}}.',
    },
  },
  create(context) {
    const file = relative(context.cwd, context.filename).split(sep).join('/');
    if (!file.includes('/')) return {}; // Configuration files in the root are not part of the house.
    const from = floorOf(file);

    function check(node, specifier) {
      if (specifier.startsWith('.')) checkFile(node, specifier.replace(/[?#].*$/, ''));
      else checkPackage(node, packageOf(specifier));
    }

    function checkFile(node, specifier) {
      const target = posix.join(posix.dirname(file), specifier);
      const to = floorOf(target);
      if (to === undefined) return context.report({ node, messageId: 'homeless', data: { file: target } });
      if (to === from || allows(from.floors, to.name)) return;
      const allowed = words(from.floors);
      context.report({ node, messageId: 'floor', data: { from: from.name, to: to.name, target, allowed } });
    }

    function checkPackage(node, name) {
      if (allows(from.packages, name)) return;
      context.report({ node, messageId: 'package', data: { from: from.name, name, allowed: words(from.packages) } });
    }

    function checkSource(node, source) {
      if (source?.type === 'Literal' && typeof source.value === 'string') check(node, source.value);
    }

    return {
      Program(node) {
        if (from === undefined) context.report({ node, messageId: 'homeless', data: { file } });
      },
      ...(from !== undefined && {
        ImportDeclaration: (node) => checkSource(node, node.source),
        ExportNamedDeclaration: (node) => checkSource(node, node.source),
        ExportAllDeclaration: (node) => checkSource(node, node.source),
        ImportExpression: (node) => checkSource(node, node.source),
        TSImportType: (node) => checkSource(node, node.source ?? node.argument?.literal),
        // new Worker(new URL('./training.worker.ts', import.meta.url)) refers to another file like an import.
        'NewExpression[callee.name="URL"][arguments.1.type="MemberExpression"][arguments.1.object.type="MetaProperty"]':
          (node) => {
            if (/\.tsx?$/.test(node.arguments[0].value ?? '')) checkSource(node, node.arguments[0]);
          },
      }),
    };
  },
};

function floorOf(file) {
  const homes = floors.flatMap((floor) => floor.paths.map((path) => ({ floor, path })));
  return homes
    .filter(({ path }) => (path.endsWith('/') ? file.startsWith(path) : file === path))
    .sort((left, right) => right.path.length - left.path.length)[0]?.floor;
}

function packageOf(specifier) {
  if (isBuiltin(specifier)) return 'node:';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const allows = (list, name) => list.includes('*') || list.includes(name);
const words = (list) => (list.length === 0 ? 'none' : list.join(', '));
