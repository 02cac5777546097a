// Lets each sequence of a run pass the network's frozen part once, before training: states of language models and of other tasks' taggers.
import * as tf from '@tensorflow/tfjs';
import type { Sequence } from '../data/pieces/sequences.ts';
import { disposeParameters, uploadParameters } from '../model/blocks/deviceParameters.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { familyOf } from '../model/families/encoderConfig.ts';
import { macrotask } from '../util/clock.ts';
import type { TrainingEvent } from '../wire/trainingEvent.ts';
import { evaluationBatches, padBatch } from './batches.ts';
import type { EncodedTasks } from './encodeTasks.ts';

/** Of features of all sequences together; beyond it they are computed in each step. */
const MOST_BYTES = 768 * 2 ** 20;
/** Sequences at once: the same whatever a run's micro-batches, so that the numbers are, too. */
const AT_ONCE = 16;

/**
 * Adds features to the sequences of a run whose encoder has a frozen part, if they fit into memory; `weights` are those of model and helpers.
 * They depend on text and weights alone, so a run that is resumed gets the same. Yields progress in sequences; throws the reason of `signal`.
 */
export async function* withFeatures(
  tasks: EncodedTasks,
  weights: HostParameters,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EncodedTasks> {
  const { encoder } = tasks.shape;
  const { frozen, isConstant } = familyOf(encoder);
  const width = frozen?.width(encoder) ?? 0;
  if (frozen === undefined || width === 0) return tasks;
  const splits = [tasks.train.sequences, ...[...tasks.devel, ...tasks.test].map(({ sequences }) => sequences)];
  const all = splits.flat();
  const pieces = all.reduce((sum, { pieceIds }) => sum + pieceIds.length, 0);
  if (4 * width * pieces > MOST_BYTES) return tasks;
  const found = new Map<Sequence, Sequence>();
  const parameters = uploadParameters(new Map([...weights].filter(([name]) => isConstant?.(name) === true)));
  try {
    const lengths = all.map(({ pieceIds }) => pieceIds.length);
    for (const indices of evaluationBatches(lengths, AT_ONCE)) {
      yield { kind: 'phase', phase: 'encoding', done: found.size, of: all.length };
      await macrotask();
      signal.throwIfAborted();
      const batch = padBatch(all, indices);
      const features = tf.tidy(() => frozen.features(batch, parameters, encoder));
      const values = (await features.data()) as Float32Array;
      features.dispose();
      indices.forEach((index, row) => {
        const sequence = all[index] as Sequence;
        const from = row * batch.pieces * width;
        found.set(sequence, { ...sequence, features: values.slice(from, from + sequence.pieceIds.length * width) as Float32Array<ArrayBuffer> }); // prettier-ignore
      });
    }
  } finally {
    disposeParameters(parameters);
  }
  const ready = (sequences: readonly Sequence[]): readonly Sequence[] => sequences.map((one) => found.get(one) ?? one);
  const ofSplit = <Split extends { readonly sequences: readonly Sequence[] }>(split: Split): Split => ({ ...split, sequences: ready(split.sequences) }); // prettier-ignore
  return {
    ...tasks,
    train: { ...tasks.train, sequences: ready(tasks.train.sequences) },
    devel: tasks.devel.map(ofSplit),
    test: tasks.test.map(ofSplit),
  };
}
