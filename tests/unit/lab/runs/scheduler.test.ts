// Proves that under any order of requests at most one run is on the device, none before its parent, none is lost and none trains twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySchedule, schedule, type Schedule, type ScheduleAction } from '../../../../src/lab/runs/scheduler.ts';
import type { RunStatus } from '../../../../src/schema/runRecord.ts';

/** Two runs without a parent, two children of the first, a child of one of those, and one with a missing parent. */
const parents: Readonly<Record<string, string | null>> = { a: null, b: null, c: 'a', d: 'a', e: 'c', f: 'gone' };
const needsOf = (id: string): readonly string[] => [parents[id] ?? []].flat();
const runId = fc.constantFrom(...Object.keys(parents));
const status = fc.constantFrom('queued', 'running', 'paused', 'stopped', 'failed', 'finished' as const);
const action: fc.Arbitrary<ScheduleAction> = fc.oneof(
  runId.map((id) => ({ kind: 'queue' as const, runId: id, needs: needsOf(id) })),
  fc.record({ kind: fc.constant('move' as const), runId, direction: fc.constantFrom('up' as const, 'down' as const) }),
  fc.record({ kind: fc.constant('start' as const) }),
  fc.record({ kind: fc.constantFrom('pause' as const, 'stop' as const), runId }),
  fc.record({
    kind: fc.constant('end' as const),
    runId,
    status: fc.constantFrom('paused' as const, 'stopped' as const, 'failed' as const, 'finished' as const),
  }),
  fc.record({ kind: fc.constant('remove' as const), runId }),
  fc.dictionary(runId, status).map((statuses) => ({ kind: 'restore' as const, runs: known(statuses) })),
);

function known(statuses: Readonly<Record<string, RunStatus>>) {
  return Object.fromEntries(
    Object.entries(statuses).map(([id, stored]) => [id, { status: stored, needs: needsOf(id) }]),
  );
}

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
  it('keeps queue, device and statuses consistent, with at most one active run', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        play(actions, (_before, after) => {
          expect(idsWith(after, 'running')).toEqual(after.activeRunId === null ? [] : [after.activeRunId]);
          expect([...after.queue].sort()).toEqual(idsWith(after, 'queued').sort());
        });
      }),
    );
  });

  it('starts no run before its parent is finished, and queues none before it', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        play(actions, (before, after, { kind }) => {
          const { activeRunId, queue } = after;
          const parent = activeRunId === null ? null : (parents[activeRunId] ?? null);
          if (kind === 'start' && before.activeRunId === null && parent !== null) {
            expect(after.statuses[parent]).toBe('finished');
          }
          for (const [index, id] of queue.entries()) expect(queue.slice(index)).not.toContain(parents[id] ?? '');
        });
      }),
    );
  });

  it('leaves no run waiting that could start while the device is free', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const state = schedule(actions.reduce(schedule, emptySchedule), { kind: 'start' });
        if (state.activeRunId !== null) return;
        for (const id of state.queue) expect(state.statuses[parents[id] ?? '']).not.toBe('finished');
        expect(state.queue.filter((id) => parents[id] === null)).toEqual([]);
      }),
    );
  });

  it('removes no run that others start from', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        play(actions, (before, after) => {
          for (const id of Object.keys(before.statuses).filter((one) => !(one in after.statuses))) {
            expect(Object.keys(before.statuses).filter((other) => parents[other] === id)).toEqual([]);
          }
        });
      }),
    );
  });

  it('moves a waiting run by one position, but not past its parent', () => {
    const waiting = ['a', 'c', 'b'].reduce(
      (state, id) => schedule(state, { kind: 'queue', runId: id, needs: needsOf(id) }),
      emptySchedule,
    );
    const move = (id: string, direction: 'up' | 'down') =>
      schedule(waiting, { kind: 'move', runId: id, direction }).queue;
    expect(move('b', 'up')).toEqual(['a', 'b', 'c']);
    expect(move('c', 'down')).toEqual(['a', 'b', 'c']);
    expect(move('c', 'up')).toEqual(['a', 'c', 'b']);
    expect(move('a', 'down')).toEqual(['a', 'c', 'b']);
    expect(move('a', 'up')).toEqual(['a', 'c', 'b']);
    expect(move('f', 'up')).toEqual(['a', 'c', 'b']);
  });

  it('loses no run except by removal, and never the active one', () => {
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
    for (const id of ['c', 'a', 'b']) state = schedule(state, { kind: 'queue', runId: id, needs: [] });
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
      runs: known({ a: 'running', b: 'queued', c: 'finished', d: 'failed' }),
    });
    expect(restored.statuses).toEqual({ a: 'paused', b: 'paused', c: 'finished', d: 'failed' });
    expect(schedule(restored, { kind: 'start' }).activeRunId).toBeNull();
    expect(schedule(restored, { kind: 'queue', runId: 'a', needs: [] }).queue).toEqual(['a']);
  });
});

describe('a run that reads others', () => {
  it('starts once all that it needs are finished, and none of them is removed before it', () => {
    const queued = [['a', []], ['b', []], ['c', ['a', 'b']]] as const; // prettier-ignore
    let state: Schedule = emptySchedule;
    // The one with needs first: what it needs is queued before it.
    for (const [runId, needs] of queued.toReversed()) state = schedule(state, { kind: 'queue', runId, needs });
    expect(state.queue.indexOf('c')).toBe(2);
    for (const [runId] of queued) {
      state = schedule(state, { kind: 'start' });
      expect(state.queue.includes('c')).toBe(state.activeRunId !== 'c');
      const active = state.activeRunId ?? '';
      expect(runId === 'c').toBe(active === 'c');
      state = schedule(state, { kind: 'end', runId: active, status: 'finished' });
    }
    for (const runId of ['a', 'b']) expect(schedule(state, { kind: 'remove', runId }).statuses[runId]).toBe('finished');
    state = schedule(state, { kind: 'remove', runId: 'c' });
    expect(schedule(state, { kind: 'remove', runId: 'b' }).statuses['b']).toBeUndefined();
  });
});
