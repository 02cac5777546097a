// The lint rule that allows each file name and each exported type name in only one file.
import { posix } from 'node:path';
import { filesByBasename, filesByType, readImportGraph } from '../house/importGraph.mjs';
import { houseFile } from './houseFile.mjs';

export const uniqueNameRule = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      file: 'Another file is called {{name}}, too: {{others}}. Give this one a name that says what sets it apart, or merge the two.',
      type: 'The type {{name}} is also declared in {{others}}. Import that one, or name this one after what sets it apart.',
    },
  },
  create(context) {
    const file = houseFile(context);
    if (file === null) return {};
    const graph = readImportGraph(context.cwd);
    const othersOf = (files = []) => files.filter((other) => other !== file);

    function checkType({ id }) {
      const others = othersOf(filesByType(graph).get(id?.name));
      if (others.length === 0) return;
      context.report({ node: id, messageId: 'type', data: { name: id.name, others: others.join(', ') } });
    }

    return {
      Program() {
        const name = posix.basename(file);
        const others = othersOf(filesByBasename(graph).get(name));
        if (others.length === 0) return;
        const loc = { line: 1, column: 0 };
        context.report({ loc, messageId: 'file', data: { name, others: others.join(', ') } });
      },
      'ExportNamedDeclaration > TSTypeAliasDeclaration': checkType,
      'ExportNamedDeclaration > TSInterfaceDeclaration': checkType,
      'ExportNamedDeclaration > ClassDeclaration': checkType,
      'ExportNamedDeclaration > TSEnumDeclaration': checkType,
    };
  },
};
