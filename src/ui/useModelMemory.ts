// What an update of a model will take on the GPU, estimated anew whenever model, batch, length, backend or settings change.
import { useEffect, useState } from 'react';
import type { Lab } from '../lab/labState.ts';
import type { MemoryEstimate } from '../schema/trainingEvent.ts';
import { useLab } from './useLab.ts';

type EstimateRequest = Parameters<Lab['estimateMemory']>[0];

/** Null on a backend without an estimate, `unknown` until there is one and for a model that cannot be estimated. `request` is kept by the caller. */
export function useModelMemory(request: EstimateRequest | null): MemoryEstimate | null | 'unknown' {
  const { lab, state } = useLab();
  const { machine, backend } = state;
  const [last, setLast] = useState<{
    readonly request: EstimateRequest;
    readonly machine: typeof machine;
    readonly found: MemoryEstimate | null | 'unknown';
  } | null>(null);
  const isReady = backend.status === 'ready';
  useEffect(() => {
    if (request === null || !isReady) return undefined;
    let wanted = true;
    const keep = (found: MemoryEstimate | null | 'unknown') => {
      if (wanted) setLast({ request, machine, found });
    };
    lab.estimateMemory(request).then(keep, () => keep('unknown'));
    return () => {
      wanted = false;
    };
  }, [lab, request, machine, isReady]);
  return last !== null && last.request === request && last.machine === machine ? last.found : 'unknown';
}
