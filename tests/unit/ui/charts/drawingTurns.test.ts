// Proves that charts are drawn one at a time, in the order in which they asked, with pauses that follow how long the last one took.
import { describe, expect, it } from 'vitest';
import { DrawingTurns } from '../../../../src/ui/charts/ChartFrame.tsx';

/** A clock that moves when a drawing takes time, and acts when the test lets it. */
function createClock() {
  let nowMs = 0;
  const waits: number[] = [];
  let next: (() => void) | null = null;
  return {
    waits,
    now: () => nowMs,
    take: (ms: number) => void (nowMs += ms),
    after: (waitMs: number, act: () => void) => {
      waits.push(waitMs);
      next = act;
    },
    /** Lets the next turn come; returns whether there was one. */
    turn: () => {
      const act = next;
      next = null;
      act?.();
      return act !== null;
    },
  };
}

describe('DrawingTurns', () => {
  it('draws each in its own turn, in the order of asking, and pauses four times as long as it took', () => {
    const clock = createClock();
    const turns = new DrawingTurns(clock);
    const drawn: string[] = [];
    const slow = () => (drawn.push('slow'), clock.take(30));
    const quick = () => (drawn.push('quick'), clock.take(1));
    turns.ask(slow);
    turns.ask(quick);
    expect(drawn).toEqual([]);
    clock.turn();
    expect(drawn).toEqual(['slow']);
    clock.turn();
    expect(drawn).toEqual(['slow', 'quick']);
    // The pause after the last one belongs to it.
    expect(turns.isIdle).toBe(false);
    clock.turn();
    expect(turns.isIdle).toBe(true);
    expect(clock.turn()).toBe(false);
    expect(clock.waits).toEqual([0, 120, 20]);
  });

  it('draws once for several requests, and keeps the place of the first', () => {
    const clock = createClock();
    const turns = new DrawingTurns(clock);
    const drawn: string[] = [];
    const [first, second] = ['first', 'second'].map((name) => () => void drawn.push(name)) as [() => void, () => void];
    for (const draw of [first, second, first, first]) turns.ask(draw);
    while (clock.turn());
    expect(drawn).toEqual(['first', 'second']);
    turns.ask(first);
    while (clock.turn());
    expect(drawn).toEqual(['first', 'second', 'first']);
  });

  it('leaves out a chart that is gone, and goes on after one that throws', () => {
    const clock = createClock();
    const turns = new DrawingTurns(clock);
    const drawn: string[] = [];
    const gone = () => void drawn.push('gone');
    turns.ask(() => {
      throw new Error('cannot be drawn');
    });
    turns.ask(gone);
    turns.ask(() => void drawn.push('last'));
    turns.leave(gone);
    expect(() => clock.turn()).toThrow('cannot be drawn');
    while (clock.turn());
    expect(drawn).toEqual(['last']);
  });
});
