// The record of one run, what to train, progress and scores so far, and the manifest that turns stored tensors into a checkpoint.
import { packedTotals, type PackedCounts } from '../metrics/scores/packedCounts.ts';
import type { EntityScores, SpanScore, SplitScores } from '../metrics/scores/spanScore.ts';
import * as z from '../util/zod.ts';
import { trainingConfigSchema, type TrainingConfig } from './config.ts';
import { splitCountsSchema } from './corpusRecord.ts';
import { multiplyAddsSchema, precisionSchema } from './machineSettings.ts';
import { droppedSchema, methodSchema, rateSearchSchema } from './methods.ts';

const count = z.int().check(z.gte(0));
const percent = z.number().check(z.gte(0), z.lte(100));

const spanScoreSchema = z.strictObject({
  gold: count,
  predicted: count,
  correct: count,
  precision: percent,
  recall: percent,
  f1: percent,
}) satisfies z.ZodMiniType<SpanScore>;

const entityScoresSchema = z.strictObject({
  overall: spanScoreSchema,
  perType: z.record(z.string(), spanScoreSchema),
}) satisfies z.ZodMiniType<EntityScores>;

/** Validates stored entity scores. */
export const splitScoresSchema = z.strictObject({
  sentences: count,
  tokens: count,
  accuracy: percent,
  lenient: entityScoresSchema,
  strict: entityScoresSchema,
  discarded: count,
}) satisfies z.ZodMiniType<SplitScores>;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Upgrades the configuration of a version 1 run or plan, which had neither fixed steps nor mixing. */
export function upgradeConfig(config: unknown): unknown {
  return isObject(config) ? { steps: null, mixing: 'proportional', ...config } : config;
}

/**
 * Upgrades a version 1 record, which had one task and no category, slicing or rounds. Returns anything else unchanged, for the schema to validate.
 */
export function upgradeRunRecord(value: unknown): unknown {
  if (!isObject(value) || value['version'] !== 1 || !isObject(value['spec'])) return value;
  const { corpus, type, config, ...spec } = value['spec'];
  const alone = (scores: unknown): unknown[] => [scores ?? null];
  const points = (list: unknown, members: readonly string[]): unknown =>
    Array.isArray(list)
      ? list.map((point: unknown) =>
          isObject(point)
            ? { ...point, ...Object.fromEntries(members.map((name) => [name, alone(point[name])])) }
            : point,
        )
      : list;
  return {
    ...value,
    version: 2,
    spec: {
      ...spec,
      tasks: [{ corpus, type }],
      category: null,
      slicing: null,
      round: 0,
      parent: null,
      config: upgradeConfig(config),
    },
    counts: isObject(value['counts']) ? [value['counts']] : null,
    epochs: points(value['epochs'], ['devel']),
    snapshots: points(value['snapshots'], ['devel', 'test']),
  };
}

const inputSchema = z.strictObject({ id: z.string(), name: z.string(), fingerprint: z.string() });

/** One corpus restricted to one entity type; null for all its types together. */
const taskRefSchema = z.strictObject({ corpus: inputSchema, type: z.nullable(z.string()) });
export type TaskRef = z.infer<typeof taskRefSchema>;

/** Layer slicing: what a sliced run shares from its category's joint run (MTL-LS from MTL-XC). */
export const slicingSchema = z.strictObject({
  /** The embedding and the layers below this one come from the joint run; the slicing rate is `layers / n`. */
  layers: z.int().check(z.gte(0)),
  /**
   * `released`: copies the biases and segment embeddings of all layers, as in the released code's checkpoint; `perLayer`: only those of shared
   * layers.
   */
  biases: z.enum(['released', 'perLayer']),
  /** Keeps the shared layers and embedding fixed: no gradient, no moments. */
  frozen: z.boolean(),
});
export type Slicing = z.infer<typeof slicingSchema>;

