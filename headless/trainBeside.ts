// Trains the runs of a plan beside one another, each in its own process and folder, parents before what starts from them, and merges the results.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { mergeParts } from '../src/lab/comparison/mergeRuns.ts';
import { assertApart } from '../src/lab/plans/expandPlan.ts';
import { parseResultFile } from '../src/lab/plans/resultFiles.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { neededRuns } from '../src/schema/runLineage.ts';
import { softwareVersion } from '../src/util/wording.ts';
import { exitCodes, interruptedCode, type ChildLines, type CommandSurroundings } from './commandEnd.ts';
import type { EventLines } from './eventLines.ts';
import type { HeadlessArguments } from './headlessArguments.ts';
import { inputsPlanOf, runFolderOf, runResultOf } from './runFolder.ts';
import { runJobs, type GraphJob, type JobEnd } from './runJobs.ts';
import { prepareInputs, specsOf } from './trainRuns.ts';
import { resultFileName, writeResult } from './trainStore.ts';

/** Returns the exit code: that of the first run that ended with another than 0. */
export async function trainBeside(
  plan: PlanFile,
  parsed: HeadlessArguments,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { output, errors, interrupt, spawn } = surroundings;
  const { outFolder, jobs } = parsed;
  if (spawn === undefined) throw new Error('Runs beside one another need processes.');
  assertApart(plan);
  const inputs = await prepareInputs(plan, parsed, surroundings, true);
  if (inputs === null) return interruptedCode(interrupt);
  const specs = specsOf(inputs);
  const threads = parsed.part.threads ?? Math.max(1, Math.floor(availableParallelism() / jobs));
  const childLines: ChildLines = {
    output: (line) => (lines.areWanted ? lines.pass(line) : output.write(`${line}\n`)),
    errors: (line) => void errors.write(`${line}\n`),
  };
  const common = [inputsPlanOf(outFolder), '--out', outFolder, ...passedOn(parsed), '--threads', `${threads}`];
  const graph = specs.map((spec): GraphJob => ({ name: spec.id, needs: neededRuns(spec) }));
  output.write(`${specs.length} runs, ${jobs} beside one another, ${threads} threads each.\n`);
  const ends = await runJobs(graph, { atOnce: jobs, interrupt }, ({ name }) =>
    spawn(['train', ...common, '--run', name], childLines, interrupt),
  );
  const worst = worstCode(ends);
  if (
    interrupt.aborted ||
    worst === exitCodes.noRoom ||
    worst === exitCodes.submitAgain ||
    worst === exitCodes.paused
  ) {
    return worst === exitCodes.done ? interruptedCode(interrupt) : worst;
  }
  const parts = await Promise.all(
    specs.map(async ({ id }) => {
      const name = runResultOf(runFolderOf(outFolder, id));
      const text = await readFile(name, 'utf8').catch(() => null);
      return text === null ? [] : [{ name, file: parseResultFile(text) }];
    }),
  );
  const found = parts.flat();
  if (found.length === 0) return worst;
  const { result, report } = mergeParts(found, inputs.plan, { software: softwareVersion, exportedAt: new Date().toISOString() }); // prettier-ignore
  for (const { title } of report.missing) errors.write(`Not trained: ${title}\n`);
  await writeResult(result, path.join(outFolder, resultFileName(plan)), output, lines);
  return worst;
}

/** What a child needs of the command line. */
function passedOn({
  backend,
  snapshots,
  json,
  exportModels,
  machine,
  part,
  parentFolders,
}: HeadlessArguments): readonly string[] {
  const { gpuBytes, activations, precision, multiplyAdds } = machine;
  return [
    ...(backend === 'auto' ? [] : ['--backend', backend]),
    ...(part.adapter === null ? [] : ['--adapter', part.adapter]),
    ...(gpuBytes === undefined ? [] : ['--gpu-memory', `${gpuBytes / 2 ** 30}`]),
    ...(activations === undefined ? [] : ['--activations', activations]),
    ...(precision === undefined ? [] : ['--precision', precision]),
    ...(multiplyAdds === undefined ? [] : ['--multiply-adds', multiplyAdds]),
    ...parentFolders.flatMap((folder) => ['--from', folder]),
    ...(exportModels ? ['--export-models'] : []),
    ...(json ? ['--json'] : []),
    '--snapshots',
    snapshots,
  ];
}

/** Interruptions first, as the same command goes on from them; then the most particular failure. */
function worstCode(ends: readonly JobEnd[]): number {
  const order = [exitCodes.submitAgain, exitCodes.paused, exitCodes.noRoom, exitCodes.wrongInput, exitCodes.failed];
  const codes = ends.flatMap(({ code }) => (code === null ? [] : [code]));
  const known = order.find((code) => codes.includes(code));
  return known ?? (codes.every((code) => code === exitCodes.done) ? exitCodes.done : exitCodes.failed);
}
