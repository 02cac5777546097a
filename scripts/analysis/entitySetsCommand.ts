// The command `entity-sets`: prints T, L and P of one task as JSON.
import { parseArgs } from 'node:util';
import { catalogueTask, SUB_TASKS } from '../../src/data/catalogue/catalogue.ts';
import { ENTITY_RATIOS, ENTITY_REGIONS, entitySets, type EntityCount } from '../../src/metrics/entitySets.ts';
import { LabError } from '../../src/util/labError.ts';
import { analysisCommand, percent, readOptions, usageError, type CommandOutcome } from './analysisCommand.ts';
import { readCategory } from './readCategory.ts';
import { readPredictions } from './readPredictions.ts';

const usage = `Usage: npm run entity-sets -- --corpora DIR --task ID [--predictions FILE] [--train-only] [--lower-case]

Compares the mention strings of training (T: train and devel of all tasks of the category), test (L) and predictions (P) as sets.
  --corpora DIR       folders of the public corpora: DIR/BC2GM-IOB/train.tsv, devel.tsv, test.tsv and so on
  --task ID           such as BC2GM:gene
  --predictions FILE  rows of the test split: token, perhaps more columns, predicted tag
  --train-only        T without devel
  --lower-case        strings that differ in case alone are one
Prints JSON: unique strings, and the mentions they stand for. Tasks that are not in DIR are named in "missing".
`;

export function entitySetsCommand(args: readonly string[]): Promise<CommandOutcome> {
  return analysisCommand(args, usage, answer);
}

async function answer(args: readonly string[]) {
  const asked = readArguments(args);
  const { tasks, missing, remarks } = await readCategory(asked.corpora, asked.subTask.category);
  const target = tasks.find(({ task }) => task === asked.subTask.id);
  if (target === undefined || target.test.length === 0) {
    throw new LabError('analysis/corpora', `${asked.corpora} has no test sentences of ${asked.subTask.id}.`, {
      expected: `${asked.subTask.folder}/test.tsv`,
      got: target === undefined ? `no files in ${asked.subTask.folder}` : 'no test split',
    });
  }
  const { predictions, trainOnly, lowerCase } = asked;
  const predicted = predictions === null ? null : await readPredictions(predictions, target.test, asked.subTask.type);
  const sets = entitySets({ training: tasks, test: target.test, predicted }, { trainOnly, lowerCase });
  const { strings, mentions } = sets.ratios.B;
  const json = {
    task: target.task,
    category: asked.subTask.category,
    training: { tasks: tasks.map(({ task }) => task), splits: trainOnly ? ['train'] : ['train', 'devel'] },
    missing,
    lowerCase,
    T: sets.T,
    L: sets.L,
    'T∩L': { ...sets.shared, percentOfL: { strings: percent(strings), mentions: percent(mentions) } },
    ...(sets.P === null ? {} : predictedPart({ ...sets, P: sets.P })),
  };
  return { json, remarks };
}

function predictedPart({ P, regions, ratios }: Omit<ReturnType<typeof entitySets>, 'P'> & { readonly P: EntityCount }) {
  return {
    P,
    regions: Object.fromEntries(ENTITY_REGIONS.map((region) => [region, regions[region]])),
    percent: Object.fromEntries(
      ENTITY_RATIOS.map((name) => {
        const { strings, mentions } = ratios[name];
        return [name, { strings: percent(strings), mentions: percent(mentions) }];
      }),
    ),
  };
}

function readArguments(args: readonly string[]) {
  const values = readOptions(() =>
    parseArgs({
      args: [...args],
      options: {
        corpora: { type: 'string' },
        task: { type: 'string' },
        predictions: { type: 'string' },
        'train-only': { type: 'boolean', default: false },
        'lower-case': { type: 'boolean', default: false },
      },
    }),
  );
  if (values.corpora === undefined) throw usageError('Say where the corpora are.', { expected: '--corpora DIR' });
  const known = SUB_TASKS.map(({ id }) => id).join(', ');
  if (values.task === undefined) throw usageError('Name a task.', { expected: `--task and one of ${known}` });
  const subTask = catalogueTask(values.task);
  if (subTask === undefined) throw usageError('There is no such task.', { expected: known, got: values.task });
  return {
    corpora: values.corpora,
    subTask,
    predictions: values.predictions ?? null,
    trainOnly: values['train-only'],
    lowerCase: values['lower-case'],
  };
}
