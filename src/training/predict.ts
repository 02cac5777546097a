// Predicted tags of every CRF position, batch by batch.
import * as tf from '@tensorflow/tfjs';
import type { Sequence } from '../data/features.ts';
import type { DeviceParameters } from '../model/deviceParameters.ts';
import type { TaggerShape } from '../model/tagger.ts';
import { emissions } from '../model/tagger.ts';
import type { ChainWeights } from '../model/viterbi.ts';
import { argmaxTags, viterbi } from '../model/viterbi.ts';
import { macrotask } from '../util/macrotask.ts';
import { evaluationBatches } from './batches.ts';
import { padBatch } from './padBatch.ts';

const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };

/**
 * Tag indices [N] for each sequence: Viterbi under the CRF (paper, prediction), the likeliest tag on its own under softmax.
 * Yields how many sequences are done after each batch; throws the signal's reason when it is aborted.
 */
export async function* predict(
  sequences: readonly Sequence[],
  parameters: DeviceParameters,
  shape: TaggerShape,
  batchSize: number,
  signal: AbortSignal,
): AsyncGenerator<number, readonly Int32Array[]> {
  const weights = await chainWeights(parameters, shape);
  const predicted: Int32Array[] = [];
  const lengths = sequences.map(({ pieceIds }) => pieceIds.length);
  let done = 0;
  for (const indices of evaluationBatches(lengths, batchSize)) {
    signal.throwIfAborted();
    const batch = padBatch(sequences, indices);
    const scores = tf.tidy(() => emissions(batch, parameters, shape, NO_DROPOUT, null));
    const values = (await scores.data()) as Float32Array;
    scores.dispose();
    for (const [row, index] of indices.entries()) {
      const { tagCount } = shape.head;
      const from = row * batch.positions * tagCount;
      const count = batch.crfCounts[row] as number;
      const own = values.subarray(from, from + count * tagCount);
      predicted[index] =
        weights === null ? argmaxTags(own, count, tagCount) : viterbi(own, count, tagCount, weights).tags;
    }
    done += indices.length;
    yield done;
    await macrotask();
  }
  return predicted;
}

async function chainWeights(parameters: DeviceParameters, { head }: TaggerShape): Promise<ChainWeights | null> {
  if (head.kind === 'softmax') return null;
  const read = async (name: string): Promise<Float32Array | null> => {
    const tensor = parameters.get(name);
    return tensor === undefined ? null : Float32Array.from(await tensor.data());
  };
  const transitions = await read('crf.transitions');
  if (transitions === null) throw new Error('a CRF without transitions');
  return { transitions, start: await read('crf.start'), end: await read('crf.end') };
}
