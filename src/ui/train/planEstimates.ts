// Estimates what a draft plan will take: its runs, its time, its memory.
import { useEffect, useMemo, useState } from 'react';
import type { PlanFile } from '../../schema/resultFile.ts';
import type { RunGraph } from '../../schema/runLineage.ts';
import type { RunRecord, RunSpec } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';

interface Preview {
  readonly graph: RunGraph | null;
  /** Why the plan cannot be trained; null without a plan too. */
  readonly problem: string | null;
}

/** Provides the runs of a plan, requested again only when the plan, the library or a run's status changes. */
export function usePreview(plan: PlanFile | null): Preview {
  const lab = useLabActions();
  const corpora = useLab((state) => state.corpora);
  const models = useLab((state) => state.models);
  const planText = plan === null ? null : JSON.stringify(plan);
  // A plan has many runs and steps are frequent: a step alone changes nothing worth showing.
  const statuses = useLab(({ runs }) => runs.map(({ record }) => `${record.spec.id} ${record.status}`).join());
  return useMemo(() => {
    void [corpora, models, statuses];
    if (planText === null) return { graph: null, problem: null };
    try {
      return { graph: lab.previewPlan(JSON.parse(planText) as PlanFile), problem: null };
    } catch (error) {
      return { graph: null, problem: LabError.describe(LabError.toData(error)) };
    }
  }, [lab, planText, corpora, models, statuses]);
}

/** Returns milliseconds per step, including scoring, of the latest run with the model and the sequence and batch shape of `spec`. */
export function measuredStepTime(records: readonly RunRecord[], spec: RunSpec): number | null {
  const alike = records.filter((record) => record.step > 0 && record.elapsedMs > 0 && isAlike(record.spec, spec));
  const latest = alike.reduce<RunRecord | null>(
    (last, record) => (last === null || record.updatedAt > last.updatedAt ? record : last),
    null,
  );
  return latest === null ? null : latest.elapsedMs / latest.step;
}

/** Estimates the time of all remaining steps; null if some run of the graph has no comparable earlier run. */
export function estimatedMs({ nodes }: RunGraph, records: readonly RunRecord[]): number | null {
  const known = new Map<string, number | null>();
  let total = 0;
  for (const { spec, stepsLeft } of nodes) {
    const key = shapeOf(spec);
    const stepMs = known.get(key) ?? measuredStepTime(records, spec);
    known.set(key, stepMs);
    if (stepsLeft === 0) continue;
    if (stepMs === null) return null;
    total += stepsLeft * stepMs;
  }
  return total;
}

function isAlike(left: RunSpec, right: RunSpec): boolean {
  return shapeOf(left) === shapeOf(right);
}

/** Returns what the cost of a step mostly depends on; frozen layers save part of it. */
function shapeOf({ model, config, slicing }: RunSpec): string {
  const { layout, maxPieces, batchSize, microBatchSize, head, labelMode, adapters } = config;
  const frozen = slicing?.frozen === true ? slicing.layers : 0;
  return JSON.stringify([model.id, layout, maxPieces, batchSize, microBatchSize, head, labelMode, frozen, adapters]);
}

/** The plan may still change while a person types. */
const SETTLED_AFTER_MS = 400;

/**
 * Provides the predicted milliseconds of a plan's remaining runs on this machine: `predicting` until known, null where that cannot be known now.
 * Predicted again when the plan, the backend or its threads change, or the device becomes free.
 */
export function usePredictedTime(plan: PlanFile | null): number | null | 'predicting' {
  const lab = useLabActions();
  const [last, setLast] = useState<{ readonly asked: string; readonly found: number | null } | null>(null);
  const machineText = useLab(({ backend, activeRunId }) =>
    backend.status === 'ready' ? JSON.stringify([backend.report.environment, activeRunId === null]) : null,
  );
  const planText = plan === null ? null : JSON.stringify(plan);
  const asked = JSON.stringify([planText, machineText]);
  useEffect(() => {
    if (planText === null || machineText === null) return undefined;
    let wanted = true;
    const keep = (found: number | null) => {
      if (wanted) setLast({ asked, found });
    };
    const timer = setTimeout(() => {
      // A plan that cannot be expanded has no time; the preview says why.
      lab.predictPlan(JSON.parse(planText) as PlanFile).then(keep, () => keep(null));
    }, SETTLED_AFTER_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [lab, planText, machineText, asked]);
  if (planText === null || machineText === null) return null;
  return last?.asked === asked ? last.found : 'predicting';
}

interface MeasuredStep {
  /** Time of all remaining runs, and peak memory of one update; null until measured for this plan. */
  readonly found: { readonly remainingMs: number; readonly peakBytes: number } | null;
  /** Measures on the device; takes a few seconds for a small model. */
  readonly measure: () => Promise<void>;
}

/** Provides estimates from one measured update, until the plan changes. */
export function useMeasuredStep(plan: PlanFile | null): MeasuredStep {
  const lab = useLabActions();
  const [last, setLast] = useState<{ readonly planText: string; readonly found: MeasuredStep['found'] } | null>(null);
  const planText = JSON.stringify(plan);
  return {
    found: last?.planText === planText ? last.found : null,
    async measure() {
      if (plan !== null) setLast({ planText, found: await lab.measurePlan(plan) });
    },
  };
}