/** What a run reads of the category's other tasks: CollaboNet in each step, a method that merges to start from. */
const collaborationSchema = z.strictObject({
  /** From 1. The first starts from the task's STL run, each other, of CollaboNet alone, from the turn before. */
  turn: z.int().check(z.gte(1), z.lte(100)),
  /** The runs of the category's other tasks whose last weights it reads, which it does not change; in the order of tasks by content. */
  helpers: z.array(z.string()).check(z.minLength(1), z.maxLength(999)),
});

/** Inputs of a run by content, which makes the same request the same run on every machine. */
const runSpecSchema = z.strictObject({
  /** First 16 hex digits of the fingerprint of all other members except the names. */
  id: z.string(),
  method: methodSchema,
  /** All tasks of the category for a joint method, else one. */
  tasks: z.array(taskRefSchema).check(z.minLength(1)),
  /** The category of an MTL run, and the type name shared by its tasks' mentions in MTL-XC. Null for STL. */
  category: z.nullable(
    z.strictObject({ name: z.string().check(z.minLength(1)), typeName: z.string().check(z.minLength(1)) }),
  ),
  slicing: z.nullable(slicingSchema),
  /** Present for methods that read runs of other tasks. */
  collaboration: z.optional(collaborationSchema),
  /** 0 for the first training; later rounds restart from its final weights. */
  round: z.int().check(z.gte(0)),
  /** The run whose last snapshot this one starts from: the joint run for a sliced one, the single run or the turn before for one that reads others, the first round for later rounds. Null for pretrained weights. */
  parent: z.nullable(z.string()),
  model: inputSchema,
  seed: z.int().check(z.gte(0), z.lte(4294967295)),
  config: trainingConfigSchema,
});
export type RunSpec = z.infer<typeof runSpecSchema>;

/** Means over the steps since the last history point. */
const stepPointSchema = z.strictObject({
  step: z.int().check(z.gte(1)),
  /** Position in epochs, fractional. */
  epoch: z.number().check(z.gte(0)),
  loss: z.number(),
  learningRate: z.number().check(z.gte(0)),
  gradientNorm: z.number().check(z.gte(0)),
  elapsedMs: z.number().check(z.gte(0)),
});
export type StepPoint = z.infer<typeof stepPointSchema>;

/** Its texts are read where they are compared with the scores. */
const packedCountsSchema = z.strictObject({
  split: z.string(),
  gold: z.string(),
  missed: z.string(),
  spurious: z.string(),
}) satisfies z.ZodMiniType<PackedCounts>;

const epochPointSchema = z
  .strictObject({
    epoch: z.int().check(z.gte(1)),
    step: z.int().check(z.gte(1)),
    /** Mean training loss of the epoch's steps. */
    loss: z.number(),
    /** For each task of the run; null if its devel split is empty or part of training. */
    devel: z.array(z.nullable(splitScoresSchema)),
    /** What was found in each devel sentence, for each task: at the rungs of a search; absent elsewhere. */
    develCounts: z.optional(z.array(z.nullable(packedCountsSchema))),
    elapsedMs: z.number().check(z.gte(0)),
  })
  .check(
    z.refine(({ devel, develCounts = [] }) => develCounts.every((counts, task) => isCountOf(counts, devel[task])), {
      path: ['develCounts'],
      message: 'the counts of the sentences are damaged or do not add up to the scores',
    }),
  );
export type EpochPoint = z.infer<typeof epochPointSchema>;

/** Scores of the snapshot after an epoch, for each task of the run; null if a split is empty, and for test before it is scored. */
const snapshotScoresSchema = z
  .strictObject({
    epoch: z.int().check(z.gte(1)),
    devel: z.array(z.nullable(splitScoresSchema)),
    test: z.array(z.nullable(splitScoresSchema)),
    /** What was found in each test sentence, for each task: of the selected snapshot; absent in records of earlier versions. */
    testCounts: z.optional(z.array(z.nullable(packedCountsSchema))),
  })
  .check(
    z.refine(({ test, testCounts = [] }) => testCounts.every((counts, task) => isCountOf(counts, test[task])), {
      path: ['testCounts'],
      message: 'the counts of the sentences are damaged or do not add up to the scores',
    }),
  );

