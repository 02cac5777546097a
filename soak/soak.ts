// `npm run soak`: long versions of what `npm test` checks briefly, one after another, with a table of what was injected and what was lost.
import path from 'node:path';
import { preview } from 'vite';
import { builtLab } from '../scripts/builtLab.ts';
import { formatsSoak } from './formatsSoak.ts';
import { formsSoak } from './formsSoak.ts';
import { onnxSoak } from './onnxSoak.ts';

import { damagesSoak } from './damagesSoak.ts';
import { headlessKills } from './headlessKills.ts';
import { sharingPlan, singleTaskPlan } from './killPlans.ts';
import { killsSoak, type KillSetting } from './killsSoak.ts';
import { SOAK_USAGE, soakArguments, type SoakArguments, type SoakName } from './soakArguments.ts';
import { printSoakRows, type SoakRow } from './soakRow.ts';
import { signalsSoak } from './signalsSoak.ts';
import { stepsSoak } from './stepsSoak.ts';
import { taggingSoak } from './taggingSoak.ts';
import { testsSoak, vitestSoak } from './vitestSoak.ts';
import { slurmSoak, snakemakeSoak } from './workflowSoak.ts';

const root = path.resolve(import.meta.dirname, '..');
const startedAt = performance.now();

/** Progress for the user; the table goes to the other stream. */
function say(line: string): void {
  console.error(`[${((performance.now() - startedAt) / 1000).toFixed(0)} s] ${line}`);
}

type Soak = (asked: SoakArguments, say: (line: string) => void) => Promise<readonly SoakRow[]>;

const soaks: Readonly<Record<SoakName, Soak>> = {
  tests: () => testsSoak(root),
  async kills({ kills, seed, backends }, tell) {
    const settings = backends.flatMap((backend): KillSetting[] => [
      { backend, plan: singleTaskPlan(12), name: `one run on ${backend}` },
      { backend, plan: sharingPlan(3), name: `six runs on ${backend}` },
    ]);
    const { rows } = await onServedLab((address) => killsSoak({ address, kills, seed, settings, say: tell }));
    return rows;
  },
  async headless({ headlessKills: kills, seed }, tell) {
    const { rows } = await headlessKills({ plan: sharingPlan(3), kills, seed, say: tell });
    return rows;
  },
  signals: ({ signals, seed }, tell) => signalsSoak({ signals, seed, say: tell }),
  snakemake: (_asked, tell) => snakemakeSoak(tell),
  slurm: (_asked, tell) => slurmSoak(tell),
  damages: (_asked, tell) => damagesSoak({ say: tell }),
  steps: ({ steps, samples, report }, tell) =>
    onServedLab((address) =>
      stepsSoak({ address, backend: 'webgpu', steps, samples, folder: path.resolve(root, report), say: tell }),
    ),
  devices: () => vitestSoak({ project: 'gpu', files: 'recovery', env: { VITE_SOAK: '1' }, injected: 'devices, memory and Workers lost' }, root), // prettier-ignore
  disk: () =>
    vitestSoak({ project: 'numeric', files: 'fullDisk', env: { VITE_SOAK: '1' }, injected: 'full disks' }, root),
  fuzz: ({ fuzzRounds }) =>
    vitestSoak(
      { project: 'unit', files: 'fuzz', env: { FUZZ_ROUNDS: `${fuzzRounds}` }, injected: 'broken input' },
      root,
    ),
  formats: ({ texts, seed }, tell) => Promise.resolve(formatsSoak({ texts, seed }, tell)),
  tagger: ({ abstracts, tagKills: kills, seed }, tell) => taggingSoak({ abstracts, kills, seed, say: tell }),
  onnx: ({ sentences }, tell) => onnxSoak({ root, sentences }, tell),
  forms: ({ inputs, seed }, tell) => Promise.resolve(formsSoak(inputs, seed, tell)),
};

/** Serves the lab, built from its current sources, while `work` needs it. */
async function onServedLab<Outcome>(work: (address: string) => Promise<Outcome>): Promise<Outcome> {
  await builtLab(root);
  const server = await preview({ root, preview: { host: '127.0.0.1', port: 0 } });
  try {
    const address = server.resolvedUrls?.local[0];
    if (address === undefined) throw new Error('The server did not tell its address.');
    return await work(address);
  } finally {
    await server.close();
  }
}

async function main(words: readonly string[]): Promise<number> {
  let asked: SoakArguments | null;
  try {
    asked = soakArguments(words);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${SOAK_USAGE}`);
    return 2;
  }
  if (asked === null) {
    console.log(SOAK_USAGE);
    return 0;
  }
  const rows: SoakRow[] = [];
  for (const [index, name] of asked.names.entries()) {
    say(`${name}, ${index + 1} of ${asked.names.length}`);
    try {
      rows.push(...(await soaks[name](asked, (line) => say(`${name}: ${line}`))));
    } catch (error) {
      say(`${name} broke off: ${error instanceof Error ? error.message : String(error)}`);
      rows.push({ injected: `${name} broke off`, times: 1, lost: 1 });
    }
  }
  console.log(`\n${printSoakRows(rows)}`);
  return rows.some(({ lost }) => lost > 0) ? 1 : 0;
}

// Killable browsers are separate process groups, which Ctrl-C does not reach: they end in this process's exit handler.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

process.exit(await main(process.argv.slice(2)));
