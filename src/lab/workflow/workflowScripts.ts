// Writes the files of workflow engines: the Snakefile with its configuration and profiles, and scripts for plain Slurm.
import {
  planFileName,
  requestedMemory,
  requestedMinutes,
  type Workflow,
  type WorkflowFile,
  type WorkflowJob,
} from './planJobs.ts';

/** Returns `workflow/Snakefile`, `config/config.yaml` and the profiles. */
export function snakemakeFiles(workflow: Workflow): readonly WorkflowFile[] {
  return [
    plain('workflow/Snakefile', snakefile(workflow)),
    { ...plain('workflow/step.sh', stepScript), isExecutable: true },
    plain('config/config.yaml', configuration(workflow)),
    plain('profiles/local/config.yaml', localProfile(workflow)),
    plain('profiles/slurm/config.yaml', slurmProfile(workflow)),
    plain('profiles/slurm/config.v8+.yaml', pluginProfile(workflow)),
    { ...plain('profiles/slurm/status.sh', statusScript), isExecutable: true },
  ];
}

function plain(path: string, text: string): WorkflowFile {
  return { path, text, isExecutable: false };
}

function snakefile({ usesGpu, noticeSeconds }: Workflow): string {
  const gpu = usesGpu ? `\n        # One card for each job; profiles say how many there are.\n        gpu=1,\n        slurm_extra="'--gres=gpu:1'",` : ''; // prettier-ignore
  return `# Trains the runs of config/plan.json with BioNER Lab: first the inputs, then a job for each entry of "jobs", then one result file.
# Written by "bioner workflow", for Snakemake 7 and later. Only declared results are removed when a job fails; resume points, which are
# in results/runs, stay, so that a job that is started again goes on from the last one.
import os

from snakemake.utils import min_version

min_version("7.0")


configfile: "config/config.yaml"


OUT = config["results"]
JOBS = config["jobs"]
MERGED = f"{OUT}/{config['name']}.result.json"


# Schedulers do not make the folders of logs.
os.makedirs(f"{OUT}/logs", exist_ok=True)


def result_of(job):
    return f"{OUT}/jobs/{job}.result.json"


wildcard_constraints:
    job="|".join(JOBS),


# They take seconds to minutes, and no graphics card.
localrules:
    all,
    inputs,
    merge,


rule all:
    input:
        MERGED,


# Imports corpora and model once; the jobs link what they need.
rule inputs:
    input:
        config["plan"],
    output:
        f"{OUT}/inputs/plan.json",
    params:
        out=OUT,
    retries: config["retries"]
    shell:
        "{config[bioner]} plan {input} --out {params.out} --step-ms 1 {config[input_arguments]}"


# MTL-LS needs the job with the MTL-XC of its category, a further round the job with its first training.
rule train:
    input:
        plan=f"{OUT}/inputs/plan.json",
        parents=lambda wildcards: [result_of(job) for job in JOBS[wildcards.job]["needs"]],
    output:
        f"{OUT}/jobs/{{job}}.result.json",
    log:
        f"{OUT}/logs/{{job}}.log",
    params:
        out=OUT,
        runs=lambda wildcards: " ".join(f"--run {run}" for run in JOBS[wildcards.job]["runs"]),
    threads: config["threads"]
    resources:
        mem_mb=config["memory_mb"],
        runtime=lambda wildcards: JOBS[wildcards.job]["minutes"],${gpu}
    retries: config["retries"]
    shell:
        # SIGTERM, and SIGUSR1 ${noticeSeconds} s before the time is over, make it write a resume point and fail with 75: it is submitted again.
        "sh workflow/step.sh {config[bioner]} train {input.plan} --out {params.out} {params.runs} --result {output}"
        " --threads {threads} {config[train_arguments]} >> {log} 2>&1"


rule merge:
    input:
        plan=f"{OUT}/inputs/plan.json",
        results=[result_of(job) for job in JOBS],
    output:
        result=MERGED,
        page=f"{OUT}/{config['name']}.html",
    params:
        out=OUT,
    shell:
        "{config[bioner]} merge {params.out} --plan {input.plan} --out {output.result} --page {output.page}"
`;
}

