// The command `leaks`: prints the test sentences of a category's tasks that occur in its training text, as JSON.
import { parseArgs } from 'node:util';
import { CATEGORY_NAMES } from '../../src/data/catalogue/catalogue.ts';
import { findLeaks, leastLeakTokens, type LeakCounts, type TaskLeaks } from '../../src/metrics/leaks.ts';
import { nearDefaults } from '../../src/metrics/text/nearIndex.ts';
import { finishWork } from '../../src/util/clock.ts';
import { analysisCommand, percent, readOptions, usageError, type CommandOutcome } from './analysisCommand.ts';
import { readCategory } from './readCategory.ts';

const usage = `Usage: npm run leaks -- --corpora DIR --category NAME [--near]

Counts the test sentences of each task of a category that stand in train and devel text of its tasks.
  --corpora DIR    folders of the public corpora: DIR/BC2GM-IOB/train.tsv, devel.tsv, test.tsv and so on
  --category NAME  ${CATEGORY_NAMES.join(', ')}
  --near           also those of nearly the same text
Prints JSON. Only test sentences of at least ${leastLeakTokens} tokens are compared; each counts once, as near only where none is exact.
Tasks that are not in DIR are named in "missing".
`;

export function leaksCommand(args: readonly string[]): Promise<CommandOutcome> {
  return analysisCommand(args, usage, answer);
}

async function answer(args: readonly string[]) {
  const { corpora, category, near } = readArguments(args);
  const { tasks, missing, remarks } = await readCategory(corpora, category);
  const training = tasks.flatMap(({ task, train, devel }) => [
    { task, split: 'train' as const, sentences: train },
    { task, split: 'devel' as const, sentences: devel },
  ]);
  const tests = tasks.map(({ task, test }) => ({ task, sentences: test }));
  const found = finishWork(findLeaks({ tests, training, near: near ? nearDefaults : null }));
  const json = {
    category,
    leastTokens: leastLeakTokens,
    ...(near ? { near: nearDefaults } : {}),
    missing,
    tasks: found.map((leaks) => taskPart(leaks, near)),
  };
  return { json, remarks };
}

function taskPart({ task, compared, exact, near, bySource, byTask }: TaskLeaks, withNear: boolean) {
  const counts = (found: LeakCounts) => (withNear ? { exact: found.exact, near: found.near } : { exact: found.exact });
  return {
    task,
    compared,
    ...counts({ exact, near }),
    percentExact: percent(compared === 0 ? null : exact / compared),
    bySource: bySource.map((source) => ({ task: source.task, split: source.split, ...counts(source) })),
    byOtherTask: byTask.flatMap((other) => (other.task === task ? [] : [{ task: other.task, ...counts(other) }])),
  };
}

function readArguments(args: readonly string[]) {
  const values = readOptions(() =>
    parseArgs({
      args: [...args],
      options: {
        corpora: { type: 'string' },
        category: { type: 'string' },
        near: { type: 'boolean', default: false },
      },
    }),
  );
  const expected = CATEGORY_NAMES.join(', ');
  if (values.corpora === undefined) throw usageError('Say where the corpora are.', { expected: '--corpora DIR' });
  if (values.category === undefined) throw usageError('Name a category.', { expected: `--category and one of ${expected}` }); // prettier-ignore
  const category = CATEGORY_NAMES.find((name) => name === values.category);
  if (category === undefined) throw usageError('There is no such category.', { expected, got: values.category });
  return { corpora: values.corpora, category, near: values.near };
}
