// Estimates from gradients which tasks of a folder of results to train together, plans it, and chooses by devel between all tasks and trained subsets.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  command,
  exitCodes,
  exitCodesText,
  interruptedCode,
  type CommandSurroundings,
} from '../../headless/commandEnd.ts';
import { cancelledBy, commandLab } from '../../headless/commandLab.ts';
import type { EventLines } from '../../headless/eventLines.ts';
import {
  type HeadlessArguments,
  oneArgument,
  machineOptions,
  parsedOptions,
  usageError,
  wholeNumber,
} from '../../headless/headlessArguments.ts';
import { runStoreOf } from '../../headless/runFolder.ts';
import { whileLocked } from '../../headless/trainRuns.ts';
import { openLab } from '../../headless/trainStore.ts';
import { analysisInputs } from '../../src/analysis/analysisInputs.ts';
import type { AffinityAnswer } from '../../src/analysis/questions/systemsQuery.ts';
import { affinityQuestions } from '../../src/analysis/testDifferences.ts';
import { buildComparisons, type Comparison } from '../../src/lab/comparison/comparison.ts';
import {
  askedChoices,
  choiceRows,
  chosenSubset,
  estimateText,
  isChoosable,
  jointTasks,
  lackingOf,
  measurableRun,
  subsetExperiments,
  subsetPlan,
  suggestedSubsets,
} from '../../src/lab/comparison/taskSubsets.ts';
import type { LocalLab } from '../../src/lab/lab.ts';
import { variantName } from '../../src/lab/state/runViews.ts';
import type { TaskRef } from '../../src/schema/runRecord.ts';
import { usualGradients, type GradientsRequest } from '../../src/schema/storedPredictions.ts';
import { fileSystem } from '../../src/storage/fileSystem.ts';
import { readRunRecord } from '../../src/storage/runRecords.ts';
import type { Store } from '../../src/storage/store.ts';
import { LabError } from '../../src/util/labError.ts';
import { resultsIn } from './acrossCommand.ts';

const usage = `Usage: bioner affinity DIR [--sequences N] [--dimensions N] [--seed N] [--out FILE.json] [--backend webgpu|wasm|cpu] [--threads N] [--adapter NAME] [--json]

Estimates which tasks of each experiment to train together, from projected gradients at the selected snapshot of its first run of a joint method (Grad-TAG).
  DIR             what bioner train PLAN.json --out DIR trained in one store, with its snapshots
  --sequences N   training sequences of each task, and devel sequences; by default ${usualGradients.sequences}
  --dimensions N  an even number that gradients are projected to; by default ${usualGradients.dimensions}
  --seed N        of the sample and the projection; by default ${usualGradients.seed}
  --out FILE      the estimates and choices; by default DIR/affinity.json
Where subsets are estimated to be better than all tasks, DIR/train-together-N.plan.json trains them; train it into DIR, too, and this command compares them
with all tasks on devel, and says which to choose for each task and why. Only what is chosen has its test score read.
${exitCodesText}`;

export const affinityCommand = command(usage, async (args, around, lines) => {
  const { values, positionals } = parsedOptions(args, {
    sequences: { type: 'string' },
    dimensions: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string' },
    ...machineOptions,
    json: { type: 'boolean' },
  });
  const folder = oneArgument(positionals, 'Give one folder of results.', 'DIR');
  const settings = {
    sequences: wholeNumber('sequences', values.sequences, usualGradients.sequences, 1, 4096),
    dimensions: wholeNumber('dimensions', values.dimensions, usualGradients.dimensions, 2, 4096),
    seed: wholeNumber('seed', values.seed, usualGradients.seed, 0, 2 ** 32 - 1),
  };
  if (settings.dimensions % 2 > 0) throw usageError('Gradients are projected to an even number of dimensions.', 'an even --dimensions', String(settings.dimensions)); // prettier-ignore
  const { root, parsed } = await resultsIn(folder, values);
  const out = path.resolve(values.out ?? path.join(root, 'affinity.json'));
  return whileLocked(root, around, () => estimateStore(root, { parsed, settings, out }, around, lines));
});

type Settings = Omit<GradientsRequest, 'runId' | 'epoch'>;

interface Wanted {
  readonly parsed: HeadlessArguments;
  readonly settings: Settings;
  readonly out: string;
}

async function estimateStore(
  root: string,
  { parsed, settings, out }: Wanted,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { output, interrupt } = surroundings;
  const store = fileSystem(runStoreOf(root));
  const { lab, close } = commandLab(store, surroundings, parsed.part, (client) => lines.follow(client));
  try {
    await openLab(lab, parsed, output);
    const comparisons = comparisonsOf(lab);
    const found: Estimated[] = [];
    const plans: string[] = [];
    for (const experiment of wholeExperiments(comparisons)) {
      const estimated = await estimateExperiment(lab, store, experiment, comparisons, settings, interrupt);
      if (estimated === null || interrupt.aborted) return interruptedCode(interrupt);
      output.write(`\n${experimentText(estimated)}`);
      found.push(estimated);
      const suggested = suggestedSubsets(estimated.answer.affinity, estimated.tasks);
      if (suggested.length === 0) continue;
      const records = lab.getState().runs.map(({ record }) => record);
      const own = records.filter(({ spec }) => idsOf(experiment).has(spec.id));
      const file = path.join(root, `train-together-${plans.length + 1}.plan.json`);
      await writeFile(file, `${JSON.stringify(subsetPlan(lab.getState(), experiment, own, suggested), null, 2)}\n`);
      plans.push(file);
      output.write(`Plan of the subsets that may be better: ${file}\n`);
      lines.write({ event: 'file', file });
    }
    await writeFile(
      out,
      `${JSON.stringify({ format: 'bioner-lab-affinity', version: 1, experiments: found }, null, 2)}\n`,
    );
    output.write(`\nEstimates: ${out}\n`);
    lines.write({ event: 'file', file: out, experiments: found.length });
    return exitCodes.done;
  } finally {
    close();
    await store.settled();
  }
}

