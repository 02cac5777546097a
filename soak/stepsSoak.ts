// Measures one long run and reports whether anything grew, as rows of the soak's table and as a report with plots.
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { softwareVersion } from '../src/util/wording.ts';
import { growth, type Series } from './growth.ts';
import { longRun, longRunSeries, type LongRun } from './longRun.ts';
import { plotSeries, quantity } from './plotSeries.ts';
import type { SoakRow } from './soakRow.ts';

export interface StepsRequest {
  /** Address of the lab. */
  readonly address: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly steps: number;
  readonly samples: number;
  /** Folder for the report. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** Throws Error if the run does not finish. */
export async function stepsSoak({ folder, say, ...request }: StepsRequest): Promise<readonly SoakRow[]> {
  const run = await longRun({
    ...request,
    onSample({ step, seconds }) {
      const leftMinutes = ((seconds / step) * (request.steps - step)) / 60;
      say(`${step} of ${request.steps} steps, about ${Math.ceil(leftMinutes)} min left`);
    },
  });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'soak.md'), soakReport(run, request));
  await writeFile(path.join(folder, 'soak.svg'), soakPlot(run));
  say(`written to ${path.join(folder, 'soak.md')}`);
  const grown = longRunSeries(run.samples).filter((series) => !growth(series).isKept);
  for (const { name } of grown) say(`GREW: ${name}`);
  return [
    { injected: `steps in one run, ${run.epochs} epochs (lost: what grew)`, times: run.steps, lost: grown.length },
  ];
}

/** The plots of the report. */
export function soakPlot({ samples }: LongRun): string {
  return plotSeries(longRunSeries(samples), samples.map(({ step }) => step), 'steps'); // prettier-ignore
}

/** The report in Markdown, with `soak.svg` in the same folder. */
export function soakReport(run: LongRun, { steps }: Pick<StepsRequest, 'steps'>): string {
  const series = longRunSeries(run.samples);
  const judged = series.map((one) => ({ one, found: growth(one) }));
  const isKept = judged.every(({ found }) => found.isKept);
  const rows = judged.map(({ one, found }) => {
    const { unit, name } = one;
    const numbers = [found.first, found.last, found.peak].map((value) => quantity(value, unit));
    return [name, ...numbers, promised(one), `${found.percent.toFixed(1)} %`, found.isKept ? 'kept' : 'BROKEN'];
  });
  const minutes = (run.samples.at(-1)?.seconds ?? 0) / 60;
  return `# One long run

${run.steps.toLocaleString('en')} steps in ${run.epochs} epochs of one run with ${run.device}, trained by the lab itself in its Worker in Chromium ${run.browser}
while its page showed the run: an XLNet of 2 layers, width 16, batches of 4 sequences in micro-batches of 2, sequences of at most
24 pieces, dropout at all sites. Every epoch ends with an evaluation, a snapshot and a resume point, each in place of an older one.

${new Date().toISOString().slice(0, 10)}, lab ${softwareVersion} at ${commit()}, ${cpus()[0]?.model ?? 'an unknown processor'} with ${cpus().length} logical processors that others used too, ${minutes.toFixed(0)} minutes.

\`\`\`sh
npm run soak -- steps --steps ${steps}
\`\`\`

**${isKept ? 'Every promise was kept.' : 'A promise was broken.'}** Growth is that of the median of the last fifth of ${run.samples.length} samples over the second fifth; the first fifth warms up. Heaps
are measured after garbage was collected (\`performance.measureUserAgentSpecificMemory\`), GPU and tensor bytes are the engine's own count, and
the page's nodes and listeners those that the browser counts, detached ones included.

${markdownTable(['', 'first', 'last', 'peak', 'promised', 'growth', ''], rows)}

A run keeps about 1,000 points of its loss curve, however many steps it has, one more at the end of each epoch, and the epoch's scores:
its history grows up to these points and with the epochs, and so does what Worker and page hold of it; a chart's line of up to 100 epochs
has a dot for each. The rest does not know how long the run has been going on.

![What the run held, by steps](soak.svg)
`;
}

function promised({ promise, unit }: Series): string {
  if ('atMost' in promise) return `at most ${quantity(promise.atMost, unit)}`;
  return promise.flatWithin === 0 ? 'no growth' : `flat within ${promise.flatWithin} %`;
}

/** Formatted as by Prettier: padded columns, numbers left-aligned like everything else. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function commit(): string {
  try {
    return `commit ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()}`;
  } catch {
    return 'no commit';
  }
}
