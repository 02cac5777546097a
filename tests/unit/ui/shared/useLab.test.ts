// Proves when two selections from the lab's state are the same to a component.
import { describe, expect, it } from 'vitest';
import { queuedRun } from '../../../../src/schema/runRecord.ts';
import { differInSteps, shallow } from '../../../../src/ui/shared/useLab.ts';
import { spec } from '../../../fixtures/records.ts';

describe('shallow', () => {
  it('compares items of lists and values of objects by identity', () => {
    const part = { of: 'state' };
    expect(shallow([part, 1], [part, 1])).toBe(true);
    expect(shallow([part], [{ ...part }])).toBe(false);
    expect(shallow([part], [part, part])).toBe(false);
    expect(shallow({ part, other: null }, { other: null, part })).toBe(true);
    expect(shallow<Record<string, unknown>>({ part: undefined }, { other: undefined })).toBe(false);
  });
});

describe('differInSteps', () => {
  const record = queuedRun(spec(), '2024-01-01T00:00:00.000Z');
  const point = { step: 1, epoch: 0.5, loss: 1, learningRate: 1e-3, gradientNorm: 1, elapsedMs: 9 };

  it('is so after a step', () => {
    const later = { ...record, step: 1, totalSteps: 8, elapsedMs: 9, steps: [point] };
    expect(differInSteps(record, later)).toBe(true);
  });

  it('is not so after an epoch, with another status or failure, and for another run', () => {
    const devel = [null];
    const epoch = { epoch: 1, step: 2, loss: 1, devel, elapsedMs: 9 };
    expect(differInSteps(record, { ...record, epochs: [epoch] })).toBe(false);
    expect(differInSteps(record, { ...record, status: 'paused' })).toBe(false);
    expect(differInSteps(record, { ...record, interruptions: [] })).toBe(false);
    expect(differInSteps(record, queuedRun(spec({ seed: 2 }), record.createdAt))).toBe(false);
    expect(differInSteps(record, undefined)).toBe(false);
  });
});
