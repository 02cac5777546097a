// One pool of runs out of our own and any number of result files: each run once, and inputs that contradict each other named.
import type { RunRecord } from '../../schema/runRecord.ts';
import type { ImportedResult } from '../state/labState.ts';

export interface PooledRun {
  readonly record: RunRecord;
  /** Result files that have this run; null for our own. The first is where `record` is from. */
  readonly sources: readonly (string | null)[];
}

/** One name that stands for different content. */
export interface InputConflict {
  readonly noun: 'corpus' | 'model';
  readonly name: string;
  readonly versions: readonly {
    readonly fingerprint: string;
    /** Result files with runs on this content; null for our own. */
    readonly sources: readonly (string | null)[];
  }[];
}

export interface MergedRuns {
  /** In order of first appearance, our own first. */
  readonly runs: readonly PooledRun[];
  /** Runs found in more than one place. */
  readonly repeated: number;
  readonly conflicts: readonly InputConflict[];
}

/**
 * Of a run that is in several places the finished record is taken, among equals the one with more steps, then the first. Runs whose inputs
 * conflict stay in the pool, since each is right by itself; that they cannot be compared is for the reader to be told.
 */
export function mergeRuns(
  own: readonly RunRecord[],
  imported: readonly Pick<ImportedResult, 'fileName' | 'file'>[],
): MergedRuns {
  const places = [
    ...own.map((record) => ({ record, source: null })),
    ...imported.flatMap(({ fileName, file }) => file.runs.map((record) => ({ record, source: fileName }))),
  ];
  const pool = new Map<string, PooledRun>();
  for (const { record, source } of places) {
    const { id } = record.spec;
    const existing = pool.get(id);
    if (existing === undefined) pool.set(id, { record, sources: [source] });
    else if (isFurther(record, existing.record))
      pool.set(id, { record, sources: unique([source, ...existing.sources]) });
    else pool.set(id, { record: existing.record, sources: unique([...existing.sources, source]) });
  }
  const runs = [...pool.values()];
  return { runs, repeated: runs.filter(({ sources }) => sources.length > 1).length, conflicts: conflictsAmong(runs) };
}

function isFurther(one: RunRecord, other: RunRecord): boolean {
  const isFinished = one.status === 'finished';
  return isFinished === (other.status === 'finished') ? one.step > other.step : isFinished;
}

function conflictsAmong(runs: readonly PooledRun[]): readonly InputConflict[] {
  interface Named {
    readonly noun: InputConflict['noun'];
    readonly name: string;
    readonly versions: Map<string, PooledRun['sources']>;
  }
  const inputs = new Map<string, Named>();
  const note = (
    noun: InputConflict['noun'],
    input: RunRecord['spec']['model'],
    sources: PooledRun['sources'],
  ): void => {
    const key = `${noun} ${input.name}`;
    const named = inputs.get(key) ?? { noun, name: input.name, versions: new Map() };
    inputs.set(key, named);
    const { versions } = named;
    versions.set(input.fingerprint, unique([...(versions.get(input.fingerprint) ?? []), ...sources]));
  };
  for (const { record, sources } of runs) {
    note('model', record.spec.model, sources);
    for (const { corpus } of record.spec.tasks) note('corpus', corpus, sources);
  }
  return [...inputs.values()]
    .filter(({ versions }) => versions.size > 1)
    .map(({ noun, name, versions }) => ({
      noun,
      name,
      versions: [...versions].map(([fingerprint, sources]) => ({ fingerprint, sources })),
    }));
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}
