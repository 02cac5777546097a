// Trains single runs of a plan, each in its own folder and lock, so that processes on many machines share one plan.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { mergeParts } from '../src/lab/comparison/mergeRuns.ts';
import { assertApart, expandPlan, parsePlan } from '../src/lab/plans/expandPlan.ts';
import { parseResultFile } from '../src/lab/plans/resultFiles.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import type { RunSpec } from '../src/schema/runRecord.ts';
import { fileSystem, replaceFile } from '../src/storage/fileSystem.ts';
import { readRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { canonicalJson } from '../src/util/digest.ts';
import { LabError } from '../src/util/labError.ts';
import { softwareVersion } from '../src/util/wording.ts';
import { exitCodes, interruptedCode, type CommandSurroundings } from './commandEnd.ts';
import { commandLab } from './commandLab.ts';
import type { EventLines } from './eventLines.ts';
import { describeHolder, lockFolder, type FolderLock } from './folderLock.ts';
import type { HeadlessArguments } from './headlessArguments.ts';
import { importInputs } from './planInputs.ts';
import { readResultFile } from './readResultFile.ts';
import {
  dropParentWeights,
  fillRunFolder,
  inputsIn,
  inputsPlanOf,
  inputsStoreOf,
  pruneSnapshots,
  runFolderOf,
  runResultOf,
  runStoreOf,
  type PreparedInputs,
} from './runFolder.ts';
import { openLab, trainInStore, unlessInterrupted, writeResult } from './trainStore.ts';

const LOCK_WAIT_MS = 500;
/** Inputs are imported in less, even large models over a network file system. */
const LOCK_PATIENCE_MS = 600_000;

/**
 * Imports a plan's inputs into `DIR/inputs`, for all its runs; null when interrupted. Without `again`, what was prepared for the same plan is
 * used as it is. Another process that prepares is waited for.
 */
export async function prepareInputs(
  plan: PlanFile,
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  again: boolean,
): Promise<PreparedInputs | null> {
  const { outFolder: out } = parsed;
  const { interrupt, output } = surroundings;
  const found = again ? null : await preparedPlan(out, plan);
  if (found !== null) return inputsIn(inputsStoreOf(out), found);
  const lock = await patientLock(inputsStoreOf(out), interrupt);
  if (lock === null) return null;
  const store = fileSystem(inputsStoreOf(out));
  try {
    const meanwhile = again ? null : await preparedPlan(out, plan);
    if (meanwhile !== null) return await inputsIn(inputsStoreOf(out), meanwhile);
    const resolved = await importedPlan(plan, parsed, store, surroundings);
    if (resolved === null) return null;
    await replaceFile(inputsPlanOf(out), new TextEncoder().encode(`${JSON.stringify(resolved, null, 2)}\n`));
    output.write(`Inputs: ${path.dirname(inputsPlanOf(out))}\n`);
    return await inputsIn(inputsStoreOf(out), resolved);
  } finally {
    await store.settled();
    lock.release();
  }
}

/** The plan with the fingerprints of its inputs, which are imported into a store; null when interrupted. */
async function importedPlan(
  plan: PlanFile,
  parsed: HeadlessArguments,
  store: Store,
  surroundings: CommandSurroundings,
): Promise<PlanFile | null> {
  const { interrupt } = surroundings;
  const { lab, close } = commandLab(store, surroundings, parsed.part);
  try {
    const resolved = await unlessInterrupted(interrupt, async () => {
      // Nothing is computed yet: the plainest backend starts soonest.
      await openLab(lab, { ...parsed, backend: 'cpu', machine: {} }, { write: () => undefined });
      return importInputs(lab, plan, parsed, interrupt);
    });
    if (resolved === null || interrupt.aborted) return null;
    lab.previewPlan(resolved);
    return resolved;
  } finally {
    close();
  }
}

/** The plan that inputs were prepared for, if it is this one but for fingerprints that this one leaves open. */
async function preparedPlan(out: string, plan: PlanFile): Promise<PlanFile | null> {
  const text = await readFile(inputsPlanOf(out), 'utf8').catch(() => null);
  if (text === null) return null;
  const prepared = parsePlan(text);
  const same = canonicalJson(withFingerprints(plan, prepared)) === canonicalJson(prepared);
  return same ? prepared : null;
}

/** The plan with the fingerprints of another one where it has none. */
function withFingerprints(plan: PlanFile, other: PlanFile): PlanFile {
  const filled = (input: PlanFile['model'], from: PlanFile['model'] | undefined) =>
    input.fingerprint === undefined && from?.fingerprint !== undefined
      ? { ...input, fingerprint: from.fingerprint }
      : input;
  const { runs: _part, ...whole } = plan;
  return {
    ...whole,
    ...(other.runs === undefined ? {} : { runs: other.runs }),
    model: filled(plan.model, other.model),
    categories: plan.categories.map((category, index) => ({
      ...category,
      tasks: category.tasks.map((task, position) => ({
        ...task,
        corpus: filled(task.corpus, other.categories[index]?.tasks[position]?.corpus),
      })),
    })),
  };
}

async function patientLock(folder: string, interrupt: AbortSignal): Promise<FolderLock | null> {
  for (const startedAt = performance.now(); ;) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      const isLocked = error instanceof LabError && error.code === 'headless/locked';
      if (!isLocked || performance.now() - startedAt > LOCK_PATIENCE_MS) throw error;
      if (interrupt.aborted) return null;
      await new Promise((resolve) => setTimeout(resolve, LOCK_WAIT_MS));
    }
  }
}

