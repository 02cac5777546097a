// Measures the projected gradient of the loss of sampled sequences of every task of a joint run, at one of its snapshots.
import type { Sequence } from '../data/pieces/sequences.ts';
import type { EngineHome } from '../engine/network/computeOptions.ts';
import { GradientProjection } from '../metrics/affinity/gradientProjection.ts';
import type { SequenceGradient } from '../metrics/affinity/linearisedTagger.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { isJoint } from '../schema/methods.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import type { GradientsRequest } from '../schema/storedGradients.ts';
import { writeGradients } from '../storage/gradientRecords.ts';
import type { Store } from '../storage/store.ts';
import { macrotask } from '../util/clock.ts';
import { LabError } from '../util/labError.ts';
import { Rng } from '../util/random.ts';
import type { Progress } from '../util/work.ts';
import { padBatch, sharesOf } from './batches.ts';
import { loadSnapshot } from './checkpoint.ts';
import { encodeTasks, type EncodedTasks, type TaskText } from './encodeTasks.ts';
import type { LoadedModel } from './loadModel.ts';
import { openGradients } from './openTrainer.ts';
import { initialEncoder, isTrained } from './startWeights.ts';
import type { GradientMeter } from './trainer.ts';

interface RunText {
  readonly texts: readonly TaskText[];
  readonly model: LoadedModel;
  /** Weights of the encoder that no run trains and no snapshot has. */
  readonly fixed: HostParameters;
}

/**
 * Measures and stores what a request names: of every task, gradients of training sequences as the run trained on them and of devel sequences, for all
 * parameters that the run trains, the head among them, without dropout. Yields progress in sequences. Throws LabError `affinity/method` unless the run
 * trains two tasks or more together, `affinity/no-devel` where a task has no devel sequences, `checkpoint/missing` without the snapshot, `storage/full`,
 * what `encodeTasks` throws, and the reason of `signal`.
 */
export async function* measureTaskGradients(
  request: GradientsRequest,
  spec: RunSpec,
  { texts, model, fixed }: RunText,
  store: Store,
  home: EngineHome | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, void> {
  assertJoint(spec);
  const { config, seed } = spec;
  const encoding = encodeTasks(texts, model, spec, signal);
  let next = await encoding.next();
  for (; next.done !== true; next = await encoding.next()) {
    if (next.value.kind === 'phase') yield { phase: next.value.phase, done: next.value.done, of: next.value.of };
  }
  const tasks = next.value;
  const samples = sampledSequences(tasks, spec, request);
  const snapshot = await loadSnapshot(store, request.runId, request.epoch);
  const pretrained = initialEncoder(model.config, model.encoder, seed);
  const weights = new Map([...(config.adapters === undefined ? [] : pretrained), ...snapshot, ...fixed]);
  const trained = (name: string): boolean => isTrained(name, tasks.shape.encoder, null, config);
  const sizes = new Map([...weights].flatMap(([name, { values }]) => (trained(name) ? [[name, values.length]] : [])));
  const projection = new GradientProjection(request.dimensions, request.seed, sizes);
  const meter = openGradients(home, weights, { shape: tasks.shape, config, factors: new Map<string, never>(), seed }, trained); // prettier-ignore
  try {
    yield* measured(samples, meter, projection, signal);
    await writeGradients(store, request, samples.map(({ shown, train, devel }) => ({ shown, train: gradientsOf(train), devel: gradientsOf(devel) }))); // prettier-ignore
  } finally {
    meter.dispose();
  }
}

function assertJoint({ method, tasks, round }: RunSpec): void {
  if (isJoint(method) && tasks.length > 1) return;
  throw new LabError('affinity/method', 'Affinity is measured between the tasks that one run trains together.', {
    expected: 'a run of MTL-XC or another joint method on two tasks or more',
    got: `${method}${round === 0 ? '' : `, round ${round}`} on ${tasks.length === 1 ? 'one task' : `${tasks.length} tasks`}`,
  });
}

interface SampledSequence {
  readonly sequence: Sequence;
  measured: SequenceGradient | null;
}

interface TaskSample {
  readonly shown: number;
  readonly train: readonly SampledSequence[];
  readonly devel: readonly SampledSequence[];
}

/** Draws depend on the seed and the split alone, so that two tasks of the same sentences get the same sample. */
function sampledSequences(
  { train, devel }: EncodedTasks,
  { tasks, config }: RunSpec,
  { sequences, seed }: GradientsRequest,
): readonly TaskSample[] {
  const shown = sharesOf(train.sizes, config.mixing);
  const draw = (from: readonly Sequence[], split: string): readonly SampledSequence[] =>
    Rng.seeded(seed).fork('gradients', split).shuffled(from).slice(0, sequences).map((sequence) => ({ sequence, measured: null })); // prettier-ignore
  let offset = 0;
  return train.sizes.map((size, task) => {
    const own = train.sequences.slice(offset, (offset += size));
    const develSequences = devel[task]?.sequences ?? [];
    if (develSequences.length === 0 || own.length === 0) {
      const { name } = tasks[task]?.corpus ?? { name: '' };
      throw new LabError('affinity/no-devel', `The effect on ${name} is estimated on its devel sentences.`, {
        expected: 'training sentences, and devel sentences that were not trained on',
        got: `${own.length} training and ${develSequences.length} devel sequences`,
      });
    }
    return { shown: shown[task] ?? 0, train: draw(own, 'train'), devel: draw(develSequences, 'devel') };
  });
}

/** One sequence at a time, those of one length after the other, so that few shapes are prepared at once. */
async function* measured(
  samples: readonly TaskSample[],
  meter: GradientMeter,
  projection: GradientProjection,
  signal: AbortSignal,
): AsyncGenerator<Progress, void> {
  const all = samples.flatMap(({ train, devel }) => [...train, ...devel]);
  const order = [...all].sort((left, right) => left.sequence.pieceIds.length - right.sequence.pieceIds.length);
  for (const [done, sample] of order.entries()) {
    yield { phase: 'measuring gradients', done, of: all.length };
    await macrotask();
    signal.throwIfAborted();
    const { loss, gradients } = await meter.measure(padBatch([sample.sequence], [0]));
    const values = [...gradients].map(([name, tensor]) => [name, tensor.values] as const);
    sample.measured = { loss: finiteLoss(loss), gradient: projection.project(values) };
  }
}

/** A likelihood of nearly one may round above it. */
function finiteLoss(loss: number): number {
  if (Number.isFinite(loss)) return Math.max(0, loss);
  throw new LabError('affinity/not-finite', 'The loss of a sequence is not finite at this snapshot.', {
    expected: 'a number',
    got: String(loss),
  });
}

function gradientsOf(sampled: readonly SampledSequence[]): readonly SequenceGradient[] {
  return sampled.flatMap(({ measured: found }) => (found === null ? [] : [found]));
}
