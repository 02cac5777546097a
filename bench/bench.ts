// `npm run bench`: measures the engine in Node or in Chromium, prints tables, writes them as JSON.
import { writeFile } from 'node:fs/promises';
import { BENCH_USAGE, benchArguments, type BenchArguments } from './benchArguments.ts';
import { describeBenchShape } from './benchShape.ts';
import { benchVersions } from './benchVersions.ts';
import { runChromiumBench } from './chromiumBench.ts';
import { runNodeBench } from './nodeBench.ts';
import { printBenchTable } from './printBench.ts';
import { othersMs, ownMs } from './othersTime.ts';
import { taggingBench } from './taggingBench.ts';
import { openTorchProcess } from './torchProcess.ts';

const startedAt = performance.now();

/** Progress for the user; results go to the other stream. */
function say(line: string): void {
  console.error(`[${((performance.now() - startedAt) / 1000).toFixed(0)} s] ${line}`);
}

async function measure(asked: BenchArguments): Promise<void> {
  const { what, shape, rounds, place, jsonFile } = asked;
  // Beside the engine on the processor only where a Python was named.
  const wantsTorch = what === 'torch' || (what === 'processor' && asked.python !== null);
  const python = asked.python ?? 'python3';
  const opened = wantsTorch ? await openTorchProcess(shape, { python, compiled: asked.compiled }) : null;
  const torch = opened?.run ?? (() => Promise.reject(new Error('nothing is measured in PyTorch here')));
  const torchWays = opened?.ways ?? [];
  const run = place === 'node' ? runNodeBench : runChromiumBench;
  const quiet = asked.quiet ? { othersMs: () => Promise.resolve(othersMs()) } : {};
  const spent = asked.processorTime ? { ownMs: () => Promise.resolve(ownMs()) } : {};
  const request = { what, shape, rounds, torchWays, epochs: asked.epochs };
  const { report, runtime } = await run(request, { say, torch, ...quiet, ...spent });
  opened?.end();
  const versions = { ...benchVersions(), ...opened?.versions };
  const date = new Date().toISOString();
  const repeated = what === 'memory' ? '' : `, ${rounds} rounds`;
  console.log(`bench ${what}, ${describeBenchShape(shape)}${repeated}`);
  console.log(`${report.adapter}; ${runtime}; ${date}`);
  console.log(Object.entries(versions).map(([name, version]) => `${name} ${version}`).join('; ')); // prettier-ignore
  for (const table of report.tables) console.log(`\n${printBenchTable(table)}`);
  if (jsonFile === null) return;
  const { adapter, software, measured } = report;
  const result = { what, shape, rounds, date, adapter, software, runtime, place, versions, measured };
  await writeFile(jsonFile, `${JSON.stringify(result, null, 2)}\n`);
  say(`written to ${jsonFile}`);
}

async function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === 'tagging') return taggingBench(rest, say);
  let asked: BenchArguments;
  try {
    asked = benchArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${BENCH_USAGE}`);
    return 2;
  }
  try {
    await measure(asked);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

// The GPU and its threads would keep the process alive.
process.exit(await main());