/** The runs of prepared inputs, parents first, also of a plan that names only some. */
export function specsOf({ plan, corpora, models }: PreparedInputs): readonly RunSpec[] {
  return expandPlan(plan, { corpora, models });
}

/** Finds a run by its id or the start of it. Throws LabError `headless/run`. */
function findRun(specs: readonly RunSpec[], wanted: string): RunSpec {
  const found = specs.filter(({ id }) => id.startsWith(wanted));
  const [spec] = found;
  if (spec !== undefined && found.length === 1) return spec;
  throw new LabError('headless/run', 'The plan has no such run; `bioner plan` lists its runs.', {
    expected: `one of ${specs.length} ids of 16 digits, such as ${specs[0]?.id ?? 'none'}`,
    got: found.length === 0 ? wanted : `${wanted}, the start of ${found.length} ids`,
  });
}

/** Trains the runs named on the command line, one after another, and returns the exit code. A run that fails does not keep the others. */
export async function trainRuns(
  plan: PlanFile,
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  assertApart(plan);
  const inputs = await prepareInputs(plan, parsed, surroundings, false);
  if (inputs === null) return interruptedCode(surroundings.interrupt);
  const specs = specsOf({ ...inputs, plan: withoutPart(inputs.plan) });
  const wanted = parsed.runs.map((id) => findRun(specs, id));
  let end: number = exitCodes.done;
  for (const spec of wanted) {
    const folder = runFolderOf(parsed.outFolder, spec.id);
    const code = await trainRun(folder, spec, specs, inputs, parsed, surroundings, lines);
    if (code === exitCodes.failed) end = code;
    else if (code !== exitCodes.done) return code;
  }
  if (parsed.resultFile === null) return end;
  const parts = await Promise.all(
    wanted.map(async ({ id }) => {
      const file = runResultOf(runFolderOf(parsed.outFolder, id));
      return { name: file, file: await readResultFile(file) };
    }),
  );
  const exportedAt = new Date().toISOString();
  const { result } = mergeParts(parts, withoutPart(inputs.plan), { software: softwareVersion, exportedAt });
  await writeResult(result, parsed.resultFile, surroundings.output, lines);
  return end;
}

function withoutPart(plan: PlanFile): PlanFile {
  const { runs: _part, ...whole } = plan;
  return whole;
}

async function trainRun(
  folder: string,
  spec: RunSpec,
  specs: readonly RunSpec[],
  inputs: PreparedInputs,
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  return whileLocked(folder, surroundings, async () => {
    const store = fileSystem(runStoreOf(folder));
    const record = await readRunRecord(store, spec.id).catch(() => undefined);
    const hasResult = await readFile(runResultOf(folder), 'utf8').then(
      (text) => parseResultFile(text).runs.some(({ spec: { id }, status }) => id === spec.id && status === 'finished'),
      () => false,
    );
    if (record?.status === 'finished' && hasResult && !parsed.exportModels) {
      surroundings.output.write(`Already finished: ${folder}\n`);
      return exitCodes.done;
    }
    await fillRunFolder(folder, spec, inputs, [parsed.outFolder, ...parsed.parentFolders]);
    return trainFolder(folder, { ...inputs.plan, runs: [spec.id] }, spec, specs, parsed, surroundings, lines);
  });
}

/** Trains the run of a folder that came from elsewhere: everything is in it. */
export async function resumeFolder(
  folder: string,
  plan: PlanFile,
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const specs = specsOf(await inputsIn(runStoreOf(folder), withoutPart(plan)));
  const spec = findRun(specs, plan.runs?.[0] ?? '');
  return whileLocked(folder, surroundings, () => trainFolder(folder, plan, spec, specs, parsed, surroundings, lines));
}

async function trainFolder(
  folder: string,
  plan: PlanFile,
  spec: RunSpec,
  specs: readonly RunSpec[],
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const store = fileSystem(runStoreOf(folder));
  try {
    const training = { plan, importsInputs: false, resultFile: runResultOf(folder), parsed, lines };
    const code = await trainInStore(store, training, surroundings);
    if (code === exitCodes.done && parsed.snapshots !== 'all') {
      await pruneSnapshots(store, specs, [spec.id], parsed.snapshots);
      await dropParentWeights(folder, spec);
    }
    return code;
  } finally {
    await store.settled();
  }
}

/** Does work while this process alone has the folder. */
export async function whileLocked(
  folder: string,
  { output }: Pick<CommandSurroundings, 'output'>,
  work: () => Promise<number>,
): Promise<number> {
  const lock = await lockFolder(runStoreOf(folder));
  if (lock.takenFrom !== null) {
    output.write(`Took the folder over from ${describeHolder(lock.takenFrom)}, which no longer runs.\n`);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
