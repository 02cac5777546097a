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

const FIRST = 'adam.first/';
const SECOND = 'adam.second/';

/** Weights on the device, with zero moments for those that are trained. */
export function freshState(host: HostParameters, trained: (name: string) => boolean = () => true): TrainerState {
  const parameters = uploadParameters(host);
  return { parameters, moments: zeroMoments(new Map([...parameters].filter(([name]) => trained(name)))) };
}

/** The state that `checkpointTensors` was made from. */
export function restoredState(tensors: HostParameters): TrainerState {
  const part = (prefix: string): HostParameters =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(FIRST) && !name.startsWith(SECOND)));
  return {
    parameters: uploadParameters(weights),
    moments: { first: uploadParameters(part(FIRST)), second: uploadParameters(part(SECOND)) },
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
