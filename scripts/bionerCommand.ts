// Runs the commands of `bioner` by name: training and what goes with it, analyses, scores, and the lab itself.
import { readFileSync, writeFileSync } from 'node:fs';
import { baselineCommand } from '../headless/baselineCommand.ts';
import { answeringCommand, exitCodes, exitCodesText, type Command } from '../headless/commandEnd.ts';
import { dictionaryCommand } from '../headless/dictionaryCommand.ts';
import { exportCommand } from '../headless/exportCommand.ts';
import { oneArgument, parsedOptions, trainUsage } from '../headless/headlessArguments.ts';
import { mergeCommand } from '../headless/mergeCommand.ts';
import { exitWith, nodeSurroundings } from '../headless/nodeSurroundings.ts';
import { planCommand } from '../headless/planCommand.ts';
import { readResultFile } from '../headless/readResultFile.ts';
import { runHeadless } from '../headless/runHeadless.ts';
import { tagCommand } from '../headless/tagging/tagCommand.ts';
import { splitCommand, workflowCommand } from '../headless/workflowCommand.ts';
import { reproducibilitySheet, sheetMarkdown } from '../src/lab/share/reproducibility.ts';
import { conlleval, conllevalReport, predictionRows } from '../src/metrics/scores/scoreSplit.ts';
import { LabError } from '../src/util/labError.ts';
import { acrossCommand } from './analysis/acrossCommand.ts';
import { affinityCommand } from './analysis/affinityCommand.ts';
import type { CommandOutcome } from './analysis/analysisCommand.ts';
import { compareCommand } from './analysis/compareCommand.ts';
import { entitySetsCommand } from './analysis/entitySetsCommand.ts';
import { leaksCommand } from './analysis/leaksCommand.ts';
import { serveLab } from './builtLab.ts';

const scoreUsage = `Usage: bioner score FILE [--json]

Scores a file of token, ..., gold and predicted columns; - reads standard input.
${exitCodesText}`;

const sheetUsage = `Usage: bioner sheet FILE.result.json [--out FILE.md] [--json]

Prints seeds and spreads, versions and machines, digests of inputs and outcomes, and what is equal to the bit where, as Markdown or JSON.
${exitCodesText}`;

const serveUsage = `Usage: bioner serve [--port N]

Builds the lab when its sources are newer than the last build, and serves it on this machine.
`;

/** Means that the process goes on. */
const SERVING = -1;

function analysis(command: (args: readonly string[]) => Promise<CommandOutcome>): Command {
  return async (args, { output, errors }) => {
    // They print JSON in any case.
    const { exitCode, output: json, errors: text } = await command(args.filter((word) => word !== '--json'));
    errors.write(text);
    output.write(json);
    return exitCode;
  };
}

const scoreCommand = answeringCommand(scoreUsage, async (args, surroundings) => {
  const { values, positionals } = parsedOptions(args, { json: { type: 'boolean' } });
  const file = oneArgument(positionals, 'Give one file.', 'FILE');
  const { gold, predicted } = predictionRows(textOf(file));
  const scores = conlleval(gold, predicted);
  surroundings.output.write(values.json === true ? `${JSON.stringify(scores)}\n` : conllevalReport(scores));
  return exitCodes.done;
});

const sheetCommand = answeringCommand(sheetUsage, async (args, surroundings) => {
  const { values, positionals } = parsedOptions(args, { out: { type: 'string' }, json: { type: 'boolean' } });
  const file = oneArgument(positionals, 'Give one result file.', 'FILE.result.json');
  const result = await readResultFile(file);
  const sheet = values.json === true ? `${JSON.stringify(reproducibilitySheet(result), null, 2)}\n` : sheetMarkdown(result); // prettier-ignore
  if (values.out === undefined) surroundings.output.write(sheet);
  else writeFileSync(values.out, sheet);
  return exitCodes.done;
});

/** Throws LabError `headless/input`. */
function textOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file === '-' ? 0 : file));
  } catch (cause) {
    throw new LabError('headless/input', `${file} cannot be read.`, {
      expected: 'a text file in UTF-8',
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

const serveCommand = answeringCommand(serveUsage, async (args, surroundings) => {
  const { values } = parsedOptions(args, { port: { type: 'string' } });
  surroundings.interrupt.addEventListener('abort', () => process.exit(exitCodes.done));
  await serveLab(values.port ?? process.env['PORT']);
  return SERVING;
});

const commands: Readonly<Record<string, { readonly about: string; readonly run: Command }>> = {
  baseline: {
    about: 'makes a network of words to train from nothing, with vectors of words if there are any',
    run: baselineCommand,
  },
  plan: { about: 'prints the runs of a plan, with steps, storage, memory and time', run: planCommand },
  train: {
    about: 'trains a plan, some of its runs, or several beside one another',
    run: (args, surroundings) => runHeadless(args, surroundings, trainUsage),
  },
  merge: { about: 'merges results, and says what is missing, repeated or on other inputs', run: mergeCommand },
  split: { about: 'splits a plan into parts for several machines or people', run: splitCommand },
  workflow: { about: 'writes a plan as a folder for Snakemake or Slurm', run: workflowCommand },
  export: { about: 'writes trained taggers as model folders', run: exportCommand },
  tag: { about: 'marks the mentions in text files with a trained tagger', run: tagCommand },
  dictionary: { about: 'checks a file of terms, and marks its terms in text as a corpus', run: dictionaryCommand },
  across: { about: 'scores every trained tagger on every test set', run: acrossCommand },
  affinity: { about: 'estimates which tasks to train together, and chooses by devel', run: affinityCommand },
  compare: { about: 'compares two results that were trained with other settings', run: compareCommand },
  score: { about: 'scores a file of token, gold and predicted columns as conlleval does', run: scoreCommand },
  sheet: { about: 'prints the reproducibility sheet of a result file', run: sheetCommand },
  leaks: { about: 'counts test sentences that occur in training text', run: analysis(leaksCommand) },
  'entity-sets': { about: 'compares the entities of training, test and predictions', run: analysis(entitySetsCommand) },
  serve: { about: 'serves the lab, as npm start does', run: serveCommand },
};

const usage = `Usage: bioner COMMAND ...

${Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`).join('\n')}

bioner COMMAND --help says more. Text for people goes to standard error with --json, and to standard output without it.
${exitCodesText}`; // prettier-ignore

/** Runs the command of the arguments and ends the process with its exit code. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const surroundings = nodeSurroundings();
  const [name, ...rest] = args;
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name];
  if (command !== undefined) {
    const code = await command.run(rest, surroundings);
    if (code !== SERVING) await exitWith(code);
    return;
  }
  const asksForHelp = name === undefined || name === '--help' || name === '-h' || name === 'help';
  if (!asksForHelp) surroundings.errors.write(`There is no command ${name}.\n\n`);
  (asksForHelp ? surroundings.output : surroundings.errors).write(usage);
  await exitWith(asksForHelp ? exitCodes.done : exitCodes.wrongInput);
}
