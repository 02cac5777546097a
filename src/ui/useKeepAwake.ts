// The device is kept awake while a run is on it, the person wants that, and the page is seen.
import { createContext, useEffect, useState, useSyncExternalStore } from 'react';
import { createKeepAwake, type AwakeState, type KeepAwake } from './keepAwake.ts';

/** What has become of the wish, for whoever shows the switch. */
export const AwakeContext = createContext<AwakeState>('missing');

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
