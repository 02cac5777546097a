// The identity of a run: the same inputs, settings and seed make the same id on every machine.
import { fingerprint } from '../util/fingerprint.ts';
import type { RunRecord, RunSpec } from '../schema/runRecord.ts';

/**
 * The spec with its id, the first 16 hex digits of the fingerprint of every member but the id and the names of corpora, model and category:
 * renaming one does not make another run. The parent's id is among them, so that another MTL-XC makes another MTL-LS.
 */
export function runSpec(members: Omit<RunSpec, 'id'>): RunSpec {
  const { method, tasks, category, slicing, round, parent, model, seed, config } = members;
  const content = {
    method,
    tasks: tasks.map(({ corpus, type }) => ({ corpus: { id: corpus.id, fingerprint: corpus.fingerprint }, type })),
    typeName: category?.typeName ?? null,
    slicing,
    round,
    parent,
    model: { id: model.id, fingerprint: model.fingerprint },
    seed,
    config,
  };
  const id = fingerprint(content).slice(0, 16);
  return { id, method, tasks, category, slicing, round, parent, model, seed, config };
}

/** The record of a run that waits for its first start. `createdAt` is an ISO date and time. */
export function queuedRun(spec: RunSpec, createdAt: string): RunRecord {
  return {
    version: 2,
    spec,
    status: 'queued',
    failure: null,
    createdAt,
    updatedAt: createdAt,
    totalSteps: 0,
    step: 0,
    elapsedMs: 0,
    environments: [],
    counts: null,
    tags: [],
    steps: [],
    epochs: [],
    snapshots: [],
    selectedEpoch: null,
  };
}
