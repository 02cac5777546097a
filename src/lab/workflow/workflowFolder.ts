// Writes a plan as a folder that a workflow engine runs: Snakemake, or arrays of plain Slurm jobs.
import { softwareVersion } from '../../util/wording.ts';
import { planFileName, requestedMemory, type Workflow, type WorkflowEngine, type WorkflowFile } from './planJobs.ts';
import { slurmFiles, snakemakeFiles } from './workflowScripts.ts';

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

/** How to start the folder, where results are, and what happens when a job is interrupted. */
function workflowReadme(workflow: Workflow, engine: WorkflowEngine): string {
  const { plan, runs, jobs, resubmissions, noticeSeconds } = workflow;
  const totalMs = jobs.reduce((sum, { estimatedMs }) => sum + estimatedMs, 0);
  const levels = 1 + jobs.reduce((most, { level }) => Math.max(most, level), 0);
  const inputs = workflow.inputArguments.length === 0 ? 'They come with the lab.' : `They are read with \`${workflow.inputArguments.join(' ')}\`; \`config/plan.json\` has their fingerprints.`; // prettier-ignore
  return `# ${plan.name}

Trains a plan of BioNER Lab: ${runs} runs in ${jobs.length} jobs on ${levels} ${levels === 1 ? 'level' : 'levels'}, about ${durationText(totalMs)} in all, one after another.
Jobs request ${workflow.threads} ${workflow.threads === 1 ? 'core' : 'cores'}, ${requestedMemory(workflow)} MiB${workflow.usesGpu ? ' and a graphics card' : ''}.

## Before

Install BioNER Lab where the jobs run, so that \`${workflow.command}\` starts it, or build the image of \`container/Dockerfile\`. All nodes need this folder, on a
file system that they share. Corpora and model: ${inputs}

${engine === 'snakemake' ? snakemakeText : slurmText(noticeSeconds)}
## What happens

- Every run has its own folder, \`results/runs/ID\`, with its inputs, its resume points and its result. \`bioner train results/runs/ID\` resumes it on
  any machine.
- A job that gets SIGTERM or SIGUSR1 writes a resume point and ends with exit code 75. It is submitted again, at most ${resubmissions} times, and goes on from there; the
  result is the same as without interruption. A job that is killed goes on from the resume point before.
- Runs of MTL-LS start when the MTL-XC of their category has finished, further rounds when their first training has.
- Two processes never train one run: the second is refused, with the host and process of the first.
- The last step merges all results into \`results/${planFileName(workflow)}.result.json\`, which opens in the lab, and into a page that opens anywhere.
  \`bioner merge results --plan config/plan.json\` does so at any time, and says what is missing.

Written by the lab. \`config/plan.json\` is the plan with the fingerprints of its inputs; another plan needs another folder.
`;
}

const snakemakeText = `## With Snakemake, 7 or later

\`\`\`sh
snakemake --profile profiles/local --cores 8      # on this machine
snakemake --profile profiles/slurm                # submits to Slurm
\`\`\`

\`profiles/slurm/config.yaml\` is for Snakemake 7; \`config.v8+.yaml\` beside it for 8 and later with \`snakemake-executor-plugin-slurm\`. The profiles for Snakemake 7 are
run by the lab's tests; the other one is not. Where Snakemake itself was killed, \`snakemake --unlock\` first.
`;

function slurmText(noticeSeconds: number): string {
  return `## With Slurm

\`\`\`sh
bash slurm/submit.sh
\`\`\`

It submits an array of jobs for each level, each after the one before. Jobs have \`--requeue\` and get SIGUSR1 ${noticeSeconds} seconds before their time is over. Set
\`SBATCH_PARTITION\` and \`SBATCH_ACCOUNT\` where your cluster needs them; \`slurm/settings.sh\` says what starts the lab.
`;
}

function durationText(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 120 ? `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}` : `${Math.round(minutes / 60)} hours`;
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