/** JSON is YAML; a job on each line keeps differences between two versions readable. */
function configuration(workflow: Workflow): string {
  const { jobs, trainArguments, inputArguments, command, threads, resubmissions } = workflow;
  const lines = jobs.map((job) => {
    const { name, needs, runIds } = job;
    return `  ${JSON.stringify(name)}: ${JSON.stringify({ minutes: requestedMinutes(job), needs, runs: runIds })}`;
  });
  return `# What the Snakefile trains. The plan itself is config/plan.json; the runs below are its runs, by id.
name: ${JSON.stringify(planFileName(workflow))}
plan: config/plan.json
results: results
# What starts BioNER Lab on a node, such as "apptainer exec --nv bioner-lab.sif bioner".
bioner: ${JSON.stringify(command)}
input_arguments: ${JSON.stringify(inputArguments.map(quoted).join(' '))}
train_arguments: ${JSON.stringify(trainArguments.map(quoted).join(' '))}
threads: ${threads}
# Estimated from an update of the model.
memory_mb: ${requestedMemory(workflow)}
# Times that an interrupted or failed job is submitted again.
retries: ${resubmissions}
# Minutes are twice the estimate, and ten for the start. Runs that are short are put together into one job.
jobs:
${lines.join('\n')}
`;
}

function localProfile({ usesGpu }: Workflow): string {
  return `# Runs the jobs on this machine: snakemake --profile profiles/local
cores: all
keep-going: true
rerun-incomplete: true
printshellcmds: true
${usesGpu ? 'resources: [gpu=1]\n' : ''}`;
}

function slurmProfile({ usesGpu, noticeSeconds }: Workflow): string {
  const gpu = usesGpu ? ' --gres=gpu:{resources.gpu}' : '';
  return `# Submits the jobs to Slurm with Snakemake 7: snakemake --profile profiles/slurm
# Partition and account: add --partition and --account below, or set SBATCH_PARTITION and SBATCH_ACCOUNT.
cluster: "sbatch --parsable --requeue --signal=USR1@${noticeSeconds} --job-name=bioner-{wildcards} --cpus-per-task={threads} --mem={resources.mem_mb} --time={resources.runtime}${gpu} --open-mode=append --output=results/logs/slurm-%j.log"
cluster-status: sh profiles/slurm/status.sh
cluster-cancel: scancel
jobs: 100
keep-going: true
rerun-incomplete: true
printshellcmds: true
max-status-checks-per-second: 2
latency-wait: 60
`;
}

function pluginProfile({ noticeSeconds }: Workflow): string {
  return `# Submits the jobs to Slurm with Snakemake 8 or later and snakemake-executor-plugin-slurm: snakemake --profile profiles/slurm
# Written after their documentation; the project's tests run the profile for Snakemake 7 beside it.
executor: slurm
slurm-requeue: true
jobs: 100
keep-going: true
rerun-incomplete: true
printshellcmds: true
latency-wait: 60
# For a resume point before the time is over: add to the resources of rule train
#   slurm_extra="'--signal=USR1@${noticeSeconds}'"
`;
}

/** Starts training as a step of its Slurm job. */
export const stepScript = `#!/bin/sh
# Runs a command as a step of the Slurm job around it, if there is one: when a job is preempted, Slurm signals its steps, not its script.
if [ -n "$SLURM_JOB_ID" ] && [ -z "$SLURM_STEP_ID" ] && command -v srun > /dev/null; then
  exec srun --ntasks=1 --cpus-per-task="\${SLURM_CPUS_PER_TASK:-1}" "$@"
fi
exec "$@"
`;

const statusScript = `#!/bin/sh
# Prints whether a Slurm job runs, succeeded or failed, as Snakemake asks; needs no accounting. A requeued job counts as running.
state=$(scontrol show job "$1" -o 2>/dev/null | sed -n 's/.*JobState=\\([A-Z_]*\\).*/\\1/p')
# Slurm forgets a job some minutes after its end.
if [ -z "$state" ]; then state=$(sacct -n -X -P -j "$1" -o State 2>/dev/null | head -n 1 | cut -d ' ' -f 1); fi
case "$state" in
  COMPLETED) echo success ;;
  PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | STOPPED | RESIZING | SIGNALING | STAGE_OUT | REQUEUED | REQUEUE_FED | REQUEUE_HOLD | RESV_DEL_HOLD | SPECIAL_EXIT) echo running ;;
  *) echo failed ;;
esac
`;

/** Quotes a word for a shell where it needs it. */
export function quoted(word: string): string {
  return /^[\w./:@=+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// Writes scripts for plain Slurm: an array of jobs for each level of the plan, and one that submits them all.

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
