// Offers a plan for other machines: as a folder for a workflow engine, or as parts that are trained apart and merged.
import { useState } from 'react';
import { wholeRunMs } from '../../lab/plans/runGraph.ts';
import type { SplitBy, WorkflowEngine } from '../../lab/workflow/planJobs.ts';
import type { PlanFile } from '../../schema/resultFile.ts';
import type { RunGraph } from '../../schema/runLineage.ts';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { enterNumber, format, wholeNumber } from '../shared/format.ts';
import { saveFiles } from '../shared/saveFile.ts';
import { useLab } from '../shared/useLab.ts';

interface PlanElsewhereProps {
  /** With the fingerprints of its inputs. */
  readonly plan: PlanFile;
  readonly graph: RunGraph;
  /** Estimates of the runs that are left and of a step; null before there is one. */
  readonly remainingMs: number | null;
  readonly peakBytes: number | null;
}

/** Loads what writes workflows when it is first wanted. */
const workflows = () => Promise.all([import('../../lab/workflow/planJobs.ts'), import('../../lab/workflow/workflowFolder.ts')]); // prettier-ignore

const USUAL_BYTES = 4 * 2 ** 30;
const RESUBMISSIONS = 5;
const NOTICE_SECONDS = 120;
const THREADS = 2;
const MOST_PARTS = 1000;

export function PlanElsewhere({ plan, graph, remainingMs, peakBytes }: PlanElsewhereProps) {
  const corpora = useLab((state) => state.corpora);
  const models = useLab((state) => state.models);
  const usesGpu = useLab(({ backend }) => backend.status === 'ready' && backend.report.environment.backend === 'webgpu'); // prettier-ignore
  const [by, setBy] = useState<SplitBy>('run');
  const [partsText, setPartsText] = useState('2');
  const parts = wholeNumber(partsText, 2, MOST_PARTS);
  const fileName = format.fileName(plan.name);
  const stepMs = remainingMs === null || graph.stepsLeft === 0 ? null : remainingMs / graph.stepsLeft;
  const encode = (text: string) => new TextEncoder().encode(text);

  const saveWorkflow = async (engine: WorkflowEngine): Promise<void> => {
    const [{ planJobs, usualLengths }, { workflowFolder }] = await workflows();
    const isBuiltIn = (input: PlanFile['model'], library: typeof corpora | typeof models): boolean =>
      library.some(({ fingerprint, builtIn }) => fingerprint === input.fingerprint && builtIn);
    // Without the time of a step, a job has one run.
    const lengths = stepMs === null ? { ...usualLengths, leastMs: 0 } : usualLengths;
    const tasks = plan.categories.flatMap((category) => category.tasks);
    const files = workflowFolder(
      {
        plan,
        jobs: planJobs(graph.nodes, (node) => wholeRunMs(node, stepMs ?? 0), lengths),
        runs: graph.nodes.length,
        trainArguments: ['--backend', usesGpu ? 'webgpu' : 'wasm'],
        inputArguments: [
          ...(tasks.every(({ corpus }) => isBuiltIn(corpus, corpora)) ? [] : ['--corpora', 'resources/corpora']),
          ...(isBuiltIn(plan.model, models) ? [] : ['--models', 'resources/models']),
        ],
        command: 'bioner',
        usesGpu,
        threads: THREADS,
        memoryBytes: peakBytes ?? USUAL_BYTES,
        resubmissions: RESUBMISSIONS,
        noticeSeconds: NOTICE_SECONDS,
      },
      engine,
    );
    const folder = `${fileName}-${engine}`;
    await saveFiles(folder, files.map(({ path, text }) => ({ path: `${folder}/${path}`, bytes: encode(text) }))); // prettier-ignore
  };

  const saveParts = async (): Promise<void> => {
    if (parts === null) return;
    const [{ splitPlan }] = await workflows();
    const plans = splitPlan(plan, graph.nodes, { by, count: parts }, (node) => wholeRunMs(node, 1));
    await saveFiles(
      `${fileName}-parts`,
      plans.map((part, index) => ({
        path: `part-${index + 1}.plan.json`,
        bytes: encode(`${JSON.stringify(part, null, 2)}\n`),
      })),
    );
  };

  return (
    <details className="fold">
      <summary>Train elsewhere</summary>
      <p className="soft">
        A folder for a cluster: each job trains some runs, resumes when it is interrupted, and the last one merges the
        results.{stepMs === null && ' Measure a step first, so that short runs share a job.'}
      </p>
      <div className="actions">
        <Button onAct={() => saveWorkflow('snakemake')}>Download for Snakemake</Button>
        <Button onAct={() => saveWorkflow('slurm')}>Download for Slurm</Button>
      </div>
      <p className="soft">
        Parts for several computers: drop one on each lab, train it, export its results, and drop all results here.
      </p>
      <Field label="Parts" problem={parts === null ? enterNumber(2, MOST_PARTS) : undefined}>
        {(control) => (
          <input
            {...control}
            type="text"
            inputMode="numeric"
            value={partsText}
            onChange={(event) => setPartsText(event.target.value)}
          />
        )}
      </Field>
      <Field label="Keep together">
        {(control) => (
          <select {...control} value={by} onChange={(event) => setBy(event.target.value === 'seed' ? 'seed' : 'run')}>
            <option value="run">runs that start from one another</option>
            <option value="seed">runs of the same seed</option>
          </select>
        )}
      </Field>
      <div className="actions">
        <Button disabled={parts === null} onAct={saveParts}>
          Download parts
        </Button>
      </div>
    </details>
  );
}
