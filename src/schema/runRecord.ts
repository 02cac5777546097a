// One run: what it was asked to do, and what it has done so far.
import { z } from 'zod';
import { trainingConfigSchema } from './config.ts';
import { splitCountsSchema } from './corpusRecord.ts';
import { splitScoresSchema } from './scores.ts';

export const methodSchema = z.enum(['STL']);

/** Inputs of a run by content, so that the same request is the same run on every machine. */
export const runSpecSchema = z.strictObject({
  /** First 16 hex digits of the fingerprint of all the other members but the two names. */
  id: z.string(),
  method: methodSchema,
  corpus: z.strictObject({ id: z.string(), name: z.string(), fingerprint: z.string() }),
  /** The task's entity type; null for all types of the corpus together. */
  type: z.string().nullable(),
  model: z.strictObject({ id: z.string(), name: z.string(), fingerprint: z.string() }),
  seed: z.int().min(0).max(4294967295),
  config: trainingConfigSchema,
});
export type RunSpec = z.infer<typeof runSpecSchema>;

/** Means over the steps since the last point. */
export const stepPointSchema = z.strictObject({
  step: z.int().min(1),
  /** Position in epochs, fractional. */
  epoch: z.number().min(0),
  loss: z.number(),
  learningRate: z.number().min(0),
  gradientNorm: z.number().min(0),
  elapsedMs: z.number().min(0),
});
export type StepPoint = z.infer<typeof stepPointSchema>;

export const epochPointSchema = z.strictObject({
  epoch: z.int().min(1),
  step: z.int().min(1),
  /** Mean training loss of the epoch's steps. */
  loss: z.number(),
  /** Null when the devel split is empty or part of training. */
  devel: splitScoresSchema.nullable(),
  elapsedMs: z.number().min(0),
});
export type EpochPoint = z.infer<typeof epochPointSchema>;

/** Test scores of the snapshot taken after an epoch. */
export const snapshotScoresSchema = z.strictObject({
  epoch: z.int().min(1),
  devel: splitScoresSchema.nullable(),
  test: splitScoresSchema.nullable(),
});
export type SnapshotScores = z.infer<typeof snapshotScoresSchema>;

export const environmentSchema = z.strictObject({
  /** The lab's version. */
  software: z.string(),
  backend: z.enum(['webgpu', 'wasm', 'cpu']),
  /** Adapter or processor in words, as far as the platform tells. */
  device: z.string(),
  threads: z.int().min(1),
  platform: z.string(),
});
export type Environment = z.infer<typeof environmentSchema>;

export const runStatusSchema = z.enum(['queued', 'running', 'paused', 'stopped', 'failed', 'finished']);
export type RunStatus = z.infer<typeof runStatusSchema>;

export const runRecordSchema = z.strictObject({
  version: z.literal(1),
  spec: runSpecSchema,
  status: runStatusSchema,
  /** Why the run failed; null otherwise. */
  failure: z
    .strictObject({
      code: z.string(),
      message: z.string(),
      expected: z.string().optional(),
      got: z.string().optional(),
    })
    .nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Steps in the whole run and steps done; both 0 before the run first starts. */
  totalSteps: z.int().min(0),
  step: z.int().min(0),
  elapsedMs: z.number().min(0),
  /** One entry for each machine and software the run was trained on, in order; more than one after a move. */
  environments: z.array(environmentSchema),
  /** Sentences of the task, for whoever reads the result without the corpus. */
  counts: z.record(z.enum(['train', 'devel', 'test']), splitCountsSchema).nullable(),
  tags: z.array(z.string()),
  steps: z.array(stepPointSchema),
  epochs: z.array(epochPointSchema),
  /** Filled when training is done: the kept snapshots, oldest first. */
  snapshots: z.array(snapshotScoresSchema),
  /** Epoch of the snapshot chosen on devel F1 (the latest among equals; the last epoch when there is no devel). Null before the end. */
  selectedEpoch: z.int().min(1).nullable(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;
