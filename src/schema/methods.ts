// Names the training methods and says what each one means, and how the slicing rate of MTL-LS is searched.
import type { RaceRules } from '../metrics/racing/race.ts';
import * as z from '../util/zod.ts';
import type { TrainingConfig } from './config.ts';

/** In the order of lists and tables. */
export const methodSchema = z.enum([
  'STL',
  'MTL-XC',
  'MTL-LS',
  'MTL-PL',
  'PL-LS',
  'AIO',
  'AIO-LS',
  'CollaboNet',
  'Average',
  'TIES',
]);
export type Method = z.infer<typeof methodSchema>;

export const METHODS: readonly Method[] = methodSchema.options;

/** Those of the paper. */
export const PAPER_METHODS: readonly Method[] = ['STL', 'MTL-XC', 'MTL-LS'];

interface MethodTraits {
  /**
   * What one run trains: `single` one task, from pretrained weights; `joint` all tasks of a category under one head; `sliced` one task, with
   * lower layers from a joint run and upper ones from pretraining; `collaborating` one task, from its own single run, reading what those of the
   * category's other tasks compute; `merging` one task, from the encoders of the single runs of all tasks of the category, merged.
   */
  readonly kind: 'single' | 'joint' | 'sliced' | 'collaborating' | 'merging';
  /** The joint method whose run a sliced one starts from, or the single one of a collaborating or merging one; null for the others. */
  readonly base: Method | null;
  /**
   * The types of a run's tags: `own` those of its task; `merged` one for the mentions of all tasks, the type name of the category; `partial`
   * those of all tasks, where a token outside the mentions of a corpus may have any type that the corpus does not annotate; `asked` those of
   * all tasks, where such a token is outside the type that the text asks for.
   */
  readonly labels: 'own' | 'merged' | 'partial' | 'asked';
  /** Whether the type asked for is written before and after each text. */
  readonly asks: boolean;
}

const TRAITS: Readonly<Record<Method, MethodTraits>> = {
  STL: { kind: 'single', base: null, labels: 'own', asks: false },
  'MTL-XC': { kind: 'joint', base: null, labels: 'merged', asks: false },
  'MTL-LS': { kind: 'sliced', base: 'MTL-XC', labels: 'own', asks: false },
  'MTL-PL': { kind: 'joint', base: null, labels: 'partial', asks: false },
  'PL-LS': { kind: 'sliced', base: 'MTL-PL', labels: 'own', asks: false },
  AIO: { kind: 'joint', base: null, labels: 'asked', asks: true },
  'AIO-LS': { kind: 'sliced', base: 'AIO', labels: 'own', asks: true },
  CollaboNet: { kind: 'collaborating', base: 'STL', labels: 'own', asks: false },
  Average: { kind: 'merging', base: 'STL', labels: 'own', asks: false },
  TIES: { kind: 'merging', base: 'STL', labels: 'own', asks: false },
};

export function traitsOf(method: Method): MethodTraits {
  return TRAITS[method];
}

export function isJoint(method: Method): boolean {
  return TRAITS[method].kind === 'joint';
}

export function isSliced(method: Method): boolean {
  return TRAITS[method].kind === 'sliced';
}

/** Whether a run reads those of its category's other tasks, which are fixed meanwhile (Yoon et al. 2019). */
export function isCollaborating(method: Method): boolean {
  return TRAITS[method].kind === 'collaborating';
}

/** Whether a run starts from the merged encoders of its category's single runs (Average; TIES: Yadav et al. 2023). */
export function isMerging(method: Method): boolean {
  return TRAITS[method].kind === 'merging';
}

/** Whether a run reads weights of its category's other tasks: while it trains, or to start from. */
export function readsOthers(method: Method): boolean {
  return isCollaborating(method) || isMerging(method);
}

/** The type name that all mentions of a run have, which is that of its category; null where they keep their own. */
export function mergedTypeName({
  method,
  category,
}: {
  readonly method: Method;
  readonly category: { readonly typeName: string } | null;
}): string | null {
  return TRAITS[method].labels === 'merged' ? (category?.typeName ?? null) : null;
}

