// The runs a plan comes to, asked of the lab again only when the plan, the library or a run's status changed.
import { useMemo } from 'react';
import type { RunGraph } from '../lab/labState.ts';
import type { PlanFile } from '../schema/planFile.ts';
import { LabError } from '../util/labError.ts';
import { useLab } from './useLab.ts';

export interface Preview {
  readonly graph: RunGraph | null;
  /** Why the plan cannot be trained; null without a plan too. */
  readonly problem: string | null;
}

export function usePreview(plan: PlanFile | null): Preview {
  const { lab, state } = useLab();
  const { corpora, models } = state;
  const planText = plan === null ? null : JSON.stringify(plan);
  // A plan's runs are many and steps are frequent: a step alone changes no graph worth showing.
  const statuses = state.runs.map(({ record }) => `${record.spec.id} ${record.status}`).join();
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
