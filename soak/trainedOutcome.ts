// The outcome of a plan, and the differences between two trainings of it: none if only one of them was killed.
import { isDeepStrictEqual } from 'node:util';
import type { ResultFile } from '../src/schema/resultFile.ts';
import type { RunRecord } from '../src/schema/runRecord.ts';
import { timeless } from '../tests/fixtures/timeless.ts';
import type { StoredRuns } from './storedRuns.ts';

export interface TrainedOutcome {
  readonly stored: StoredRuns;
  readonly result: ResultFile;
}

/**
 * Describes where the second outcome differs from the first; ignores times, the checksum over them, and the lab's notes about
 * interruptions it recovered from.
 */
export function outcomeDifferences(whole: TrainedOutcome, killed: TrainedOutcome): readonly string[] {
  const [expected, got] = [whole, killed].map(({ stored: { records, digests }, result }) => ({
    ...named('record', Object.fromEntries(records.map((record) => [record.spec.id, withoutDeaths(record)]))),
    ...named('stored', digests),
    ...named('result file', withoutDeaths(result) as object),
  })) as [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
  const places = new Set([...Object.keys(expected), ...Object.keys(got)]);
  return [...places].flatMap((path) => {
    if (!(path in got)) return [`${path} is missing`];
    if (!(path in expected)) return [`${path} is left over`];
    return isDeepStrictEqual(expected[path], got[path]) ? [] : [`${path} differs`];
  });
}

/** How long the runs were on the device, in milliseconds. */
export function trainedMs(records: readonly RunRecord[]): number {
  return records.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
}

function withoutDeaths(value: unknown): unknown {
  return timeless(value, 'interruptions', 'checksum');
}

function named(what: string, members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [`${what} ${name}`, member]));
}
