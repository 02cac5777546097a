// Runs a graph of jobs, some at once, each after those it needs: what a workflow engine does, for one machine and for tests.

export interface GraphJob {
  readonly name: string;
  readonly needs: readonly string[];
}

export interface JobEnd {
  readonly name: string;
  /** Null for a job that did not start, because one that it needs failed or an interrupt came. */
  readonly code: number | null;
}

interface JobLimits {
  /** Jobs at once. */
  readonly atOnce: number;
  /** Nothing starts after it. */
  readonly interrupt: AbortSignal;
}

/**
 * Runs the jobs in their order where they may start, and returns how each ended, in the same order. `run` gives an exit code; what needs a job that
 * ended with another than 0 does not start. Throws Error for a need that is no job, or a circle.
 */
export async function runJobs<Job extends GraphJob>(
  jobs: readonly Job[],
  { atOnce, interrupt }: JobLimits,
  run: (job: Job) => Promise<number>,
): Promise<readonly JobEnd[]> {
  checkGraph(jobs);
  const codes = new Map<string, number | null>();
  const waiting = new Set(jobs);
  const running = new Map<string, Promise<void>>();

  const start = (job: Job): void => {
    waiting.delete(job);
    const ending = run(job).then(
      (code) => void codes.set(job.name, code),
      (error: unknown) => {
        codes.set(job.name, 1);
        throw error;
      },
    );
    running.set(job.name, ending.finally(() => running.delete(job.name))); // prettier-ignore
  };

  while (waiting.size > 0 || running.size > 0) {
    for (const job of waiting) {
      const needed = job.needs.map((name) => codes.get(name));
      const isBlocked = interrupt.aborted || needed.some((code) => code !== undefined && code !== 0);
      if (isBlocked) {
        waiting.delete(job);
        codes.set(job.name, null);
      } else if (running.size < atOnce && needed.every((code) => code === 0)) start(job);
    }
    if (running.size > 0) await Promise.race(running.values());
  }
  return jobs.map(({ name }) => ({ name, code: codes.get(name) ?? null }));
}

function checkGraph(jobs: readonly GraphJob[]): void {
  const needsOf = new Map(jobs.map(({ name, needs }) => [name, needs]));
  const done = new Set<string>();
  const walk = (name: string, line: ReadonlySet<string>): void => {
    if (done.has(name)) return;
    const needs = needsOf.get(name);
    if (needs === undefined) throw new Error(`There is no job ${name}, which another one needs.`);
    if (line.has(name)) throw new Error(`The job ${name} needs itself.`);
    for (const need of needs) walk(need, new Set([...line, name]));
    done.add(name);
  };
  for (const { name } of jobs) walk(name, new Set());
}
