// LSTMs, and language models over the characters of a sequence with the vectors of tokens they give (Akbik et al. 2018, flair).
import * as tf from '@tensorflow/tfjs';
import * as z from '../../../util/zod.ts';
import { configSizes, type Batch, type BatchCharacters, type NamedShapes } from '../../blocks/encoderFamily.ts';
import { parameter } from '../../blocks/layerBlocks.ts';
import { LANGUAGE } from '../../blocks/parameterLocation.ts';

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

/** States [2, S, B, h] of the last layers of both models, each in the order in which it reads. */
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
      return tf.reshape(tf.add(z, parameter(parameters, `${name}bias`)), [1, S, B, 4 * hidden]);
    });
    const states = recurrence(tf.concat(gates, 0) as tf.Tensor4D, recurrent);
    if (layer === layers - 1) return states;
    inputs = tf.unstack(states, 0).map((own) => tf.reshape(own, [S * B, hidden]));
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
  const states = tf.unstack(languageStates(texts, parameters, sizes), 0);
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
  const losses = tf.unstack(languageStates(texts, parameters, sizes), 0).map((own, index) => {
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

// An LSTM over sequences of any length in both directions at once, in plain tfjs ops, with the gradient written out.

/** B sequences padded to T positions, one after another in the rows of a matrix [B*T, …]. */
export interface PaddedSequences {
  readonly size: number;
  readonly padded: number;
  /** [B] real positions of each, which come first. */
  readonly counts: Int32Array;
}

/** Of both directions, relative to the layer: input kernel [e, 4h], recurrent kernel [h, 4h], bias [4h]; gates in PyTorch's order: input, forget, cell, output. */
export function lstmShapes(prefix: string, width: number, hidden: number): NamedShapes {
  return (['forward', 'backward'] as const).flatMap((direction): NamedShapes => [
    [`${prefix}${direction}.kernel`, [width, 4 * hidden]],
    [`${prefix}${direction}.recurrent`, [hidden, 4 * hidden]],
    [`${prefix}${direction}.bias`, [4 * hidden]],
  ]);
}

/**
 * States [B*T, 2h] of inputs x [B*T, e]: those of the forward direction, then those of the other, which begins at each sequence's last real
 * position. Rows of padding hold arbitrary finite numbers and influence no others.
 */
export function bidirectionalLstm(
  x: tf.Tensor2D,
  sequences: PaddedSequences,
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix: string,
): tf.Tensor2D {
  const { size: B, padded: T, counts } = sequences;
  const steps = Math.max(1, ...counts);
  const kernels = ['forward', 'backward'].map((direction) => ({
    kernel: parameter<tf.Tensor2D>(parameters, `${prefix}${direction}.kernel`),
    recurrent: parameter<tf.Tensor2D>(parameters, `${prefix}${direction}.recurrent`),
    bias: parameter<tf.Tensor1D>(parameters, `${prefix}${direction}.bias`),
  }));
  const hidden = (kernels[0]?.recurrent.shape[0] ?? 0) as number;
  /** The position read at step t of each direction; the same map leads back. */
  const read = [
    (_: number, t: number) => t,
    (b: number, t: number) => (t < (counts[b] as number) ? (counts[b] as number) - 1 - t : t),
  ];
  const inputs = kernels.map(({ kernel, bias }, direction) => {
    const rows = Int32Array.from(
      { length: steps * B },
      (_, row) => (row % B) * T + (read[direction]?.(row % B, Math.floor(row / B)) ?? 0),
    );
    return tf.reshape(tf.add(tf.matMul(tf.gather(x, tf.tensor1d(rows, 'int32')), kernel), bias), [
      1,
      steps,
      B,
      4 * hidden,
    ]);
  });
  const states = recurrence(tf.concat(inputs, 0) as tf.Tensor4D, tf.stack(kernels.map(({ recurrent }) => recurrent)) as tf.Tensor3D); // prettier-ignore
  const byDirection = tf.unstack(states, 0).map((own, direction) => {
    const rows = Int32Array.from({ length: B * T }, (_, row) => {
      const [b, position] = [Math.floor(row / T), row % T];
      return position < steps ? (read[direction]?.(b, position) ?? 0) * B + b : b;
    });
    return tf.gather(tf.reshape(own, [steps * B, hidden]), tf.tensor1d(rows, 'int32'));
  });
  return tf.concat(byDirection, 1) as tf.Tensor2D;
}

/** Kernels of a backend that does all steps at once; without them the recurrence is done operation by operation. */
export const RECURRENCE_KERNELS = { forward: 'LstmForward', backward: 'LstmBackward' } as const;

/**
 * States h [D, S, B, h] of D LSTMs side by side from inputs x W + b [D, S, B, 4h] and recurrent kernels U [D, h, 4h], from zero states:
 * z = x W + b + h' U; c = σ(z_f) c' + σ(z_i) tanh(z_g); h = σ(z_o) tanh(c). Backpropagation through time is written out, so that the gradient
 * of U is one product over all steps.
 */
export function recurrence(inputs: tf.Tensor4D, recurrent: tf.Tensor3D): tf.Tensor4D {
  const hasKernels = Object.values(RECURRENCE_KERNELS).every((name) => (tf.getKernel(name, tf.getBackend()) as unknown) !== undefined); // prettier-ignore
  const layer = tf.customGrad((...values) => {
    const [x, u, save] = values as unknown as [tf.Tensor4D, tf.Tensor3D, (tensors: tf.Tensor[]) => void];
    const saved = hasKernels
      ? (tf.engine().runKernel(RECURRENCE_KERNELS.forward, { x, recurrent: u }) as SavedSteps)
      : forwardSteps(x, u);
    save([u, ...saved]);
    const gradFunc = (upstream: tf.Tensor, [kernel, ...steps]: tf.Tensor[]): tf.Tensor[] => {
      const [gates, cells, states] = steps as unknown as SavedSteps;
      const given = { upstream, recurrent: kernel as tf.Tensor, gates, cells, states };
      if (hasKernels) return tf.engine().runKernel(RECURRENCE_KERNELS.backward, given) as unknown as tf.Tensor[];
      return tf.tidy(() => backwardSteps(upstream as tf.Tensor4D, kernel as tf.Tensor3D, [gates, cells, states]));
    };
    return { value: behindFirst(saved[2]), gradFunc };
  });
  return layer(inputs, recurrent) as tf.Tensor4D;
}

/** Gates i, f, g, o [D, S, B, 4h]; cells and states [D, S + 1, B, h], which begin with zeros. */
type SavedSteps = [gates: tf.Tensor4D, cells: tf.Tensor4D, states: tf.Tensor4D];

/** [D, S, B, h] behind the first of S + 1 steps. */
function behindFirst(steps: tf.Tensor4D): tf.Tensor4D {
  const [D, withFirst, B, hidden] = steps.shape;
  return tf.slice(steps, [0, 1, 0, 0], [D, withFirst - 1, B, hidden]);
}

function forwardSteps(x: tf.Tensor4D, u: tf.Tensor3D): SavedSteps {
  const hidden = u.shape[1];
  const zeros = tf.zeros([x.shape[0], x.shape[2], hidden]);
  const gates: tf.Tensor[] = [];
  const cells: tf.Tensor[] = [zeros];
  const states: tf.Tensor[] = [zeros];
  for (const step of tf.unstack(x, 1)) {
    const z: tf.Tensor = tf.add(step, tf.matMul(states.at(-1) as tf.Tensor, u));
    const [i, f, , o] = tf.split(tf.sigmoid(z), 4, 2) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
    const g = tf.tanh(tf.slice(z, [0, 0, 2 * hidden], i.shape));
    const c = tf.add(tf.mul(f, cells.at(-1) as tf.Tensor), tf.mul(i, g));
    gates.push(tf.concat([i, f, g, o], 2));
    cells.push(c);
    states.push(tf.mul(o, tf.tanh(c)));
  }
  return [gates, cells, states].map((steps) => tf.stack(steps, 1)) as SavedSteps;
}

/** Gradients for x W + b and U from that for h [D, S, B, h]. */
function backwardSteps(upstream: tf.Tensor4D, u: tf.Tensor3D, [gates, cells, states]: SavedSteps): tf.Tensor[] {
  const [D, S, B, hidden] = upstream.shape;
  const slope = (gate: tf.Tensor): tf.Tensor => tf.mul(gate, tf.sub(1, gate));
  const slopeOfTanh = (value: tf.Tensor): tf.Tensor => tf.sub(1, tf.square(value));
  const before = (steps: tf.Tensor4D): tf.Tensor4D => tf.slice(steps, [0, 0, 0, 0], [D, S, B, hidden]);
  const [i, f, g, o] = tf.split(gates, 4, 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const squashed = tf.tanh(behindFirst(cells));
  const unstacked = (tensor: tf.Tensor): tf.Tensor[] => tf.unstack(tensor, 1);
  const ofInput = unstacked(tf.mul(g, slope(i)));
  const ofForget = unstacked(tf.mul(before(cells), slope(f)));
  const ofCell = unstacked(tf.mul(i, slopeOfTanh(g)));
  const ofOutput = unstacked(tf.mul(squashed, slope(o)));
  const toCell = unstacked(tf.mul(o, slopeOfTanh(squashed)));
  const forget = unstacked(f);
  const from = unstacked(upstream);
  const turned = tf.transpose(u, [0, 2, 1]);
  const gradients: tf.Tensor[] = [];
  let dh: tf.Tensor | null = null;
  let dc: tf.Tensor | null = null;
  for (let t = S - 1; t >= 0; t--) {
    const at = (list: tf.Tensor[]): tf.Tensor => list[t] as tf.Tensor;
    const ofState: tf.Tensor = dh === null ? at(from) : tf.add(at(from), dh);
    const entering: tf.Tensor = tf.mul(ofState, at(toCell));
    const ofThis: tf.Tensor = dc === null ? entering : tf.add(entering, dc);
    const dz = tf.concat(
      [
        tf.mul(ofThis, at(ofInput)),
        tf.mul(ofThis, at(ofForget)),
        tf.mul(ofThis, at(ofCell)),
        tf.mul(ofState, at(ofOutput)),
      ],
      2,
    );
    dc = tf.mul(ofThis, at(forget));
    dh = t === 0 ? null : tf.matMul(dz, turned);
    gradients.unshift(dz);
  }
  const dx = tf.stack(gradients, 1);
  const rows = (tensor: tf.Tensor, width: number): tf.Tensor => tf.reshape(tensor, [D, S * B, width]);
  const du = tf.matMul(rows(before(states), hidden), rows(dx, 4 * hidden), true);
  return [dx, du];
}
