// The identity of a run: the same inputs, settings and seed make the same id on every machine.
import { fingerprint } from '../util/fingerprint.ts';
import type { RunSpec } from '../schema/runRecord.ts';

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
