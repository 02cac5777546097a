// Pools all own and imported runs, each once, with their comparisons and the sizes of their models.
import { useDeferredValue, useMemo } from 'react';
import { buildComparisons, type Comparison } from '../../lab/comparison/comparison.ts';
import { mergeRuns, type MergedRuns } from '../../lab/comparison/mergeRuns.ts';
import { useLab, useRunRecords } from './useLab.ts';

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

/** Pools all own and imported runs, each once. */
export function useMergedRuns(): MergedRuns {
  // Records change several times a minute; what is compared may lag behind.
  const records = useDeferredValue(useRunRecords());
  const results = useLab((state) => state.results);
  return useMemo(() => mergeRuns(records, results), [records, results]);
}

export interface Pool {
  readonly merged: MergedRuns;
  readonly comparisons: readonly Comparison[];
}

/** Pools all own and imported runs, each once, with their comparisons. */
export function usePool(): Pool {
  const layersOf = useLayers();
  const merged = useMergedRuns();
  const comparisons = useMemo(() => {
    return buildComparisons(merged.runs.map(({ record }) => record), layersOf); // prettier-ignore
  }, [merged, layersOf]);
  return { merged, comparisons };
}
