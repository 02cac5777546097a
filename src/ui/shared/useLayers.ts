// Looks up how many layers a model has, own or of a result file.
import { useMemo } from 'react';
import { useLab } from './useLab.ts';

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
