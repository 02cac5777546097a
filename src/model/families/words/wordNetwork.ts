// What the records of all families of networks of words have in common, and the weights that their runs draw.
import { Rng } from '../../../util/random.ts';
import type { EncoderFamily, NamedShapes } from '../../blocks/encoderFamily.ts';
import { sizeOf, type HostParameters, type HostTensor } from '../../blocks/hostParameters.ts';
import { EMBEDDING, isFixed, LANGUAGE } from '../../blocks/parameterLocation.ts';
import { FIXED_WORDS, representationShapes } from './representation.ts';
import type { WordSizes } from './wordConfig.ts';

const NOWHERE_ELSE =
  'No class of transformers has this network, so the folder opens in BioNER Lab alone. Nothing of it was pretrained but vectors of words, if there ' +
  'were any: where this card says pretrained weights, they are the initial ones, drawn from the seed.';

/** Returns all of a record but `readConfig` and `states`. `layer` are the parameters of a layer, `before` those below the first, `part` what the engine lacks. */
export function wordNetwork<Config extends WordSizes>(
  modelType: string,
  part: string,
  layer: (config: Config, layer: number) => NamedShapes,
  before: (config: Config) => NamedShapes = representationShapes,
): Omit<EncoderFamily<Config>, 'readConfig' | 'states'> {
  const all = (config: Config): NamedShapes => [
    ...before(config),
    ...Array.from({ length: config.layers }, (_, index) =>
      layer(config, index).map(([name, shape]) => [`layer.${index}.${name}`, shape] as const),
    ).flat(),
  ];
  return {
    shapes: (config) => ({ embedding: before(config), layer: (index) => layer(config, index) }),
    positions: () => null,
    prefix: '',
    tensor: (parameter, config) => {
      const shape = all(config).find(([name]) => name === parameter)?.[1];
      if (shape === undefined) throw new Error(`no parameter ${parameter} in a ${modelType}`);
      return { name: parameter, shape, transposed: false };
    },
    isConstant: (parameter) => parameter === FIXED_WORDS || isFixed(parameter),
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

/**
 * Draws weights that depend on seed and name alone: rows of tables uniform within sqrt(3 / width) (Ma and Hovy), kernels within sqrt(6 / (in
 * + out)) (Glorot), an LSTM's gate by gate, biases 0, those of forget gates 1. The row for padding is 0.
 */
export function drawnWeights(shapes: NamedShapes, seed: number): HostParameters {
  return new Map(
    shapes.map(([name, shape]): [string, HostTensor] => {
      const rng = Rng.seeded(seed).fork('encoder', name);
      const values = new Float32Array(sizeOf(shape));
      const [rows = 1, columns = 1] = shape;
      const fill = (bound: number): void =>
        values.forEach((_, index) => (values[index] = bound * (2 * rng.uniform() - 1)));
      if (name.endsWith('.bias')) {
        if (isOfLstm(name)) values.fill(1, rows / 4, rows / 2);
      } else if (name.endsWith('.kernel') || name.endsWith('.recurrent')) {
        fill(Math.sqrt(6 / (rows + (isOfLstm(name) ? columns / 4 : columns))));
      } else {
        fill(Math.sqrt(3 / columns));
        if (name !== FIXED_WORDS) values.fill(0, 0, columns);
      }
      return [name, { shape, values }];
    }),
  );
}

const isOfLstm = (name: string): boolean => /\.(forward|backward)\.\w+$/.test(name);

/** The weights a run of this seed begins with: those that are stored, or for what was never trained, drawn ones. */
function initialWeights(
  { untrained }: WordSizes,
  shapes: NamedShapes,
  stored: HostParameters,
  seed: number,
): HostParameters {
  if (untrained === undefined) return stored;
  const drawn = drawnWeights(shapes, seed);
  const isGiven = (name: string): boolean =>
    name.startsWith(LANGUAGE) || (untrained === 'beside words' && (name === EMBEDDING || name === FIXED_WORDS));
  return new Map([...stored].map(([name, tensor]) => [name, isGiven(name) ? tensor : (drawn.get(name) ?? tensor)]));
}
