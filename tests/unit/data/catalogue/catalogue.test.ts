// Proves that the catalogue of sub-tasks agrees with its source table, and that its notes on contradictions are true.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from '../../../../src/util/zod.ts';
import { catalogueTask, CATEGORY_NAMES, SUB_TASKS } from '../../../../src/data/catalogue/catalogue.ts';
import { OTHER_SYSTEMS } from '../../../../src/lab/comparison/publishedScores.ts';

const file = fileURLToPath(new URL('../../../../../shared/corpora/subtasks.json', import.meta.url));
const isHere = existsSync(file);
if (!isHere) console.warn(`Skipped: no table of sub-tasks at ${file}.`);

const split = z.nullable(z.strictObject({ sentences: z.number(), tokens: z.number(), mentions: z.number() }));
const scores = z.strictObject({ P: z.number(), R: z.number(), F1: z.number() });
const table = z.strictObject({
  about: z.string(),
  subtasks: z.array(
    z.strictObject({
      id: z.string(),
      category: z.enum(CATEGORY_NAMES),
      dataset: z.string(),
      folder: z.string(),
      label: z.string(),
      multiTypeFolder: z.string(),
      multiTypeLabel: z.string(),
      splits: z.strictObject({ train: split, devel: split, test: split }),
      licence: z.string(),
      published: z.strictObject({ STL: scores, MTL_XC: scores, MTL_LS_F1: z.record(z.string(), z.number()) }),
    }),
  ),
});

describe('the catalogue', () => {
  it.skipIf(!isHere)('is the source table, row by row', () => {
    const { subtasks } = table.parse(JSON.parse(readFileSync(file, 'utf8')));
    const ours = SUB_TASKS.map((task) => ({
      id: task.id,
      category: task.category,
      dataset: task.dataset,
      folder: task.folder,
      label: task.type,
      multiTypeFolder: task.multiTypeFolder,
      multiTypeLabel: task.multiTypeType,
      splits: task.splits,
      licence: task.licence,
      published: {
        STL: inTable(task.published.STL),
        MTL_XC: inTable(task.published['MTL-XC']),
        MTL_LS_F1: Object.fromEntries(
          task.published['MTL-LS'].map(({ slicingRate, f1 }) => [slicingRate.toFixed(2), f1]),
        ),
      },
    }));
    expect(ours).toEqual(subtasks);
  });

  it('has 22 sub-tasks in the four categories of the paper', () => {
    const sizes = CATEGORY_NAMES.map((name) => SUB_TASKS.filter(({ category }) => category === name).length);
    expect(Object.fromEntries(CATEGORY_NAMES.map((name, index) => [name, sizes[index]]))).toEqual({
      chemical: 6,
      disease: 2,
      gene: 10,
      species: 4,
    });
    expect(new Set(SUB_TASKS.map(({ id }) => id)).size).toBe(22);
  });

  it('notes an F1 that does not follow from its precision and recall, exactly where the arithmetic says so', () => {
    const contradicting = SUB_TASKS.filter(({ published }) =>
      [published.STL, published['MTL-XC']].some(
        ({ precision, recall, f1 }) => Math.abs((2 * precision * recall) / (precision + recall) - f1) > 0.015,
      ),
    );
    expect(contradicting.map(({ id }) => id)).toEqual(['BC4CHEMD:chemical', 'BioNLP11EPI:gene']);
    for (const { notes } of contradicting) expect(notes.join(' ')).toMatch(/make F1 \d\d\.\d\d, not \d\d\.\d\d/);
  });

  it('notes the sub-task whose STL differs between the tables, and no other of Table 3', () => {
    const stl = OTHER_SYSTEMS.find(({ system }) => system === 'STL');
    const differing = Object.entries(stl?.f1 ?? {}).filter(([id, f1]) => catalogueTask(id)?.published.STL.f1 !== f1);
    expect(differing).toEqual([['BC2GM:gene', 82.52]]);
    expect(catalogueTask('BC2GM:gene')?.notes).toEqual([expect.stringContaining('82.52 in Table 3')]);
    for (const { f1 } of OTHER_SYSTEMS) expect(Object.keys(f1)).toEqual(Object.keys(stl?.f1 ?? {}));
  });
});

function inTable({
  precision,
  recall,
  f1,
}: {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}) {
  return { P: precision, R: recall, F1: f1 };
}
