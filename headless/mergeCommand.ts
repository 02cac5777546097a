// Merges the results of runs that were trained apart into one result file, and says what is missing, repeated, or trained on other inputs.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeArchive } from '../src/data/import/archive.ts';
import { commonPlan, mergeParts, type MergeReport, type PartFile } from '../src/lab/comparison/mergeRuns.ts';
import { resultTables, type PageAnalyses } from '../src/lab/share/pageTables.ts';
import { crateWords, longScoresCsv, researchCrate } from '../src/lab/share/researchCrate.ts';
import { sharedPage, type PageWords } from '../src/lab/share/sharedPage.ts';
import { unpackCounts } from '../src/metrics/scores/packedCounts.ts';
import type { SentenceCounts } from '../src/metrics/scores/spanScore.ts';
import { errorTotals } from '../src/metrics/significance/bootstrapIntervals.ts';
import { significance } from '../src/metrics/significance/significance.ts';
import type { ResultFile } from '../src/schema/resultFile.ts';
import { replaceFile } from '../src/storage/fileSystem.ts';
import { finishWork } from '../src/util/clock.ts';
import { LabError } from '../src/util/labError.ts';
import { softwareVersion } from '../src/util/wording.ts';
import { command, exitCodes, exitCodesText } from './commandEnd.ts';
import { parsedOptions, usageError } from './headlessArguments.ts';
import { readPlan } from './planInputs.ts';
import type { TextOutput } from './progressReport.ts';
import { readResultFile } from './readResultFile.ts';
import { resultFileName, writeResult } from './trainStore.ts';

const usage = `Usage: bioner merge DIR|FILE.result.json ... [--plan PLAN.json] [--out FILE.result.json] [--page FILE.html]
                    [--tables FILE.md] [--scores FILE.csv] [--crate FILE.zip] [--json]

Merges results of runs that were trained by several processes, machines or people.
  DIR           a folder of results: its runs/*/run.result.json, jobs/*.result.json and *.result.json, packed as .gz or not
  --plan FILE   the whole plan, to know what is missing; by default the plan that all results name
  --out FILE    the merged file, packed if it ends in .gz; by default <plan name>.result.json in the first DIR, or beside the first file
  --page FILE   also writes a page of the result that opens anywhere
  --tables FILE also writes Tables 1 to 3 and the tested differences of each category as Markdown
  --scores FILE also writes all scores as one long table (CSV), a value a line
  --crate FILE  also writes a zip of result, scores and page with RO-Crate metadata, as repositories of research data take it
Exits with 1 where runs of the plan are missing or were trained on other inputs: the file has the others.
${exitCodesText}`;

/** Listed of each kind of remark. */
const LISTED = 20;

export const mergeCommand = command(usage, async (args, { output }, lines) => {
  const { values, positionals } = parsedOptions(args, {
    plan: { type: 'string' },
    out: { type: 'string' },
    page: { type: 'string' },
    tables: { type: 'string' },
    scores: { type: 'string' },
    crate: { type: 'string' },
    json: { type: 'boolean' },
  });
  const [first] = positionals;
  if (first === undefined) throw usageError('Give folders or files of results.', 'at least one', 'none');
  const files = [...new Set((await Promise.all(positionals.map(resultsIn))).flat())];
  const parts = await readParts(files);
  const plan = values.plan === undefined ? commonPlan(parts) : await readPlan(path.resolve(values.plan));
  const { result, report } = mergeParts(parts, plan, { software: softwareVersion, exportedAt: new Date().toISOString() }); // prettier-ignore
  const isFolder = (await stat(first)).isDirectory();
  const target = values.out ?? path.join(isFolder ? first : path.dirname(first), resultFileName(result.plan));
  reportMerge(report, files.length, output);
  lines.write({ event: 'merged', ...report });
  await writeResult(result, path.resolve(target), output, lines);
  const write = async (what: string, file: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    await replaceFile(path.resolve(file), bytes);
    output.write(`${what}: ${path.resolve(file)}\n`);
    lines.write({ event: 'file', file: path.resolve(file), bytes: bytes.byteLength });
  };
  const page = () => resultPage(result, { title: '', words: '', link: null });
  if (values.page !== undefined) await write('Page', values.page, encode(await page()));
  if (values.tables !== undefined) await write('Tables', values.tables, encode(await resultTables(result, analyses)));
  if (values.scores !== undefined) await write('Scores', values.scores, encode(longScoresCsv(result.runs)));
  if (values.crate !== undefined) await write('Crate', values.crate, await crateOf(result, await page()));
  return report.missing.length + report.foreign.length > 0 ? exitCodes.failed : exitCodes.done;
});

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A zip with the result and what describes it. */
async function crateOf(result: ResultFile, page: string): Promise<Uint8Array<ArrayBuffer>> {
  const words = crateWords(result);
  return writeArchive(await researchCrate(result, { ...words, pages: [{ path: 'page.html', bytes: encode(page) }] }));
}