function comparisonsOf(lab: LocalLab): readonly Comparison[] {
  const { runs, models } = lab.getState();
  return buildComparisons(
    runs.map(({ record }) => record),
    (modelId) => models.find(({ id }) => id === modelId)?.layers,
  );
}

/** Experiments with a joint run that train no subset of another one's tasks. Throws LabError `headless/input` where there is none. */
function wholeExperiments(all: readonly Comparison[]): readonly Comparison[] {
  const joint = all.filter((one) => jointTasks(one).length > 1);
  const subsets = new Set(joint.flatMap((one) => subsetExperiments(one, joint)).map(({ id }) => id));
  const whole = joint.filter(({ id }) => !subsets.has(id));
  if (whole.length > 0) return whole;
  throw new LabError('headless/input', 'There is no run that trained several tasks together.', {
    expected: 'a finished run of MTL-XC or another joint method, with its snapshot',
    got: all.length === 0 ? 'no runs' : 'runs of one task each',
  });
}

function idsOf({ tasks }: Comparison): ReadonlySet<string> {
  return new Set(tasks.flatMap(({ variants }) => variants).flatMap(({ trainings }) => trainings.map(({ runId }) => runId))); // prettier-ignore
}

interface Estimated {
  readonly experiment: string;
  readonly run: string;
  readonly epoch: number;
  /** In the order of the run. */
  readonly tasks: readonly TaskRef[];
  readonly answer: AffinityAnswer;
  readonly choices: readonly { readonly task: TaskRef; readonly method: string; readonly chosen: string; readonly reason: string; readonly testF1: number | null }[]; // prettier-ignore
}

/** Null when interrupted. */
async function estimateExperiment(
  lab: LocalLab,
  store: Store,
  experiment: Comparison,
  all: readonly Comparison[],
  settings: Settings,
  interrupt: AbortSignal,
): Promise<Estimated | null> {
  const own = new Set(lab.getState().runs.map(({ record }) => record.spec.id));
  const snapshot = measurableRun(experiment, own);
  const record = snapshot && (await readRunRecord(store, snapshot.runId));
  if (snapshot === null || record == null) {
    throw new LabError('headless/input', 'The run that trains all tasks together has not finished.', {
      expected: 'a finished run of a joint method',
      got: experiment.category?.name ?? 'none',
    });
  }
  const job = { signal: interrupt, report: () => undefined };
  const { affinity, choices } = affinityQuestions(store, analysisInputs(store));
  let { answer } = await affinity(snapshot, job);
  const isAsWanted = answer !== null && (['sequences', 'dimensions', 'seed'] as const).every((name) => answer?.[name] === settings[name]); // prettier-ignore
  if (!isAsWanted) {
    const isMeasured = await cancelledBy(interrupt, lab, () => lab.measureGradients({ ...snapshot, ...settings }));
    if (!isMeasured) return null;
    ({ answer } = await affinity(snapshot, job));
  }
  if (answer === null) throw new LabError('headless/input', 'The gradients that were measured cannot be read.', { expected: 'a whole record', got: snapshot.runId }); // prettier-ignore
  const rows = choiceRows(experiment, all).filter((row) => isChoosable(row, own));
  const asked = askedChoices(rows);
  const requests = lackingOf(await choices(asked, job));
  if (requests.length > 0 && !(await cancelledBy(interrupt, lab, () => lab.keepPredictions(requests)))) return null;
  const chosen = await choices(asked, job);
  return {
    experiment: experiment.category?.name ?? experiment.id,
    run: snapshot.runId,
    epoch: snapshot.epoch,
    tasks: record.spec.tasks,
    answer,
    choices: rows.flatMap((row, index) => {
      const found = chosen[index];
      const choice = found === undefined ? null : chosenSubset(row, found);
      if (choice === null) return [];
      const { name, reason, testF1 } = choice;
      return [{ task: row.task, method: variantName(row.variant), chosen: name, reason, testF1 }];
    }),
  };
}

/** Cosines and gains as tables with numbered columns, then the estimates and the choices in words. */
function experimentText({ experiment, run, epoch, tasks, answer, choices }: Estimated): string {
  const { affinity, sequences, dimensions, seed } = answer;
  const names = tasks.map(({ corpus, type }) => `${corpus.name} ${type ?? ''}`.trim());
  const width = Math.max(30, ...names.map(({ length }) => length + 6));
  const table = (title: string, rows: readonly (readonly (number | null)[])[], digits: number): string =>
    [
      `${title.padEnd(width)}${names.map((_, index) => `(${index + 1})`.padStart(9)).join('')}`,
      ...rows.map((row, index) => `(${index + 1}) ${names[index] ?? ''}`.padEnd(width) + row.map((value) => (value === null ? '–' : value.toFixed(digits)).padStart(9)).join('')), // prettier-ignore
      '',
    ].join('\n');
  return [
    `${experiment}: run ${run}, epoch ${epoch}; ${sequences} sequences a task, ${dimensions} dimensions, seed ${seed}\n`,
    table('cosine of gradients', affinity.cosines, 2),
    table('devel loss a partner saves', affinity.gains, 4),
    ...names.map((name, index) => `Estimate for ${name}: ${estimateText(affinity, index, tasks)}.\n`),
    ...choices.map(({ task, method, reason, testF1 }) => `Chosen by devel for ${task.corpus.name}, ${method}: ${reason}${testF1 === null ? '' : ` Test F1 of what is chosen: ${testF1.toFixed(2)}.`}\n`), // prettier-ignore
  ].join('');
}
