// Draws Figures 3 and 4 of the paper from headless runs: T, L and P of tasks as circles, and their five ratios as a radar, with a table.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { analysisInputs } from '../src/analysis/analysisInputs.ts';
import { entitySetQuestions } from '../src/analysis/entitySetQuestions.ts';
import type { EntitySetDiagram } from '../src/analysis/questions/sentencesQuery.ts';
import { isSameTask, type Task } from '../src/data/corpus/corpus.ts';
import { taskKey } from '../src/lab/comparison/comparison.ts';
import { variantOfSpec } from '../src/lab/state/runViews.ts';
import { ENTITY_RATIOS, type EntityRatio } from '../src/metrics/entitySets.ts';
import type { RunRecord, TaskRef } from '../src/schema/runRecord.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { listModelRecords } from '../src/storage/modelRecords.ts';
import { listRunRecords } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { escapeHtml } from '../src/util/html.ts';
import { LabError } from '../src/util/labError.ts';

const usage = `usage: npm run entity-figures -- STORE ... [--corpus NAME ...] [--circles FILE.svg] [--radar FILE.svg]

  STORE      the folder "store" of results that bioner train wrote: corpora, runs and what they predicted on test
  --corpus   draws the tasks of these corpora; all tasks by default
  --circles  writes T, L and P of each task as circles: MTL-LS at the rate that devel chooses
  --radar    writes the five ratios of each task as a radar, one for STL, one for that MTL-LS
Prints a table in Markdown: the number of strings in T, L and P, and the ratios of STL, MTL-XC and each rate. T is train and devel of all tasks of the category.
`;

interface Measured {
  readonly task: TaskRef;
  readonly name: string;
  /** F1 on devel of the selected snapshot; null where the run has none. */
  readonly devel: number | null;
  readonly diagram: EntitySetDiagram;
}

interface Subject {
  readonly task: TaskRef;
  readonly stl: Measured | null;
  readonly chosen: Measured | null;
  readonly all: readonly Measured[];
}

/** Runs of the store with test predictions, and of each the task in question; MTL-XC once for each of its tasks. */
async function measuredIn(folder: string, corpora: readonly string[]): Promise<readonly Measured[]> {
  const store: Store = fileSystem(folder);
  const { records } = await listRunRecords(store);
  const finished = records.filter(({ status, selectedEpoch }) => status === 'finished' && selectedEpoch !== null);
  const categories = finished.filter(({ spec }) => spec.tasks.length > 1).map(({ spec }) => spec.tasks);
  const { records: models } = await listModelRecords(store);
  const layersOf = (id: string) => models.find((model) => model.id === id)?.layers;
  const sets = entitySetQuestions(analysisInputs(store));
  const job = { signal: new AbortController().signal, report: () => undefined };
  const found: Measured[] = [];
  for (const record of finished) {
    for (const [index, task] of record.spec.tasks.entries()) {
      if (corpora.length > 0 && !corpora.includes(task.corpus.name)) continue;
      const category = categories.find((tasks) => tasks.some((other) => isSameTask(taskOf(other), taskOf(task)))) ?? record.spec.tasks; // prettier-ignore
      const epoch = record.selectedEpoch as number;
      const prediction = { runId: record.spec.id, epoch, split: 'test' as const, task: index };
      const query = { task: taskOf(task), category: category.map(taskOf), prediction, trainOnly: false, lowerCase: false }; // prettier-ignore
      const diagram = await sets.diagram(query, job);
      found.push({
        task,
        name: variantOfSpec(record.spec, layersOf(record.spec.model.id)),
        devel: develOf(record, index),
        diagram,
      });
    }
  }
  return found;
}

const taskOf = ({ corpus, type }: TaskRef): Task => ({ corpusId: corpus.id, type });

function develOf({ snapshots, selectedEpoch }: RunRecord, task: number): number | null {
  return snapshots.find(({ epoch }) => epoch === selectedEpoch)?.devel[task]?.lenient.overall.f1 ?? null;
}