function isCountOf(counts: PackedCounts | null, scores: SplitScores | null | undefined): boolean {
  if (counts === null) return true;
  const totals = packedTotals(counts);
  if (totals === null || scores == null) return false;
  const { gold, predicted, correct } = scores.lenient.overall;
  const isSum = totals.gold === gold && totals.predicted === predicted && totals.correct === correct;
  return isSum && totals.sentences === scores.sentences;
}

export type SnapshotScores = z.infer<typeof snapshotScoresSchema>;

const environmentSchema = z.strictObject({
  /** Version of the lab. */
  software: z.string(),
  backend: z.enum(['webgpu', 'wasm', 'cpu']),
  /** Adapter or processor, as far as the platform reports it. */
  device: z.string(),
  threads: z.int().check(z.gte(1)),
  platform: z.string(),
  /** Absent in files of earlier versions, which had only f32. */
  precision: z.optional(precisionSchema),
  /** Why a GPU computed the plain network instead of the engine; absent where the engine ran, and without a GPU. */
  plainNetwork: z.optional(z.string()),
  /** Present where the engine ran on the processor; absent on wasm where the plain network did, as in earlier versions always. */
  engine: z.optional(z.literal('processor')),
  /** How the engine's multiply-adds rounded on the processor: fused once, or twice; absent without that engine and in earlier versions. */
  multiplyAdds: z.optional(multiplyAddsSchema),
});
export type Environment = z.infer<typeof environmentSchema>;

const runStatusSchema = z.enum(['queued', 'running', 'paused', 'stopped', 'failed', 'finished']);
export type RunStatus = z.infer<typeof runStatusSchema>;

const failureSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  expected: z.optional(z.string()),
  got: z.optional(z.string()),
});

/** How much of a task's test text occurs in the training text of the run's tasks, before anything is left out. */
const leakCountsSchema = z.strictObject({
  /** Test sentences of at least five tokens: shorter ones are mostly headings. */
  compared: z.int().check(z.gte(0)),
  /** Those whose text occurs there, ignoring case, spaces and sentence boundaries. */
  exact: z.int().check(z.gte(0)),
  /** Of the rest, those with a near duplicate there. */
  near: z.int().check(z.gte(0)),
  /** Sentences left out of the task's training text, as configured. */
  leftOut: z.int().check(z.gte(0)),
});
export type TaskLeakCounts = z.infer<typeof leakCountsSchema>;

/** An interruption that no user requested, after which the run resumed by itself. */
const interruptionSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Step that the run resumed from. */
  step: z.int().check(z.gte(0)),
  failure: failureSchema,
  /** Sequences on the device at once from here on; reduced if memory was the reason. */
  microBatchSize: z.int().check(z.gte(1)),
});
export type Interruption = z.infer<typeof interruptionSchema>;

const currentRunRecordSchema = z.strictObject({
  version: z.literal(2),
  spec: runSpecSchema,
  status: runStatusSchema,
  /** Why the run failed or paused by itself (`storage/full`); null otherwise. */
  failure: z.nullable(failureSchema),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Steps in the whole run and steps done; both 0 until the run first starts. */
  totalSteps: z.int().check(z.gte(0)),
  step: z.int().check(z.gte(0)),
  elapsedMs: z.number().check(z.gte(0)),
  /** One entry for each machine and software version the run was trained on, in order; several after a move. */
  environments: z.array(environmentSchema),
  /** Sentences of each task, for readers who do not have the corpora. */
  counts: z.nullable(z.array(z.record(z.enum(['train', 'devel', 'test']), splitCountsSchema))),
  /** For each task; absent until the run first starts, and in records of earlier versions. */
  leaks: z.optional(z.array(leakCountsSchema)),
  /** In order; absent if there were none. */
  interruptions: z.optional(z.array(interruptionSchema)),
  tags: z.array(z.string()),
  steps: z.array(stepPointSchema),
  epochs: z.array(epochPointSchema),
  /** Filled when training is done: the snapshots kept, oldest first. */
  snapshots: z.array(snapshotScoresSchema),
  /** Epoch of the snapshot with the best devel F1, averaged over tasks (the latest on a tie; the last epoch without devel). Null before the end. */
  selectedEpoch: z.nullable(z.int().check(z.gte(1))),
  /** Of MTL-LS in a plan with a search for the slicing rate. */
  search: z.optional(rateSearchSchema),
  /** Present once the search dropped the run, which is then stopped unless a person resumed it. */
  dropped: z.optional(droppedSchema),
});
export type RunRecord = z.infer<typeof currentRunRecordSchema>;

