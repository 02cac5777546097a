// A plan as a file: what to train, by human-readable names, for both the page and headless runs.
import * as z from '../util/zod.ts';
import { trainingConfigSchema } from './config.ts';
import { areSingle, isCollaborating, isSliced, methodSchema } from './methods.ts';
import { rateSearchSchema, searchObstacles, type SearchObstacle } from './rateSearch.ts';
import { slicingSchema, upgradeConfig } from './runRecord.ts';

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
