// Proves that under any order of requests one run at most is on the device, none is lost and none is trained twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySchedule, schedule, type Schedule, type ScheduleAction } from '../../src/lab/scheduler.ts';

const runId = fc.constantFrom('a', 'b', 'c', 'd');
const status = fc.constantFrom('queued', 'running', 'paused', 'stopped', 'failed', 'finished' as const);
const action: fc.Arbitrary<ScheduleAction> = fc.oneof(
  fc.record({ kind: fc.constant('queue' as const), runId }),
  fc.record({ kind: fc.constant('start' as const) }),
  fc.record({ kind: fc.constantFrom('pause' as const, 'stop' as const), runId }),
  fc.record({
    kind: fc.constant('end' as const),
    runId,
    status: fc.constantFrom('paused' as const, 'stopped' as const, 'failed' as const, 'finished' as const),
  }),
  fc.record({ kind: fc.constant('remove' as const), runId }),
  fc.record({ kind: fc.constant('restore' as const), statuses: fc.dictionary(runId, status) }),
);

function idsWith(state: Schedule, wanted: string): string[] {
  return Object.keys(state.statuses).filter((id) => state.statuses[id] === wanted);
}

function play(
  actions: readonly ScheduleAction[],
  check: (before: Schedule, after: Schedule, action: ScheduleAction) => void,
) {
  actions.reduce((before, next) => {
    const after = schedule(before, next);
    check(before, after, next);
    return after;
  }, emptySchedule);
}

describe('the schedule', () => {
  it('keeps the queue, the device and the statuses of one mind, with one active run at most', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        play(actions, (_before, after) => {
          expect(idsWith(after, 'running')).toEqual(after.activeRunId === null ? [] : [after.activeRunId]);
          expect([...after.queue].sort()).toEqual(idsWith(after, 'queued').sort());
        });
      }),
    );
  });

  it('loses no run but by removal, and never the active one', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        play(actions, (before, after, { kind }) => {
          const gone = Object.keys(before.statuses).filter((id) => !(id in after.statuses));
          if (kind !== 'remove') expect(gone).toEqual([]);
          expect(gone).not.toContain(before.activeRunId);
        });
      }),
    );
  });

  it('finishes a run once: it never waits or runs again', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const finished: string[] = [];
        play(actions, (before, after, { kind }) => {
          for (const id of idsWith(before, 'finished')) {
            if (kind !== 'remove') expect(after.statuses[id]).toBe('finished');
          }
          if (kind !== 'end') return;
          const fresh = idsWith(after, 'finished').filter((id) => before.statuses[id] !== 'finished');
          for (const id of fresh) expect(before.activeRunId).toBe(id);
          finished.push(...fresh);
        });
        const removed = actions.some(({ kind }) => kind === 'remove');
        if (!removed) expect(new Set(finished).size).toBe(finished.length);
      }),
    );
  });

  it('starts runs in the order they were queued', () => {
    let state = emptySchedule;
    const started: (string | null)[] = [];
    for (const id of ['c', 'a', 'b']) state = schedule(state, { kind: 'queue', runId: id });
    while (state.queue.length > 0) {
      state = schedule(state, { kind: 'start' });
      started.push(state.activeRunId);
      state = schedule(state, { kind: 'end', runId: state.activeRunId ?? '', status: 'finished' });
    }
    expect(started).toEqual(['c', 'a', 'b']);
  });

  it('shows runs that were open when the lab closed as paused, and starts none of them', () => {
    const restored = schedule(emptySchedule, {
      kind: 'restore',
      statuses: { a: 'running', b: 'queued', c: 'finished', d: 'failed' },
    });
    expect(restored.statuses).toEqual({ a: 'paused', b: 'paused', c: 'finished', d: 'failed' });
    expect(schedule(restored, { kind: 'start' }).activeRunId).toBeNull();
    expect(schedule(restored, { kind: 'queue', runId: 'a' }).queue).toEqual(['a']);
  });
});
