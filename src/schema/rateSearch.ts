// How the slicing rate of MTL-LS is found: the option of a plan, and what the records of its runs say of it.
import * as z from '../util/zod.ts';
import type { RaceRules } from '../metrics/racing/race.ts';
import type { TrainingConfig } from './config.ts';
import type { Method } from './methods.ts';

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
