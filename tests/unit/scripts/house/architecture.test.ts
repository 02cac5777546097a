// Proves that the committed picture of the architecture is up to date, and that its layers and arrows follow from the imports.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { architectureOf } from '../../../../scripts/house/architecture.ts';
import { drawing, readCaptions } from '../../../../scripts/house/drawing.ts';
import { circlesOf, entryOf, fileEdges, readImportGraph } from '../../../../scripts/house/importGraph.mjs';
import { layeredLayout } from '../../../../scripts/house/layeredLayout.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

/** A graph of files that import these. */
function graphOf(files: Readonly<Record<string, readonly string[]>>): ReturnType<typeof readImportGraph> {
  return new Map(
    Object.entries(files).map(([file, targets]) => {
      // From any file down to its own folder and up to the target: always a path that begins with a dot.
      const up = '../'.repeat(file.split('/').length - 1);
      const text = targets.map((target) => `import './${up}${target}';`).join('\n');
      return [file, { file, mtimeMs: 0, size: 0, ...entryOf(file, text) }];
    }),
  );
}

describe('the committed picture', () => {
  const groups = architectureOf(readImportGraph(root));
  const captions = readCaptions();

  it('is what is drawn today: npm run house -- --draw docs/architecture.svg', () => {
    expect(readFileSync(path.join(root, 'docs/architecture.svg'), 'utf8')).toBe(drawing(groups, captions));
  });

  it('has a caption for every folder', () => {
    const boxes = groups.flatMap((group) => group.boxes.flatMap((box) => [box, ...box.inner]));
    expect(boxes.map((box) => box.path).filter((box) => !(box in captions))).toEqual([]);
  });

  it('is no wider than a page', () => {
    expect(Number(/viewBox="0 0 ([\d.]+)/.exec(drawing(groups, captions))?.[1])).toBeLessThanOrEqual(1200);
  });
});

it('no file imports one that imports it, by values or types', () => {
  expect(circlesOf(fileEdges(readImportGraph(root)))).toEqual([]);
});

describe('the architecture of a graph', () => {
  it('has each folder above those it imports, and no arrow that follows from others', () => {
    const groups = architectureOf(
      graphOf({
        'src/main.tsx': ['src/lab/lab.ts', 'src/util/rng.ts'],
        'src/lab/lab.ts': ['src/data/corpus.ts', 'src/util/rng.ts'],
        'src/data/corpus.ts': ['src/util/rng.ts'],
        'src/util/rng.ts': [],
      }),
    );
    expect(groups.map(({ boxes, layer, imports }) => [boxes[0]?.name, layer, imports])).toEqual([
      ['util', 0, []],
      ['data', 1, [0]],
      ['lab', 2, [1]],
      ['main.tsx', 3, [2]],
    ]);
  });

  it('has folders that import each other in one group, and only big folders opened', () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`src/ui/parts/p${at}.ts`, []]));
    const groups = architectureOf(
      graphOf({
        ...many,
        'src/data/a.ts': ['src/schema/b.ts'],
        'src/schema/b.ts': ['src/data/a.ts'],
        'src/lab/deep/c.ts': [],
      }),
    );
    expect(groups.map(({ boxes }) => boxes.map(({ name, inner }) => [name, inner.length]))).toEqual([
      [['data', 0], ['schema', 0]], // prettier-ignore
      [['lab', 0]],
      [['ui', 1]],
    ]);
  });
});

it('arrows pass beside the nodes of the layers between', () => {
  const node = (layer: number, targets: readonly number[]) => ({ layer, width: 200, height: 80, targets });
  const nodes = [node(0, []), node(1, [0]), node(1, [0]), node(2, [0, 1, 2])];
  const { arrows, corners } = layeredLayout(nodes, 20, 900);
  const long = arrows.find(({ from, to }) => from === 3 && to === 0);
  const lane = long?.points.find(({ y }) => y === corners[1]?.y)?.x ?? 0;
  for (const at of [1, 2]) {
    const left = corners[at]?.x ?? 0;
    expect(lane < left || lane > left + 200).toBe(true);
  }
});
