// Measures the structure of the source and checks the walks through it against the code.
//   npm run house -- [--json] [--write FILE [--column before|after]] [--repoint] [--draw FILE]
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { architectureOf } from './house/architecture.ts';
import { drawing, readCaptions } from './house/drawing.ts';
import { figureTable, withFigures } from './house/figureTable.ts';
import { figuresOf } from './house/figures.ts';
import { readImportGraph } from './house/importGraph.mjs';
import { readWalks, repointed, walkFileName, walkText } from './house/walks.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'string' },
    column: { type: 'string', default: 'after' },
    draw: { type: 'string' },
    repoint: { type: 'boolean', default: false },
  },
});

if (options.repoint) {
  const file = readWalks();
  writeFileSync(walkFileName, walkText({ ...file, walks: file.walks.map((walk) => repointed(walk, root)) }));
}

const { figures, faults } = figuresOf(root, readWalks());
console.log(options.json ? JSON.stringify({ figures, faults }, null, 2) : figureTable(figures));
if (options.write !== undefined) {
  const column = options.column === 'before' ? 'before' : 'after';
  writeFileSync(options.write, withFigures(readFileSync(options.write, 'utf8'), figures, column));
}
if (options.draw !== undefined) {
  writeFileSync(options.draw, drawing(architectureOf(readImportGraph(root)), readCaptions()));
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
