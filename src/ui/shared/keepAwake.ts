// Keeps the screen of this device on, and so the device awake, while that is wanted: the Screen Wake Lock of the browser and what becomes of it.
import { createContext, useEffect, useState, useSyncExternalStore } from 'react';

/** The part of a WakeLockSentinel that is used here. */
export interface ScreenLock {
  readonly released: boolean;
  release(): Promise<void>;
  addEventListener(type: 'release', listener: () => void): void;
}

/** `refused`: wanted, but not given, or taken back, as on a low battery. `missing`: this browser cannot. */
export type AwakeState = 'idle' | 'held' | 'refused' | 'missing';

interface KeepAwake {
  getState(): AwakeState;
  subscribe(listener: () => void): () => void;
  /** Asks for the lock, anew where it was refused, or gives it back. Browsers give none to a hidden page, and take it back from one. */
  want(wanted: boolean): void;
}

/** `request` is null where the browser has no such lock. */
export function createKeepAwake(request: (() => Promise<ScreenLock>) | null): KeepAwake {
  let state: AwakeState = request === null ? 'missing' : 'idle';
  let wanted = false;
  let existing: ScreenLock | null = null;
  /** How often it was asked for; an answer to anything but the last request is given back. */
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
    // A lock that the browser took back already has nothing to release.
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

/** What has become of the wish, for whoever shows the switch. */
export const AwakeContext = createContext<AwakeState>('missing');

/** The device is kept awake while a run is on it, the person wants that, and the page is seen. */
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
  // Missing in some browsers, and where the page is not served securely.
  const wakeLock = navigator.wakeLock as WakeLock | undefined;
  return createKeepAwake(wakeLock === undefined ? null : () => wakeLock.request('screen'));
}
