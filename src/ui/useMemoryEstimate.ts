// What an update of a plan will take on the GPU, estimated anew whenever plan, model, backend or settings change.
import { useEffect, useState } from 'react';
import type { PlanFile } from '../schema/planFile.ts';
import type { MemoryEstimate } from '../schema/trainingEvent.ts';
import { useLab } from './useLab.ts';

/** Null without a GPU, and while nothing is known. */
export function useMemoryEstimate(plan: PlanFile | null): MemoryEstimate | null {
  const { lab, state } = useLab();
  const { machine, backend, models } = state;
  const [last, setLast] = useState<{ readonly asked: string; readonly found: MemoryEstimate | null } | null>(null);
  const planText = plan === null || backend.status !== 'ready' ? null : JSON.stringify(plan);
  const asked = JSON.stringify([planText, machine, models.map(({ id }) => id)]);
  useEffect(() => {
    if (planText === null) return undefined;
    let wanted = true;
    lab.estimatePlan(JSON.parse(planText) as PlanFile).then(
      (found) => wanted && setLast({ asked, found }),
      // A plan that cannot be expanded has no memory; the preview says why.
      () => wanted && setLast({ asked, found: null }),
    );
    return () => {
      wanted = false;
    };
  }, [lab, planText, asked]);
  return last?.asked === asked ? last.found : null;
}
