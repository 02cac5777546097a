// The files users share: plans, what to train by human-readable names, and results, runs with all that is needed to read, check and compare them.
import { fingerprint } from '../util/digest.ts';
import * as z from '../util/zod.ts';
import { trainingConfigSchema } from './config.ts';
import { descriptionsSchema } from './libraryRecord.ts';
import {
  areSingle,
  isCollaborating,
  isSliced,
  methodSchema,
  rateSearchSchema,
  searchObstacles,
  type SearchObstacle,
} from './methods.ts';
import { modelRecordSchema } from './modelRecord.ts';
import { lineageFault } from './runLineage.ts';
import { runRecordSchema, slicingSchema, upgradeConfig, upgradeRunRecord } from './runRecord.ts';

// A plan as a file: what to train, by human-readable names, for both the page and headless runs.

/** Upgrades a version 1 plan, which had a list of tasks for one method, STL. Returns anything else unchanged, for the schema to validate. */
export function upgradePlanFile(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { method, tasks, config, ...rest } = value as Readonly<Record<string, unknown>>;
  if (rest['format'] !== 'bioner-lab-plan' || rest['version'] !== 1) return value;
  return {
    ...rest,
    version: 2,
    methods: [method],
    slicingRates: [],
    biases: 'released',
    frozen: false,
    categories: [{ name: 'tasks', typeName: null, tasks }],
    rounds: { count: 0, epochs: 30 },
    config: upgradeConfig(config),
  };
}

/** A named input; the fingerprint, if given, must match the input found under the name. */
const inputSchema = z.strictObject({
  /** As in the library, or the name of a folder for headless runs. */
  name: z.string().check(z.minLength(1)),
  /** Digest of the content, to be sure that it is the same. */
  fingerprint: z.optional(z.string()),
});

const planTaskSchema = z.strictObject({
  corpus: inputSchema,
  /** The entity type; null for all types of the corpus together. */
  type: z.nullable(z.string()),
});
export type PlanTask = z.infer<typeof planTaskSchema>;

/** Tasks trained together by MTL-XC under one type name; for STL alone just a list of tasks, whose type name may be null. */
export const planCategorySchema = z.strictObject({
  name: z.string().check(z.minLength(1)),
  /** The name that mentions of all its tasks have in MTL-XC. */
  typeName: z.nullable(z.string().check(z.minLength(1))),
  tasks: z.array(planTaskSchema).check(z.minLength(1)),
});
export type PlanCategory = z.infer<typeof planCategorySchema>;

/** Tasks that are trained together; `typeName` is the common type name of their mentions. */
export const ownCategorySchema = z.safeExtend(planCategorySchema, { typeName: z.string().check(z.minLength(1)) });

/** A user's setup besides corpora and runs: custom categories, and corpora assigned to sub-tasks of the catalogue. */
export type OwnCategory = z.infer<typeof ownCategorySchema>;

export const ownCategoriesSchema = z.array(ownCategorySchema);

/** What is wrong with the search of a plan, by the keys of the file. */
const OBSTACLES: Readonly<Record<Exclude<SearchObstacle, 'epochs'>, string>> = {
  methods: 'a search for the slicing rate needs the method MTL-LS',
  rounds: 'a search for the slicing rate has no further rounds: set rounds.count to 0',
  trainOn: 'a search compares rates on devel, which must not be trained on',
  steps: 'a search counts in epochs: set config.steps to null',
};

const currentPlanFileSchema = z
  .strictObject({
    format: z.literal('bioner-lab-plan'),
    version: z.literal(2),
    /** Names the files of its results. */
    name: z.string().check(z.minLength(1)),
    /** What is compared; a sliced method trains its joint one first, in any case. */
    methods: z.array(methodSchema).check(z.minLength(1)),
    /** Shares of the encoder's layers shared from MTL-XC, k / n each; a rate between two layers is rounded to the nearer. Empty without MTL-LS. */
    slicingRates: z.array(z.number().check(z.gte(0), z.lte(1))),
    /** Which biases and segment embeddings MTL-LS copies: those of all layers, as the released code, or of shared layers. */
    biases: slicingSchema.shape.biases,
    /** Whether MTL-LS keeps the shared layers and the embedding as MTL-XC trained them. */
    frozen: slicingSchema.shape.frozen,
    /** The pretrained model that every run starts from. */
    model: inputSchema,
    /** Each is trained by every method. */
    categories: z.array(planCategorySchema).check(z.minLength(1)),
    /** Everything is trained once for each. */
    seeds: z.array(z.int().check(z.gte(0), z.lte(4294967295))).check(z.minLength(1)),
    /** `count` further trainings of `epochs` each, from the final weights of the first (the paper: 30 epochs, then 3 × 30). */
    rounds: z.strictObject({
      count: z.int().check(z.gte(0), z.lte(100)),
      epochs: z.int().check(z.gte(1), z.lte(10_000)),
    }),
    /** How often the tasks of a category are trained in turn by CollaboNet. Absent: once. */
    turns: z.optional(z.int().check(z.gte(2), z.lte(100))),
    /** How each run is trained. */
    config: trainingConfigSchema,
    /** Of a part of a plan: the ids of the runs to train, with those that they start from. All runs where absent. */
    runs: z.optional(z.array(z.string()).check(z.minLength(1))),
    /** How the slicing rate of each task is found. Absent: every rate is trained to its end. */
    search: z.optional(rateSearchSchema),
  })
  .check(
    z.refine(({ methods, slicingRates }) => !methods.some(isSliced) || slicingRates.length > 0, {
      path: ['slicingRates'],
      message: 'MTL-LS needs at least one slicing rate',
    }),
    z.refine(({ methods, categories }) => areSingle(methods) || categories.every(({ typeName }) => typeName !== null), {
      path: ['categories'],
      message: 'tasks trained together need one type name for their category',
    }),
    z.refine(({ methods, turns }) => turns === undefined || methods.some(isCollaborating), {
      path: ['turns'],
      message: 'turns are those of the method CollaboNet',
    }),
    z.refine(
      ({ methods, categories }) => !methods.some(isCollaborating) || categories.every(({ tasks }) => tasks.length > 1),
      {
        path: ['categories'],
        message: 'CollaboNet needs at least two tasks in each category, of which one reads the others',
      },
    ),
    z.superRefine(({ search, methods, rounds, config }, context) => {
      if (search === undefined) return;
      for (const obstacle of searchObstacles(search, { methods, rounds, config })) {
        const message = obstacle === 'epochs' ? `the last rung is beyond the ${config.epochs} epochs of a run` : OBSTACLES[obstacle]; // prettier-ignore
        context.addIssue({ code: 'custom', path: ['search'], message });
      }
    }),
  );
