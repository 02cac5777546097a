// Proves that a plan's time is estimated only from runs of the same shape, and not at all without one.
import { describe, expect, it } from 'vitest';
import { runGraph } from '../../../../src/lab/plans/runGraph.ts';
import { queuedRun } from '../../../../src/schema/runRecord.ts';
import { estimatedMs, measuredStepTime } from '../../../../src/ui/train/planEstimates.ts';
import { corpusRecord, modelRecord, smallConfig, spec } from '../../../fixtures/records.ts';

const library = { corpora: [corpusRecord('moss')], models: [modelRecord('tiny')] };
const record = (elapsedMs: number, step: number, updatedAt: string, changes = {}) => ({
  ...queuedRun(spec({ seed: 9, ...changes }), '2025-01-01T00:00:00.000Z'),
  elapsedMs,
  step,
  updatedAt,
});
const earlier = record(1000, 10, '2025-01-01T00:00:00.000Z');
const later = record(900, 3, '2025-01-02T00:00:00.000Z');

describe('measuredStepTime', () => {
  it('is that of the latest run of the shape', () => {
    expect(measuredStepTime([earlier, later], spec())).toBe(300);
    expect(measuredStepTime([earlier], spec({ config: { ...smallConfig, epochs: 50, learningRate: 1 } }))).toBe(100);
  });

  it('is unknown for another batch size, and before a first step', () => {
    expect(measuredStepTime([earlier], spec({ config: { ...smallConfig, batchSize: 7 } }))).toBeNull();
    expect(measuredStepTime([record(0, 0, '2025-01-01T00:00:00.000Z')], spec())).toBeNull();
  });
});

describe('estimatedMs', () => {
  // Four sentences in batches of two for two epochs: four steps a run.
  const graph = runGraph([spec({ seed: 1 }), spec({ seed: 2 })], library, []);

  it('is steps left times the time of a step', () => {
    expect(graph.stepsLeft).toBe(8);
    expect(estimatedMs(graph, [earlier])).toBe(800);
  });

  it('is unknown when one run has no like', () => {
    const mixed = runGraph([spec({ seed: 1 }), spec({ config: { ...smallConfig, batchSize: 4 } })], library, []);
    expect(estimatedMs(mixed, [earlier])).toBeNull();
  });
});
