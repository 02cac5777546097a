// Describes a workflow for every engine, and what its jobs request of a scheduler.
import type { PlanFile } from '../../schema/planFile.ts';
import type { WorkflowJob } from './planJobs.ts';

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

const MINUTE_MS = 60_000;
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
