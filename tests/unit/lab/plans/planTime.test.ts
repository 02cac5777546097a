// Proves that the predicted time of a plan counts each of its unfinished runs, asks once for runs that cost the same, and is unknown if one is.
import { describe, expect, it } from 'vitest';
import { expandPlan } from '../../../../src/lab/plans/expandPlan.ts';
import { planTime, runCost, runGraph } from '../../../../src/lab/plans/runGraph.ts';
import type { RunNode } from '../../../../src/schema/runLineage.ts';
import type { RunSpec } from '../../../../src/schema/runRecord.ts';
import { categoryPlan, corpusRecord, modelRecord, smallConfig, spec } from '../../../fixtures/records.ts';

const library = { corpora: [corpusRecord('moss'), corpusRecord('fern')], models: [modelRecord('tiny')] };
const time = (totalMs: number) => ({ preparingMs: 0, stepsMs: totalMs, scoringMs: 0, savingMs: 0, totalMs });

function graphWith(seeds: readonly number[]) {
  return runGraph(expandPlan(categoryPlan({ seeds: [...seeds] }), library), library, []);
}

it('the storage of a run with adapters is that of its adapters', () => {
  const layers = 24;
  const models = [modelRecord('tiny', { parameterCount: 360e6, layers, hiddenSize: 1024 })];
  const costOf = (config: RunSpec['config']) => runCost(spec({ config }), { ...library, models });
  const whole = costOf(smallConfig);
  const adapted = costOf({ ...smallConfig, adapters: { projections: 'query-value', rank: 8, alpha: 16, dropout: 0 } });
  const snapshots = whole.snapshotBytes / (4 * 360e6);
  // For queries and values, A [d, r] and B [r, d].
  expect(adapted.snapshotBytes).toBe(snapshots * 4 * layers * 2 * 2 * 1024 * 8);
  expect(adapted.resumeBytes).toBeLessThan(whole.resumeBytes / 200);
});

describe('the time of a plan', () => {
  it('is the sum over its runs, however often they cost the same', async () => {
    const asked: RunSpec[] = [];
    const predict = (specs: readonly RunSpec[]) => {
      asked.push(...specs);
      return Promise.resolve(specs.map(() => time(1000)));
    };
    const one = graphWith([1]);
    expect(await planTime(one, predict)).toBe(1000 * one.nodes.length);
    const before = asked.length;
    expect(before).toBeLessThanOrEqual(one.nodes.length);
    const three = graphWith([1, 2, 3]);
    expect(await planTime(three, predict)).toBe(3000 * one.nodes.length);
    expect(asked.length - before).toBe(before);
  });

  it('leaves out finished runs, counts a begun one by its steps left, and is null if a run is unknown', async () => {
    const graph = graphWith([1]);
    const [first, second, ...others] = graph.nodes as [RunNode, RunNode, ...RunNode[]];
    const nodes = [{ ...first, isReused: true }, { ...second, stepsLeft: second.cost.steps / 4 }, ...others];
    const predict = (specs: readonly RunSpec[]) => Promise.resolve(specs.map(() => time(1000)));
    expect(await planTime({ ...graph, nodes }, predict)).toBe(1000 * (others.length + 0.25));
    expect(await planTime(graph, () => Promise.resolve(null))).toBeNull();
    expect(await planTime(graph, (specs) => Promise.resolve(specs.map((_, at) => (at === 0 ? null : time(1)))))).toBeNull(); // prettier-ignore
  });
});
