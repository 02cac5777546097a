// Runs as files: with everything that they start from, the plan that asks for them, and their models.
import { LabError } from '../util/labError.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import type { PlanFile } from '../schema/planFile.ts';
import type { ResultFile } from '../schema/resultFile.ts';
import type { RunRecord } from '../schema/runRecord.ts';
import type { LabState } from './labState.ts';
import { planOfRuns } from './planOfRuns.ts';
import { sealResultFile } from './resultFile.ts';

/** The result file of runs, own or imported. Throws LabError `run/unknown`, `plan/empty` or `plan/mixed`. */
export function exportResult(
  state: LabState,
  runIds: readonly string[],
  { software, exportedAt }: Pick<ResultFile, 'software' | 'exportedAt'>,
): ResultFile {
  const runs = withParents(state, runIds);
  const models = modelsOf(state);
  const modelIds = [...new Set(runs.map(({ spec }) => spec.model.id))];
  return sealResultFile({
    format: 'bioner-lab-result',
    version: 2,
    software,
    exportedAt,
    plan: planOfRuns(
      runs.map(({ spec }) => spec),
      models,
    ),
    models: modelIds.flatMap((modelId) => models.find(({ id }) => id === modelId) ?? []),
    runs: [...runs],
  });
}

/** The plan of runs, own or imported. Throws LabError `run/unknown`, `plan/empty` or `plan/mixed`. */
export function exportPlan(state: LabState, runIds: readonly string[]): PlanFile {
  const specs = withParents(state, runIds).map(({ spec }) => spec);
  return planOfRuns(specs, modelsOf(state));
}

/** The runs and those they start from, none twice, parents first; one that is nowhere to be found is left out unless it was named. */
export function withParents(state: LabState, runIds: readonly string[]): readonly RunRecord[] {
  const found = new Map<string, RunRecord>();
  const add = (run: RunRecord): void => {
    if (found.has(run.spec.id)) return;
    const parent = run.spec.parent === null ? undefined : findRun(state, run.spec.parent);
    if (parent !== undefined) add(parent);
    found.set(run.spec.id, run);
  };
  for (const runId of runIds) {
    const run = findRun(state, runId);
    if (run === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
    add(run);
  }
  return [...found.values()];
}

/** Our own run, or else one of an imported result. */
function findRun({ runs, results }: LabState, runId: string): RunRecord | undefined {
  const own = runs.find(({ record }) => record.spec.id === runId)?.record;
  return own ?? results.flatMap(({ file }) => file.runs).find(({ spec }) => spec.id === runId);
}

function modelsOf({ models, results }: LabState): readonly ModelRecord[] {
  return [...models, ...results.flatMap(({ file }) => file.models)];
}
