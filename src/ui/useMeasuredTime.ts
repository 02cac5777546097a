// The time a plan will take by one measured update, until the plan changes.
import { useState } from 'react';
import type { PlanFile } from '../schema/planFile.ts';
import { useLab } from './useLab.ts';

export interface MeasuredTime {
  /** Null before it was measured for this very plan. */
  readonly ms: number | null;
  /** Measures on the device; a few seconds for a small model. */
  readonly measure: () => Promise<void>;
}

export function useMeasuredTime(plan: PlanFile | null): MeasuredTime {
  const { lab } = useLab();
  const [last, setLast] = useState<{ readonly planText: string; readonly ms: number } | null>(null);
  const planText = JSON.stringify(plan);
  return {
    ms: last?.planText === planText ? last.ms : null,
    async measure() {
      if (plan !== null) setLast({ planText, ms: await lab.measurePlan(plan) });
    },
  };
}
