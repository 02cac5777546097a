// One run: what it was asked to do, and what it has done so far.
import { z } from 'zod';
import type { EntityScores, SpanScore, SplitScores } from '../metrics/scores/spanScore.ts';
import { trainingConfigSchema, type TrainingConfig } from './config.ts';
import { splitCountsSchema } from './corpusRecord.ts';
import { precisionSchema } from './machineSettings.ts';

const count = z.int().min(0);
const percent = z.number().min(0).max(100);

const spanScoreSchema = z.strictObject({
  gold: count,
  predicted: count,
  correct: count,
  precision: percent,
  recall: percent,
  f1: percent,
}) satisfies z.ZodType<SpanScore>;

const entityScoresSchema = z.strictObject({
  overall: spanScoreSchema,
  perType: z.record(z.string(), spanScoreSchema),
}) satisfies z.ZodType<EntityScores>;

/** Checks entity scores as they are stored. */
export const splitScoresSchema = z.strictObject({
  sentences: count,
  tokens: count,
  accuracy: percent,
  lenient: entityScoresSchema,
  strict: entityScoresSchema,
  discarded: count,
}) satisfies z.ZodType<SplitScores>;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The configuration of a version 1 run or plan, which had neither fixed steps nor mixing. */
export function upgradeConfig(config: unknown): unknown {
  return isObject(config) ? { steps: null, mixing: 'proportional', ...config } : config;
}

/** Version 1 knew one task a run, without category, slicing and rounds. Anything else is answered as it came, for the schema to judge. */
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

export const methodSchema = z.enum(['STL', 'MTL-XC', 'MTL-LS']);
export type Method = z.infer<typeof methodSchema>;

const inputSchema = z.strictObject({ id: z.string(), name: z.string(), fingerprint: z.string() });

/** One corpus restricted to one entity type; null for all its types together. */
const taskRefSchema = z.strictObject({ corpus: inputSchema, type: z.string().nullable() });
export type TaskRef = z.infer<typeof taskRefSchema>;

/** Layer slicing: what an MTL-LS run takes from its category's MTL-XC. */
export const slicingSchema = z.strictObject({
  /** Layers below this one, and the embedding, come from MTL-XC; the slicing rate is `layers / n`. */
  layers: z.int().min(0),
  /** `released`: the biases and segment embeddings of all layers come along, as in the released code's checkpoint; `perLayer`: those of shared layers. */
  biases: z.enum(['released', 'perLayer']),
  /** Shared layers and embedding stay as they are: no gradient, no moments. */
  frozen: z.boolean(),
});
export type Slicing = z.infer<typeof slicingSchema>;

/** Inputs of a run by content, so that the same request is the same run on every machine. */
const runSpecSchema = z.strictObject({
  /** First 16 hex digits of the fingerprint of all the other members but the names. */
  id: z.string(),
  method: methodSchema,
  /** One task for STL and MTL-LS, the category's for MTL-XC. */
  tasks: z.array(taskRefSchema).min(1),
  /** The category of an MTL run, and the one type name that its tasks' mentions take in MTL-XC. Null for STL. */
  category: z.strictObject({ name: z.string().min(1), typeName: z.string().min(1) }).nullable(),
  slicing: slicingSchema.nullable(),
  /** 0 for the first training; later rounds start again from the weights it ended with. */
  round: z.int().min(0),
  /** The run whose last snapshot this one starts from: MTL-XC for MTL-LS, the first round for later ones. Null for pretrained weights. */
  parent: z.string().nullable(),
  model: inputSchema,
  seed: z.int().min(0).max(4294967295),
  config: trainingConfigSchema,
});
export type RunSpec = z.infer<typeof runSpecSchema>;

/** Means over the steps since the last point. */
const stepPointSchema = z.strictObject({
  step: z.int().min(1),
  /** Position in epochs, fractional. */
  epoch: z.number().min(0),
  loss: z.number(),
  learningRate: z.number().min(0),
  gradientNorm: z.number().min(0),
  elapsedMs: z.number().min(0),
});
export type StepPoint = z.infer<typeof stepPointSchema>;

const epochPointSchema = z.strictObject({
  epoch: z.int().min(1),
  step: z.int().min(1),
  /** Mean training loss of the epoch's steps. */
  loss: z.number(),
  /** For each task of the run; null when its devel split is empty or part of training. */
  devel: z.array(splitScoresSchema.nullable()),
  elapsedMs: z.number().min(0),
});
export type EpochPoint = z.infer<typeof epochPointSchema>;

/** Scores of the snapshot taken after an epoch, for each task of the run; null where a split is empty, and test before it is scored. */
const snapshotScoresSchema = z.strictObject({
  epoch: z.int().min(1),
  devel: z.array(splitScoresSchema.nullable()),
  test: z.array(splitScoresSchema.nullable()),
});
export type SnapshotScores = z.infer<typeof snapshotScoresSchema>;

