// Proves that a change to one run leaves every other part of the lab's state as the same object.
import { expect, it } from 'vitest';
import { createLabStore } from '../../../../src/lab/state/labStore.ts';
import { advanceRunView, restingRunView } from '../../../../src/lab/state/runViews.ts';
import { queuedRun } from '../../../../src/schema/runRecord.ts';
import type { RunEvent } from '../../../../src/wire/trainingProtocol.ts';
import { corpusRecord, modelRecord, spec } from '../../../fixtures/records.ts';

const one = queuedRun(spec({ seed: 1 }), '2024-01-01T00:00:00.000Z');
const other = queuedRun(spec({ seed: 2 }), '2024-01-01T00:00:00.000Z');

function storeOfTwoRuns() {
  const labStore = createLabStore();
  labStore.update(() => ({
    corpora: [corpusRecord('moss')],
    models: [modelRecord('tiny')],
    runs: [one, other].map(restingRunView),
  }));
  return labStore;
}

const runId = one.spec.id;
const step: RunEvent = {
  kind: 'step',
  runId,
  point: { step: 1, epoch: 0.5, loss: 1, learningRate: 1e-3, gradientNorm: 1, elapsedMs: 9 },
  totalSteps: 8,
  tokensPerSecond: 1000,
  remainingMs: null,
  memory: { liveTensors: 0, tensorBytes: 0, gpuBytes: null },
};

it('a step replaces the view of its run, and the list of views, alone', () => {
  const labStore = storeOfTwoRuns();
  const { runs: before, ...others } = labStore.getState();
  labStore.updateRun(runId, (view) => advanceRunView(view, step));
  const { runs, ...after } = labStore.getState();
  for (const [name, value] of Object.entries(after)) expect(value, name).toBe(others[name as keyof typeof others]);
  expect(runs[0]?.record.step).toBe(1);
  expect(runs[0]).not.toBe(before[0]);
  expect(runs[0]?.record.epochs).toBe(one.epochs);
  expect(runs[1]).toBe(before[1]);
});

it('an event that changes no view changes no state and calls no listener', () => {
  const labStore = storeOfTwoRuns();
  const before = labStore.getState();
  let calls = 0;
  labStore.subscribe(() => calls++);
  labStore.updateRun(runId, (view) => advanceRunView(view, { kind: 'checkpoint', runId, step: 1, sizeBytes: 8 }));
  labStore.updateRun('unknown', (view) => advanceRunView(view, step));
  expect(labStore.getState()).toBe(before);
  expect(calls).toBe(0);
});
