// Writes a plan as a folder for Snakemake or Slurm, or splits it into plans for several machines or people.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assertApart } from '../src/lab/plans/expandPlan.ts';
import { wholeRunMs } from '../src/lab/plans/runGraph.ts';
import {
  planJobs,
  splitPlan,
  usualLengths,
  type JobLengths,
  type SplitBy,
  type Workflow,
  type WorkflowEngine,
} from '../src/lab/workflow/planJobs.ts';
import { workflowFolder } from '../src/lab/workflow/workflowFolder.ts';
import { LabError } from '../src/util/labError.ts';
import { command, exitCodes, exitCodesText, interruptedCode, type CommandSurroundings } from './commandEnd.ts';
import { type HeadlessArguments, usageError, wholeNumber } from './headlessArguments.ts';
import { estimateArguments, estimatedPlan, type EstimatedPlan } from './planCommand.ts';

const workflowUsage = `Usage: bioner workflow PLAN.json --engine snakemake|slurm --out DIR [--job-minutes LEAST-MOST] [--resubmissions N]
       [--command WORDS] [--memory GIB] [--step-ms MS] [inputs and machine as for train] [--json]

Writes a folder that trains the plan on a cluster. A step is measured here, unless --step-ms gives the time of one on the cluster's nodes.
  --job-minutes A-B    puts short runs together into jobs of A to B minutes (15-60); 0-B makes a job of each run
  --resubmissions N    times that an interrupted or failed job is submitted again (5)
  --command WORDS      what starts the lab on a node (bioner)
  --memory GIB         of a step, where it is not measured (4)
  --backend, --threads, --adapter, --precision and so on are passed on to the jobs; with --backend webgpu each has a graphics card
${exitCodesText}`;

const splitUsage = `Usage: bioner split PLAN.json --by run|seed --parts N --out DIR [inputs as for train] [--json]

Writes N plans, each of some of the runs with those that they start from. They open in any lab with the same corpora and model; bioner merge, or the
page Experiments, puts the results together.
${exitCodesText}`;

/** Seconds before the end of a job's time: a resume point takes at most ten. */
const NOTICE_SECONDS = 120;

export const workflowCommand = command(workflowUsage, async (args, around, lines) => {
  const own = ownOptions(args, ['engine', 'job-minutes', 'resubmissions', 'command', 'memory']);
  const { parsed, stepMs, keepsInputs } = estimateArguments(own.rest);
  const engine = (['snakemake', 'slurm'] as const).find((name) => name === own.values['engine']);
  if (engine === undefined)
    throw usageError('Name an engine.', '--engine snakemake or slurm', own.values['engine'] ?? 'none');
  if (!keepsInputs) throw usageError('Give a folder for the workflow.', '--out DIR', 'none');
  const lengths = lengthsFrom(own.values['job-minutes']);
  const resubmissions = wholeNumber('resubmissions', own.values['resubmissions'], 5, 0);
  const estimated = await withInputs(parsed, stepMs, around);
  if (estimated === null) return interruptedCode(around.interrupt);
  const bytes = estimated.peakBytes ?? wholeNumber('memory', own.values['memory'], 4, 0) * 2 ** 30;
  const workflow = workflowOf(parsed, estimated, lengths, { command: own.values['command'] ?? 'bioner', memoryBytes: bytes, resubmissions }); // prettier-ignore
  await writeWorkflow(workflow, engine, parsed.outFolder);
  around.output.write(`${workflow.runs} runs in ${workflow.jobs.length} jobs: ${parsed.outFolder}\n`);
  lines.write({ event: 'file', file: parsed.outFolder, runs: workflow.runs, jobs: workflow.jobs.length });
  return exitCodes.done;
});

