// Proves that a graph of jobs runs in order, as many at once as allowed, and that nothing starts after what failed or after an interrupt.
import { describe, expect, it } from 'vitest';
import { runJobs, type GraphJob } from '../../../headless/runJobs.ts';

const graph: readonly GraphJob[] = [
  { name: 'xc', needs: [] },
  { name: 'stl', needs: [] },
  { name: 'ls', needs: ['xc'] },
  { name: 'round', needs: ['ls'] },
];
const never = new AbortController().signal;

/** Runs the graph with jobs that take a turn each, and records what runs beside what. */
async function run(codes: Readonly<Record<string, number>>, atOnce: number, interrupt = never) {
  const begun: string[] = [];
  const done = new Set<string>();
  let [running, most] = [0, 0];
  const ends = await runJobs(graph, { atOnce, interrupt }, async ({ name, needs }) => {
    expect(needs.every((need) => done.has(need))).toBe(true);
    begun.push(name);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    done.add(name);
    return codes[name] ?? 0;
  });
  return { begun, most, ends };
}

describe('a graph of jobs', () => {
  it('runs each job once, after what it needs', async () => {
    const { begun, most, ends } = await run({}, 1);
    expect(begun).toEqual(['xc', 'stl', 'ls', 'round']);
    expect(most).toBe(1);
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  });

  it('runs as many at once as allowed, and no more', async () => {
    expect((await run({}, 2)).most).toBe(2);
    expect((await run({}, 8)).most).toBe(2);
  });

  it('leaves out what needs a job that failed, and runs the others', async () => {
    const { begun, ends } = await run({ xc: 75 }, 2);
    expect(begun).toEqual(['xc', 'stl']);
    expect(ends).toEqual([
      { name: 'xc', code: 75 },
      { name: 'stl', code: 0 },
      { name: 'ls', code: null },
      { name: 'round', code: null },
    ]);
  });

  it('starts nothing after an interrupt', async () => {
    const interrupt = new AbortController();
    interrupt.abort();
    expect((await run({}, 2, interrupt.signal)).begun).toEqual([]);
  });

  it('is refused with a circle or a need that is no job', async () => {
    const circle = [{ name: 'a', needs: ['b'] }, { name: 'b', needs: ['a'] }]; // prettier-ignore
    const limits = { atOnce: 1, interrupt: never };
    await expect(runJobs(circle, limits, () => Promise.resolve(0))).rejects.toThrow('needs itself');
    await expect(runJobs([{ name: 'a', needs: ['x'] }], limits, () => Promise.resolve(0))).rejects.toThrow('no job x');
  });
});
