// How the slicing rate of MTL-LS is found: the option of a plan, and what the records of its runs say of it.
import * as z from '../util/zod.ts';
import type { RaceRules } from '../metrics/racing/race.ts';

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

/** The rules of a search that drops rates; null where all are trained. */
export function raceRulesOf(search: RateSearch | undefined): RaceRules | null {
  return search === undefined || search.policy === 'all' ? null : search;
}

/** Why a search takes a run no further. Its text is for people, such as `devel F1 1.20 below rate 0.75`. */
export const droppedSchema = z.strictObject({
  epoch: z.int().check(z.gte(1)),
  reason: z.string().check(z.maxLength(1000)),
});
