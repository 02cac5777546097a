// Draws charts one after the other, each in a separate task, so that none of them keeps the page from answering while a run trains.
import { useCallback, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

/** The least pause between two drawings: what a person does comes in between. */
const LEAST_PAUSE_MS = 20;
/** Pauses in lengths of the last drawing: charts take at most a fifth of the page's thread. */
const PAUSES = 4;

/** What the turns need of the platform; times in ms. */
export interface TurnClock {
  readonly now: () => number;
  readonly after: (waitMs: number, act: () => void) => void;
}

const pageClock: TurnClock = {
  now: () => performance.now(),
  after: (waitMs, act) => void setTimeout(act, waitMs),
};

/**
 * Gives each drawing a turn, in the order in which they asked first. One that asks again before its turn keeps its place, and draws what is
 * newest then. After a drawing the next one waits for four times as long as it took.
 */
export class DrawingTurns {
  readonly #waiting = new Set<() => void>();
  readonly #clock: TurnClock;
  #isUnderWay = false;

  constructor(clock: TurnClock = pageClock) {
    this.#clock = clock;
  }

  ask(draw: () => void): void {
    this.#waiting.add(draw);
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#clock.after(0, this.#next);
  }

  leave(draw: () => void): void {
    this.#waiting.delete(draw);
  }

  readonly #next = (): void => {
    const [draw] = this.#waiting;
    if (draw === undefined) {
      this.#isUnderWay = false;
      return;
    }
    this.#waiting.delete(draw);
    const startedMs = this.#clock.now();
    // One that fails takes no turn from the others.
    try {
      draw();
    } finally {
      this.#clock.after(Math.max(LEAST_PAUSE_MS, PAUSES * (this.#clock.now() - startedMs)), this.#next);
    }
  };
}

const turns = new DrawingTurns();

/**
 * Returns `newest` as of the last turn of the component, null before the first. In its first turns the component draws what `parts` make of it.
 * `newest` is never a function, and has to stay the same until there is something else to draw.
 */
export function useDrawnInTurn<Drawn>(newest: Drawn, parts: readonly ((whole: Drawn) => Drawn)[]): Drawn | null {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const latest = useRef(newest);
  const turn = useRef(0);
  const draw = useCallback(() => {
    const part = parts[turn.current]?.(latest.current) ?? latest.current;
    turn.current++;
    // Drawn within the turn: React would put it off into the task of another chart.
    flushSync(() => setDrawn(() => part));
  }, [parts]);
  useEffect(() => {
    latest.current = newest;
    turns.ask(draw);
  }, [newest, draw]);
  useEffect(() => {
    if (drawn !== null && turn.current <= parts.length) turns.ask(draw);
  }, [drawn, parts, draw]);
  useEffect(() => () => turns.leave(draw), [draw]);
  return drawn;
}
