// Connects the lab to the page in one hook.
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Lab, LabState } from '../../lab/state/labState.ts';

export const LabContext = createContext<Lab | null>(null);

/** The lab to ask and its present state; the component renders again after every change. */
export function useLab(): { readonly lab: Lab; readonly state: LabState } {
  const lab = useContext(LabContext);
  if (lab === null) throw new Error('useLab is called outside LabContext');
  const state = useSyncExternalStore(lab.subscribe, lab.getState);
  return { lab, state };
}
