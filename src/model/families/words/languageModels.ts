// Language models over the characters of a sequence, one forward, one backward, and the vectors of tokens they give (Akbik et al. 2018, flair).
import * as tf from '@tensorflow/tfjs';
import * as z from '../../../util/zod.ts';
import type { Batch, BatchCharacters } from '../../blocks/batch.ts';
import { parameter } from '../../blocks/deviceParameters.ts';
import type { NamedShapes } from '../../blocks/encoderFamily.ts';
import { LANGUAGE } from '../../blocks/parameterLocation.ts';
import { configSizes } from '../../config/encoderSizes.ts';
import { lstmShapes, recurrence } from './lstm.ts';

/** Numbers of the characters that surround tokens: what a text begins with, and what follows each token. */
export const LINE_START = 2;
export const SPACE = 3;

export const languageSchema = z.strictObject({
  /** Width of a character's vector. */
  size: configSizes.others,
  /** Of each LSTM. */
  hidden: configSizes.others,
  layers: z.int().check(z.gte(1), z.lte(8)),
});
export type LanguageSizes = z.output<typeof languageSchema>;

/** In the order of `lstmShapes`. */
export const DIRECTIONS = ['forward', 'backward'] as const;

/** Of both models: a table of characters [C, e], and the LSTMs, each layer with inputs [e or h, 4h]. */
export function languageShapes({ size, hidden, layers }: LanguageSizes, characterCount: number): NamedShapes {
  return [
    ...DIRECTIONS.map((direction) => [`${LANGUAGE}characters.${direction}`, [characterCount, size]] as const),
    ...Array.from({ length: layers }, (_, layer) =>
      lstmShapes(`${LANGUAGE}${layer}.`, layer === 0 ? size : hidden, hidden),
    ).flat(),
  ];
}

/** B texts as the two models read them, padded to S characters. */
export interface CharacterTexts {
  readonly size: number;
  readonly padded: number;
  /** [B] characters of each. */
  readonly counts: Int32Array;
  /** [B, S] for each direction: a line's start, then the characters in their order or from last to first. */
  readonly ids: readonly [Int32Array, Int32Array];
}

/** Joins texts of one batch; `order` are characters without the line's start, as the forward model reads them. */
export function characterTexts(order: readonly (readonly number[])[]): CharacterTexts {
  const size = order.length;
  const padded = 1 + Math.max(0, ...order.map(({ length }) => length));
  const rows = (of: (text: readonly number[]) => readonly number[]): Int32Array => {
    const ids = new Int32Array(size * padded);
    order.forEach((text, row) => ids.set([LINE_START, ...of(text)], row * padded));
    return ids;
  };
  return {
    size,
    padded,
    counts: Int32Array.from(order, ({ length }) => 1 + length),
    ids: [rows((text) => text), rows(backwards)],
  };
}

/** The same text from its last character to its first, with a space behind it. */
function backwards(text: readonly number[]): readonly number[] {
  return [...text.slice(0, -1).reverse(), SPACE];
}

/** States [S, 2, B, h] of the last layers of both models, each in the order in which it reads. */
export function languageStates(
  { size: B, padded: S, ids }: CharacterTexts,
  parameters: ReadonlyMap<string, tf.Tensor>,
  { layers }: LanguageSizes,
): tf.Tensor4D {
  let inputs = DIRECTIONS.map((direction, index) => {
    const own = ids[index] as Int32Array;
    const stepwise = Int32Array.from({ length: S * B }, (_, row) => own[(row % B) * S + Math.floor(row / B)] as number);
    const table = parameter<tf.Tensor2D>(parameters, `${LANGUAGE}characters.${direction}`);
    return tf.gather(table, tf.tensor1d(stepwise, 'int32'));
  });
  for (let layer = 0; ; layer++) {
    const weights = DIRECTIONS.map((direction) => `${LANGUAGE}${layer}.${direction}.`);
    const recurrent = tf.stack(weights.map((name) => parameter(parameters, `${name}recurrent`))) as tf.Tensor3D;
    const hidden = recurrent.shape[1];
    const gates = weights.map((name, index) => {
      const z = tf.matMul(inputs[index] as tf.Tensor2D, parameter<tf.Tensor2D>(parameters, `${name}kernel`));
      return tf.reshape(tf.add(z, parameter(parameters, `${name}bias`)), [S, 1, B, 4 * hidden]);
    });
    const states = recurrence(tf.concat(gates, 1) as tf.Tensor4D, recurrent);
    if (layer === layers - 1) return states;
    inputs = tf.unstack(states, 1).map((own) => tf.reshape(own, [S * B, hidden]));
  }
}

