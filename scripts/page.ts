// Makes the shared page of a result file on the command line, and says how large the file is and what its counts of sentences take.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deflateSync } from 'node:zlib';
import type { CountedSource } from '../src/analysis/questions/askedDifference.ts';
import { parseResultFile } from '../src/lab/plans/resultFiles.ts';
import { sharedPage, type PageAnalyses } from '../src/lab/share/sharedPage.ts';
import { unpackCounts } from '../src/metrics/scores/packedCounts.ts';
import type { SentenceCounts } from '../src/metrics/scores/sentenceCounts.ts';
import { errorTotals } from '../src/metrics/significance/errorTotals.ts';
import { significance } from '../src/metrics/significance/significance.ts';
import type { ResultFile } from '../src/schema/resultFile.ts';
import { LabError } from '../src/util/labError.ts';
import { finishWork } from '../src/util/work.ts';

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

/** Bytes of the file as a link or a page carries it, with and without the counts. */
function describeSize(file: ResultFile): string {
  const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).byteLength;
  const runs = file.runs.map((run) => ({
    ...run,
    snapshots: run.snapshots.map(({ testCounts: _counts, ...scores }) => scores),
  }));
  const bare = { ...file, runs };
  const whole = bytesOf(file);
  const counts = whole - bytesOf(bare);
  const each = Math.round(counts / Math.max(1, file.runs.length));
  const links = [bare, file].map((one) => Math.ceil((deflateSync(JSON.stringify(one)).length * 4) / 3));
  return [
    `${file.runs.length} runs, ${whole} bytes; ${counts} of them, ${each} a run, are counts of sentences`,
    `as a link ${links.join(' characters without them, ')} with them`,
  ].join('\n');
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { title: { type: 'string' }, words: { type: 'string' }, out: { type: 'string' } },
});
const [source, ...rest] = positionals;
if (source === undefined || rest.length > 0) {
  console.error('usage: npm run page -- FILE.result.json [--title TEXT] [--words FILE.txt] [--out FILE.html]');
  process.exit(2);
}
try {
  const file = parseResultFile(readFileSync(source, 'utf8'));
  const words = values.words === undefined ? '' : readFileSync(values.words, 'utf8');
  const page = await sharedPage(file, { title: values.title ?? '', words, link: null }, analyses);
  const target = values.out ?? `${source.replace(/(\.result)?\.json$/, '')}.html`;
  writeFileSync(target, page);
  console.log(`${target}: ${describeSize(file)}`);
} catch (error) {
  console.error(`${source}: ${LabError.describe(LabError.toData(error))}`);
  process.exitCode = 2;
}
