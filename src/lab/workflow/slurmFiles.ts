// Writes scripts for plain Slurm: an array of jobs for each level of the plan, and one that submits them all.
import type { WorkflowJob } from './planJobs.ts';
import { quoted, stepScript } from './snakemakeFiles.ts';
import { planFileName, requestedMemory, requestedMinutes, type Workflow, type WorkflowFile } from './workflow.ts';

/** Slurm refuses longer arrays by default (`MaxArraySize`). */
const LONGEST_ARRAY = 1000;

interface JobArray {
  /** `level0`, or `level0-2` where a level has more jobs than an array. */
  readonly name: string;
  readonly level: number;
  readonly jobs: readonly WorkflowJob[];
}

/** Returns the scripts and tables under `slurm/`. */
export function slurmFiles(workflow: Workflow): readonly WorkflowFile[] {
  const arrays = arraysOf(workflow.jobs);
  return [
    script('slurm/submit.sh', submitScript(arrays)),
    script('slurm/settings.sh', settings(workflow)),
    script('slurm/step.sh', stepScript),
    script('slurm/inputs.sh', inputsScript(workflow)),
    script('slurm/merge.sh', mergeScript(workflow)),
    ...arrays.flatMap((array) => [
      script(`slurm/${array.name}.sh`, arrayScript(array, workflow)),
      { path: `slurm/${array.name}.tsv`, text: table(array), isExecutable: false },
    ]),
  ];
}

function script(path: string, text: string): WorkflowFile {
  return { path, text, isExecutable: true };
}

function arraysOf(jobs: readonly WorkflowJob[]): readonly JobArray[] {
  const levels: WorkflowJob[][] = [];
  for (const job of jobs) (levels[job.level] ??= []).push(job);
  return levels.flatMap((all, level) => {
    const parts = Array.from({ length: Math.ceil(all.length / LONGEST_ARRAY) }, (_, index) =>
      all.slice(index * LONGEST_ARRAY, (index + 1) * LONGEST_ARRAY),
    );
    const nameOf = (index: number): string => (parts.length === 1 ? `level${level}` : `level${level}-${index + 1}`);
    return parts.map((part, index) => ({ name: nameOf(index), level, jobs: part }));
  });
}

/** A job on each line: its name, then the ids of its runs. */
function table({ jobs }: JobArray): string {
  return jobs.map(({ name, runIds }) => `${name}\t${runIds.join(' ')}\n`).join('');
}

function settings(workflow: Workflow): string {
  const { command, trainArguments, inputArguments, resubmissions } = workflow;
  return `# Sets what the scripts beside it use; change it here.
# What starts BioNER Lab on a node, such as: apptainer exec --nv bioner-lab.sif bioner
BIONER="\${BIONER:-${command}}"
RESULTS=results
NAME=${quoted(planFileName(workflow))}
INPUT_ARGUMENTS=(${inputArguments.map(quoted).join(' ')})
TRAIN_ARGUMENTS=(${trainArguments.map(quoted).join(' ')})
# Times that an interrupted job is submitted again.
MOST_REQUEUES=${resubmissions}
`;
}

function submitScript(arrays: readonly JobArray[]): string {
  const submissions = arrays.map(({ name, level }) => {
    const before = arrays.filter((other) => other.level === level - 1).map((other) => `:$${variable(other.name)}`);
    // Not afterok: what does not need a run that failed goes on, and what needs it says so at once.
    const after = level === 0 ? 'afterok:$inputs' : `afterany${before.join('')}`;
    return `${variable(name)}=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency="${after}" slurm/${name}.sh)`;
  });
  const all = arrays.map(({ name }) => `$${variable(name)}`);
  return `#!/bin/bash
# Submits the whole plan: its inputs, an array of jobs for each level, each after the one before, and the merge. Prints the ids of the jobs.
# Options for sbatch, such as a partition, come from SBATCH_PARTITION, SBATCH_ACCOUNT and so on. Started again, it trains what is missing.
set -eu
cd "$(dirname "$0")/.."
mkdir -p results/logs
inputs=$(sbatch --parsable slurm/inputs.sh)
${submissions.join('\n')}
merge=$(sbatch --parsable --dependency="afterany:${all.join(':')}" slurm/merge.sh)
echo "$inputs ${all.join(' ')} $merge"
`;
}

function variable(name: string): string {
  return name.replaceAll('-', '_');
}

function header(name: string, minutes: number, workflow: Workflow, log: string): string {
  return `#!/bin/bash
#SBATCH --job-name=bioner-${name}
#SBATCH --cpus-per-task=${workflow.threads}
#SBATCH --mem=${requestedMemory(workflow)}M
#SBATCH --time=${minutes}
#SBATCH --open-mode=append
#SBATCH --output=results/logs/${log}.log`;
}

function arrayScript({ name, jobs }: JobArray, workflow: Workflow): string {
  const minutes = Math.max(...jobs.map(requestedMinutes));
  const gpu = workflow.usesGpu ? '\n#SBATCH --gres=gpu:1' : '';
  return `${header(name, minutes, workflow, `${name}-%a`)}
#SBATCH --array=1-${jobs.length}
#SBATCH --requeue
#SBATCH --signal=USR1@${workflow.noticeSeconds}${gpu}
# Trains the runs of one line of ${name}.tsv. A job that is interrupted leaves a resume point and is submitted again, a limited number of times.
set -u
. slurm/settings.sh
line=$(sed -n "\${SLURM_ARRAY_TASK_ID}p" slurm/${name}.tsv)
job=\${line%%$'\\t'*}
runs=()
for run in \${line#*$'\\t'}; do runs+=(--run "$run"); done

# Signals are for the step below, which ends with 75; this script goes on.
trap : TERM USR1
sh slurm/step.sh $BIONER train "$RESULTS/inputs/plan.json" --out "$RESULTS" "\${runs[@]}" \\
  --result "$RESULTS/jobs/$job.result.json" --threads "\${SLURM_CPUS_PER_TASK:-${workflow.threads}}" "\${TRAIN_ARGUMENTS[@]}"
code=$?

if [ "$code" -eq 75 ]; then
  if [ "\${SLURM_RESTART_COUNT:-0}" -lt "$MOST_REQUEUES" ]; then
    echo "Interrupted with a resume point; submitted again, time $((\${SLURM_RESTART_COUNT:-0} + 1)) of $MOST_REQUEUES."
    scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}" && sleep 60
  else
    echo "Interrupted with a resume point, $MOST_REQUEUES times by now: not submitted again. slurm/submit.sh goes on from there."
  fi
fi
exit "$code"
`;
}

function inputsScript(workflow: Workflow): string {
  return `${header('inputs', 60, workflow, 'inputs')}
#SBATCH --requeue
# Imports corpora and model once; the jobs link what they need.
set -eu
. slurm/settings.sh
$BIONER plan config/plan.json --out "$RESULTS" --step-ms 1 "\${INPUT_ARGUMENTS[@]}"
`;
}

function mergeScript(workflow: Workflow): string {
  return `${header('merge', 60, workflow, 'merge')}
#SBATCH --requeue
# Merges what was trained into one result file and a page, and says what is missing.
set -u
. slurm/settings.sh
$BIONER merge "$RESULTS" --plan "$RESULTS/inputs/plan.json" --out "$RESULTS/$NAME.result.json" --page "$RESULTS/$NAME.html"
`;
}
