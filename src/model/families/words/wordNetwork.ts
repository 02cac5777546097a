// What the records of all families of networks of words have in common.
import type { EncoderFamily, NamedShapes } from '../../blocks/encoderFamily.ts';
import { initialWeights } from './drawnWeights.ts';
import { FIXED_WORDS, representationShapes } from './representation.ts';
import type { WordSizes } from './wordConfig.ts';

const NOWHERE_ELSE =
  'No class of transformers has this network, so the folder opens in BioNER Lab alone. Nothing of it was pretrained but vectors of words, if there ' +
  'were any: where this card says pretrained weights, they are the initial ones, drawn from the seed.';

/** Returns all of a record but `readConfig` and `states`. `layer` are the parameters of a layer, `part` what the engine lacks. */
export function wordNetwork<Config extends WordSizes>(
  modelType: string,
  part: string,
  layer: (config: Config, layer: number) => NamedShapes,
): Omit<EncoderFamily<Config>, 'readConfig' | 'states'> {
  const all = (config: Config): NamedShapes => [
    ...representationShapes(config),
    ...Array.from({ length: config.layers }, (_, index) =>
      layer(config, index).map(([name, shape]) => [`layer.${index}.${name}`, shape] as const),
    ).flat(),
  ];
  return {
    shapes: (config) => ({ embedding: representationShapes(config), layer: (index) => layer(config, index) }),
    positions: () => null,
    prefix: '',
    tensor: (parameter, config) => {
      const shape = all(config).find(([name]) => name === parameter)?.[1];
      if (shape === undefined) throw new Error(`no parameter ${parameter} in a ${modelType}`);
      return { name: parameter, shape, transposed: false };
    },
    isConstant: (parameter) => parameter === FIXED_WORDS,
    initial: (config, stored, seed) => initialWeights(config, all(config), stored, seed),
    sites: ({ encoder, head }) => ({
      ...{ embedding: encoder, position: 0, attention: 0, attentionOutput: 0 },
      ...{ inner: 0, outer: encoder, encoderOutput: 0, head },
    }),
    design: () => part,
    exported: {
      modelType,
      architecture: 'BionerLabTagger',
      nowhereElse: NOWHERE_ELSE,
      dropoutMembers: () => ({}),
      tokenizer: {},
      configuresNormalizer: false,
      unusedTensors: () => [],
    },
  };
}
