// How components do what may fail: the failure becomes a notice, and what the person entered stays.
import { createContext, useContext } from 'react';

/** Runs the work; resolves when it ended either way. */
export type Act = (work: () => Promise<void> | void) => Promise<void>;

export const ActContext = createContext<Act>(async (work) => {
  await work();
});

export function useAct(): Act {
  return useContext(ActContext);
}
