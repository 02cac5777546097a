// The whole network as a plain reference: encoder, linear layer, softmax over tags or a linear-chain CRF (paper, eq. 1).
import * as tf from '@tensorflow/tfjs';
import { OPEN } from '../data/corpus/tagScheme.ts';
import { dropout, lockedDropout, type DropoutRates, type DropoutStream } from './blocks/dropout.ts';
import type { Batch } from './blocks/encoderFamily.ts';
import { parameter } from './blocks/layerBlocks.ts';
import { familyOf, type EncoderConfig } from './families/encoderConfig.ts';
import type { TaggerShape } from './parameters.ts';

/** Returns hidden states [B*T, d], one tensor for the embedding and one for each layer; the head reads the last. */
export function encoderStates(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: EncoderConfig,
  rates: DropoutRates,
  stream: DropoutStream | null,
): readonly tf.Tensor2D[] {
  return familyOf(config).states(batch, parameters, config, rates, stream);
}

/**
 * What the encoder's frozen part gives for a batch [B*T, F], where it was not computed before; null for an encoder without one. Called before
 * gradients are recorded, it keeps them from recording that part.
 */
export function frozenFeatures(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  encoder: EncoderConfig,
): tf.Tensor2D | null {
  const { frozen } = familyOf(encoder);
  if (frozen === undefined || frozen.width(encoder) === 0 || batch.features !== undefined) return null;
  return tf.tidy(() => frozen.features(batch, parameters, encoder));
}

/** Emissions P [B*T, K] of every piece; `pieces`, T, counts where the positions of a sequence share a mask of dropout. */
export function pieceEmissions(
  hidden: tf.Tensor2D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  shape: TaggerShape,
  rates: DropoutRates,
  stream: DropoutStream | null,
  pieces = 1,
): tf.Tensor2D {
  const site = [stream, shape.encoder.layers, 'head'] as const;
  const dropped = rates.masks === 'sequence' ? lockedDropout(hidden, pieces, rates.head, ...site) : dropout(hidden, rates.head, ...site); // prettier-ignore
  return tf.add(
    tf.matMul(dropped, parameter<tf.Tensor2D>(parameters, 'head.kernel')),
    parameter(parameters, 'head.bias'),
  );
}

