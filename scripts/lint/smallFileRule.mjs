// The lint rule that refuses files too small to be worth opening: short, and used in one or two places.
import { countLines, importersOf, readImportGraph } from '../house/importGraph.mjs';
import { houseFile } from './houseFile.mjs';
import { peerFolders } from './peerFolders.mjs';

const minLines = 60;
const minImporters = 3;

/** Files that need no importer: entry points, pages behind the router, and declarations for the compiler. */
const entries = /(^|\/)(main\.tsx|headless\.ts|[^/]+\.worker\.ts|[^/]+Page\.tsx|[^/]+\.d\.ts)$/;

export const smallFileRule = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      small:
        'The file has {{lines}} lines and {{importers}}: move what is in it to where it is used. A file has at least 60 lines or three importers.',
    },
  },
  create(context) {
    const file = houseFile(context);
    if (file === null || entries.test(file)) return {};
    if (peerFolders.some(({ name }) => file.split('/').slice(0, -1).includes(name))) return {};
    return {
      Program() {
        const lines = countLines(context.sourceCode.text);
        if (lines >= minLines) return;
        const importers = [...(importersOf(readImportGraph(context.cwd)).get(file) ?? [])].sort();
        if (importers.length >= minImporters) return;
        const data = { lines, importers: importers.length === 0 ? 'no importer' : `is imported by ${importers.join(' and ')} alone` }; // prettier-ignore
        context.report({ loc: { line: 1, column: 0 }, messageId: 'small', data });
      },
    };
  },
};
