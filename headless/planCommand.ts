// Prints what a plan trains: its run graph, steps, storage, memory and time, from one measured update or a given time of a step.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { wholeRunMs } from '../src/lab/plans/runGraph.ts';
import { runTitle } from '../src/lab/state/runViews.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import type { RunGraph } from '../src/schema/runLineage.ts';
import type { RunSpec } from '../src/schema/runRecord.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { command, exitCodes, exitCodesText, interruptedCode, type CommandSurroundings } from './commandEnd.ts';
import { commandLab } from './commandLab.ts';
import { headlessArguments, usageError, type HeadlessArguments } from './headlessArguments.ts';
import { readPlan } from './planInputs.ts';
import { describeGraph, sizeOf, describeTime, layersOf } from './progressReport.ts';
import { inputsStoreOf } from './runFolder.ts';
import { prepareInputs } from './trainRuns.ts';
import { openLab, unlessInterrupted } from './trainStore.ts';

const usage = `Usage: bioner plan PLAN.json [--out DIR] [--step-ms MS] [inputs and machine as for train] [--json]

Prints the runs of a plan, each with the id that bioner train --run takes, and its steps, storage, memory and time.
  --out DIR       keeps the imported inputs in DIR/inputs, where the runs find them; without it they are removed again
  --step-ms MS    takes this for the time of an update instead of measuring one here
${exitCodesText}`;

export interface EstimatedPlan {
  /** With the fingerprints of its inputs. */
  readonly plan: PlanFile;
  readonly graph: RunGraph;
  readonly stepMs: number;
  /** Of one update: measured, or estimated for a graphics card. Null where the time was given and there is no card. */
  readonly peakBytes: number | null;
  readonly isGpu: boolean;
  readonly titleOf: (spec: RunSpec) => string;
}

/** Takes `--step-ms` out of the arguments, the rest of which are those of training; `--out` may be left out. */
export function estimateArguments(args: readonly string[]): {
  readonly parsed: HeadlessArguments;
  readonly stepMs: number | null;
  readonly keepsInputs: boolean;
} {
  const index = args.indexOf('--step-ms');
  const text = index < 0 ? undefined : args[index + 1];
  const rest = index < 0 ? args : args.filter((_, position) => position !== index && position !== index + 1);
  const stepMs = text === undefined ? null : Number(text);
  if (index >= 0 && (stepMs === null || !(stepMs > 0))) {
    throw usageError('--step-ms needs a time.', 'milliseconds, more than 0', text ?? 'nothing');
  }
  const keepsInputs = rest.includes('--out');
  const parsed = headlessArguments(keepsInputs ? rest : [...rest, '--out', tmpdir()]);
  return { parsed, stepMs, keepsInputs };
}

/** Imports a plan's inputs and estimates its runs; null when interrupted. */
export async function estimatedPlan(
  parsed: HeadlessArguments,
  stepMs: number | null,
  surroundings: CommandSurroundings,
): Promise<EstimatedPlan | null> {
  const { interrupt, output } = surroundings;
  const inputs = await prepareInputs(await readPlan(parsed.planFile), parsed, surroundings, false);
  if (inputs === null) return null;
  const { plan } = inputs;
  const store = fileSystem(inputsStoreOf(parsed.outFolder));
  const { lab, close } = commandLab(store, surroundings, parsed.part);
  try {
    return await unlessInterrupted(interrupt, async () => {
      // No step is measured: the plainest backend starts soonest.
      await openLab(lab, stepMs === null ? parsed : { ...parsed, backend: 'cpu' }, output);
      const graph = lab.previewPlan(plan);
      const titleOf = (spec: RunSpec): string => runTitle(spec, layersOf(lab, spec));
      if (stepMs !== null) return { plan, graph, stepMs, peakBytes: null, isGpu: false, titleOf };
      const measured = await lab.measurePlan(plan);
      const { backend } = lab.getState();
      const isGpu = backend.status === 'ready' && backend.report.environment.backend === 'webgpu';
      return { plan, graph, stepMs: measured.stepMs, peakBytes: measured.peakBytes, isGpu, titleOf };
    });
  } finally {
    close();
    await store.settled();
  }
}

export const planCommand = command(usage, async (args, surroundings, lines) => {
  const { output, interrupt } = surroundings;
  const { parsed, stepMs, keepsInputs } = estimateArguments(args);
  const folder = keepsInputs ? parsed.outFolder : await mkdtemp(path.join(tmpdir(), 'bioner-plan-'));
  try {
    const estimated = await estimatedPlan({ ...parsed, outFolder: folder }, stepMs, surroundings);
    if (estimated === null) return interruptedCode(interrupt);
    const { graph, titleOf, peakBytes } = estimated;
    lines.graph(graph, titleOf);
    const totalMs = graph.nodes.reduce((sum, node) => sum + wholeRunMs(node, estimated.stepMs), 0);
    const { storageBytes } = graph;
    lines.write({ event: 'estimate', stepMs: estimated.stepMs, totalMs, peakBytes, storageBytes });
    output.write(describeGraph(graph, (spec) => `${spec.id}  ${titleOf(spec)}`));
    output.write(describeEstimate(estimated, totalMs));
    return exitCodes.done;
  } finally {
    if (!keepsInputs) await rm(folder, { recursive: true, force: true });
  }
});

function describeEstimate({ stepMs, peakBytes, isGpu }: EstimatedPlan, totalMs: number): string {
  const memory =
    peakBytes === null ? '' : ` Up to ${sizeOf(peakBytes)} of ${isGpu ? 'graphics memory' : 'memory'} in a step.`;
  return `About ${describeTime(totalMs)} one after another, at ${stepMs.toFixed(stepMs < 10 ? 1 : 0)} ms a step.${memory}\n`;
}
