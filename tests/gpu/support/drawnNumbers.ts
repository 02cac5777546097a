// Normal numbers drawn from a name, for tests of kernels.
import { Rng } from '../../../src/util/random.ts';

/** `length` normal numbers with the given standard deviation and `mean`, as f32; the same for the same name. */
export function drawnNumbers(name: string, length: number, deviation = 1, mean = 0): Float32Array<ArrayBuffer> {
  const rng = Rng.seeded(29).fork(name);
  return Float32Array.from({ length }, () => mean + deviation * rng.normal());
}
