// Parameters as tensors of the current backend.
import * as tf from '@tensorflow/tfjs';
import type { HostParameters, HostTensor } from './hostParameters.ts';

/** Named tensors owned by the holder of the map. */
export type DeviceParameters = Map<string, tf.Tensor>;

export function uploadParameters(host: HostParameters): DeviceParameters {
  return new Map([...host].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));
}

/** Reads every tensor back, without blocking. */
export async function downloadParameters(parameters: DeviceParameters): Promise<HostParameters> {
  const host = new Map<string, HostTensor>();
  for (const [name, tensor] of parameters) {
    host.set(name, { shape: tensor.shape, values: Float32Array.from(await tensor.data()) });
  }
  return host;
}

export function disposeParameters(parameters: DeviceParameters): void {
  for (const tensor of parameters.values()) tensor.dispose();
  parameters.clear();
}

/** Returns the tensor named `name`, asserting its rank; a missing name is a programming error. */
export function parameter<T extends tf.Tensor>(parameters: ReadonlyMap<string, tf.Tensor>, name: string): T {
  const tensor = parameters.get(name);
  if (tensor === undefined) throw new Error(`parameter ${name} is missing`);
  return tensor as T;
}
