// Reads what another tab has stored whenever a person comes back to this one.
import { useEffect } from 'react';
import type { Lab } from '../lab/labState.ts';
import type { Act } from './useAct.ts';

/** `isElsewhere`: whether another tab has the lab. */
export function useLookAgain(lab: Lab, isElsewhere: boolean, act: Act): void {
  useEffect(() => {
    if (!isElsewhere) return;
    const look = () => {
      if (document.visibilityState === 'visible') void act(lab.refresh);
    };
    document.addEventListener('visibilitychange', look);
    window.addEventListener('focus', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('focus', look);
    };
  }, [lab, isElsewhere, act]);
}