/**
 * Vectors [B*T, 2h] of tokens that are joined by spaces: the forward model's state behind the space after the token, and the backward
 * model's behind the one before it, as flair takes them.
 */
export function languageVectors(
  { size: B, pieces: T, pieceCounts, characters }: Pick<Batch, 'size' | 'pieces' | 'pieceCounts' | 'characters'>,
  parameters: ReadonlyMap<string, tf.Tensor>,
  sizes: LanguageSizes,
): tf.Tensor2D {
  if (characters === undefined) throw new Error('a batch without characters for a network that reads them');
  const order: number[][] = [];
  const at = [new Int32Array(B * T), new Int32Array(B * T)] as const;
  for (let b = 0; b < B; b++) {
    const text: number[] = [];
    const spans: (readonly [start: number, end: number])[] = [];
    for (let t = 0; t < (pieceCounts[b] as number); t++) {
      const start = text.length;
      text.push(...spelling(characters, characters.rows[b * T + t] as number));
      spans.push([start, text.length]);
      text.push(SPACE);
    }
    // Positions count from the line's start; the backward model has read everything behind the token first.
    spans.forEach(([start, end], t) => {
      at[0][b * T + t] = (end + 1) * B + b;
      at[1][b * T + t] = (text.length - start) * B + b;
    });
    order.push(text);
  }
  const texts = characterTexts(order);
  const states = tf.unstack(languageStates(texts, parameters, sizes), 1);
  const vectors = states.map((own, direction) => {
    const rows = tf.reshape(own, [texts.padded * B, sizes.hidden]);
    return tf.gather(rows, tf.tensor1d(at[direction] as Int32Array, 'int32'));
  });
  return tf.concat(vectors, 1) as tf.Tensor2D;
}

function spelling({ ids, counts, longest }: BatchCharacters, word: number): Int32Array {
  return ids.subarray(word * longest, word * longest + (counts[word] as number));
}

/** Of both models, what turns a state into scores of the next character: kernel [h, C] and bias [C]; needed to train them alone. */
export function decoderShapes({ hidden }: LanguageSizes, characterCount: number): NamedShapes {
  return DIRECTIONS.flatMap((direction) => [
    [`decoder.${direction}.kernel`, [hidden, characterCount]] as const,
    [`decoder.${direction}.bias`, [characterCount]] as const,
  ]);
}

/**
 * The mean cross-entropy, in nats, of each next character in both directions: behind the space that ends a text a line begins. Texts are as
 * those of `characterTexts`, each with its space at the end.
 */
export function languageLoss(
  texts: CharacterTexts,
  parameters: ReadonlyMap<string, tf.Tensor>,
  sizes: LanguageSizes,
): tf.Scalar {
  const { size: B, padded: S, counts, ids } = texts;
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Rows of the states, step by step, that are of characters and not of padding.
  const real = [...counts].flatMap((count, b) => Array.from({ length: count }, (_, step) => ({ b, step })));
  const rows = tf.tensor1d(Int32Array.from(real, ({ b, step }) => step * B + b), 'int32'); // prettier-ignore
  const losses = tf.unstack(languageStates(texts, parameters, sizes), 1).map((own, index) => {
    const direction = DIRECTIONS[index] ?? 'forward';
    const states = tf.gather(tf.reshape(own, [S * B, sizes.hidden]), rows) as tf.Tensor2D;
    const kernel = parameter<tf.Tensor2D>(parameters, `decoder.${direction}.kernel`);
    const scores = tf.add(tf.matMul(states, kernel), parameter(parameters, `decoder.${direction}.bias`));
    const characters = kernel.shape[1];
    const next = new Float32Array(total * characters);
    real.forEach(({ b, step }, row) => {
      const isLast = step === (counts[b] as number) - 1;
      const id = isLast ? LINE_START : (ids[index]?.[b * S + step + 1] as number);
      next[row * characters + id] = 1;
    });
    return tf.sum(tf.mul(tf.logSoftmax(scores), tf.tensor2d(next, [total, characters])));
  });
  return tf.div(tf.neg(tf.addN(losses)), 2 * total);
}