/** Whether each task of a run needs one type: the one that its mentions are merged under, or that its text asks for. */
export function needsOneType(method: Method): boolean {
  return TRAITS[method].labels === 'merged' || TRAITS[method].asks;
}

/** Whether every run has a single task and starts from pretrained weights: such a plan needs no category. */
export function areSingle(methods: readonly Method[]): boolean {
  return methods.every((method) => TRAITS[method].kind === 'single');
}

/** Whether runs of single tasks are trained: STL, or what starts from it. */
export function trainsSingle(methods: readonly Method[]): boolean {
  return methods.some((method) => TRAITS[method].kind === 'single' || readsOthers(method));
}

/** The joint methods that these methods train, those included that only sliced ones need, in order. */
export function jointMethods(methods: readonly Method[]): readonly Method[] {
  return METHODS.filter(
    (method) => isJoint(method) && methods.some((other) => other === method || TRAITS[other].base === method),
  );
}

// How the slicing rate of MTL-LS is found: the option of a plan, and what the records of its runs say of it.

/** Epochs after which rates are compared, increasing; what each run found in each devel sentence is kept after them. */
const rungsSchema = z.array(z.int().check(z.gte(1), z.lte(10_000))).check(
  z.minLength(1),
  z.maxLength(100),
  z.refine((rungs) => rungs.every((rung, index) => index === 0 || rung > (rungs[index - 1] ?? 0)), {
    message: 'rungs are epochs in increasing order, such as 1, 2, 4',
  }),
);

const choice = { finalists: z.int().check(z.gte(1), z.lte(1000)), choose: z.enum(['rung', 'end']) };

/** `all` trains every rate to its end, `race` and `top` are rules of `raceStanding`. */
export const rateSearchSchema = z
  .discriminatedUnion('policy', [
    z.strictObject({ policy: z.literal('all'), rungs: rungsSchema }),
    z.strictObject({ policy: z.literal('race'), rungs: rungsSchema, ...choice }),
    z.strictObject({ policy: z.literal('top'), rungs: rungsSchema, ...choice }),
  ])
  .check(
    z.refine((search) => search.policy !== 'race' || search.finalists >= 2, {
      path: ['finalists'],
      message: 'a race never has fewer than two rates before it chooses: give 2 or more',
    }),
    z.refine((search) => search.policy !== 'top' || search.rungs.length === 1, {
      path: ['rungs'],
      message: 'keeping the best rates takes one epoch to compare them after',
    }),
  );
export type RateSearch = z.infer<typeof rateSearchSchema>;

/** What a plan has that a search cannot work with: its methods, further rounds, devel in training, a fixed number of steps, or too few epochs. */
export type SearchObstacle = 'methods' | 'rounds' | 'trainOn' | 'steps' | 'epochs';

interface SearchedPlan {
  readonly methods: readonly Method[];
  readonly rounds: { readonly count: number };
  readonly config: Pick<TrainingConfig, 'trainOn' | 'steps' | 'epochs'>;
}

/** Lists the obstacles to a search, for a form and for a file, which name them in their words. */
export function searchObstacles(
  { rungs }: Pick<RateSearch, 'rungs'>,
  { methods, rounds, config }: SearchedPlan,
): readonly SearchObstacle[] {
  return [
    ...(methods.includes('MTL-LS') ? [] : (['methods'] as const)),
    ...(rounds.count > 0 ? (['rounds'] as const) : []),
    ...(config.trainOn === 'train' ? [] : (['trainOn'] as const)),
    ...(config.steps === null ? [] : (['steps'] as const)),
    ...(Math.max(...rungs) > config.epochs ? (['epochs'] as const) : []),
  ];
}

/** The rules of a search that drops rates; null where all are trained. */
export function raceRulesOf(search: RateSearch | undefined): RaceRules | null {
  return search === undefined || search.policy === 'all' ? null : search;
}

/** Why a search takes a run no further. Its text is for people, such as `devel F1 1.20 below rate 0.75`. */
export const droppedSchema = z.strictObject({
  epoch: z.int().check(z.gte(1)),
  reason: z.string().check(z.maxLength(1000)),
});
