// Runs headless from its arguments to its exit code: imports the plan's inputs, trains its runs, writes the result file.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalLab } from '../src/lab/lab.ts';
import { parsePlan } from '../src/lab/plans/expandPlan.ts';
import { describeEqualRates } from '../src/lab/plans/planLimits.ts';
import { sealResultFile } from '../src/schema/resultFile.ts';
import { isQueueStuck, waitsFor } from '../src/lab/runs/scheduler.ts';
import type { Lab, RunGraph, RunNode, UnreadableRecord } from '../src/lab/state/labState.ts';
import { runTitle } from '../src/lab/state/runViews.ts';
import type { PlanCategory, PlanFile, PlanTask } from '../src/schema/planFile.ts';
import type { RunSpec, RunStatus } from '../src/schema/runRecord.ts';
import { fileError, fileSystem, replaceFile } from '../src/storage/fileSystem.ts';
import type { Store } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';
import { softwareVersion } from '../src/util/softwareVersion.ts';
import type { ServerClient } from '../src/wire/trainingProtocol.ts';
import { requestFile } from '../workers/publicFiles.ts';
import { describeHolder, lockFolder } from './folderLock.ts';
import { headlessArguments, headlessUsage, type HeadlessArguments } from './headlessArguments.ts';
import { inputFolder, writeModels } from './inputFolder.ts';
import { RunMender } from './mendRuns.ts';
import { layersOf, progressReport, type TextOutput } from './progressReport.ts';

/** Describes the runs as an indented tree, followed by a line of totals and a line break. */
function describeGraph(graph: RunGraph, titleOf: (spec: RunSpec) => string): string {
  const { nodes, runsLeft, stepsLeft, storageBytes, isUpperBound } = graph;
  const ids = new Set(nodes.map(({ spec }) => spec.id));
  const lines: string[] = [];
  const describe = (node: RunNode, depth: number): void => {
    lines.push(`${'  '.repeat(depth + 1)}${titleOf(node.spec)}  ${stateOf(node)}`);
    for (const child of nodes) if (child.spec.parent === node.spec.id) describe(child, depth + 1);
  };
  for (const node of nodes) if (node.spec.parent === null || !ids.has(node.spec.parent)) describe(node, 0);
  const most = isUpperBound ? 'at most ' : '';
  const total =
    runsLeft === 0
      ? 'All runs are already finished.'
      : `${counted(runsLeft, 'run')} to train, ${most}${counted(stepsLeft, 'step')}, up to ${sizeOf(storageBytes)} of storage.`;
  return `Runs, each indented below the one it starts from:\n${lines.join('\n')}\n${total}\n`;
}

