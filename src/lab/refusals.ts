// What the lab refuses because runs need it: removing an input in use, resuming a run without its inputs.
import { LabError } from '../util/labError.ts';
import type { RunRecord, RunSpec } from '../schema/runRecord.ts';
import type { LabState } from './labState.ts';

/** Throws LabError `corpus/in-use` or `model/in-use` while waiting or running runs need the input. */
export function refuseInUse(state: LabState, noun: 'corpus' | 'model', id: string): void {
  const open = state.runs.filter(({ record }) => record.status === 'queued' || record.status === 'running');
  const isOf = ({ spec }: RunRecord): boolean =>
    noun === 'model' ? spec.model.id === id : spec.tasks.some(({ corpus }) => corpus.id === id);
  const count = open.filter(({ record }) => isOf(record)).length;
  if (count === 0) return;
  throw new LabError(`${noun}/in-use`, `This ${noun} is being trained on: pause or stop its runs first.`, {
    expected: 'no waiting or running run',
    got: `${count}`,
  });
}

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
