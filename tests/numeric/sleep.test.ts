// Proves that a run during which the machine sleeps or its clocks are set trains to the same bits and reports plausible times.
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import type { RunRecord } from '../../src/schema/runRecord.ts';
import { readRunRecord } from '../../src/storage/runRecords.ts';
import { memory } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import type { TrainingEvent } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { tinyTasks } from '../fixtures/tinyRun.ts';
import { outcome, tinyTraining } from '../fixtures/tinyTraining.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const noon = Date.parse('2026-11-26T12:00:00Z');

let tasks: EncodedTasks;

beforeAll(async () => {
  await startBackend('wasm', nodePlatform);
  tasks = await tinyTasks();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type StepEvent = Extract<TrainingEvent, { kind: 'step' }>;

/** Trains with steps of a second, shifting the monotonic clock and the date by given amounts at given steps. */
async function trainThrough(jumps: Readonly<Record<number, { readonly clock?: number; readonly date?: number }>>) {
  let clockMs = 0;
  let dateMs = noon;
  vi.useFakeTimers({ toFake: ['Date'], now: dateMs });
  vi.spyOn(performance, 'now').mockImplementation(() => clockMs);
  const store = memory();
  const steps: StepEvent[] = [];
  const stored: RunRecord[] = [];
  const watching = {
    ...store,
    async write(key: string, bytes: Uint8Array) {
      await store.write(key, bytes);
      const record = key.endsWith('/record') ? await readRunRecord(store, key.split('/')[1] ?? '') : undefined;
      if (record !== undefined) stored.push(record);
    },
  };
  const record = await tinyTraining(watching, {
    tasks,
    onEvent(event) {
      if (event.kind !== 'step') return;
      steps.push(event);
      const { clock = 0, date = 0 } = jumps[event.point.step] ?? {};
      clockMs += second + clock;
      dateMs += second + clock + date;
      vi.setSystemTime(dateMs);
    },
  });
  return { record, steps, stored, outcome: await outcome(store, record.spec.id) };
}

describe('a run', () => {
  it('that the machine slept through, early or late, reports its working time and a plausible remaining time', async () => {
    const awake = await trainThrough({});
    const slept = await trainThrough({ 1: { clock: 9 * hour }, 3: { clock: 1 * minute }, 6: { clock: 60 * hour } });
    expect(slept.outcome).toEqual(awake.outcome);
    expect(slept.record.elapsedMs - awake.record.elapsedMs).toBeLessThanOrEqual(7 * minute);
    expect(slept.record.elapsedMs).toBeGreaterThanOrEqual(awake.record.elapsedMs);
    for (const [index, { point, tokensPerSecond, remainingMs }] of slept.steps.entries()) {
      expect(tokensPerSecond).toBeGreaterThan(0);
      expect(Number.isFinite(tokensPerSecond)).toBe(true);
      // Step 2 replaces the estimate of step 1. Two naps among twelve steps weigh much, but days of sleep are not hours of training.
      if (point.step > 2) expect(remainingMs).toBeLessThanOrEqual(20 * (awake.steps[index]?.remainingMs ?? 0));
    }
  });

  it('whose clocks are set back reports non-decreasing times', async () => {
    const awake = await trainThrough({});
    const set = await trainThrough({ 2: { clock: -5 * second, date: -7 * 24 * hour }, 9: { date: 400 * 24 * hour } });
    expect(set.outcome).toEqual(awake.outcome);
    const { record, steps, stored } = set;
    expect(record.elapsedMs).toBeGreaterThan(0);
    steps.reduce((before, { point, remainingMs }) => {
      expect(point.elapsedMs).toBeGreaterThanOrEqual(before);
      expect(remainingMs ?? 0).toBeGreaterThanOrEqual(0);
      return point.elapsedMs;
    }, 0);
    expect(stored.length).toBeGreaterThan(5);
    stored.reduce((before, { updatedAt }) => {
      expect(updatedAt >= before).toBe(true);
      return updatedAt;
    }, record.createdAt);
  });
});