/** Emissions [B, N, K] of the CRF positions; rows of padding repeat piece 0 and must be ignored. */
export function emissions(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  shape: TaggerShape,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Tensor3D {
  const { size: B, pieces: T, positions: N } = batch;
  const states = encoderStates(batch, parameters, shape.encoder, rates, stream);
  const all = pieceEmissions(states.at(-1) as tf.Tensor2D, parameters, shape, rates, stream, T);
  const rows = Int32Array.from(batch.crfPositions, (position, index) => Math.floor(index / N) * T + position);
  return tf.reshape(tf.gather(all, tf.tensor1d(rows, 'int32')), [B, N, shape.head.tagCount]);
}

/**
 * Sums each sequence's negative log-likelihood over the batch: of the whole tag sequence under the CRF, of each tag separately
 * under softmax. A scalar; divide by the number of sequences in the update for the loss reported by the paper's code.
 */
export function summedLoss(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  shape: TaggerShape,
  rates: DropoutRates,
  stream: DropoutStream | null,
): tf.Scalar {
  const scores = emissions(batch, parameters, shape, rates, stream);
  if (shape.head.kind === 'crf') return tf.neg(tf.sum(crfLogLikelihood(scores, batch, parameters)));
  return tf.neg(
    tf.sum(tf.mul(tf.logSoftmax(scores), tf.tensor3d(goldOneHot(batch, shape.head.tagCount), scores.shape))),
  );
}

/** [B, N, K] 1 at the gold tag of every real position. Computed on the host: `tf.oneHot` to float32 is silently wrong on wasm. */
function goldOneHot(batch: Batch, tagCount: number): Float32Array {
  const oneHot = new Float32Array(batch.size * batch.positions * tagCount);
  batch.tags.forEach((tag, index) => {
    const inside = index % batch.positions < (batch.crfCounts[Math.floor(index / batch.positions)] as number);
    if (inside) oneHot[index * tagCount + tag] = 1;
  });
  return oneHot;
}

// Linear-chain conditional random field: log-likelihood of tag sequences (paper, eq. 1).

/** The labels of a batch: a tag for every position, or the tags that it may have. */
type Labels = Pick<Batch, 'tags' | 'crfCounts' | 'openTags'>;

/**
 * Log-likelihood [B] of the batch's tags under emissions [B, N, K]: S(X, y) = sum A[y_i, y_(i+1)] + sum P[i, y_i], plus start and
 * end states in the first sum if the parameters have them, minus the log-partition over all tag sequences. Positions beyond a
 * sequence's count are ignored. Of a sequence with open positions: the log-sum of S over all tag sequences that agree with its labels, in
 * place of S (Tsuboi et al. 2008, "Training conditional random fields using incomplete annotations").
 */
export function crfLogLikelihood(
  emissions: tf.Tensor3D,
  batch: Labels,
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

  const logPartition = logSumOfPaths(emissions, batch, { transitions, start, end });
  if (batch.openTags === undefined) return tf.sub(score, logPartition);
  const agreeing = tf.add(emissions, tf.tensor3d(forbidden(batch, [B, N, K]), [B, N, K])) as tf.Tensor3D;
  const isOpen = tf.tensor1d(
    Array.from({ length: B }, (_, b) => hasOpen(batch, b, N)),
    'bool',
  );
  const numerator = tf.where(isOpen, logSumOfPaths(agreeing, batch, { transitions, start, end }), score);
  return tf.sub(numerator, logPartition);
}

interface ChainTensors {
  readonly transitions: tf.Tensor2D;
  readonly start: tf.Tensor1D;
  readonly end: tf.Tensor1D;
}

/** Log-sum [B] of the scores of all tag sequences. */
function logSumOfPaths(
  emissions: tf.Tensor3D,
  { crfCounts }: Labels,
  { transitions, start, end }: ChainTensors,
): tf.Tensor1D {
  const [, N, K] = emissions.shape;
  const steps = tf.unstack(emissions, 1) as tf.Tensor2D[];
  const from = tf.expandDims(transitions, 0); // [1, K, K]
  let alpha = tf.add(steps[0] as tf.Tensor2D, start) as tf.Tensor2D; // [B, K]
  for (let i = 1; i < N; i++) {
    const next = tf.add(tf.logSumExp(tf.add(tf.expandDims(alpha, 2), from), 1), steps[i] as tf.Tensor2D) as tf.Tensor2D;
    const isPresent = Array.from(
      { length: crfCounts.length * K },
      (_, at) => i < (crfCounts[Math.floor(at / K)] as number),
    );
    alpha = tf.where(tf.tensor2d(isPresent, [crfCounts.length, K], 'bool'), next, alpha);
  }
  return tf.logSumExp(tf.add(alpha, end), 1);
}

/** Added to the emissions of tags that a label rules out. Far below every score, and few enough that their sums stay finite. */
const RULED_OUT = -1e9;

/** [B, N, K] 0 for the tags that a position may have, RULED_OUT for others. */
function forbidden({ tags, crfCounts, openTags }: Labels, [B, N, K]: readonly [number, number, number]): Float32Array {
  const added = new Float32Array(B * N * K);
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < (crfCounts[b] as number); n++) {
      const tag = tags[b * N + n] as number;
      for (let k = 0; k < K; k++) {
        const isAllowed = tag === OPEN ? openTags?.[b * K + k] === 1 : tag === k;
        if (!isAllowed) added[(b * N + n) * K + k] = RULED_OUT;
      }
    }
  }
  return added;
}

function hasOpen({ tags, crfCounts }: Labels, b: number, N: number): boolean {
  return tags.subarray(b * N, b * N + (crfCounts[b] as number)).includes(OPEN);
}

/** Counts each tag and each pair of tags on the gold paths: the score of a path is linear in these. Nothing of sequences with open positions. */
function pathCounts(
  batch: Labels,
  [B, N, K]: readonly [number, number, number],
): { emissions: Float32Array; transitions: Float32Array; start: Float32Array; end: Float32Array } {
  const emissions = new Float32Array(B * N * K);
  const transitions = new Float32Array(B * K * K);
  const start = new Float32Array(B * K);
  const end = new Float32Array(B * K);
  for (let b = 0; b < B; b++) {
    const count = batch.crfCounts[b] as number;
    const tagAt = (i: number): number => batch.tags[b * N + i] as number;
    if (hasOpen(batch, b, N)) continue;
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
