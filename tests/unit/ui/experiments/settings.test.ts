// Proves that settings side by side name exactly what differs between runs, inputs and machine included.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../../src/schema/runRecord.ts';
import { differingGroups, settingGroups } from '../../../../src/ui/experiments/CurvesPage.tsx';
import { fakeCorpus, fakeCorpusSentences, fakeModel, fakeRun } from '../../../fixtures/fakeRecords.ts';

const corpus = fakeCorpus('moss', ['Cell'], fakeCorpusSentences({ train: 60, devel: 10, test: 10 }, ['Cell']));
const base = fakeRun(corpus, fakeModel('tiny', true, 1_900_000), { status: 'finished' });

function differing(...changes: readonly ((run: RunRecord) => RunRecord)[]) {
  const groups = differingGroups(settingGroups([base, ...changes.map((change) => change(base))], () => 4));
  return groups.flatMap(({ title, rows }) => rows.map(({ name, values }) => [title, name, ...values]));
}

const withSpec = (change: Partial<RunRecord['spec']>) => (run: RunRecord) => ({
  ...run,
  spec: { ...run.spec, ...change },
});

describe('settings side by side', () => {
  it('say nothing of equal runs', () => {
    expect(differing((run) => run)).toEqual([]);
    expect(differing()).toEqual([]);
  });

  it('name a changed setting with its values in words', () => {
    const config = { ...base.spec.config, epochs: base.spec.config.epochs + 3 };
    expect(differing(withSpec({ config }))).toEqual([
      ['Schedule', 'Epochs', String(base.spec.config.epochs), String(config.epochs)],
    ]);
  });

  it('name seed, model and corpus with fingerprints, and a dash for a task that a run lacks', () => {
    const [task] = base.spec.tasks;
    if (task === undefined) throw new Error('The run has no task.');
    const other = { corpus: { ...task.corpus, fingerprint: 'f'.repeat(64) }, type: task.type };
    expect(differing(withSpec({ seed: 99 })).map(([, name]) => name)).toEqual(['Seed']);
    expect(differing(withSpec({ tasks: [other] })).map(([, name]) => name)).toEqual(['Fingerprint of corpus']);
    const second = differing(withSpec({ tasks: [task, other] })).find(([, name]) => name === 'Corpus 2');
    expect(second).toEqual(['Inputs', 'Corpus 2', '–', 'moss']);
    const model = { ...base.spec.model, fingerprint: '0'.repeat(64) };
    expect(differing(withSpec({ model })).map(([, name]) => name)).toEqual(['Fingerprint of model']);
  });

  it('name another machine', () => {
    const elsewhere = base.environments.map((environment) => ({ ...environment, device: 'another GPU' }));
    expect(differing((run) => ({ ...run, environments: elsewhere }))).toEqual([
      ['Trained with', 'Device', base.environments.map(({ device }) => device).join(', then '), 'another GPU'],
    ]);
  });
});
