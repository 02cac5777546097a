// Scores every trained tagger of a folder of results on every test set: predicts what is missing, prints the matrix, and writes it as CSV.
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  command,
  exitCodes,
  exitCodesText,
  interruptedCode,
  type CommandSurroundings,
} from '../../headless/commandEnd.ts';
import { cancelledBy, commandLab } from '../../headless/commandLab.ts';
import type { EventLines } from '../../headless/eventLines.ts';
import {
  headlessArguments,
  type HeadlessArguments,
  oneArgument,
  machineOptions,
  parsedOptions,
} from '../../headless/headlessArguments.ts';
import { runStoreOf } from '../../headless/runFolder.ts';
import { whileLocked } from '../../headless/trainRuns.ts';
import { openLab } from '../../headless/trainStore.ts';
import { analysisInputs } from '../../src/analysis/analysisInputs.ts';
import type { IntervalScore } from '../../src/analysis/questions/systemsQuery.ts';
import { testScores } from '../../src/analysis/testDifferences.ts';
import { buildComparisons } from '../../src/lab/comparison/comparison.ts';
import {
  askedCells,
  cellScores,
  crossMatrix,
  lackingRequests,
  matrixRows,
  type CrossMatrix,
} from '../../src/lab/comparison/crossMatrix.ts';
import type { LocalLab } from '../../src/lab/lab.ts';
import type { PredictionRequest } from '../../src/schema/storedPredictions.ts';
import { fileSystem } from '../../src/storage/fileSystem.ts';
import type { Store } from '../../src/storage/store.ts';
import { csvText } from '../../src/util/csv.ts';
import { LabError } from '../../src/util/labError.ts';

const usage = `Usage: bioner across DIR [--method NAME ...] [--out FILE.csv] [--backend webgpu|wasm|cpu] [--threads N] [--adapter NAME] [--json]

Scores every trained tagger of a folder of results on every test set of its experiment: test F1 with a bootstrap interval over sentences.
  DIR            what bioner train PLAN.json --out DIR trained in one store, with its snapshots
  --method NAME  these methods alone, such as STL or "MTL-LS 0.25"
  --out FILE     by default DIR/across-corpora.csv
What is missing is predicted, which takes the device, and is stored with the runs: the same command goes on where it was interrupted.
${exitCodesText}`;

export const acrossCommand = command(usage, async (args, around, lines) => {
  const { values, positionals } = parsedOptions(args, {
    method: { type: 'string', multiple: true },
    out: { type: 'string' },
    ...machineOptions,
    json: { type: 'boolean' },
  });
  const folder = oneArgument(positionals, 'Give one folder of results.', 'DIR');
  const { method = [] } = values;
  const { root, parsed } = await resultsIn(folder, values);
  const out = path.resolve(values.out ?? path.join(root, 'across-corpora.csv'));
  return whileLocked(root, around, () => scoreStore(runStoreOf(root), { parsed, methods: method, out }, around, lines)); // prettier-ignore
});

interface ResultFolder {
  /** Absolute. */
  readonly root: string;
  /** The machine's part of the arguments, as for training. */
  readonly parsed: HeadlessArguments;
}

/** Finds the store of runs in a folder of results, for commands that use the device on it. Throws LabError `headless/input`. */
export async function resultsIn(
  folder: string,
  { backend, threads, adapter }: { readonly backend?: string; readonly threads?: string; readonly adapter?: string },
): Promise<ResultFolder> {
  const machine = Object.entries({ backend, threads, adapter }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value])); // prettier-ignore
  const parsed = headlessArguments(['results', '--out', folder, ...machine]);
  const root = path.resolve(folder);
  const found = await stat(runStoreOf(root)).catch(() => null);
  if (found !== null && parsed !== null) return { root, parsed };
  throw new LabError('headless/input', `${folder} has no store of runs.`, {
    expected: 'a folder that bioner train PLAN.json --out DIR wrote, without --run or --jobs',
    got: 'no folder store in it',
  });
}

interface Wanted {
  readonly parsed: HeadlessArguments;
  readonly methods: readonly string[];
  readonly out: string;
}

