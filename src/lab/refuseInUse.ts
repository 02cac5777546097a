// Inputs that runs are being trained on stay as they are.
import { LabError } from '../util/labError.ts';
import type { RunRecord } from '../schema/runRecord.ts';
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
