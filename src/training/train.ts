// A run as a loop you pull: every step, epoch and checkpoint of training one tagger, then its test scores.
import * as tf from '@tensorflow/tfjs';
import type { DeviceHealth } from '../engine/device.ts';
import { memoryReport } from '../engine/memoryReport.ts';
import type { HostParameters } from '../model/parameters.ts';
import { newHead, placeOf } from '../model/parameters.ts';
import { disposeParameters, downloadParameters, uploadParameters } from '../model/deviceParameters.ts';
import type { Position } from '../schema/checkpointManifest.ts';
import type { RunRecord, SnapshotScores } from '../schema/runRecord.ts';
import type { SplitScores } from '../schema/scores.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import { writeRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { macrotask } from '../util/macrotask.ts';
import { epochSteps, stepsPerEpoch } from './batches.ts';
import { loadCheckpoint, loadSnapshot, saveCheckpoint, saveSnapshot, snapshotEpochs } from './checkpoint.ts';
import type { EncodedTask } from './encodeTask.ts';
import type { EncodedSplit } from './evaluate.ts';
import { evaluate } from './evaluate.ts';
import { decayFactors, learningRateAt } from './learningRate.ts';
import { createPace } from './pace.ts';
import { padBatch } from './padBatch.ts';
import { trainStep } from './step.ts';
import type { TrainerState } from './trainerState.ts';
import { checkpointTensors, disposeState, freshState, restoredState } from './trainerState.ts';

export interface TrainInputs {
  /** The run as stored: new, or with the history it had when it was last left. Status is set here. */
  readonly record: RunRecord;
  readonly task: EncodedTask;
  /** Encoder weights to start from; the head is drawn anew. */
  readonly encoder: HostParameters;
  readonly store: Store;
  readonly health: DeviceHealth;
  /** Aborted with reason `pause` or `stop`: the run writes a checkpoint and returns with that status. */
  readonly signal: AbortSignal;
}

/** Points of the loss curve a run keeps at the most. */
const LARGEST_HISTORY = 1000;
const CHECKPOINT_EVERY_MS = 30_000;
/** A checkpoint may cost a twentieth of the time between two. */
const CHECKPOINT_SHARE = 20;

const START: Position = {
  epoch: 0,
  stepInEpoch: 0,
  step: 0,
  pending: { steps: 0, loss: 0, gradientNorm: 0 },
  epochLoss: 0,
  elapsedMs: 0,
};

/**
 * Trains until the end or the signal, resuming from the latest whole checkpoint, and returns the record as stored. Data order and
 * dropout depend on (seed, epoch) and (seed, step) alone, so a resumed run does what an uninterrupted one would have done.
 * Throws LabError `training/notFinite` when the loss is no number, `gpu/...` when the device failed, `storage/...` when records cannot
 * be written; the last checkpoint stays.
 */