function workflowOf(
  parsed: HeadlessArguments,
  { plan, graph, stepMs, isGpu }: EstimatedPlan,
  lengths: JobLengths,
  more: Pick<Workflow, 'command' | 'memoryBytes' | 'resubmissions'>,
): Workflow {
  const { backend, part, machine, snapshots, corporaFolder, modelsFolder, modelFrom } = parsed;
  const { activations, precision, multiplyAdds, gpuBytes, hub } = machine;
  const option = (name: string, value: string | null | undefined): string[] => (value == null ? [] : [name, value]);
  return {
    ...more,
    plan,
    runs: graph.nodes.length,
    jobs: planJobs(graph.nodes, (node) => wholeRunMs(node, stepMs), lengths),
    trainArguments: [
      ...option('--backend', backend === 'auto' ? null : backend),
      ...option('--adapter', part.adapter),
      ...option('--activations', activations),
      ...option('--precision', precision),
      ...option('--multiply-adds', multiplyAdds),
      ...option('--gpu-memory', gpuBytes === undefined ? null : `${gpuBytes / 2 ** 30}`),
      ...option('--snapshots', snapshots === 'all' ? null : snapshots),
    ],
    inputArguments: [
      ...option('--corpora', corporaFolder),
      ...option('--models', modelsFolder),
      ...option('--model-from', modelFrom === null ? null : `${modelFrom.repository}@${modelFrom.revision}`),
      ...option('--hub', hub),
    ],
    usesGpu: backend === 'webgpu' || (backend === 'auto' && isGpu),
    threads: part.threads ?? 2,
    noticeSeconds: NOTICE_SECONDS,
  };
}

/** Refuses a folder with other files: what they were for is unknown. Throws LabError `headless/out`. */
async function writeWorkflow(workflow: Workflow, engine: WorkflowEngine, folder: string): Promise<void> {
  const existing = await readdir(folder).catch(() => []);
  if (existing.length > 0) {
    throw new LabError('headless/out', 'The folder of the workflow has files already.', {
      expected: 'a new or empty folder',
      got: `${folder} with ${existing.slice(0, 3).join(', ')}`,
    });
  }
  for (const { path: name, text, isExecutable } of workflowFolder(workflow, engine)) {
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text, { mode: isExecutable ? 0o755 : 0o644 });
  }
}

export const splitCommand = command(splitUsage, async (args, around, lines) => {
  const own = ownOptions(args, ['by', 'parts']);
  const { parsed, stepMs, keepsInputs } = estimateArguments(own.rest);
  const by = (['run', 'seed'] as const).find((name): name is SplitBy => name === own.values['by']);
  if (by === undefined) throw usageError('Say how to split.', '--by run or seed', own.values['by'] ?? 'none');
  if (!keepsInputs) throw usageError('Give a folder for the parts.', '--out DIR', 'none');
  const count = wholeNumber('parts', own.values['parts'], 2, 0);
  const estimated = await withInputs(parsed, stepMs ?? 1, around);
  if (estimated === null) return interruptedCode(around.interrupt);
  const { plan, graph } = estimated;
  const parts = splitPlan(plan, graph.nodes, { by, count }, (node) => wholeRunMs(node, 1));
  await mkdir(parsed.outFolder, { recursive: true });
  for (const [index, part] of parts.entries()) {
    const file = path.join(parsed.outFolder, `part-${index + 1}.plan.json`);
    await writeFile(file, `${JSON.stringify(part, null, 2)}\n`);
    around.output.write(`${part.runs?.length ?? 0} runs: ${file}\n`);
    lines.write({ event: 'part', file, runs: part.runs ?? [] });
  }
  return exitCodes.done;
});

async function withInputs(
  parsed: HeadlessArguments,
  stepMs: number | null,
  surroundings: CommandSurroundings,
): Promise<EstimatedPlan | null> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bioner-inputs-'));
  try {
    const estimated = await estimatedPlan({ ...parsed, outFolder: folder }, stepMs, surroundings);
    if (estimated !== null) assertApart(estimated.plan);
    return estimated;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes options with a value out of arguments whose rest is that of training. */
function ownOptions(args: readonly string[], names: readonly string[]) {
  const values: Record<string, string | undefined> = {};
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const [word = '', inline] = (args[index] ?? '').split(/=(.*)/s);
    const name = names.find((one) => word === `--${one}`);
    if (name === undefined) rest.push(args[index] ?? '');
    else values[name] = inline ?? args[++index];
  }
  return { values, rest };
}

const MINUTE_MS = 60_000;

function lengthsFrom(text: string | undefined): JobLengths {
  if (text === undefined) return usualLengths;
  const [, least = '', most = ''] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const lengths = { leastMs: Number(least) * MINUTE_MS, mostMs: Number(most) * MINUTE_MS };
  if (most !== '' && lengths.leastMs <= lengths.mostMs && lengths.mostMs > 0) return lengths;
  throw usageError('--job-minutes needs two numbers.', 'LEAST-MOST, such as 15-60', text);
}