export type PlanFile = z.infer<typeof currentPlanFileSchema>;

/** Reads plans of this version and all earlier ones. */
export const planFileSchema = z.pipe(z.transform(upgradePlanFile), currentPlanFileSchema);

// The JSON file users share: runs of plans with everything needed to read, check and compare them.

/** Version 1 files are upgraded by `upgradeResultFile` after their checksum has been verified. */
export const resultFileSchema = z
  .strictObject({
    format: z.literal('bioner-lab-result'),
    version: z.literal(2),
    /** The version of the lab that wrote it. */
    software: z.string(),
    exportedAt: z.iso.datetime(),
    /** What the runs were trained for. */
    plan: planFileSchema,
    /** The pretrained models of the runs, without their weights. */
    models: z.array(modelRecordSchema),
    /** Each with its history and scores. */
    runs: z.array(runRecordSchema),
    /** What people wrote about the runs and their experiments; absent if nothing, and in files of earlier versions. */
    descriptions: z.optional(descriptionsSchema),
    /** SHA-256 of the canonical JSON of all other members as written: an altered file is refused. */
    checksum: z.string(),
  })
  .check(
    z.superRefine(({ runs }, context) => {
      const fault = lineageFault(runs.map(({ spec }) => spec));
      if (fault === null) return;
      const { index, member, message } = fault;
      context.addIssue({ code: 'custom', path: ['runs', index, 'spec', member], message });
    }),
  );
export type ResultFile = z.infer<typeof resultFileSchema>;

/**
 * Converts a version 1 file to version 2, with a new checksum: to detect alterations, verify the old one first. Returns anything else unchanged, for
 * the schema to validate.
 */
export function upgradeResultFile(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { checksum: _outdated, ...members } = value as Readonly<Record<string, unknown>>;
  if (members['format'] !== 'bioner-lab-result' || members['version'] !== 1) return value;
  const { plan, runs } = members;
  const upgraded = {
    ...members,
    version: 2,
    plan: upgradePlanFile(plan),
    runs: Array.isArray(runs) ? runs.map(upgradeRunRecord) : runs,
  };
  return { ...upgraded, checksum: fingerprint(upgraded) };
}

export const resultRecordSchema = z.strictObject({
  id: z.string(),
  fileName: z.string(),
  /** Files of earlier versions are stored in their original form. Without its runs where these are stored apart. */
  file: z.pipe(z.transform(upgradeResultFile), resultFileSchema),
  /** Number of records with the runs of the file; absent where the file above has them, as in earlier versions of the lab. */
  parts: z.optional(z.int().check(z.gte(0))),
});
/** What the lab stores of an imported result file. */
export type ResultRecord = z.infer<typeof resultRecordSchema>;

/** Some of the runs of a stored result file. */
export const resultPartSchema = z.array(runRecordSchema);

/** Adds the checksum: SHA-256 over the canonical JSON of all other members. */
export function sealResultFile(members: Omit<ResultFile, 'checksum'>): ResultFile {
  return { ...members, checksum: fingerprint(members) };
}

/** Returns the id under which a result file is stored: the start of its checksum. */
export function resultIdOf({ checksum }: ResultFile): string {
  return checksum.slice(0, 16);
}

// Scores that a person read in from a table: figures of papers or of other programs, which are shown beside the lab's own and never tested with them.

const percent = z.number().check(z.gte(0), z.lte(100));

export const reportedScoreSchema = z.strictObject({
  /** Of the system or the model. */
  name: z.string().check(z.minLength(1)),
  method: z.nullable(methodSchema),
  /** Slicing rate of MTL-LS. */
  rate: z.nullable(z.number().check(z.gte(0), z.lte(1))),
  /** The task as the table names it. */
  task: z.string().check(z.minLength(1)),
  precision: z.nullable(percent),
  recall: z.nullable(percent),
  f1: percent,
  /** Where the figure is from. */
  source: z.nullable(z.string()),
});
export type ReportedScore = z.infer<typeof reportedScoreSchema>;

/** Scores on the tasks of a comparison, by the key of the task. */
export type ReportedByTask = ReadonlyMap<string, readonly ReportedScore[]>;

const reportedFileSchema = z.strictObject({
  /** Start of the fingerprint of the scores. */
  id: z.string(),
  fileName: z.string(),
  scores: z.array(reportedScoreSchema).check(z.minLength(1)),
});
export type ReportedFile = z.infer<typeof reportedFileSchema>;

export const reportedFilesSchema = z.array(reportedFileSchema);