/** The result files of a folder, or the file itself. Throws LabError `headless/input`. */
async function resultsIn(location: string): Promise<readonly string[]> {
  const found = await stat(location).catch(() => null);
  if (found?.isFile() === true) return [path.resolve(location)];
  const files = found === null ? [] : await resultsOfFolder(path.resolve(location));
  if (files.length > 0) return files;
  throw new LabError('headless/input', 'There are no results.', {
    expected: `*.result.json in ${location}, ${location}/jobs or ${location}/runs/*`,
    got: found === null ? 'no such folder' : 'none',
  });
}

async function resultsOfFolder(folder: string): Promise<readonly string[]> {
  const list = (under: string): Promise<string[]> => readdir(path.join(folder, under)).catch(() => []);
  const runs = (await list('runs')).sort().map((id) => path.join(folder, 'runs', id, 'run.result.json'));
  const withResult = await Promise.all(runs.map((file) => stat(file).then(() => [file], () => []))); // prettier-ignore
  const inFolder = async (under: string): Promise<readonly string[]> =>
    (await list(under)).filter((name) => /\.result\.json(\.gz)?$/.test(name)).sort().map((name) => path.join(folder, under, name)); // prettier-ignore
  const parts = [...withResult.flat(), ...(await inFolder('jobs'))];
  // An earlier merge has nothing that its parts lack.
  return parts.length > 0 ? parts : inFolder('');
}

/** Reads one file after another, so that thousands never are open at once. */
async function readParts(files: readonly string[]): Promise<readonly PartFile[]> {
  const parts: PartFile[] = [];
  for (const name of files) {
    try {
      parts.push({ name, file: await readResultFile(name) });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      const { code, message, expected, got } = error;
      throw new LabError('merge/file', `${name}: ${message}`, {
        expected: expected ?? 'a whole result file',
        got: got ?? code,
        cause: error,
      });
    }
  }
  return parts;
}

function reportMerge(report: MergeReport, files: number, text: TextOutput): void {
  const { expected, merged, finished, missing, repeated, foreign } = report;
  const of = expected === null ? '' : ` of the ${expected} of the plan`;
  text.write(`${merged} runs${of} from ${files} files, ${finished} finished.\n`);
  list(text, 'Missing', missing, ({ title, status }) => `${title}${status === null ? '' : ` (${status})`}`);
  list(
    text,
    'Trained twice, with the same outcome',
    repeated.filter(({ isSame }) => isSame),
    inFiles,
  );
  list(text, 'Trained twice, with different outcomes; the first finished one is taken', repeated.filter(({ isSame }) => !isSame), inFiles); // prettier-ignore
  list(text, 'Left out, because trained on other inputs or settings', foreign, (run) => `${inFiles(run)}. Expected ${run.expected}. Got ${run.got}.`); // prettier-ignore
}

function inFiles({ title, files }: { readonly title: string; readonly files: readonly string[] }): string {
  const shown = files.slice(0, 3).join(', ');
  return `${title}: ${shown}${files.length > 3 ? ` and ${files.length - 3} more` : ''}`;
}

function list<Item>(text: TextOutput, heading: string, items: readonly Item[], describe: (item: Item) => string): void {
  if (items.length === 0) return;
  text.write(`${heading} (${items.length}):\n`);
  for (const item of items.slice(0, LISTED)) text.write(`  ${describe(item)}\n`);
  if (items.length > LISTED) text.write(`  and ${items.length - LISTED} more\n`);
}

type CountedSource = Parameters<PageAnalyses['significance']>[0][number]['trainings'][number]['a'];

/** The analyses of the page, in this thread. */
const analyses: PageAnalyses = {
  significance: (differences) => {
    const comparisons = differences.map(({ trainings }) =>
      trainings.map(({ seed, round, snapshots, a, b }) => ({ seed, round, snapshots, a: countsOf(a), b: countsOf(b) })),
    );
    return Promise.resolve(finishWork(significance(comparisons)));
  },
  errorTotals: (counts) => Promise.resolve(counts.map((one) => errorTotals(unpackCounts(one)))),
};

function countsOf(source: CountedSource): SentenceCounts {
  // A shared page tests nothing but counts of its file.
  if ('runId' in source) throw new Error(`There are no counts of run ${source.runId}.`);
  return unpackCounts(source);
}

/** Makes the page of a result file that opens anywhere. */
export function resultPage(file: ResultFile, words: PageWords): Promise<string> {
  return sharedPage(file, words, analyses);
}
