// Trains the runs of a plan in one store, from opening the lab to the result file, and reports how they ended.
import { stat } from 'node:fs/promises';
import { withParents } from '../src/lab/plans/exportResult.ts';
import { describeEqualRates } from '../src/lab/plans/runGraph.ts';
import { isQueueStuck, waitsFor } from '../src/lab/runs/scheduler.ts';
import type { Lab, UnreadableRecord } from '../src/lab/state/labState.ts';
import { runTitle } from '../src/lab/state/runViews.ts';
import { isSliced } from '../src/schema/methods.ts';
import { sealResultFile, type PlanFile, type ResultFile } from '../src/schema/resultFile.ts';
import type { RunStatus } from '../src/schema/runRecord.ts';
import { replaceFile } from '../src/storage/fileSystem.ts';
import type { Store } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';
import { softwareVersion } from '../src/util/wording.ts';
import { exitCodes, interruptedCode, type CommandSurroundings } from './commandEnd.ts';
import { commandLab } from './commandLab.ts';
import type { EventLines } from './eventLines.ts';
import type { HeadlessArguments } from './headlessArguments.ts';
import { writeModels } from './inputFolder.ts';
import { RunMender } from './mendRuns.ts';
import { importInputs, refetching } from './planInputs.ts';
import { describeGraph, layersOf, progressReport, type TextOutput } from './progressReport.ts';
import { resultBytes } from './readResultFile.ts';

export interface StoreTraining {
  readonly plan: PlanFile;
  /** Whether inputs are imported first; otherwise the store has them. */
  readonly importsInputs: boolean;
  readonly resultFile: string;
  readonly parsed: HeadlessArguments;
  readonly lines: EventLines;
  /** Gets the plan with the fingerprints of its inputs. */
  readonly onResolved?: (plan: PlanFile) => void;
}

/** Returns the exit code. Throws LabError for inputs that are missing or differ, and for a backend that does not start. */
export async function trainInStore(
  store: Store,
  training: StoreTraining,
  surroundings: CommandSurroundings,
): Promise<number> {
  const { plan, parsed, lines } = training;
  const { output, errors, interrupt } = surroundings;
  const { lab, close } = commandLab(store, surroundings, parsed.part, (client) => lines.follow(client));
  const stopNotices = reportNotices(lab, errors);
  try {
    const resolved = await unlessInterrupted(interrupt, async () => {
      await openLab(lab, parsed, output);
      return training.importsInputs ? importInputs(lab, plan, parsed, interrupt) : plan;
    });
    if (resolved === null || interrupt.aborted) return interruptedCode(interrupt);
    training.onResolved?.(resolved);
    reportEqualRates(lab, resolved, output);
    const graph = lab.previewPlan(resolved);
    output.write(describeGraph(graph, (spec) => runTitle(spec, layersOf(lab, spec))));
    lines.graph(graph, (spec) => runTitle(spec, layersOf(lab, spec)));
    const lostRecords = lab.getState().unreadable.filter(({ kind }) => kind === 'run');
    const runIds = await lab.startPlan(resolved);
    reportRetrained(lab, runIds, lostRecords, output);
    const stopProgress = progressReport(lab, runIds, output);
    const mender = new RunMender(lab, output, { fetchModel: refetching(lab, plan, parsed, interrupt) });
    const allEnded = async (): Promise<void> => {
      do await ended(lab, interrupt, () => errors.write('\nPausing: writing a checkpoint.\n'));
      while (!interrupt.aborted && (await mender.mendFailed(runIds)));
    };
    try {
      await allEnded();
      const unfinished = exitUnfinished(lab, runIds, interrupt, surroundings);
      if (unfinished !== null) return unfinished;
      reportWaiting(lab, errors);
      await writeResult(resultOf(lab, runIds, resolved), training.resultFile, output, lines);
      if (parsed.exportModels) {
        for (const runId of runIds) if (await mender.retrain(runId)) await allEnded();
        await writeModels(lab, runIds, parsed.outFolder, output, async (runId) => {
          if (!(await mender.retrain(runId))) return false;
          await allEnded();
          return true;
        });
      }
      return statusesOf(lab, runIds).includes('failed') ? exitCodes.failed : exitCodes.done;
    } catch (error) {
      if (!interrupt.aborted) throw error;
      return exitUnfinished(lab, runIds, interrupt, surroundings) ?? interruptedCode(interrupt);
    } finally {
      stopProgress();
    }
  } finally {
    stopNotices();
    close();
  }
}

/** Opens the lab with the machine settings of the command line. Throws the LabError of a backend that does not start. */
export async function openLab(
  lab: Lab,
  { backend: choice, machine: changed }: HeadlessArguments,
  output: TextOutput,
): Promise<void> {
  await lab.open(choice);
  const { backend, machine } = lab.getState();
  if (Object.keys(changed).length > 0) await lab.setMachine({ ...machine, ...changed });
  if (backend.status === 'failed') throw LabError.fromData(backend.error);
  if (backend.status !== 'ready') return;
  const { environment, reason, mixedPrecision } = backend.report;
  output.write(`Backend: ${environment.backend} on ${environment.device}. ${reason}\n`);
  if (changed.precision === 'mixed' && !mixedPrecision.admitted) {
    output.write(`Mixed precision is not used. ${mixedPrecision.reason}\n`);
  }
}

/** The outcome of work, or null once an interrupt came: before a run has started there is nothing to save. */
export async function unlessInterrupted<Outcome>(
  interrupt: AbortSignal,
  work: () => Promise<Outcome>,
): Promise<Outcome | null> {
  if (interrupt.aborted) return null;
  let onAbort = (): void => undefined;
  const interrupted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    interrupt.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    interrupt.removeEventListener('abort', onAbort);
  }
}

