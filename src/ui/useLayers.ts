// How many layers the models of all runs have, own and imported.
import { useMemo } from 'react';
import { useLab } from './useLab.ts';

/** Layers of a model by its id; undefined for one that nobody has here. */
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
