// Divides the runs of a plan into jobs for a scheduler or into parts, and describes a workflow for every engine.
import type { PlanFile } from '../../schema/resultFile.ts';
import { neededRuns, type RunNode } from '../../schema/runLineage.ts';
import type { RunSpec } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';

// Divides the runs of a plan: into jobs of a worthwhile length for a scheduler, or into parts that are trained apart and merged by hand.

export interface WorkflowJob {
  /** Unique, a file name: `level0-003`. */
  readonly name: string;
  /** 0 for what starts from pretrained weights, 1 for what starts from that, and so on. */
  readonly level: number;
  readonly runIds: readonly string[];
  /** Names of the jobs with the runs that these start from. */
  readonly needs: readonly string[];
  readonly estimatedMs: number;
}

export interface JobLengths {
  /** Runs are put together until their job takes this long; 0 makes a job of each run. */
  readonly leastMs: number;
  /** No job takes longer, unless a single run does. */
  readonly mostMs: number;
}

const MINUTE_MS = 60_000;

/** Long enough that a scheduler has little to do, short enough that little waits for a job and a short queue takes it. */
export const usualLengths: JobLengths = { leastMs: 15 * MINUTE_MS, mostMs: 60 * MINUTE_MS };

/**
 * Schedulers suffer from floods of short jobs, and engines run grouped jobs one after another anyway. Runs keep the order of the plan, so that
 * those of a category, which wait for the same run, come together. Takes time linear in the runs.
 */
export function planJobs<Node extends Pick<RunNode, 'spec'>>(
  nodes: readonly Node[],
  estimatedMs: (node: Node) => number,
  lengths = usualLengths,
): readonly WorkflowJob[] {
  const here = new Set(nodes.map(({ spec }) => spec.id));
  const levels: { readonly id: string; readonly needs: readonly string[]; readonly ms: number }[][] = [];
  // Runs come behind those that they need.
  const levelOf = new Map<string, number>();
  for (const node of nodes) {
    const { id } = node.spec;
    const needs = neededRuns(node.spec).filter((one) => here.has(one));
    const level = Math.max(0, ...needs.map((one) => 1 + (levelOf.get(one) ?? 0)));
    levelOf.set(id, level);
    (levels[level] ??= []).push({ id, needs, ms: estimatedMs(node) });
  }
  const jobOf = new Map<string, string>();
  return levels.flatMap((runs, level) => {
    const chunks = chunksOf(runs, lengths);
    const digits = Math.max(3, String(chunks.length).length);
    return chunks.map((chunk, index): WorkflowJob => {
      const name = `level${level}-${String(index + 1).padStart(digits, '0')}`;
      for (const { id } of chunk) jobOf.set(id, name);
      const parents = chunk.flatMap(({ needs }) => needs.flatMap((one) => jobOf.get(one) ?? []));
      return { name, level, runIds: chunk.map(({ id }) => id), needs: [...new Set(parents)], estimatedMs: lengthOf(chunk) }; // prettier-ignore
    });
  });
}

