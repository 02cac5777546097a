// Predicts the time of a plan's remaining runs, asking once for runs that cost the same.
import type { RunSpec } from '../../schema/runRecord.ts';
import type { PredictedTime } from '../../wire/trainingEvent.ts';
import type { RunGraph, RunNode } from '../state/labState.ts';

/** Names what a run's time depends on: its data, its model, its settings, and the layers that are not trained. */
function costKey({ method, tasks, category, model, config, slicing }: RunSpec): string {
  const frozen = slicing?.frozen === true ? slicing.layers : 0;
  const named = tasks.map(({ corpus, type }) => [corpus.id, type]);
  return JSON.stringify([method === 'MTL-XC' ? category?.typeName : null, named, model.id, config, frozen]);
}

/** A training session asks in parts, so that other calls are answered in between. */
const ASKED_AT_ONCE = 4;

type Predict = (specs: readonly RunSpec[]) => Promise<readonly (PredictedTime | null)[] | null>;

/** The share of a run that is left. */
function shareLeft({ cost, stepsLeft }: RunNode): number {
  return cost.steps === 0 ? 0 : Math.min(1, stepsLeft / cost.steps);
}

/** Returns the milliseconds that the unfinished runs of a graph will take; null if that of one of them is not known. */
export async function planTime({ nodes }: RunGraph, predict: Predict): Promise<number | null> {
  const left = nodes.filter(({ isReused }) => !isReused);
  const specs = new Map<string, RunSpec>();
  for (const { spec } of left) if (!specs.has(costKey(spec))) specs.set(costKey(spec), spec);
  const times = new Map<string, number>();
  const asked = [...specs];
  for (let from = 0; from < asked.length; from += ASKED_AT_ONCE) {
    const part = asked.slice(from, from + ASKED_AT_ONCE);
    const predicted = await predict(part.map(([, spec]) => spec));
    for (const [index, [key]] of part.entries()) {
      const time = predicted?.[index] ?? null;
      if (time === null) return null;
      times.set(key, time.totalMs);
    }
  }
  return left.reduce((sum, node) => sum + (times.get(costKey(node.spec)) ?? 0) * shareLeft(node), 0);
}