/** Reads records of this version and all earlier ones. */
export const runRecordSchema = z.pipe(z.transform(upgradeRunRecord), currentRunRecordSchema);

/** Creates the record of a run waiting for its first start. `createdAt` is an ISO date and time. */
export function queuedRun(spec: RunSpec, createdAt: string): RunRecord {
  return {
    version: 2,
    spec,
    status: 'queued',
    failure: null,
    createdAt,
    updatedAt: createdAt,
    totalSteps: 0,
    step: 0,
    elapsedMs: 0,
    environments: [],
    counts: null,
    tags: [],
    steps: [],
    epochs: [],
    snapshots: [],
    selectedEpoch: null,
  };
}

/** Returns the micro-batch size after the last interruption; the configured one if there was none. */
export function microBatchSizeOf({ spec, interruptions }: Pick<RunRecord, 'spec' | 'interruptions'>): number {
  return interruptions?.at(-1)?.microBatchSize ?? spec.config.microBatchSize;
}

/** Returns the configuration in effect; the effective batch size, and so the number of updates, stays the same. */
export function configAsTrained(record: Pick<RunRecord, 'spec' | 'interruptions'>): TrainingConfig {
  return { ...record.spec.config, microBatchSize: microBatchSizeOf(record) };
}

/** Ids: the run on the device, then the waiting runs in order. */
export const queueRecordSchema = z.array(z.string());

/** The status of a run that left the device because a person paused or stopped it. */
export function statusAfterInterrupt(how: 'pause' | 'stop'): 'paused' | 'stopped' {
  return how === 'pause' ? 'paused' : 'stopped';
}

/** The status of a run that an error took off the device: it may continue once storage is freed, any other error fails it. */
export function statusAfterError({ code }: { readonly code: string }): 'paused' | 'failed' {
  return code === 'storage/full' ? 'paused' : 'failed';
}

// The manifest that turns a set of stored tensors into a checkpoint: written last, read first.

/** One tensor in a separate record: float32, little-endian, row-major. */
export const tensorEntrySchema = z.strictObject({
  name: z.string(),
  shape: z.array(count),
  record: z.string(),
  checksum: z.string(),
});

/** Position of a run, down to the step. */
export const positionSchema = z.strictObject({
  /** Epochs completed, evaluation and snapshot included. */
  epoch: count,
  /** Steps done in the current epoch. */
  stepInEpoch: count,
  /** Steps done in total. */
  step: count,
  /** Sums over the steps since the last history point, and over the current epoch. */
  pending: z.strictObject({ steps: count, loss: z.number(), gradientNorm: z.number() }),
  epochLoss: z.number(),
  elapsedMs: z.number().check(z.gte(0)),
});
export type Position = z.infer<typeof positionSchema>;

export const checkpointManifestSchema = z.strictObject({
  version: z.literal(1),
  runId: z.string(),
  /** Null for a snapshot, which holds only weights. */
  position: z.nullable(positionSchema),
  tensors: z.array(tensorEntrySchema),
});
export type CheckpointManifest = z.infer<typeof checkpointManifestSchema>;
