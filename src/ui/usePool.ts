// All runs there are, own and imported, each once, and what can be compared among them.
import { useDeferredValue, useMemo } from 'react';
import { buildComparisons, type Comparison } from '../lab/comparison.ts';
import { mergeRuns, type MergedRuns } from '../lab/mergeRuns.ts';
import { useLab } from './useLab.ts';
import { useLayers } from './useLayers.ts';

export interface Pool {
  readonly merged: MergedRuns;
  readonly comparisons: readonly Comparison[];
}

export function usePool(): Pool {
  const { state } = useLab();
  const layersOf = useLayers();
  // A step is reported several times a second; the comparison may lag behind it.
  const runs = useDeferredValue(state.runs);
  const { results } = state;
  return useMemo(() => {
    const merged = mergeRuns(
      runs.map(({ record }) => record),
      results,
    );
    return {
      merged,
      comparisons: buildComparisons(
        merged.runs.map(({ record }) => record),
        layersOf,
      ),
    };
  }, [runs, results, layersOf]);
}
