// A run in a few words, the same wherever it is told.
import type { RunSpec } from '../schema/runRecord.ts';

/**
 * `STL moss Disease seed 1`, `MTL-XC disease seed 1`, `MTL-LS disease moss Disease rate 0.75 seed 1 round 2`. Without the number of
 * layers of the encoder (null) the slicing is told in layers: `k 3`.
 */
export function runTitle(spec: Omit<RunSpec, 'id'>, encoderLayers: number | null): string {
  const { method, category, tasks, slicing, seed, round } = spec;
  const task = method === 'MTL-XC' ? undefined : tasks[0];
  const words = [method, category?.name, task?.corpus.name, task?.type];
  if (slicing !== null) {
    words.push(encoderLayers === null ? `k ${slicing.layers}` : `rate ${rateOf(slicing.layers, encoderLayers)}`);
  }
  words.push(`seed ${seed}`, round === 0 ? null : `round ${round}`);
  return words.filter((word) => word !== null && word !== undefined).join(' ');
}

/** At most three decimals. */
function rateOf(layers: number, encoderLayers: number): string {
  return String(Math.round((1000 * layers) / encoderLayers) / 1000);
}
