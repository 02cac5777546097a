// Writes the Snakefile, its configuration and its profiles.
import { planFileName, requestedMemory, requestedMinutes, type Workflow, type WorkflowFile } from './workflow.ts';

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
