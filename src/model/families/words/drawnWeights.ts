// Draws the initial weights of networks of words, which start from nothing but given vectors of words.
import { Rng } from '../../../util/random.ts';
import type { NamedShapes } from '../../blocks/encoderFamily.ts';
import { sizeOf, type HostParameters, type HostTensor } from '../../blocks/hostParameters.ts';
import { EMBEDDING } from '../../blocks/parameterLocation.ts';
import { FIXED_WORDS } from './representation.ts';
import type { WordSizes } from './wordConfig.ts';

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
      const fill = (bound: number): void => values.forEach((_, index) => (values[index] = bound * (2 * rng.uniform() - 1)));
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
export function initialWeights(
  { untrained }: WordSizes,
  shapes: NamedShapes,
  stored: HostParameters,
  seed: number,
): HostParameters {
  if (untrained === undefined) return stored;
  const drawn = drawnWeights(shapes, seed);
  const isGiven = (name: string): boolean => untrained === 'beside words' && (name === EMBEDDING || name === FIXED_WORDS);
  return new Map([...stored].map(([name, tensor]) => [name, isGiven(name) ? tensor : (drawn.get(name) ?? tensor)]));
}
