// The weights a run starts from: pretrained, sliced with its category's MTL-XC, or those an earlier round ended with.
import type { HostParameters } from '../model/parameters.ts';
import { slicedEncoder } from '../model/slicedEncoder.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { loadSnapshot, snapshotEpochs } from './checkpoint.ts';

/**
 * STL and MTL-XC start from pretrained weights, MTL-LS from the slice, later rounds from the last snapshot of the first, head included.
 * Throws LabError `run/parent` when the run this one starts from has left no snapshot.
 */
export async function startWeights(spec: RunSpec, pretrained: HostParameters, store: Store): Promise<HostParameters> {
  if (spec.parent === null) return pretrained;
  const last = (await snapshotEpochs(store, spec.parent)).at(-1);
  if (last === undefined) {
    throw new LabError('run/parent', 'The run that this one starts from has no snapshot here.', {
      expected: `a snapshot of run ${spec.parent}`,
      got: 'none; train that run first',
    });
  }
  const weights = await loadSnapshot(store, spec.parent, last);
  return spec.slicing === null || spec.round > 0 ? weights : slicedEncoder(pretrained, weights, spec.slicing);
}