function subjectsOf(measured: readonly Measured[]): readonly Subject[] {
  const keys = new Map<string, Measured[]>();
  for (const one of measured) {
    const key = taskKey(one.task);
    keys.set(key, [...(keys.get(key) ?? []), one]);
  }
  const order = ({ name }: Measured): string => (name.startsWith('MTL-LS') ? `2 ${name}` : name === 'STL' ? '0' : '1');
  return [...keys.values()].map((unordered) => {
    const all = unordered.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
    const [first] = all;
    if (first === undefined) throw new Error('A task without a run.');
    const sliced = all.filter(({ name }) => name.startsWith('MTL-LS'));
    const best = Math.max(...sliced.map(({ devel }) => devel ?? -1));
    return {
      task: first.task,
      stl: all.find(({ name }) => name === 'STL') ?? null,
      chosen: sliced.find(({ devel }) => devel === best) ?? null,
      all,
    };
  });
}

const percent = (value: number | null): string => (value === null ? 'none' : (100 * value).toFixed(1));

function tableOf(subjects: readonly Subject[]): string {
  const head = `| task | method | T | L | P | ${ENTITY_RATIOS.join(' | ')} |\n| --- | --- | ${ENTITY_RATIOS.map(() => '---:').join(' | ')} | ---: | ---: | ---: |`;
  const rows = subjects.flatMap(({ all }) =>
    all.map(({ task, name, diagram: { T, L, P, ratios } }) => {
      const values = ENTITY_RATIOS.map((ratio) => percent(ratios[ratio].strings));
      return `| ${task.corpus.name} | ${name} | ${T.strings} | ${L.strings} | ${P?.strings ?? 0} | ${values.join(' | ')} |`;
    }),
  );
  return [head, ...rows].join('\n');
}

const COLOURS = ['#0b6bcb', '#c2410c', '#15803d', '#7c3aed', '#b91c8c', '#5b6472', '#8a6d00'];
const STYLE = `<style>text{font:13px system-ui,sans-serif;fill:#1f2933}.small{font-size:11.5px;fill:#4a5568}.axis{stroke:#9aa5b1;fill:none}@media(prefers-color-scheme:dark){text{fill:#e4e9f0}.small{fill:#aab4c2}.axis{stroke:#5b6778}}</style>`;

function svg(width: number, height: number, title: string, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(title)}">${STYLE}${body}</svg>\n`;
}

const SETS = ['T', 'L', 'P'] as const;
const SIDE = 290;

/** Each task in its own square, to its own scale: areas of circles and overlaps approximate numbers of strings. */
function circlesSvg(subjects: readonly Subject[]): string {
  const columns = 3;
  const cells = subjects.flatMap(({ chosen }, index) => {
    if (chosen === null) return [];
    const { layout, T, L, P } = chosen.diagram;
    const circles = SETS.map((name) => layout.circles[name]);
    const [left, right] = [Math.min(...circles.map(({ x, radius }) => x - radius)), Math.max(...circles.map(({ x, radius }) => x + radius))]; // prettier-ignore
    const [top, bottom] = [Math.min(...circles.map(({ y, radius }) => y - radius)), Math.max(...circles.map(({ y, radius }) => y + radius))]; // prettier-ignore
    const scale = 190 / Math.max(right - left, bottom - top);
    const [atX, atY] = [(index % columns) * SIDE + SIDE / 2, Math.floor(index / columns) * (SIDE + 20) + 140];
    const drawn = circles.map(({ x, y, radius }, set) => {
      const cx = atX + (x - (left + right) / 2) * scale;
      const cy = atY + (y - (top + bottom) / 2) * scale;
      return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${(radius * scale).toFixed(1)}" fill="${COLOURS[set]}" fill-opacity="0.18" stroke="${COLOURS[set]}" stroke-width="1.6"${set === 2 ? ' stroke-dasharray="5 3"' : ''}/>`;
    });
    const title = `${chosen.task.corpus.name}, ${chosen.name}`;
    const counts = `T ${T.strings}, L ${L.strings}, P ${P?.strings ?? 0} strings`;
    return [
      `<text x="${atX}" y="${atY - 116}" text-anchor="middle" font-weight="600">${escapeHtml(title)}</text>`,
      ...drawn,
      `<text class="small" x="${atX}" y="${atY + 118}" text-anchor="middle">${counts}</text>`,
    ];
  });
  const rows = Math.ceil(subjects.length / columns);
  const height = rows * (SIDE + 20) + 26;
  const legend = SETS.map((name, index) => `<tspan fill="${COLOURS[index]}" font-weight="600">${index === 0 ? '' : '   '}${name}</tspan> ${['training', 'annotated in test', 'predicted in test (dashed)'][index]}`).join(''); // prettier-ignore
  return svg(columns * SIDE, height, 'Strings of mentions in training, in test and in predictions', `${cells.join('')}<text x="12" y="${height - 10}" xml:space="preserve">${legend}</text>`); // prettier-ignore
}

