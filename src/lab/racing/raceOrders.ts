// Declares what races ask of the schedule, and says when that has to be decided again; liveRaces.ts decides it.
import type { Allowance } from '../../metrics/racing/race.ts';
import { raceRulesOf, type RateSearch } from '../../schema/methods.ts';
import type { RunRecord, RunSpec } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';

/** What the races ask of the schedule, by run id. */
export interface RaceOrders {
  /** Of every run that is still in a race and may start or go on, or has. */
  readonly allowances: ReadonlyMap<string, Allowance>;
  /** Runs that are to be dropped and are not yet. */
  readonly drops: ReadonlyMap<string, NonNullable<RunRecord['dropped']>>;
  /** Runs that wait at a rung, or for the choice, with the runs that they wait for. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
}

export const NO_ORDERS: RaceOrders = { allowances: new Map(), drops: new Map(), waits: new Map() };

/** Whether a run takes part in a race: one that a person resumed after it was dropped is trained like any other. */
export function isRacing({ search, dropped, status }: RunRecord): boolean {
  return raceRulesOf(search) !== null && (dropped === undefined || status === 'stopped');
}

/** Whether a run came as far as its race lets it. */
export function hasReached({ epochs, status }: RunRecord, { epoch, scoresTest }: Allowance): boolean {
  return scoresTest ? status === 'finished' : epochs.some((point) => point.epoch === epoch);
}

/** Whether a run left the device because it came as far as its race lets it. */
export function isAtRung(record: RunRecord, allowance: Allowance | undefined): boolean {
  return record.status === 'paused' && record.failure === null && allowance !== undefined && !allowance.scoresTest && hasReached(record, allowance); // prettier-ignore
}

/**
 * Checks that runs which are known already can take part in a search. Throws LabError `plan/search-counts` where a race would compare devel sentences
 * that were not counted.
 */
export function assertComparable(records: readonly RunRecord[], specs: readonly RunSpec[], search: RateSearch): void {
  if (search.policy !== 'race') return;
  const wanted = new Set(specs.flatMap(({ id, method }) => (method === 'MTL-LS' ? [id] : [])));
  const isUncounted = ({ epoch, develCounts }: RunRecord['epochs'][number]): boolean =>
    search.rungs.includes(epoch) && develCounts === undefined;
  const uncounted = records.filter(({ spec, epochs }) => wanted.has(spec.id) && epochs.some(isUncounted));
  if (uncounted.length === 0) return;
  throw new LabError(
    'plan/search-counts',
    'Some rates were trained before, without counts of devel sentences, which a race compares.',
    {
      expected:
        'runs that are new, or have these counts: keep the best rates after an epoch instead, or remove those runs',
      got: `${uncounted.length} of ${wanted.size} runs of MTL-LS without them`,
    },
  );
}

/** What decides the orders of races, as text: orders are computed again only when it changes. */
export function raceKey(records: readonly RunRecord[]): string {
  return records
    .filter(({ search }) => raceRulesOf(search) !== null)
    .map(({ spec, status, epochs, dropped }) => `${spec.id} ${status} ${epochs.length} ${dropped === undefined}`)
    .sort()
    .join();
}