export async function* train(inputs: TrainInputs): AsyncGenerator<TrainingEvent, RunRecord> {
  const { task, store, signal, health } = inputs;
  const { spec } = inputs.record;
  const { config, seed } = spec;
  const { shape } = task;
  const perEpoch = stepsPerEpoch(task.train.sequences.length, config.batchSize);
  const totalSteps = perEpoch * config.epochs;
  const reportEvery = Math.max(1, Math.ceil(totalSteps / LARGEST_HISTORY));
  const lengths = task.train.sequences.map(({ pieceIds }) => pieceIds.length);

  const checkpoint = await loadCheckpoint(store, spec.id);
  const begun = performance.now();
  let position: Position = checkpoint?.position ?? START;
  const elapsedMs = (): number => (checkpoint?.position.elapsedMs ?? 0) + performance.now() - begun;
  let record: RunRecord = {
    ...inputs.record,
    status: 'running',
    failure: null,
    totalSteps,
    step: position.step,
    tags: [...task.tags],
    counts: task.counts,
    // What was done after the checkpoint is done again, to the same numbers.
    steps: inputs.record.steps.filter(({ step }) => step <= position.step),
    epochs: inputs.record.epochs.filter(({ epoch }) => epoch <= position.epoch),
  };
  const save = async (changes: Partial<RunRecord>): Promise<void> => {
    record = { ...record, ...changes, elapsedMs: elapsedMs(), updatedAt: new Date().toISOString() };
    await writeRunRecord(store, record);
  };
  await save({});
  yield { kind: 'started', record };

  const state: TrainerState =
    checkpoint === null
      ? freshState(new Map([...inputs.encoder, ...newHead(shape.encoder, shape.head, seed)]))
      : restoredState(checkpoint.tensors);
  const factors = new Map(
    [...state.parameters.keys()].map((name) => [name, decayFactors(config.layerDecay, placeOf(name), shape.encoder.layers)]),
  );
  const { pending: left } = position;
  let pending: tf.Tensor1D = tf.tensor1d([left.loss, left.gradientNorm]);
  const pace = createPace();
  let checkpointDueMs = performance.now() + CHECKPOINT_EVERY_MS;
  let tokensSince = 0;
  let reportedAtMs = performance.now();

  const assertHealthy = (): void => {
    if (health.failure !== null) throw health.failure;
  };

  async function* writeCheckpoint(): AsyncGenerator<TrainingEvent, void> {
    yield { kind: 'phase', phase: 'saving', done: 0, total: 0 };
    const from = performance.now();
    const [loss = 0, gradientNorm = 0] = await pending.data();
    position = { ...position, pending: { ...position.pending, loss, gradientNorm }, elapsedMs: elapsedMs() };
    const tensors = await checkpointTensors(state);
    assertHealthy();
    const sizeBytes = await saveCheckpoint(store, spec.id, { position, tensors });
    await save({ step: position.step });
    const tookMs = performance.now() - from;
    checkpointDueMs = performance.now() + Math.max(CHECKPOINT_EVERY_MS, CHECKPOINT_SHARE * tookMs);
    yield { kind: 'checkpoint', step: position.step, sizeBytes };
  }

  /** Reads the sums since the last point back and adds a point to the history. */
  async function* report(learningRate: number): AsyncGenerator<TrainingEvent, void> {
    const { steps } = position.pending;
    const [loss = NaN, gradientNorm = NaN] = await pending.data();
    assertHealthy();
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new LabError('training/notFinite', `The loss stopped being a number at step ${position.step}.`, {
        expected: 'a finite loss and gradient norm',
        got: `loss ${loss / steps}, gradient norm ${gradientNorm / steps} over the last ${steps} steps; a lower learning rate may help`,
      });
    }
    const point = {
      step: position.step,
      epoch: position.epoch + position.stepInEpoch / perEpoch,
      loss: loss / steps,
      learningRate,
      gradientNorm: gradientNorm / steps,
      elapsedMs: elapsedMs(),
    };
    record = { ...record, steps: [...record.steps, point], step: position.step };
    position = { ...position, pending: START.pending, epochLoss: position.epochLoss + loss };
    pending.dispose();
    pending = tf.tensor1d([0, 0]);
    const nowMs = performance.now();
    const tokensPerSecond = tokensSince / ((nowMs - reportedAtMs) / 1000);
    tokensSince = 0;
    reportedAtMs = nowMs;
    const trainLeft = (totalSteps - position.step) * config.batchSize;
    const evaluationsLeft = (config.epochs - position.epoch) * task.devel.sequences.length + testSequences(config.snapshots, config.epochs, task.test);
    const remainingMs = pace.remainingMs(trainLeft, evaluationsLeft);
    yield { kind: 'step', point, totalSteps, tokensPerSecond, remainingMs, memory: memoryReport() };
  }

  async function* timedEvaluation(split: EncodedSplit, parameters = state.parameters): AsyncGenerator<TrainingEvent, SplitScores | null> {
    if (split.sequences.length === 0) return null;
    const from = performance.now();
    const scores = yield* evaluate(split, task, parameters, config, signal);
    assertHealthy();
    pace.evaluation(performance.now() - from, split.sequences.length);
    reportedAtMs += performance.now() - from;
    return scores;
  }

  /** Devel scores, snapshot and checkpoint after the last step of an epoch. */
  async function* closeEpoch(): AsyncGenerator<TrainingEvent, void> {
    const devel = yield* timedEvaluation(task.devel);
    const epoch = position.epoch + 1;
    const point = { epoch, step: position.step, loss: position.epochLoss / perEpoch, devel, elapsedMs: elapsedMs() };
    record = { ...record, epochs: [...record.epochs, point] };
    await saveSnapshot(store, spec.id, epoch, await downloadParameters(state.parameters), config.snapshots);
    position = { ...position, epoch, stepInEpoch: 0, epochLoss: 0 };
    yield* writeCheckpoint();
    yield { kind: 'epoch', point };
  }

  try {
    while (position.epoch < config.epochs) {
      const plans = epochSteps(lengths, config, seed, position.epoch);
      yield { kind: 'phase', phase: 'training', done: position.step, total: totalSteps };
      for (const plan of plans.slice(position.stepInEpoch)) {
        signal.throwIfAborted();
        assertHealthy();
        const from = performance.now();
        const learningRate = learningRateAt(config, position.step, totalSteps);
        const batches = plan.map((indices) => padBatch(task.train.sequences, indices));
        const step = position.step + 1;
        const summary = trainStep(state.parameters, state.moments, batches, { shape, config, factors, seed, step, learningRate });
        const sum = tf.add(pending, summary);
        tf.dispose([pending, summary]);
        pending = sum as tf.Tensor1D;
        const inEpoch = position.stepInEpoch + 1;
        position = { ...position, step, stepInEpoch: inEpoch, pending: { ...position.pending, steps: position.pending.steps + 1 } };
        for (const indices of plan) for (const index of indices) tokensSince += task.train.tokenCounts[index] as number;
        if (step % reportEvery === 0 || inEpoch === perEpoch) yield* report(learningRate);
        pace.step(performance.now() - from, plan.flat().length);
        if (inEpoch < perEpoch && performance.now() > checkpointDueMs) {
          yield* writeCheckpoint();
          yield { kind: 'phase', phase: 'training', done: position.step, total: totalSteps };
        }
        await macrotask();
      }
      yield* closeEpoch();
    }
    disposeState(state);
    record = { ...record, snapshots: await keptSnapshots(record, store) };
    for (const [index, snapshot] of record.snapshots.entries()) {
      if (snapshot.test !== null || task.test.sequences.length === 0) continue;
      signal.throwIfAborted();
      const parameters = uploadParameters(await loadSnapshot(store, spec.id, snapshot.epoch));
      try {
        const test = yield* timedEvaluation(task.test, parameters);
        await save({ snapshots: record.snapshots.with(index, { ...snapshot, test }) });
      } finally {
        disposeParameters(parameters);
      }
    }
    await save({ status: 'finished', selectedEpoch: selectedEpoch(record.snapshots) });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    if (position.epoch < config.epochs) yield* writeCheckpoint();
    await save({ status: signal.reason === 'pause' ? 'paused' : 'stopped' });
  } finally {
    pending.dispose();
    disposeState(state);
  }
  return record;
}

/** Sequences of test evaluations to come at the end. */
function testSequences(snapshots: number, epochs: number, test: EncodedSplit): number {
  return Math.min(snapshots, epochs) * test.sequences.length;
}

/** The kept snapshots with the devel scores of their epochs, and the test scores they already have. */
async function keptSnapshots(record: RunRecord, store: Store): Promise<SnapshotScores[]> {
  const epochs = await snapshotEpochs(store, record.spec.id);
  return epochs.map((epoch) => ({
    epoch,
    devel: record.epochs.find((point) => point.epoch === epoch)?.devel ?? null,
    test: record.snapshots.find((snapshot) => snapshot.epoch === epoch)?.test ?? null,
  }));
}

/** The snapshot with the best devel F1, the latest among equals; the last one when there is no devel. */
function selectedEpoch(snapshots: readonly SnapshotScores[]): number | null {
  let best: SnapshotScores | null = null;
  const f1 = (snapshot: SnapshotScores): number => snapshot.devel?.lenient.overall.f1 ?? -1;
  for (const snapshot of snapshots) if (best === null || f1(snapshot) >= f1(best)) best = snapshot;
  return best?.epoch ?? null;
}