/** Resolves when no run is on the device and none will be: all are done, paused or waiting for a failed one, or the server is lost. */
async function ended(lab: Lab, interrupt: AbortSignal, onPause: () => void): Promise<void> {
  async function pause(): Promise<void> {
    const { queue, activeRunId } = lab.getState();
    for (const runId of queue) await lab.pauseRun(runId);
    if (activeRunId === null) return;
    onPause();
    await lab.pauseRun(activeRunId);
  }

  await new Promise<void>((resolve, reject) => {
    const check = (): void => {
      const state = lab.getState();
      const waits = state.queue.length > 0 && state.backend.status !== 'failed' && !isQueueStuck(state);
      if (state.activeRunId !== null || waits) return;
      unsubscribe();
      interrupt.removeEventListener('abort', interrupted);
      resolve();
    };
    const interrupted = (): void => void pause().catch(reject);
    const unsubscribe = lab.subscribe(check);
    if (interrupt.aborted) interrupted();
    else interrupt.addEventListener('abort', interrupted, { once: true });
    check();
  });
}

/** A whole plan gets the smallest plan of its runs; some of its runs keep the plan, so that merging knows what belongs to it. */
function resultOf(lab: Lab, runIds: readonly string[], plan: PlanFile): ResultFile {
  const state = lab.getState();
  if (plan.runs === undefined) {
    const { checksum: _derived, ...members } = lab.exportResult(runIds);
    return sealResultFile({ ...members, plan: { ...members.plan, name: plan.name } });
  }
  const { runs: _part, ...whole } = plan;
  const runs = withParents(state, runIds);
  const modelIds = new Set(runs.map(({ spec }) => spec.model.id));
  return sealResultFile({
    format: 'bioner-lab-result',
    version: 2,
    software: softwareVersion,
    exportedAt: new Date().toISOString(),
    plan: whole,
    models: state.models.filter(({ id }) => modelIds.has(id)),
    runs: [...runs],
  });
}

/** Writes a result file and reports where it is. */
export async function writeResult(
  result: ResultFile,
  file: string,
  output: TextOutput,
  lines: EventLines,
): Promise<void> {
  await replaceFile(file, resultBytes(result, file));
  output.write(`Result: ${file}\n`);
  lines.write({ event: 'result', file, runs: result.runs.length, bytes: (await stat(file)).size });
}

/** The name of a plan's result file. */
export function resultFileName({ name }: Pick<PlanFile, 'name'>): string {
  return `${name.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.result.json`;
}

function reportEqualRates(lab: Lab, { model, methods, slicingRates }: PlanFile, output: TextOutput): void {
  const layers = lab.getState().models.find(({ fingerprint }) => fingerprint === model.fingerprint)?.layers;
  if (layers === undefined || !methods.some(isSliced)) return;
  const text = describeEqualRates(slicingRates, layers);
  if (text !== '') output.write(`${text}\n`);
}

/** Reports runs whose records were unreadable: the plan queued them as new ones. */
function reportRetrained(
  lab: Lab,
  runIds: readonly string[],
  lost: readonly UnreadableRecord[],
  output: TextOutput,
): void {
  const { runs } = lab.getState();
  for (const { record } of runs) {
    const { spec } = record;
    if (!runIds.includes(spec.id) || !lost.some(({ id }) => id === spec.id)) continue;
    output.write(`Mending ${runTitle(spec, layersOf(lab, spec))}: it is trained again, because its record was lost.\n`);
  }
}

/** Reports runs that were not trained because the run they start from failed. */
function reportWaiting(lab: Lab, errors: TextOutput): void {
  const state = lab.getState();
  for (const runId of state.queue) {
    const spec = state.runs.find(({ record }) => record.spec.id === runId)?.record.spec;
    const wait = waitsFor(state, runId);
    if (spec !== undefined && wait !== null) {
      errors.write(`Not trained: ${runTitle(spec, layersOf(lab, spec))}. ${wait.reason}\n`);
    }
  }
}

function statusesOf(lab: Lab, runIds: readonly string[]): readonly (RunStatus | 'dropped' | undefined)[] {
  return runIds.map((runId) => {
    const record = lab.getState().runs.find((view) => view.record.spec.id === runId)?.record;
    return record?.status === 'stopped' && record.dropped !== undefined ? 'dropped' : record?.status;
  });
}

/** Says why runs did not come to their end, and returns the exit code; null where they did, or wait for one that failed. */
function exitUnfinished(
  lab: Lab,
  runIds: readonly string[],
  interrupt: AbortSignal,
  { output, errors }: CommandSurroundings,
): number | null {
  const { backend, storageFullRun } = lab.getState();
  const statuses = statusesOf(lab, runIds);
  const isStuck = isQueueStuck(lab.getState()) && statuses.includes('failed');
  if (isStuck || statuses.every((status) => status === 'finished' || status === 'failed' || status === 'dropped')) return null; // prettier-ignore
  if (backend.status === 'failed') return exitCodes.failed;
  if (storageFullRun !== null && !interrupt.aborted) {
    errors.write('The disk is full. Free some space, then run the same command again to resume.\n');
    return exitCodes.noRoom;
  }
  output.write('Paused. Run the same command again to resume.\n');
  return interruptedCode(interrupt);
}

/** Writes each warning and error of the lab once; skips `info` notices, such as repeated imports. */
function reportNotices(lab: Lab, errors: TextOutput): () => void {
  let lastReported = 0;
  return lab.subscribe(() => {
    for (const { id, severity, message } of lab.getState().notices) {
      if (id <= lastReported) continue;
      lastReported = id;
      if (severity !== 'info') errors.write(`${severity}: ${message}\n`);
    }
  });
}
