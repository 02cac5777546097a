// The lint rule that keeps folders small enough to survey.
import { posix } from 'node:path';
import { folderSizes, readImportGraph } from '../house/importGraph.mjs';
import { houseFile } from './houseFile.mjs';

const maxFiles = 25;

export const folderSizeRule = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      size: '{{folder}} directly holds {{files}} files, more than 25: group those that belong to one noun in a folder below it.',
    },
  },
  create(context) {
    const file = houseFile(context);
    if (file === null || !/\.tsx?$/.test(file)) return {};
    return {
      Program() {
        const graph = readImportGraph(context.cwd);
        const folder = posix.dirname(file);
        const files = (folderSizes(graph).get(folder) ?? 0) + (graph.has(file) ? 0 : 1);
        if (files <= maxFiles) return;
        context.report({ loc: { line: 1, column: 0 }, messageId: 'size', data: { folder, files } });
      },
    };
  },
};
