// Runs the training command from its arguments to its exit code: a whole plan in one store, named runs in their folders, or runs beside one another.
import path from 'node:path';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { endOf, exitCodes, orHelp, type CommandSurroundings } from './commandEnd.ts';
import { EventLines } from './eventLines.ts';
import { headlessArguments, headlessUsage, isRunFolder, type HeadlessArguments } from './headlessArguments.ts';
import { readPlan } from './planInputs.ts';
import { inputsIn, pruneSnapshots } from './runFolder.ts';
import { trainBeside } from './trainBeside.ts';
import { resumeFolder, specsOf, trainRuns, whileLocked } from './trainRuns.ts';
import { resultFileName, trainInStore } from './trainStore.ts';

/** Returns the exit code, after reporting every error. */
export async function runHeadless(
  args: readonly string[],
  surroundings: CommandSurroundings,
  usage = headlessUsage,
): Promise<number> {
  let lines = new EventLines(null);
  const run = async (): Promise<number> => {
    const parsed = headlessArguments(args);
    if (!parsed.json) return trainPlan(parsed, surroundings, lines);
    lines = new EventLines(surroundings.output);
    return trainPlan(parsed, { ...surroundings, output: surroundings.errors }, lines);
  };
  const asked = (): Promise<number> => orHelp(args, surroundings, usage, run);
  const code = await endOf(asked, surroundings, usage, (data) => lines.error(data));
  lines.write({ event: 'exit', code });
  return code;
}

async function trainPlan(
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  if (isRunFolder(parsed.planFile)) {
    const folder = parsed.planFile;
    return resumeFolder(folder, await readPlan(path.join(folder, 'plan.json')), parsed, surroundings, lines);
  }
  const plan = await readPlan(parsed.planFile);
  if (parsed.runs.length > 0) return trainRuns(plan, parsed, surroundings, lines);
  if (parsed.jobs > 1) return trainBeside(plan, parsed, surroundings, lines);
  return trainWhole(plan, parsed, surroundings, lines);
}

/** Trains while this process alone has the folder; leaves it when nothing is being written any more. */
function trainWhole(
  plan: PlanFile,
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { outFolder, snapshots } = parsed;
  return whileLocked(outFolder, surroundings, async () => {
    const store = fileSystem(path.join(outFolder, 'store'));
    try {
      const resultFile = path.join(outFolder, resultFileName(plan));
      let resolved = plan;
      const onResolved = (found: PlanFile): void => void (resolved = found);
      const training = { plan, importsInputs: true, resultFile, parsed, lines, onResolved };
      const code = await trainInStore(store, training, surroundings);
      if (code === exitCodes.done && snapshots !== 'all') {
        const specs = specsOf(await inputsIn(path.join(outFolder, 'store'), resolved));
        await pruneSnapshots(store, specs, specs.map(({ id }) => id), snapshots); // prettier-ignore
      }
      return code;
    } finally {
      await store.settled();
    }
  });
}