async function scoreStore(
  location: string,
  { parsed, methods, out }: Wanted,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { output, interrupt } = surroundings;
  const store = fileSystem(location);
  const { lab, close } = commandLab(store, surroundings, parsed.part, (client) => lines.follow(client));
  try {
    await openLab(lab, parsed, output);
    const matrices = matricesOf(lab, methods);
    const requests: PredictionRequest[] = [];
    for (const { rows } of matrices) requests.push(...(await lacking(store, rows, interrupt)));
    output.write(`${requests.length} predictions are missing.\n`);
    if (requests.length > 0) await cancelledBy(interrupt, lab, () => lab.keepPredictions(requests));
    if (interrupt.aborted) return interruptedCode(interrupt);
    const files: (readonly (string | number | null)[])[] = [];
    for (const [index, matrix] of matrices.entries()) {
      const scores = cellScores(matrix.rows, await scored(store, matrix.rows, interrupt));
      const [head = [], ...rows] = matrixRows(matrix, scores);
      if (index === 0) files.push(['experiment', ...head]);
      files.push(...rows.map((row) => [matrix.name, ...row]));
      output.write(`\n${matrix.name}\n${matrixText(matrix, scores)}`);
    }
    await writeFile(out, csvText(files));
    output.write(`\nMatrix: ${out}\n`);
    lines.write({ event: 'file', file: out, rows: Math.max(0, files.length - 1) });
    return exitCodes.done;
  } finally {
    close();
    await store.settled();
  }
}

interface NamedMatrix extends CrossMatrix {
  readonly name: string;
}

/** Throws LabError `headless/input` where nothing finished has these methods. */
function matricesOf(lab: LocalLab, methods: readonly string[]): readonly NamedMatrix[] {
  const { runs, models, corpora } = lab.getState();
  const records = runs.map(({ record }) => record);
  const comparisons = buildComparisons(records, (modelId) => models.find(({ id }) => id === modelId)?.layers);
  const library = { records, own: new Set(records.map(({ spec }) => spec.id)), corpora };
  const all = comparisons.map((experiment): NamedMatrix => {
    const { columns, rows } = crossMatrix(experiment, library);
    const names = experiment.tasks.map(({ task }) => task.corpus.name).join(' + ');
    return { name: experiment.category?.name ?? names, columns, rows };
  });
  const known = new Set(all.flatMap(({ rows }) => rows.map(({ variant }) => variant)));
  const found = all.flatMap(({ rows, ...matrix }) => {
    const wanted = rows.filter(({ variant }) => methods.length === 0 || methods.includes(variant));
    return wanted.length === 0 ? [] : [{ ...matrix, rows: wanted }];
  });
  const foreign = methods.filter((method) => !known.has(method));
  if (found.length > 0 && foreign.length === 0) return found;
  throw new LabError('headless/input', 'There are no finished runs to score.', {
    expected: known.size === 0 ? 'a finished run with its snapshot' : [...known].join(', '),
    got: foreign.join(', ') || 'none',
  });
}

function scored(store: Store, rows: CrossMatrix['rows'], signal: AbortSignal) {
  return testScores(analysisInputs(store))(askedCells(rows), { signal, report: () => undefined });
}

async function lacking(store: Store, rows: CrossMatrix['rows'], signal: AbortSignal) {
  return lackingRequests(askedCells(rows), await scored(store, rows, signal));
}

/** Test sets in columns, numbered below; each score with its interval. */
function matrixText({ columns, rows }: CrossMatrix, scores: readonly (readonly (IntervalScore | null)[])[]): string {
  const cell = (score: IntervalScore | null | undefined): string =>
    score == null ? '–' : `${score.f1.toFixed(2)} [${score.low.toFixed(1)}, ${score.high.toFixed(1)}]`;
  const names = rows.map(({ variant, task }) => `${variant} on ${task === null ? 'all' : task.corpus.name}`);
  const width = Math.max(...names.map(({ length }) => length)) + 2;
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(width)}${cells.map((text) => text.padStart(20)).join('')}\n`;
  return [
    line('test F1 [95 %]', columns.map((_, index) => `(${index + 1})`)),
    ...rows.map((_, row) => line(names[row] ?? '', columns.map((_column, at) => cell(scores[row]?.[at])))),
    ...columns.map(({ corpus, type }, index) => `(${index + 1}) ${corpus.name} · ${type ?? 'all types'}\n`),
  ].join(''); // prettier-ignore
}
