// Makes the shared page of a result file on the command line, and says how large the file is and what its counts of sentences take.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deflateSync } from 'node:zlib';
import { resultPage } from '../headless/mergeCommand.ts';
import { readResultFile } from '../headless/readResultFile.ts';
import type { ResultFile } from '../src/schema/resultFile.ts';
import { LabError } from '../src/util/labError.ts';

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
  const file = await readResultFile(source);
  const words = values.words === undefined ? '' : readFileSync(values.words, 'utf8');
  const page = await resultPage(file, { title: values.title ?? '', words, link: null });
  const target = values.out ?? `${source.replace(/(\.result)?\.json(\.gz)?$/, '')}.html`;
  writeFileSync(target, page);
  console.log(`${target}: ${describeSize(file)}`);
} catch (error) {
  console.error(`${source}: ${LabError.describe(LabError.toData(error))}`);
  process.exitCode = 2;
}
