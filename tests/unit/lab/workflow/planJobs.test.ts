// Proves that runs are put together into jobs of a worthwhile length behind what they start from, and that a plan splits into parts that share nothing.
import { describe, expect, it } from 'vitest';
import { expandPlan } from '../../../../src/lab/plans/expandPlan.ts';
import { runGraph } from '../../../../src/lab/plans/runGraph.ts';
import { planJobs, splitPlan, usualLengths } from '../../../../src/lab/workflow/planJobs.ts';
import type { PlanFile } from '../../../../src/schema/resultFile.ts';
import { categoryPlan, corpusRecord, modelRecord } from '../../../fixtures/records.ts';

const library = { corpora: [corpusRecord('moss'), corpusRecord('fern')], models: [modelRecord('tiny')] };
const MINUTE_MS = 60_000;

function nodesOf(plan: PlanFile) {
  return runGraph(expandPlan(plan, library), library, []).nodes;
}

describe('jobs', () => {
  const plan = categoryPlan({ slicingRates: [0, 0.5, 1], seeds: [1, 2, 3, 4, 5], rounds: { count: 1, epochs: 1 } });
  const nodes = nodesOf(plan);

  it.each([1, 7, 20, 90])(
    'of runs of %i minutes have every run once, behind the jobs of the runs it starts from',
    (minutes) => {
      const jobs = planJobs(nodes, () => minutes * MINUTE_MS);
      const order = jobs.flatMap(({ runIds }) => runIds);
      expect([...order].sort()).toEqual(nodes.map(({ spec }) => spec.id).sort());
      const jobOf = new Map(jobs.flatMap(({ name, runIds }) => runIds.map((id) => [id, name] as const)));
      expect(new Set(jobs.map(({ name }) => name)).size).toBe(jobs.length);
      for (const { spec } of nodes) {
        if (spec.parent === null) continue;
        const job = jobs.find(({ name }) => name === jobOf.get(spec.id));
        expect(job?.needs).toContain(jobOf.get(spec.parent));
        expect(job?.level).toBeGreaterThan(jobs.find(({ name }) => name === jobOf.get(spec.parent ?? ''))?.level ?? 99);
      }
    },
  );

  it('take 15 to 60 minutes where runs are short, but for the rest of a level', () => {
    const jobs = planJobs(nodes, () => 4 * MINUTE_MS);
    for (const level of new Set(jobs.map((job) => job.level))) {
      const own = jobs.filter((job) => job.level === level);
      for (const { estimatedMs } of own) expect(estimatedMs).toBeLessThanOrEqual(usualLengths.mostMs);
      expect(own.filter(({ estimatedMs }) => estimatedMs < usualLengths.leastMs).length).toBeLessThanOrEqual(1);
    }
  });

  it('have one run each where runs are long, or where that is wanted', () => {
    for (const jobs of [
      planJobs(nodes, () => 90 * MINUTE_MS),
      planJobs(nodes, () => 1, { leastMs: 0, mostMs: MINUTE_MS }),
    ]) {
      expect(jobs.every(({ runIds }) => runIds.length === 1)).toBe(true);
    }
  });
});

describe('parts', () => {
  const plan = { ...categoryPlan({ slicingRates: [0.5], seeds: [1, 2, 3] }), name: 'grid' };
  const nodes = nodesOf(plan);

  it('by seed have all runs of their seeds, and expand to them alone', () => {
    const parts = splitPlan(plan, nodes, { by: 'seed', count: 2 }, () => 1);
    expect(parts.map(({ name }) => name)).toEqual(['grid, part 1 of 2', 'grid, part 2 of 2']);
    const seeds = parts.map((part) => [...new Set(expandPlan(part, library).map(({ seed }) => seed))]);
    expect(seeds.flat().sort()).toEqual([1, 2, 3]);
    expect(parts.flatMap(({ runs }) => runs ?? []).sort()).toEqual(nodes.map(({ spec }) => spec.id).sort());
  });

  it('by run keep together what starts from one another, so that nothing is trained twice', () => {
    const parts = splitPlan(plan, nodes, { by: 'run', count: 5 }, () => 1);
    expect(parts).toHaveLength(5);
    const trained = parts.flatMap((part) => expandPlan(part, library).map(({ id }) => id));
    expect(trained.sort()).toEqual(nodes.map(({ spec }) => spec.id).sort());
  });

  it('are about as long as each other', () => {
    const lengths = splitPlan(plan, nodes, { by: 'run', count: 3 }, () => 1).map(({ runs }) => runs?.length ?? 0);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(2);
  });

  it('are refused for what cannot be split, and on inputs that give other runs', () => {
    const single = categoryPlan({ slicingRates: [0.5], seeds: [1] });
    expect(() => splitPlan(single, nodesOf(single), { by: 'seed', count: 2 }, () => 1)).toThrow(
      expect.objectContaining({ code: 'plan/parts' }),
    );
    expect(() => expandPlan({ ...plan, runs: ['0123456789abcdef'] }, library)).toThrow(
      expect.objectContaining({ code: 'plan/unknown-run' }),
    );
  });
});
