// Linear-chain conditional random field: log-likelihood of tag sequences (paper, eq. 1).
import * as tf from '@tensorflow/tfjs';
import type { Batch } from './blocks/batch.ts';
import { parameter } from './blocks/deviceParameters.ts';

/**
 * Log-likelihood [B] of the batch's tags under emissions [B, N, K]: S(X, y) = sum A[y_i, y_(i+1)] + sum P[i, y_i], plus start and
 * end states in the first sum if the parameters have them, minus the log-partition over all tag sequences. Positions beyond a
 * sequence's count are ignored.
 */
export function crfLogLikelihood(
  emissions: tf.Tensor3D,
  batch: Pick<Batch, 'tags' | 'crfCounts'>,
  parameters: ReadonlyMap<string, tf.Tensor>,
): tf.Tensor1D {
  const [B, N, K] = emissions.shape;
  const zero = (): tf.Tensor1D => tf.zeros([K]);
  const transitions = parameter<tf.Tensor2D>(parameters, 'crf.transitions');
  const start = parameters.has('crf.start') ? parameter<tf.Tensor1D>(parameters, 'crf.start') : zero();
  const end = parameters.has('crf.end') ? parameter<tf.Tensor1D>(parameters, 'crf.end') : zero();

  const counts = pathCounts(batch, [B, N, K]);
  const score = tf.addN([
    tf.sum(tf.mul(emissions, tf.tensor3d(counts.emissions, [B, N, K])), [1, 2]),
    tf.squeeze(tf.matMul(tf.tensor2d(counts.transitions, [B, K * K]), tf.reshape(transitions, [K * K, 1])), [1]),
    tf.squeeze(tf.matMul(tf.tensor2d(counts.start, [B, K]), tf.reshape(start, [K, 1])), [1]),
    tf.squeeze(tf.matMul(tf.tensor2d(counts.end, [B, K]), tf.reshape(end, [K, 1])), [1]),
  ]);

  const steps = tf.unstack(emissions, 1) as tf.Tensor2D[];
  const from = tf.expandDims(transitions, 0); // [1, K, K]
  let alpha = tf.add(steps[0] as tf.Tensor2D, start) as tf.Tensor2D; // [B, K]
  for (let i = 1; i < N; i++) {
    const next = tf.add(tf.logSumExp(tf.add(tf.expandDims(alpha, 2), from), 1), steps[i] as tf.Tensor2D) as tf.Tensor2D;
    const present = tf.tensor2d(
      Float32Array.from(batch.crfCounts, (count) => (i < count ? 1 : 0)),
      [B, 1],
    );
    alpha = tf.add(alpha, tf.mul(present, tf.sub(next, alpha)));
  }
  const logPartition = tf.logSumExp(tf.add(alpha, end), 1);
  return tf.sub(score, logPartition) as tf.Tensor1D;
}

/** Counts each tag and each pair of tags on the gold paths: the score of a path is linear in these. */
function pathCounts(
  batch: Pick<Batch, 'tags' | 'crfCounts'>,
  [B, N, K]: readonly [number, number, number],
): { emissions: Float32Array; transitions: Float32Array; start: Float32Array; end: Float32Array } {
  const emissions = new Float32Array(B * N * K);
  const transitions = new Float32Array(B * K * K);
  const start = new Float32Array(B * K);
  const end = new Float32Array(B * K);
  for (let b = 0; b < B; b++) {
    const count = batch.crfCounts[b] as number;
    const tagAt = (i: number): number => batch.tags[b * N + i] as number;
    start[b * K + tagAt(0)] = 1;
    end[b * K + tagAt(count - 1)] = 1;
    for (let i = 0; i < count; i++) {
      emissions[(b * N + i) * K + tagAt(i)] = 1;
      if (i > 0) {
        const pair = (b * K + tagAt(i - 1)) * K + tagAt(i);
        transitions[pair] = (transitions[pair] as number) + 1;
      }
    }
  }
  return { emissions, transitions, start, end };
}