function chunksOf<Run extends { readonly ms: number }>(
  runs: readonly Run[],
  { leastMs, mostMs }: JobLengths,
): readonly (readonly Run[])[] {
  const chunks: Run[][] = [];
  let chunk: Run[] = [];
  for (const run of runs) {
    const ms = lengthOf(chunk);
    if (chunk.length > 0 && (ms >= leastMs || ms + run.ms > mostMs)) {
      chunks.push(chunk);
      chunk = [];
    }
    chunk.push(run);
  }
  const last = chunks.at(-1);
  // A short rest is no job worth submitting where the one before has room.
  if (last !== undefined && lengthOf(chunk) < leastMs && lengthOf(last) + lengthOf(chunk) <= mostMs)
    last.push(...chunk);
  else if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

function lengthOf(runs: readonly { readonly ms: number }[]): number {
  return runs.reduce((sum, { ms }) => sum + ms, 0);
}

export type SplitBy = 'run' | 'seed';

/** For each run, one that all runs have in common that need one another, however far. */
function firstRelatives(specs: readonly RunSpec[]): (id: string) => string {
  const above = new Map<string, string>();
  const first = (id: string): string => {
    let at = id;
    for (let next = above.get(at); next !== undefined; next = above.get(at)) at = next;
    return at;
  };
  for (const spec of specs) {
    for (const needed of neededRuns(spec)) {
      const [one, other] = [first(needed), first(spec.id)];
      if (one !== other) above.set(other, one);
    }
  }
  return first;
}

/**
 * Splits into at most `count` parts of about the same length, each a plan of some of the runs with those that they start from. By `seed`, all runs of
 * a seed stay together; by `run`, only runs that start from one another do, so that nothing is trained twice. `plan` has the fingerprints of its
 * inputs, so that a part on other inputs is refused. Throws LabError `plan/parts` where the plan has fewer pieces than two.
 */
export function splitPlan<Node extends Pick<RunNode, 'spec'>>(
  plan: PlanFile,
  nodes: readonly Node[],
  { by, count }: { readonly by: SplitBy; readonly count: number },
  estimatedMs: (node: Node) => number,
): readonly PlanFile[] {
  const pieces = new Map<string, { readonly ids: string[]; ms: number }>();
  const first = firstRelatives(nodes.map(({ spec }) => spec));
  for (const node of nodes) {
    const { id, seed } = node.spec;
    const key = by === 'seed' ? String(seed) : first(id);
    const piece = pieces.get(key) ?? { ids: [], ms: 0 };
    pieces.set(key, piece);
    piece.ids.push(id);
    piece.ms += estimatedMs(node);
  }
  if (pieces.size < 2 || count < 2) {
    throw new LabError('plan/parts', `The plan cannot be split by ${by}.`, {
      expected: `at least two ${by === 'seed' ? 'seeds' : 'runs that do not start from one another'}, and two parts`,
      got: `${pieces.size} and ${count} parts`,
    });
  }
  const parts = Array.from({ length: Math.min(count, pieces.size) }, () => ({ ids: [] as string[], ms: 0 }));
  // The longest first, each to the part that has least.
  for (const piece of [...pieces.values()].sort((left, right) => right.ms - left.ms)) {
    const least = parts.reduce((best, part) => (part.ms < best.ms ? part : best));
    least.ids.push(...piece.ids);
    least.ms += piece.ms;
  }
  const order = new Map(nodes.map(({ spec }, index) => [spec.id, index]));
  return parts.map(({ ids }, index) => ({
    ...plan,
    name: `${plan.name}, part ${index + 1} of ${parts.length}`,
    runs: ids.sort((left, right) => (order.get(left) ?? 0) - (order.get(right) ?? 0)),
  }));
}

// Describes a workflow for every engine, and what its jobs request of a scheduler.

export type WorkflowEngine = 'snakemake' | 'slurm';

/** What a workflow is made of; the same for every engine. */
export interface Workflow {
  /** With the fingerprints of its inputs. */
  readonly plan: PlanFile;
  readonly jobs: readonly WorkflowJob[];
  readonly runs: number;
  /** Words for the command line of every job, such as `--backend wasm`. */
  readonly trainArguments: readonly string[];
  /** Words that say where inputs are. */
  readonly inputArguments: readonly string[];
  /** What starts the lab on a node. */
  readonly command: string;
  readonly usesGpu: boolean;
  readonly threads: number;
  readonly memoryBytes: number;
  /** Times that a job may be interrupted or fail, and is submitted again. */
  readonly resubmissions: number;
  /** Seconds before the end of its time that a job gets the signal to write a resume point. */
  readonly noticeSeconds: number;
}

export interface WorkflowFile {
  readonly path: string;
  readonly text: string;
  readonly isExecutable: boolean;
}

/** The name of the plan as a file name. */
export function planFileName({ plan }: Workflow): string {
  return plan.name.replace(/[^\p{L}\p{N}._-]+/gu, '-');
}
/** For queues, slower nodes, and the start of the program and its backend. */
const MARGIN = 2;
const START_MINUTES = 10;

/** The minutes to request for a job: it resumes where they do not suffice. */
export function requestedMinutes({ estimatedMs }: Pick<WorkflowJob, 'estimatedMs'>): number {
  return Math.ceil((MARGIN * estimatedMs) / MINUTE_MS) + START_MINUTES;
}

const MEBIBYTE = 2 ** 20;
/** Node itself, the model's files while they are read, and the text of corpora. */
const BASE_MEBIBYTES = 1500;

/** The mebibytes of memory to request for a job. */
export function requestedMemory({ memoryBytes }: Pick<Workflow, 'memoryBytes'>): number {
  return BASE_MEBIBYTES + 100 * Math.ceil((1.5 * memoryBytes) / (100 * MEBIBYTE));
}
