// Merges the lab's runs with those of result files into one pool without duplicates, and reports conflicting inputs.
import type { RunRecord } from '../../schema/runRecord.ts';
import type { ImportedResult } from '../state/labState.ts';

export interface PooledRun {
  readonly record: RunRecord;
  /** Result files with this run; null for the lab itself. `record` comes from the first. */
  readonly sources: readonly (string | null)[];
}

/** One name used for different content. */
export interface InputConflict {
  readonly noun: 'corpus' | 'model';
  readonly name: string;
  readonly versions: readonly {
    readonly fingerprint: string;
    /** Result files with runs on this content; null for the lab itself. */
    readonly sources: readonly (string | null)[];
  }[];
}

export interface MergedRuns {
  /** In order of first appearance, the lab's own runs first. */
  readonly runs: readonly PooledRun[];
  /** Number of runs found in more than one source. */
  readonly repeated: number;
  readonly conflicts: readonly InputConflict[];
}

/**
 * For a run with several records, prefers the finished one, then the one with more steps, then the first. Runs with conflicting inputs stay
 * in the pool, since each is valid by itself; the page warns that they cannot be compared.
 */
export function mergeRuns(
  own: readonly RunRecord[],
  imported: readonly Pick<ImportedResult, 'fileName' | 'file'>[],
): MergedRuns {
  const records = [
    ...own.map((record) => ({ record, source: null })),
    ...imported.flatMap(({ fileName, file }) => file.runs.map((record) => ({ record, source: fileName }))),
  ];
  const pool = new Map<string, { record: RunRecord; first: string | null; readonly sources: Set<string | null> }>();
  for (const { record, source } of records) {
    const { id } = record.spec;
    const existing = pool.get(id);
    if (existing === undefined) {
      pool.set(id, { record, first: source, sources: new Set([source]) });
      continue;
    }
    existing.sources.add(source);
    if (isFurther(record, existing.record)) Object.assign(existing, { record, first: source });
  }
  const runs = [...pool.values()].map(({ record, first, sources }) => ({
    record,
    sources: [...new Set([first, ...sources])],
  }));
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
    /** Sets, because thousands of files may use one input. */
    readonly versions: Map<string, Set<string | null>>;
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
    const all = versions.get(input.fingerprint) ?? new Set();
    versions.set(input.fingerprint, all);
    for (const source of sources) all.add(source);
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
      versions: [...versions].map(([fingerprint, sources]) => ({ fingerprint, sources: [...sources] })),
    }));
}