function stateOf({ status, isReused, stepsLeft, cost }: RunNode): string {
  if (isReused) return 'already finished, reused';
  const begun = stepsLeft < cost.steps ? ` left of ${cost.steps}` : '';
  return `${counted(stepsLeft, 'step')}${begun}${status === 'new' || status === 'queued' ? '' : ` (${status})`}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function sizeOf(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

interface HeadlessSurroundings {
  readonly output: TextOutput;
  readonly errors: TextOutput;
  /** Aborted by Ctrl-C, which pauses the active run with a checkpoint. */
  readonly interrupt: AbortSignal;
  /** Starts a training server on a store. */
  readonly openServer: (store: Store) => ServerClient;
}

type Input = PlanFile['model'];

const exitCodes = { finished: 0, failed: 1, wrongInput: 2, paused: 130 } as const;

/** Returns the exit code, after reporting every error. */
export async function runHeadless(args: readonly string[], surroundings: HeadlessSurroundings): Promise<number> {
  try {
    const parsed = headlessArguments(args);
    if (parsed === null) {
      surroundings.output.write(headlessUsage);
      return exitCodes.finished;
    }
    return await trainPlan(parsed, surroundings);
  } catch (error) {
    const data = LabError.toData(fileError(namedFileOf(error), 0, error));
    surroundings.errors.write(`${LabError.describe(data)}\n`);
    if (data.code === 'headless/usage') surroundings.errors.write(`\n${headlessUsage}`);
    return /^(headless|plan)\//.test(data.code) ? exitCodes.wrongInput : exitCodes.failed;
  }
}

/** The file that an error of Node is about. */
function namedFileOf(error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : 'a file';
}

/** Trains while this process alone has the folder; leaves it when nothing is being written any more. */
async function trainPlan(parsed: HeadlessArguments, surroundings: HeadlessSurroundings): Promise<number> {
  const plan = await readPlan(parsed.planFile);
  const storeFolder = path.join(parsed.outFolder, 'store');
  const lock = await lockFolder(storeFolder);
  if (lock.takenFrom !== null) {
    surroundings.output.write(`Took the folder over from ${describeHolder(lock.takenFrom)}, which no longer runs.\n`);
  }
  const store = fileSystem(storeFolder);
  try {
    return await trainInStore(plan, store, parsed, surroundings);
  } finally {
    await store.settled();
    lock.release();
  }
}

async function trainInStore(
  plan: PlanFile,
  store: Store,
  parsed: HeadlessArguments,
  surroundings: HeadlessSurroundings,
): Promise<number> {
  const { output, errors, interrupt, openServer } = surroundings;
  const server: { client?: ServerClient } = {};
  const lab = new LocalLab({
    store,
    openServer: () => (server.client = openServer(store)),
    fetchBuiltIn: null,
    requestFile,
    software: softwareVersion,
  });
  const stopNotices = reportNotices(lab, errors);
  try {
    await lab.open(parsed.backend);
    const { backend, machine } = lab.getState();
    if (Object.keys(parsed.machine).length > 0) await lab.setMachine({ ...machine, ...parsed.machine });
    if (backend.status === 'failed') throw LabError.fromData(backend.error);
    if (backend.status === 'ready') writeBackend(output, backend.report);
    if (backend.status === 'ready' && parsed.machine.precision === 'mixed' && !backend.report.mixedPrecision.admitted) {
      output.write(`Mixed precision is not used. ${backend.report.mixedPrecision.reason}\n`);
    }
    const resolved = await importInputs(lab, plan, parsed, interrupt);
    if (resolved === null || interrupt.aborted) return exitCodes.paused;
    reportEqualRates(lab, resolved, output);
    output.write(describeGraph(lab.previewPlan(resolved), (spec) => runTitle(spec, layersOf(lab, spec))));
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
      output.write(`Result: ${await writeResult(lab, runIds, plan, parsed.outFolder)}\n`);
      if (parsed.exportModels) {
        for (const runId of runIds) if (await mender.retrain(runId)) await allEnded();
        await writeModels(lab, runIds, parsed.outFolder, output, async (runId) => {
          if (!(await mender.retrain(runId))) return false;
          await allEnded();
          return true;
        });
      }
      return statusesOf(lab, runIds).includes('failed') ? exitCodes.failed : exitCodes.finished;
    } catch (error) {
      if (!interrupt.aborted) throw error;
      return exitUnfinished(lab, runIds, interrupt, surroundings) ?? exitCodes.paused;
    } finally {
      stopProgress();
    }
  } finally {
    stopNotices();
    server.client?.close();
  }
}

async function readPlan(file: string): Promise<PlanFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LabError('headless/plan', `The plan file ${file} cannot be read: ${reason}`, { cause });
  }
  return parsePlan(text);
}

/**
 * Imports the plan's corpora and model; returns the plan with their fingerprints, so that it never refers to an older input of the same name in
 * the store. Null when interrupted during the model's download.
 */
async function importInputs(
  lab: Lab,
  plan: PlanFile,
  parsed: HeadlessArguments,
  interrupt: AbortSignal,
): Promise<PlanFile | null> {
  const model =
    parsed.modelFrom === null
      ? await importInput(lab, 'models', plan.model, parsed.modelsFolder)
      : await importFromHub(lab, plan.model, parsed.modelFrom, interrupt);
  if (model === null) return null;
  const categories: PlanCategory[] = [];
  for (const category of plan.categories) {
    const tasks: PlanTask[] = [];
    for (const { corpus, type } of category.tasks) {
      tasks.push({ corpus: await importInput(lab, 'corpora', corpus, parsed.corporaFolder), type });
    }
    categories.push({ ...category, tasks });
  }
  return { ...plan, model, categories };
}

async function importInput(lab: Lab, kind: 'corpora' | 'models', input: Input, folder: string | null): Promise<Input> {
  const imported = await lab.importFiles(await inputFolder(kind, input.name, folder));
  return wantedInput(lab, kind, input, kind === 'corpora' ? imported.corpusIds : imported.modelIds);
}

/** Downloads the plan's model from a hub unless the store already has it; null when interrupted. */
async function importFromHub(
  lab: Lab,
  model: Input,
  { repository, revision }: NonNullable<HeadlessArguments['modelFrom']>,
  interrupt: AbortSignal,
): Promise<Input | null> {
  const existing = lab
    .getState()
    .models.find(
      ({ source }) => source?.repository === repository && [source.revision, source.commit].includes(revision),
    );
  if (existing !== undefined) return wantedInput(lab, 'models', model, [existing.id]);
  const cancel = (): void => lab.getState().jobs.forEach(({ id }) => lab.cancelJob(id));
  interrupt.addEventListener('abort', cancel, { once: true });
  const found = interrupt.aborted ? null : await lab.lookUpModel(repository, revision);
  const modelId = found === null ? null : await lab.downloadModel(found.download);
  interrupt.removeEventListener('abort', cancel);
  return modelId === null ? null : wantedInput(lab, 'models', model, [modelId]);
}

/** Downloads a damaged model again, for `RunMender`; null unless it comes from a hub. */
function refetching(lab: Lab, plan: PlanFile, { modelFrom }: HeadlessArguments, interrupt: AbortSignal) {
  if (modelFrom === null) return null;
  return async (modelId: string): Promise<boolean> => {
    // Runs that wait need the model and would keep it.
    for (const runId of lab.getState().queue) await lab.pauseRun(runId);
    await lab.removeModel(modelId);
    return (await importFromHub(lab, plan.model, modelFrom, interrupt)) !== null;
  };
}

/** Picks the imported corpus or model that the plan refers to. Throws LabError `headless/input` or `plan/...-differs`. */
function wantedInput(
  lab: Lab,
  kind: 'corpora' | 'models',
  { name, fingerprint }: Input,
  ids: readonly string[],
): Input {
  const found = lab.getState()[kind].filter(({ id }) => ids.includes(id));
  const wanted = found.find((one) => one.fingerprint === fingerprint) ?? found[0];
  const noun = kind === 'corpora' ? 'corpus' : 'model';
  if (wanted === undefined) {
    const isFull = lab.getState().notices.some(({ code }) => code === 'storage/full');
    if (isFull) throw new LabError('storage/full', `The disk has no room for the ${noun} ${name}.`);
    throw new LabError('headless/input', `The folder ${name} contains no usable ${noun}.`);
  }
  if (fingerprint !== undefined && wanted.fingerprint !== fingerprint) {
    throw new LabError(
      `plan/${noun}-differs`,
      `The ${noun} ${name} in the library differs from the one that the plan was made with.`,
      {
        expected: `fingerprint ${fingerprint.slice(0, 16)}`,
        got: `fingerprint ${wanted.fingerprint.slice(0, 16)}`,
      },
    );
  }
  if (fingerprint === undefined && found.length > 1) {
    throw new LabError('headless/input', `The folder ${name} contains more than one ${noun}.`, {
      expected: 'one, or a fingerprint in the plan',
      got: found.map((one) => one.name).join(', '),
    });
  }
  return { name, fingerprint: wanted.fingerprint };
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

async function writeResult(lab: Lab, runIds: readonly string[], plan: PlanFile, folder: string): Promise<string> {
  const { checksum: _derived, ...members } = lab.exportResult(runIds);
  const result = sealResultFile({ ...members, plan: { ...members.plan, name: plan.name } });
  const location = path.join(folder, `${plan.name.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.result.json`);
  await replaceFile(location, new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
  return location;
}

function reportEqualRates(lab: Lab, { model, methods, slicingRates }: PlanFile, output: TextOutput): void {
  const layers = lab.getState().models.find(({ fingerprint }) => fingerprint === model.fingerprint)?.layers;
  if (layers === undefined || !methods.includes('MTL-LS')) return;
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

function statusesOf(lab: Lab, runIds: readonly string[]): readonly (RunStatus | undefined)[] {
  return runIds.map((runId) => lab.getState().runs.find(({ record }) => record.spec.id === runId)?.record.status);
}

/** Says why runs did not come to their end, and returns the exit code; null where they did, or wait for one that failed. */
function exitUnfinished(
  lab: Lab,
  runIds: readonly string[],
  interrupt: AbortSignal,
  { output, errors }: HeadlessSurroundings,
): number | null {
  const { backend, storageFullRun } = lab.getState();
  const statuses = statusesOf(lab, runIds);
  const isStuck = isQueueStuck(lab.getState()) && statuses.includes('failed');
  if (isStuck || statuses.every((status) => status === 'finished' || status === 'failed')) return null;
  if (backend.status === 'failed') return exitCodes.failed;
  if (storageFullRun !== null && !interrupt.aborted) {
    errors.write('The disk is full. Free some space, then run the same command again to resume.\n');
    return exitCodes.failed;
  }
  output.write('Paused. Run the same command again to resume.\n');
  return exitCodes.paused;
}

function writeBackend(
  output: TextOutput,
  report: { readonly environment: { backend: string; device: string }; readonly reason: string },
): void {
  output.write(`Backend: ${report.environment.backend} on ${report.environment.device}. ${report.reason}\n`);
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
