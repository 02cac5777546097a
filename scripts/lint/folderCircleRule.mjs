// The lint rule that refuses imports that create cycles between folders.
import { posix } from 'node:path';
import { folderEdges, pathBetween, readImportGraph } from '../house/importGraph.mjs';
import { houseFile, importVisitor } from './houseFile.mjs';

export const folderCircleRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      circle:
        'This import closes a circle of folders: {{circle}}. Move what both sides need into a lower folder, or the file to where it is used.',
    },
  },
  create(context) {
    const file = houseFile(context);
    if (file === null) return {};
    const folder = posix.dirname(file);
    const edges = folderEdges(readImportGraph(context.cwd));
    return importVisitor(file, (node, target) => {
      const from = posix.dirname(target);
      if (from === folder) return;
      // The path back ends where it first reaches this folder, so it contains no import of this file, saved or not.
      const back = pathBetween(edges, from, folder);
      if (back === null) return;
      context.report({ node, messageId: 'circle', data: { circle: [folder, ...back].join(' → ') } });
    });
  },
};