const environmentSchema = z.strictObject({
  /** The lab's version. */
  software: z.string(),
  backend: z.enum(['webgpu', 'wasm', 'cpu']),
  /** Adapter or processor in words, as far as the platform tells. */
  device: z.string(),
  threads: z.int().min(1),
  platform: z.string(),
  /** Absent in files of earlier versions, which knew f32 alone. */
  precision: precisionSchema.optional(),
});
export type Environment = z.infer<typeof environmentSchema>;

const runStatusSchema = z.enum(['queued', 'running', 'paused', 'stopped', 'failed', 'finished']);
export type RunStatus = z.infer<typeof runStatusSchema>;

const failureSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  expected: z.string().optional(),
  got: z.string().optional(),
});

/** How much of a task's test text stands in the training text of the run's tasks, before anything is left out of that. */
const leakCountsSchema = z.strictObject({
  /** Test sentences of at least five tokens: shorter ones are mostly headings. */
  compared: z.int().min(0),
  /** Of these, those whose text stands there apart from case and spaces, however that text is cut into sentences. */
  exact: z.int().min(0),
  /** Of the others, those that have a near duplicate there. */
  near: z.int().min(0),
  /** Sentences left out of the task's training text, as the configuration says. */
  leftOut: z.int().min(0),
});
export type TaskLeakCounts = z.infer<typeof leakCountsSchema>;

/** Something took the run off the device that no person asked for, and it went on by itself. */
const interruptionSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Steps done that were kept: the run went on from here. */
  step: z.int().min(0),
  failure: failureSchema,
  /** Sequences on the device at once from here on; fewer than before where memory was the reason. */
  microBatchSize: z.int().min(1),
});
export type Interruption = z.infer<typeof interruptionSchema>;

const currentRunRecordSchema = z.strictObject({
  version: z.literal(2),
  spec: runSpecSchema,
  status: runStatusSchema,
  /** Why the run failed, or was paused by itself (`storage/full`); null otherwise. */
  failure: failureSchema.nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Steps in the whole run and steps done; both 0 before the run first starts. */
  totalSteps: z.int().min(0),
  step: z.int().min(0),
  elapsedMs: z.number().min(0),
  /** One entry for each machine and software the run was trained on, in order; more than one after a move. */
  environments: z.array(environmentSchema),
  /** Sentences of each task, for whoever reads the result without the corpora. */
  counts: z.array(z.record(z.enum(['train', 'devel', 'test']), splitCountsSchema)).nullable(),
  /** For each task; absent before the run first starts, and in records of earlier versions. */
  leaks: z.array(leakCountsSchema).optional(),
  /** In order; absent where there was none. */
  interruptions: z.array(interruptionSchema).optional(),
  tags: z.array(z.string()),
  steps: z.array(stepPointSchema),
  epochs: z.array(epochPointSchema),
  /** Filled when training is done: the kept snapshots, oldest first. */
  snapshots: z.array(snapshotScoresSchema),
  /** Epoch of the snapshot chosen on devel F1, the mean over tasks (the latest among equals; the last epoch when there is no devel). Null before the end. */
  selectedEpoch: z.int().min(1).nullable(),
});
export type RunRecord = z.infer<typeof currentRunRecordSchema>;

/** Reads records of this version and of every earlier one. */
export const runRecordSchema = z.preprocess(upgradeRunRecord, currentRunRecordSchema);

/** The record of a run that waits for its first start. `createdAt` is an ISO date and time. */
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

/** What memory left it when it was interrupted last; its configuration's where nothing interrupted it. */
export function microBatchSizeOf({ spec, interruptions }: Pick<RunRecord, 'spec' | 'interruptions'>): number {
  return interruptions?.at(-1)?.microBatchSize ?? spec.config.microBatchSize;
}

/** Effective batches, and so the updates that are asked for, stay the same. */
export function configAsTrained(record: Pick<RunRecord, 'spec' | 'interruptions'>): TrainingConfig {
  return { ...record.spec.config, microBatchSize: microBatchSizeOf(record) };
}

/** Ids: the run on the device, then those that wait for it, in order. */
export const queueRecordSchema = z.array(z.string());

/** The status of a run that left the device because a person paused or stopped it. */
export function statusAfterInterrupt(how: 'pause' | 'stop'): 'paused' | 'stopped' {
  return how === 'pause' ? 'paused' : 'stopped';
}

/** The status of a run that an error took off the device: it may continue once storage is freed, any other error fails it. */
export function statusAfterError({ code }: { readonly code: string }): 'paused' | 'failed' {
  return code === 'storage/full' ? 'paused' : 'failed';
}
