// Trains one tagger as a loop that is pulled: every step, epoch and checkpoint, then the test scores of the saved snapshots.
import type { DeviceHealth } from '../engine/gpu/device.ts';
import type { EngineHome } from '../engine/network/computeOptions.ts';
import { locationOf, type HostParameters } from '../model/blocks/parameterLocation.ts';
import { mergedWeights } from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import {
  configAsTrained,
  statusAfterInterrupt,
  type EpochPoint,
  type Position,
  type RunRecord,
  type StepPoint,
} from '../schema/runRecord.ts';
import { writeRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { createPace, createWorkedTime, macrotask, mapEvents, notBefore } from '../util/clock.ts';
import { hashWords } from '../util/random.ts';
import type { TrainingEvent } from '../wire/trainingProtocol.ts';
import {
  batchSizes,
  countSequences,
  mixedSteps,
  padBatch,
  stepsPerEpoch,
  type EncodedSplit,
  type EncodedTasks,
  type StepPlan,
} from './batches.ts';
import {
  lastEpochs,
  mendedSnapshot,
  NOTHING_PENDING,
  removeCheckpoint,
  resumedRecord,
  START,
  takeCheckpoint,
  type Checkpoint,
} from './checkpoint.ts';
import { CheckpointWriter, untilCheckpointMs, type CheckpointTarget } from './checkpointWriter.ts';
import { develScores, evaluateSplits, scoredSnapshot, selection, snapshotsToScore } from './evaluate.ts';
import { keepTestPredictions } from './predictSnapshot.ts';
import { isTrained, startingTensors, type WeightSources } from './startWeights.ts';
import { assertFinite, decayFactors, learningRateAt, type DecayFactors, type StepSettings } from './step.ts';
import { openPredictor, openTrainer, type Predictor, type Trainer } from './trainers.ts';

export interface TrainInputs extends WeightSources {
  /** The run as stored: new, or with the history it had when it was last left. */
  readonly record: RunRecord;
  readonly tasks: EncodedTasks;
  readonly store: Store;
  /** Writes into the same store, and takes the tensors' memory. */
  readonly checkpoints: CheckpointTarget;
  readonly health: DeviceHealth;
  /** Where the engine trains; null for the plain network on tfjs' backend. */
  readonly home: EngineHome | null;
  /** Aborted with reason `pause` or `stop`: the run writes a checkpoint and leaves the device with that status. */
  readonly signal: AbortSignal;
  /** The run is paused after this epoch, the last one included, before anything of test is read; Infinity: it is trained and scored to its end. */
  readonly until: number;
}

/**
 * Trains until the end or the signal, going on from the latest whole checkpoint, and returns the record as stored. Data order and
 * dropout depend on (seed, epoch) and (seed, step) alone, so a resumed run does what an uninterrupted one would have done.
 * Throws LabError `training/notFinite` when the loss is no number, `gpu/...` when the device failed, `storage/...` when records cannot
 * be written; the last checkpoint stays.
 */
export async function* train(inputs: TrainInputs): AsyncGenerator<TrainingEvent, RunRecord> {
  const { signal, until } = inputs;
  const run = await RunInProgress.open(inputs);
  try {
    yield { kind: 'started', record: run.record };
    while (!run.trained && run.epochsDone < until) {
      yield* run.trainEpoch();
      yield* run.closeEpoch();
    }
    yield* run.reportWritten(Infinity);
    if (run.epochsDone >= until) return await run.rest();
    yield* run.scoreSnapshots();
    await run.finish();
  } catch (error) {
    yield* run.reportWritten(Infinity);
    if (!signal.aborted || error !== signal.reason) throw error;
    yield* run.leave(statusAfterInterrupt(error === 'pause' ? 'pause' : 'stop'));
  } finally {
    await run.close();
  }
  return run.record;
}

/** Points of the loss curve a run keeps at the most, beside the one that ends each epoch. */
const LARGEST_HISTORY = 1000;

class RunInProgress {
  record: RunRecord;
  private readonly inputs: TrainInputs;
  private readonly config: TrainingConfig;
  private readonly trainer: Trainer;
  /** Of data order and dropout: the run's own, and another for each round. */
  private readonly seed: number;
  private readonly factors: ReadonlyMap<string, DecayFactors>;
  private readonly lengths: readonly number[];
  private readonly stepsPerEpoch: number;
  private readonly totalSteps: number;
  /** Epochs begun in all; the last is cut short where the steps are fixed. */
  private readonly epochs: number;
  private readonly reportEvery: number;
  private readonly pace = createPace();
  private readonly elapsedBeforeMs: number;
  /** Milliseconds worked since the run was put on the device. */
  private readonly workedMs = createWorkedTime();
  private readonly writer: CheckpointWriter;
  private position: Position;
  private checkpointDueMs = untilCheckpointMs(0);
  private tokensSincePoint = 0;
  private pointAtMs = 0;

  /** Puts a run on the device, at its latest whole checkpoint or at the start, and stores its record as running. */
  static async open(inputs: TrainInputs): Promise<RunInProgress> {
    const { store, record } = inputs;
    const checkpoint = await takeCheckpoint(store, record.spec.id, record);
    const host = await startingTensors(record.spec, inputs.tasks.shape, inputs, checkpoint?.tensors ?? null);
    const run = new RunInProgress(inputs, checkpoint, host);
    await run.save({});
    return run;
  }

  /** `host`: weights and, with a checkpoint, moments. */
  private constructor(inputs: TrainInputs, checkpoint: Checkpoint | null, host: HostParameters) {
    const { tasks, record } = inputs;
    const { seed, round, slicing } = record.spec;
    const config = configAsTrained(record);
    this.config = config;
    const { encoder } = tasks.shape;
    this.inputs = inputs;
    this.writer = new CheckpointWriter(inputs.checkpoints);
    this.seed = round === 0 ? seed : hashWords(seed, round);
    this.lengths = tasks.train.sequences.map(({ pieceIds }) => pieceIds.length);
    this.stepsPerEpoch = stepsPerEpoch(this.lengths.length, config.batchSize);
    this.totalSteps = config.steps ?? this.stepsPerEpoch * config.epochs;
    this.epochs = Math.ceil(this.totalSteps / this.stepsPerEpoch);
    this.reportEvery = Math.max(1, Math.ceil(this.totalSteps / LARGEST_HISTORY));
    const trained = (name: string): boolean => isTrained(name, encoder, slicing, config);
    const names = [...host.keys()];
    this.factors = new Map(
      names.map((name) => [name, decayFactors(config.layerDecay, locationOf(name), encoder.layers)]),
    );
    this.trainer = openTrainer(inputs.home, host, this.settings, trained, checkpoint !== null);
    this.position = checkpoint?.position ?? START;
    this.elapsedBeforeMs = this.position.elapsedMs;
    this.trainer.setPending(this.position.pending.loss, this.position.pending.gradientNorm);
    this.record = resumedRecord(record, this.position, {
      totalSteps: this.totalSteps,
      tags: [...tasks.tagSet.tags],
      counts: [...tasks.counts],
      leaks: [...tasks.leaks],
      snapshots: this.trained ? record.snapshots : [],
    });
  }

  get trained(): boolean {
    return this.position.epoch === this.epochs;
  }

  get epochsDone(): number {
    return this.position.epoch;
  }

  /** The steps left of the epoch under way. */
  async *trainEpoch(): AsyncGenerator<TrainingEvent, void> {
    const { seed, config } = this;
    const { epoch, stepInEpoch: done } = this.position;
    const plans = mixedSteps(this.lengths, this.inputs.tasks.train.sizes, config, seed, epoch);
    const stepsOfEpoch = Math.min(plans.length, this.totalSteps - epoch * this.stepsPerEpoch);
    const left = plans.slice(done, stepsOfEpoch);
    for await (const progress of this.trainer.prepare(batchSizes(left, this.lengths))) {
      this.workedMs();
      yield { kind: 'phase', ...progress, phase: 'compiling' };
      this.assertGoing();
    }
    yield this.trainingPhase();
    for (const plan of left) {
      this.assertGoing();
      const startedAtMs = this.workedMs();
      const learningRate = learningRateAt(config, this.position.step, this.totalSteps);
      await this.update(plan, learningRate);
      const { step, stepInEpoch } = this.position;
      const last = stepInEpoch === stepsOfEpoch;
      if (last || step % this.reportEvery === 0) yield* this.report(learningRate);
      yield* this.reportWritten(this.inputs.checkpoints.waitShare * (this.workedMs() - startedAtMs));
      this.pace.step(this.workedMs() - startedAtMs, plan.flat().length);
      if (!last && this.workedMs() > this.checkpointDueMs) {
        yield* this.checkpoint();
        yield this.trainingPhase();
      }
      await macrotask();
    }
  }

  /** Devel scores, snapshot and checkpoint after the last step of an epoch. */
  async *closeEpoch(): AsyncGenerator<TrainingEvent, void> {
    const { tasks } = this.inputs;
    const evaluations = yield* this.evaluateAll(tasks.devel, this.trainer);
    const epoch = this.position.epoch + 1;
    const loss = this.position.epochLoss / this.position.stepInEpoch;
    const isRung = this.record.search?.rungs.includes(epoch) === true;
    const point: EpochPoint = {
      epoch,
      step: this.position.step,
      loss,
      ...develScores(tasks.devel, evaluations, isRung),
      elapsedMs: this.elapsedMs(),
    };
    this.record = { ...this.record, epochs: [...this.record.epochs, point] };
    this.position = { ...this.position, epoch, stepInEpoch: 0, epochLoss: 0 };
    yield* this.checkpoint();
    yield { kind: 'epoch', point };
  }

  /** Predictions on test of every kept snapshot that has no scores yet, then their scores. */
  async *scoreSnapshots(): AsyncGenerator<TrainingEvent, void> {
    const { tasks, store } = this.inputs;
    const { id } = this.record.spec;
    this.trainer.dispose();
    const { snapshots } = this.record;
    const saved = snapshotsToScore(this.record, lastEpochs(this.epochs, this.config.snapshots), tasks);
    for (const [index, snapshot] of saved.entries()) {
      if (snapshots.some(({ epoch }) => epoch === snapshot.epoch)) continue;
      this.assertGoing();
      const changes = await mendedSnapshot(store, id, snapshot.epoch, this.config.snapshots);
      const weights = new Map([...mergedWeights(changes, this.inputs.pretrained, this.config), ...(this.inputs.fixed ?? [])]); // prettier-ignore
      const predictor = openPredictor(this.inputs.home, weights, this.settings);
      try {
        const evaluations = yield* this.evaluateAll(tasks.test, predictor);
        const predicted = evaluations.map((evaluation) => evaluation && evaluation.predicted);
        await keepTestPredictions(store, this.record.spec, snapshot.epoch, predicted);
        saved[index] = scoredSnapshot(snapshot, tasks.test, evaluations);
      } finally {
        predictor.dispose();
      }
      await this.save({ snapshots: saved.slice(0, index + 1) });
    }
  }

  /** Marks the run as finished; its resume points are not needed any more. */
  async finish(): Promise<void> {
    await this.save({ status: 'finished', ...selection(this.record.snapshots) });
    // Should this record be damaged one day, the one before tells the same: there is nothing left to go on from.
    await this.save({});
    await removeCheckpoint(this.inputs.store, this.record.spec.id);
  }

  /** Takes an interrupted run off the device so that it can go on from exactly here. */
  async *leave(status: 'paused' | 'stopped'): AsyncGenerator<TrainingEvent, void> {
    if (!this.trained) yield* this.checkpoint();
    yield* this.reportWritten(Infinity);
    await this.save({ status });
  }

  /** Takes a run off the device at the end of an epoch, of which the checkpoint is written. */
  async rest(): Promise<RunRecord> {
    await this.save({ status: 'paused' });
    return this.record;
  }

  /** Nothing is written afterwards. */
  async close(): Promise<void> {
    await this.writer.settle();
    this.trainer.dispose();
  }

  /** Reports what was written in the background. Throws what writing threw. */
  async *reportWritten(waitMs: number): AsyncGenerator<TrainingEvent, void> {
    const stored = await this.writer.collect({ waitMs });
    if (stored !== null) yield { kind: 'checkpoint', ...stored };
  }

  /** One step on the device; nothing is read back. */
  private async update(plan: StepPlan, learningRate: number): Promise<void> {
    const { tasks } = this.inputs;
    const step = this.position.step + 1;
    const batches = plan.map((indices) => padBatch(tasks.train.sequences, indices));
    await this.trainer.update(batches, step, learningRate);
    const pending = { ...this.position.pending, steps: this.position.pending.steps + 1 };
    this.position = { ...this.position, step, stepInEpoch: this.position.stepInEpoch + 1, pending };
    for (const index of plan.flat()) this.tokensSincePoint += tasks.train.tokenCounts[index] as number;
  }

  /** Reads the sums since the last point back and adds a point to the history. */
  private async *report(learningRate: number): AsyncGenerator<TrainingEvent, void> {
    const { step, epoch, stepInEpoch, epochLoss, pending } = this.position;
    const [loss, gradientNorm] = await this.trainer.readPending();
    this.assertHealthy();
    const point: StepPoint = {
      step,
      epoch: epoch + stepInEpoch / this.stepsPerEpoch,
      loss: loss / pending.steps,
      learningRate,
      gradientNorm: gradientNorm / pending.steps,
      elapsedMs: this.elapsedMs(),
    };
    assertFinite(step, point.loss, point.gradientNorm);
    this.record = { ...this.record, steps: [...this.record.steps, point], step };
    this.position = { ...this.position, pending: NOTHING_PENDING, epochLoss: epochLoss + loss };
    this.trainer.setPending(0, 0);
    const tokensPerSecond = (1000 * this.tokensSincePoint) / Math.max(1, this.workedMs() - this.pointAtMs);
    this.tokensSincePoint = 0;
    this.pointAtMs = this.workedMs();
    yield {
      kind: 'step',
      point,
      totalSteps: this.totalSteps,
      tokensPerSecond,
      remainingMs: this.remainingMs(),
      memory: this.trainer.memory(),
    };
  }

  /** Takes from the device what is to be saved, and begins to write it: no step waits for storage. */
  private async *checkpoint(): AsyncGenerator<TrainingEvent, void> {
    yield* this.reportWritten(Infinity);
    const startedAtMs = this.workedMs();
    yield { kind: 'phase', phase: 'saving', done: 0, of: 0 };
    const [loss, gradientNorm] = await this.trainer.readPending();
    const tensors = await this.trainer.checkpointTensors();
    this.assertHealthy();
    assertFinite(this.position.step, loss, gradientNorm);
    const pending = { ...this.position.pending, loss, gradientNorm };
    const position = { ...this.position, pending, elapsedMs: this.elapsedMs() };
    this.position = position;
    this.writer.begin(this.changed({ step: position.step }), { position, tensors });
    const tookMs = this.workedMs() - startedAtMs;
    this.pointAtMs += tookMs;
    this.checkpointDueMs = this.workedMs() + untilCheckpointMs(tookMs);
  }

  /** The tagger on one split of every task; the clock of the time worked sees each event. */
  private evaluateAll(splits: readonly EncodedSplit[], predictor: Predictor): ReturnType<typeof evaluateSplits> {
    const { tasks, signal } = this.inputs;
    let startedAtMs = this.workedMs();
    const onEvaluated = (sequences: number): void => {
      this.assertHealthy();
      const tookMs = this.workedMs() - startedAtMs;
      this.pace.evaluation(tookMs, sequences);
      this.pointAtMs += tookMs;
      startedAtMs += tookMs;
    };
    return mapEvents(evaluateSplits(splits, tasks, predictor, this.config, signal, onEvaluated), (event) => {
      this.workedMs();
      return event;
    });
  }

  private get settings(): Pick<StepSettings, 'shape' | 'config' | 'factors' | 'seed'> {
    const { config } = this;
    return { shape: this.inputs.tasks.shape, config, factors: this.factors, seed: this.seed };
  }

  private remainingMs(): number | null {
    const { devel, test } = this.inputs.tasks;
    const stepsLeft = this.totalSteps - this.position.step;
    const develLeft = (this.epochs - this.position.epoch) * countSequences(devel);
    const testLeft = Math.min(this.config.snapshots, this.epochs) * countSequences(test);
    return this.pace.remainingMs(stepsLeft * this.config.batchSize, develLeft + testLeft);
  }

  private elapsedMs(): number {
    return this.elapsedBeforeMs + this.workedMs();
  }

  private changed(changes: Partial<RunRecord>): RunRecord {
    const updatedAt = notBefore(new Date().toISOString(), this.record.updatedAt);
    this.record = { ...this.record, ...changes, elapsedMs: this.elapsedMs(), updatedAt };
    return this.record;
  }

  private async save(changes: Partial<RunRecord>): Promise<void> {
    await writeRunRecord(this.inputs.store, this.changed(changes));
  }

  private trainingPhase(): TrainingEvent {
    return { kind: 'phase', phase: 'training', done: this.position.step, of: this.totalSteps };
  }

  private assertGoing(): void {
    this.inputs.signal.throwIfAborted();
    this.assertHealthy();
  }

  private assertHealthy(): void {
    if (this.inputs.health.failure !== null) throw this.inputs.health.failure;
  }
}
