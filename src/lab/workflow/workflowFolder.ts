// Writes a plan as a folder that a workflow engine runs: Snakemake, or arrays of plain Slurm jobs.
import type { PlanFile } from '../../schema/planFile.ts';
import { softwareVersion } from '../../util/softwareVersion.ts';
import type { WorkflowJob } from './planJobs.ts';
import { slurmFiles } from './slurmFiles.ts';
import { snakemakeFiles } from './snakemakeFiles.ts';
import { workflowReadme } from './workflowReadme.ts';

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

/** Returns the files of the folder. */
export function workflowFolder(workflow: Workflow, engine: WorkflowEngine): readonly WorkflowFile[] {
  const own = engine === 'snakemake' ? snakemakeFiles(workflow) : slurmFiles(workflow);
  return [
    { path: 'README.md', text: workflowReadme(workflow, engine), isExecutable: false },
    { path: 'config/plan.json', text: `${JSON.stringify(workflow.plan, null, 2)}\n`, isExecutable: false },
    { path: 'container/Dockerfile', text: containerRecipe, isExecutable: false },
    ...own,
  ];
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

const containerRecipe = `# Builds an image with Node, the lab and the Vulkan loader. Not built by the project's tests.
#   docker build -t bioner-lab -f container/Dockerfile PATH/OF/THE/LAB
#   apptainer build bioner-lab.sif docker-daemon://bioner-lab:latest
# The driver of the graphics card comes from the host: docker run --gpus all, apptainer exec --nv.
FROM node:20-bookworm-slim
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends libvulkan1 libx11-6 libxext6 \\
 && rm -rf /var/lib/apt/lists/*
# The lab: ${softwareVersion}.
WORKDIR /opt/bioner-lab
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN ln -s /opt/bioner-lab/scripts/bioner.mjs /usr/local/bin/bioner
# The loader finds a driver of NVIDIA by this file, which the container toolkit does not always bring.
RUN mkdir -p /usr/share/vulkan/icd.d \\
 && printf '{"file_format_version":"1.0.0","ICD":{"library_path":"libGLX_nvidia.so.0","api_version":"1.3"}}' > /usr/share/vulkan/icd.d/nvidia_icd.json
ENV NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility
ENTRYPOINT ["bioner"]
`;
