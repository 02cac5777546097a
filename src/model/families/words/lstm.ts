// An LSTM over sequences of any length in both directions at once, in plain tfjs ops, with the gradient written out.
import * as tf from '@tensorflow/tfjs';
import type { NamedShapes } from '../../blocks/encoderFamily.ts';
import { parameter } from '../../blocks/deviceParameters.ts';

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
      steps,
      1,
      B,
      4 * hidden,
    ]);
  });
  const states = recurrence(tf.concat(inputs, 1) as tf.Tensor4D, tf.stack(kernels.map(({ recurrent }) => recurrent)) as tf.Tensor3D); // prettier-ignore
  const byDirection = tf.unstack(states, 1).map((own, direction) => {
    const rows = Int32Array.from({ length: B * T }, (_, row) => {
      const [b, position] = [Math.floor(row / T), row % T];
      return position < steps ? (read[direction]?.(b, position) ?? 0) * B + b : b;
    });
    return tf.gather(tf.reshape(own, [steps * B, hidden]), tf.tensor1d(rows, 'int32'));
  });
  return tf.concat(byDirection, 1) as tf.Tensor2D;
}

/**
 * States h [S, D, B, h] of D LSTMs side by side from inputs x W + b [S, D, B, 4h] and recurrent kernels U [D, h, 4h], from zero states:
 * z = x W + b + h' U; c = σ(z_f) c' + σ(z_i) tanh(z_g); h = σ(z_o) tanh(c). Backpropagation through time is written out, so that the gradient
 * of U is one product over all steps.
 */
export function recurrence(inputs: tf.Tensor4D, recurrent: tf.Tensor3D): tf.Tensor4D {
  const layer = tf.customGrad((...values) => {
    const [x, u, save] = values as unknown as [tf.Tensor4D, tf.Tensor3D, (tensors: tf.Tensor[]) => void];
    const forward = forwardSteps(x, u);
    save([u, ...forward]);
    const gradFunc = (upstream: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
      tf.tidy(() => backwardSteps(upstream, saved));
    return { value: forward[forward.length - 1] as tf.Tensor4D, gradFunc };
  });
  return layer(inputs, recurrent) as tf.Tensor4D;
}

/** Gates i, f, g, o, cells c, tanh(c) and states h, each [S, D, B, h]. */
function forwardSteps(x: tf.Tensor4D, u: tf.Tensor3D): tf.Tensor[] {
  const all: tf.Tensor[][] = [[], [], [], [], [], [], []];
  let h: tf.Tensor | null = null;
  let c: tf.Tensor | null = null;
  for (const step of tf.unstack(x, 0)) {
    const z: tf.Tensor = h === null ? step : tf.add(step, tf.matMul(h, u));
    const [i, f, , o] = tf.split(tf.sigmoid(z), 4, 2) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
    const g = tf.tanh(tf.slice(z, [0, 0, 2 * i.shape[2]], i.shape));
    const written = tf.mul(i, g);
    c = c === null ? written : tf.add(tf.mul(f, c), written);
    const squashed = tf.tanh(c);
    h = tf.mul(o, squashed);
    [i, f, g, o, c, squashed, h].forEach((tensor, index) => all[index]?.push(tensor));
  }
  return all.map((tensors) => tf.stack(tensors));
}

/** Gradients for x W + b and U from that for h [S, D, B, h]. */
function backwardSteps(upstream: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] {
  const [u, i, f, g, o, c, squashed, h] = saved as [
    tf.Tensor3D, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor4D,
  ]; // prettier-ignore
  const [S = 0, D = 0, B = 0, hidden = 0] = h.shape;
  const slope = (gate: tf.Tensor): tf.Tensor => tf.mul(gate, tf.sub(1, gate));
  const slopeOfTanh = (value: tf.Tensor): tf.Tensor => tf.sub(1, tf.square(value));
  const zeros = tf.zeros([1, D, B, hidden]);
  const before = (states: tf.Tensor): tf.Tensor =>
    S === 1 ? zeros : tf.concat([zeros, tf.slice(states, [0, 0, 0, 0], [S - 1, D, B, hidden])], 0);
  const unstacked = (tensor: tf.Tensor): tf.Tensor[] => tf.unstack(tensor, 0);
  const ofInput = unstacked(tf.mul(g, slope(i)));
  const ofForget = unstacked(tf.mul(before(c), slope(f)));
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
  const dx = tf.stack(gradients);
  const rows = (tensor: tf.Tensor, width: number): tf.Tensor => tf.reshape(tf.transpose(tensor, [1, 0, 2, 3]), [D, S * B, width]); // prettier-ignore
  const du = tf.matMul(rows(before(h), hidden), rows(dx, 4 * hidden), true);
  return [dx, du];
}
