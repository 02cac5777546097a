// Keeps the screen on, and so the device awake, while wanted, with the browser's Screen Wake Lock.
import { createContext, useEffect, useState, useSyncExternalStore } from 'react';

/** The part of a WakeLockSentinel that is used here. */
export interface ScreenLock {
  readonly released: boolean;
  release(): Promise<void>;
  addEventListener(type: 'release', listener: () => void): void;
}

/** `refused`: wanted, but denied or released by the browser, as on a low battery. `missing`: not supported. */
export type AwakeState = 'idle' | 'held' | 'refused' | 'missing';

interface KeepAwake {
  getState(): AwakeState;
  subscribe(listener: () => void): () => void;
  /** Requests the lock, also after a refusal, or releases it. Browsers deny it to hidden pages, and release it when a page is hidden. */
  want(wanted: boolean): void;
}

/** Creates the keeper; `request` is null if the browser has no such lock. */
export function createKeepAwake(request: (() => Promise<ScreenLock>) | null): KeepAwake {
  let state: AwakeState = request === null ? 'missing' : 'idle';
  let wanted = false;
  let existing: ScreenLock | null = null;
  /** Number of requests so far; a lock granted to any but the last one is released. */
  let asked = 0;
  const listeners = new Set<() => void>();

  function tell(next: AwakeState): void {
    if (state === next) return;
    state = next;
    for (const listener of [...listeners]) listener();
  }

  function lost(lock: ScreenLock): void {
    if (existing !== lock) return;
    existing = null;
    tell('refused');
  }

  async function ask(from: () => Promise<ScreenLock>): Promise<void> {
    const turn = ++asked;
    try {
      const lock = await from();
      if (turn !== asked) return await lock.release();
      existing = lock;
      lock.addEventListener('release', () => lost(lock));
      if (lock.released) lost(lock);
      else tell('held');
    } catch {
      if (turn === asked) tell('refused');
    }
  }

  function giveBack(): void {
    asked++;
    const lock = existing;
    existing = null;
    tell('idle');
    // A lock that the browser released already needs no release.
    lock?.release().catch(() => undefined);
  }

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    want(next) {
      if (request === null) return;
      const changed = wanted !== next;
      wanted = next;
      if (next && existing === null) void ask(request);
      else if (!next && changed) giveBack();
    },
  };
}

/** Provides the state of the lock to the switch. */
export const AwakeContext = createContext<AwakeState>('missing');

/** Keeps the device awake while a run is training, the person wants that, and the page is visible. */
export function useKeepAwake(wanted: boolean): AwakeState {
  const [keeper] = useState(keeperOfThisPage);
  useEffect(() => {
    const update = () => keeper.want(wanted && document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', update);
    update();
    return () => {
      document.removeEventListener('visibilitychange', update);
      keeper.want(false);
    };
  }, [keeper, wanted]);
  return useSyncExternalStore(keeper.subscribe, keeper.getState);
}

function keeperOfThisPage(): KeepAwake {
  // Missing in some browsers, and on pages not served securely.
  const wakeLock = navigator.wakeLock as WakeLock | undefined;
  return createKeepAwake(wakeLock === undefined ? null : () => wakeLock.request('screen'));
}
