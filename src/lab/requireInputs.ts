// What a run needs before it can go on: its corpora, its model, and the run it starts from.
import { LabError } from '../util/labError.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import type { LabState } from './labState.ts';

/** Throws LabError `run/input-missing` when a run's corpora or model are no longer in the library. */
export function requireInputs({ corpora, models }: LabState, { tasks, model }: RunSpec): void {
  const lackingCorpora = tasks.filter(({ corpus }) => !corpora.some(({ id }) => id === corpus.id));
  const lacking = [
    ...new Set(lackingCorpora.map(({ corpus }) => `the corpus ${corpus.name}`)),
    ...(models.some(({ id }) => id === model.id) ? [] : [`the model ${model.name}`]),
  ];
  if (lacking.length === 0) return;
  throw new LabError(
    'run/input-missing',
    `This run needs ${lacking.join(' and ')} again: drop the same files to go on.`,
  );
}

/** Throws LabError `run/parent-missing` when the run that this one starts from is no longer in the lab. */
export function requireParent({ runs }: LabState, { parent }: RunSpec): void {
  if (parent === null || runs.some(({ record }) => record.spec.id === parent)) return;
  throw new LabError('run/parent-missing', 'The run that this one starts from is gone: start the plan again.', {
    expected: `run ${parent}`,
    got: 'none',
  });
}
