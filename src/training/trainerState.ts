// The weights and moments of a run on the device, and their way to checkpoints and back.
import type { DeviceParameters } from '../model/deviceParameters.ts';
import { disposeParameters, downloadParameters, uploadParameters } from '../model/deviceParameters.ts';
import type { HostParameters, HostTensor } from '../model/parameters.ts';
import type { Moments } from './adam.ts';
import { zeroMoments } from './adam.ts';

/** `moments` holds the names that are trained; other parameters stay as they are. */
export interface TrainerState {
  readonly parameters: DeviceParameters;
  readonly moments: Moments;
}

/** Before the name of a parameter's first or second moment in a checkpoint. */
export const FIRST = 'adam.first/';
export const SECOND = 'adam.second/';

/** Weights on the device, with zero moments for those that are trained. */
export function freshState(host: HostParameters, trained: (name: string) => boolean = () => true): TrainerState {
  const parameters = uploadParameters(host);
  return { parameters, moments: zeroMoments(new Map([...parameters].filter(([name]) => trained(name)))) };
}

/** A checkpoint's tensors apart: weights and moments, each under the parameter's name. */
export function tensorsWithPrefix(tensors: HostParameters): Record<'weights' | 'first' | 'second', HostParameters> {
  const part = (prefix: string): HostParameters =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(FIRST) && !name.startsWith(SECOND)));
  return { weights, first: part(FIRST), second: part(SECOND) };
}

/** The state that `checkpointTensors` was made from. */
export function restoredState(tensors: HostParameters): TrainerState {
  const { weights, first, second } = tensorsWithPrefix(tensors);
  return {
    parameters: uploadParameters(weights),
    moments: { first: uploadParameters(first), second: uploadParameters(second) },
  };
}

/** Everything a run needs to go on: weights under their names, moments under prefixed ones. */
export async function checkpointTensors({ parameters, moments }: TrainerState): Promise<HostParameters> {
  const all = new Map<string, HostTensor>(await downloadParameters(parameters));
  for (const [name, tensor] of await downloadParameters(moments.first)) all.set(FIRST + name, tensor);
  for (const [name, tensor] of await downloadParameters(moments.second)) all.set(SECOND + name, tensor);
  return all;
}

export function disposeState({ parameters, moments }: TrainerState): void {
  disposeParameters(parameters);
  disposeParameters(moments.first);
  disposeParameters(moments.second);
}
