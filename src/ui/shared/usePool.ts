// Pools all own and imported runs, each once, with their comparisons and the sizes of their models.
import { useDeferredValue, useMemo } from 'react';
import { buildComparisons, type Comparison } from '../../lab/comparison/comparison.ts';
import { mergeRuns, type MergedRuns } from '../../lab/comparison/mergeRuns.ts';
import { useLab } from './useLab.ts';

/** Returns the number of layers of a model by its id; undefined for an unknown model. */
export function useLayers(): (modelId: string) => number | undefined {
  const { state } = useLab();
  const { models, results } = state;
  return useMemo(() => {
    const layers = new Map(
      [...results.flatMap(({ file }) => file.models), ...models].map((model) => [model.id, model.layers]),
    );
    return (modelId) => layers.get(modelId);
  }, [models, results]);
}

interface Pool {
  readonly merged: MergedRuns;
  readonly comparisons: readonly Comparison[];
}

/** Pools all own and imported runs, each once, with their comparisons. */
export function usePool(): Pool {
  const { state } = useLab();
  const layersOf = useLayers();
  // Steps are reported several times a second; the comparison may lag behind.
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