const RATIO_NAMES: Readonly<Record<EntityRatio, string>> = {
  A: 'new, found',
  B: 'known',
  C: 'known, missed',
  D: 'wrong, known',
  E: 'surplus',
};
const RADIUS = 130;

/** A to D from 0 to 100 percent from the centre outwards, E from −100 to 100. */
function radarSvg(subjects: readonly Subject[]): string {
  const corner = (ratio: number, at: number, centre: number): string => {
    const angle = -Math.PI / 2 + (2 * Math.PI * ratio) / ENTITY_RATIOS.length;
    return `${(centre + RADIUS * at * Math.cos(angle)).toFixed(1)},${(190 + RADIUS * at * Math.sin(angle)).toFixed(1)}`;
  };
  const share = (name: EntityRatio, value: number | null): number =>
    Math.max(0, Math.min(1, name === 'E' ? ((value ?? 0) + 1) / 2 : (value ?? 0)));
  const radars = (['stl', 'chosen'] as const).map((which, column) => {
    const centre = 220 + column * 440;
    const rings = [0.25, 0.5, 0.75, 1].map((at) => `<polygon class="axis" points="${ENTITY_RATIOS.map((_, index) => corner(index, at, centre)).join(' ')}"/>`); // prettier-ignore
    const names = ENTITY_RATIOS.map((name, index) => {
      const [x, y] = corner(index, 1.13, centre).split(',');
      return `<text x="${x}" y="${y}" text-anchor="middle" dominant-baseline="middle"><tspan font-weight="600">${name}</tspan> ${RATIO_NAMES[name]}</text>`;
    });
    const shapes = subjects.flatMap((subject, index) => {
      const measured = subject[which];
      if (measured === null) return [];
      const points = ENTITY_RATIOS.map((name, axis) => corner(axis, share(name, measured.diagram.ratios[name].strings), centre)); // prettier-ignore
      return [`<polygon points="${points.join(' ')}" fill="none" stroke="${COLOURS[index % COLOURS.length]}" stroke-width="2"/>`]; // prettier-ignore
    });
    const title = which === 'stl' ? 'STL' : 'MTL-LS, rate chosen on devel';
    return `<text x="${centre}" y="24" text-anchor="middle" font-weight="600">${title}</text>${rings.join('')}${names.join('')}${shapes.join('')}`;
  });
  const legend = subjects.map(({ task }, index) => `<line x1="${20 + (index % 3) * 260}" x2="${44 + (index % 3) * 260}" y1="${366 + Math.floor(index / 3) * 22}" y2="${366 + Math.floor(index / 3) * 22}" stroke="${COLOURS[index % COLOURS.length]}" stroke-width="3"/><text x="${52 + (index % 3) * 260}" y="${370 + Math.floor(index / 3) * 22}">${escapeHtml(task.corpus.name)}</text>`); // prettier-ignore
  const height = 400 + Math.ceil(subjects.length / 3) * 22;
  const scale = `<text class="small" x="20" y="${height - 10}">From the centre outwards: A to D 0 to 100 %, E −100 to 100 % of strings</text>`;
  return svg(880, height, 'Five ratios of entity sets', radars.join('') + legend.join('') + scale); // prettier-ignore
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: 'string', multiple: true, default: [] },
    circles: { type: 'string' },
    radar: { type: 'string' },
  },
});
try {
  if (positionals.length === 0) throw new Error(usage);
  const measured = (await Promise.all(positionals.map((folder) => measuredIn(folder, values.corpus)))).flat();
  if (measured.length === 0) {
    throw new LabError('figures/runs', 'There is no finished run of these corpora in these stores.', {
      expected: 'folders "store" of results that bioner train wrote',
      got: positionals.join(', '),
    });
  }
  const subjects = subjectsOf(measured);
  if (values.circles !== undefined) writeFileSync(values.circles, circlesSvg(subjects));
  if (values.radar !== undefined) writeFileSync(values.radar, radarSvg(subjects));
  process.stdout.write(`${tableOf(subjects)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof LabError ? LabError.describe(LabError.toData(error)) : (error as Error).message}\n`); // prettier-ignore
  process.exitCode = 1;
}
