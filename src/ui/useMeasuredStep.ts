// What a plan will take by one measured update, until the plan changes.
import { useState } from 'react';
import type { PlanFile } from '../schema/planFile.ts';
import { useLab } from './useLab.ts';

export interface MeasuredStep {
  /** Time of all runs left, and the most memory of one update; null before they were measured for this very plan. */
  readonly found: { readonly remainingMs: number; readonly peakBytes: number } | null;
  /** Measures on the device; a few seconds for a small model. */
  readonly measure: () => Promise<void>;
}

export function useMeasuredStep(plan: PlanFile | null): MeasuredStep {
  const { lab } = useLab();
  const [last, setLast] = useState<{ readonly planText: string; readonly found: MeasuredStep['found'] } | null>(null);
  const planText = JSON.stringify(plan);
  return {
    found: last?.planText === planText ? last.found : null,
    async measure() {
      if (plan !== null) setLast({ planText, found: await lab.measurePlan(plan) });
    },
  };
}
