// All runs there are, own and imported, each once, what can be compared among them, and the sizes of their models.
import { useDeferredValue, useMemo } from 'react';
import { buildComparisons, type Comparison } from '../../lab/comparison/comparison.ts';
import { mergeRuns, type MergedRuns } from '../../lab/comparison/mergeRuns.ts';
import { useLab, useRunRecords } from './useLab.ts';

/** Layers of a model by its id; undefined for one that nobody has here. */
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

interface Pool {
  readonly merged: MergedRuns;
  readonly comparisons: readonly Comparison[];
}

/** All runs there are, own and imported, each once, and what can be compared among them. */
export function usePool(): Pool {
  const layersOf = useLayers();
  // The page may be drawn before the comparison is made again.
  const records = useDeferredValue(useRunRecords());
  const results = useLab((state) => state.results);
  return useMemo(() => {
    const merged = mergeRuns(records, results);
    return {
      merged,
      comparisons: buildComparisons(
        merged.runs.map(({ record }) => record),
        layersOf,
      ),
    };
  }, [records, results, layersOf]);
}
