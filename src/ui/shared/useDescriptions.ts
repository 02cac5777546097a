// Provides what people wrote about runs or experiments, here or in result files.
import { useMemo } from 'react';
import { describedBy } from '../../lab/runs/descriptionRecords.ts';
import type { DescribedKind, Description } from '../../schema/descriptions.ts';
import { shallow, useLab } from './useLab.ts';
import { useLayers } from './useLayers.ts';

/** Returns a function that is the same until something is written: equal descriptions are the same object. */
export function useDescriptions(kind: DescribedKind): (id: string) => Description {
  const known = useLab(({ descriptions, results }) => ({ descriptions, results }), shallow);
  return useMemo(() => describedBy(known, kind), [known, kind]);
}

/** How runs are named on a page. */
export interface RunNaming {
  readonly layersOf: (modelId: string) => number | undefined;
  /** The name that a person gave a run; undefined where there is none. */
  readonly givenName: (runId: string) => string | undefined;
}

export function useRunNaming(): RunNaming {
  const layersOf = useLayers();
  const descriptionOf = useDescriptions('runs');
  return useMemo(() => ({ layersOf, givenName: (runId) => descriptionOf(runId).name }), [layersOf, descriptionOf]);
}
