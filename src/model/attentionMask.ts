// Which pieces may attend to which, as what is added to their scores.
import * as tf from '@tensorflow/tfjs';

/** [B, 1, T, T] 0 where a piece may attend, -1e30 where not. Padding is hidden from every piece but itself, so that no row is without a target. */
export function attentionMask(pieceCounts: Int32Array, [B, T]: readonly [number, number]): tf.Tensor4D {
  const mask = new Float32Array(B * T * T);
  for (let b = 0; b < B; b++) {
    const real = pieceCounts[b] as number;
    for (let i = 0; i < T; i++) {
      for (let j = real; j < T; j++) {
        if (i !== j) mask[(b * T + i) * T + j] = -1e30;
      }
    }
  }
  return tf.tensor4d(mask, [B, 1, T, T]);
}
