// Estimates the memory of an update for a plan and for a model, from its layers, as their settings change.
import { useEffect, useMemo, useState } from 'react';
import type { Lab } from '../../lab/state/labState.ts';
import type { PlanFile } from '../../schema/resultFile.ts';
import type { MemoryEstimate, PlainNetwork } from '../../wire/trainingProtocol.ts';
import { shallow, useLab, useLabActions } from './useLab.ts';

/** An estimate, or why there is none for the engine. */
export type Estimate = MemoryEstimate | PlainNetwork;

/** Says where a backend's memory is. */
export function memoryHome({ onProcessor }: Pick<MemoryEstimate, 'onProcessor'>): string {
  return onProcessor === true ? 'of memory' : 'on the GPU';
}

/** What an estimate may not exceed. */
export function memoryLimit({ onProcessor }: Pick<MemoryEstimate, 'onProcessor'>, gpuBytes: number): number {
  return onProcessor === true ? WASM_BYTES : gpuBytes;
}

/** WebAssembly addresses four gigabytes; some of them are the engine's scratch. */
const WASM_BYTES = 3.5 * 2 ** 30;

/** Text appended to an estimate that recomputes activations. */
export const recomputesText = ', recomputes activations';

/** Estimates the memory of a plan; null where the engine does not run, and while unknown. */
export function useMemoryEstimate(plan: PlanFile | null): Estimate | null {
  const lab = useLabActions();
  const { machine, models, isReady } = useLab(
    (state) => ({ machine: state.machine, models: state.models, isReady: state.backend.status === 'ready' }),
    shallow,
  );
  const [last, setLast] = useState<{ readonly asked: string; readonly found: Estimate | null } | null>(null);
  const planText = plan === null || !isReady ? null : JSON.stringify(plan);
  const asked = JSON.stringify([planText, machine, models.map(({ id }) => id)]);
  useEffect(() => {
    if (planText === null) return undefined;
    let wanted = true;
    lab.estimatePlan(JSON.parse(planText) as PlanFile).then(
      (found) => wanted && setLast({ asked, found }),
      // A plan that cannot be expanded has no estimate; the preview says why.
      () => wanted && setLast({ asked, found: null }),
    );
    return () => {
      wanted = false;
    };
  }, [lab, planText, asked]);
  return last?.asked === asked ? last.found : null;
}

type EstimateRequest = Parameters<Lab['estimateMemory']>[0];

/** Estimates the memory of a model: null on a backend without estimates, `unknown` until known or if impossible. The caller memoises `request`. */
export function useModelMemory(request: EstimateRequest | null): Estimate | null | 'unknown' {
  const lab = useLabActions();
  const machine = useLab((state) => state.machine);
  const isReady = useLab((state) => state.backend.status === 'ready');
  const [last, setLast] = useState<{
    readonly request: EstimateRequest;
    readonly machine: typeof machine;
    readonly found: Estimate | null | 'unknown';
  } | null>(null);
  useEffect(() => {
    if (request === null || !isReady) return undefined;
    let wanted = true;
    const keep = (found: Estimate | null | 'unknown') => {
      if (wanted) setLast({ request, machine, found });
    };
    lab.estimateMemory(request).then(keep, () => keep('unknown'));
    return () => {
      wanted = false;
    };
  }, [lab, request, machine, isReady]);
  return last !== null && last.request === request && last.machine === machine ? last.found : 'unknown';
}

// Looks up how many layers a model has, own or of a result file.

/** Returns the number of layers of a model by its id; undefined for an unknown model. */
export function useLayers(): (modelId: string) => number | undefined {
  const models = useLab((state) => state.models);
  const results = useLab((state) => state.results);
  return useMemo(() => {
    const layers = new Map(
      [...results.flatMap(({ file }) => file.models), ...models].map((model) => [model.id, model.layers]),
    );
    return (modelId) => layers.get(modelId);
  }, [models, results]);
}
