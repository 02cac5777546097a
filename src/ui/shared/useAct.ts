// Runs actions that may fail: the failure becomes a notice, and the person's entries stay.
import { createContext, useContext } from 'react';

/** Runs the work; resolves when it has ended either way. */
export type Act = (work: () => Promise<void> | void) => Promise<void>;

export const ActContext = createContext<Act>(async (work) => {
  await work();
});

export function useAct(): Act {
  return useContext(ActContext);
}
