// The place of a page that takes what is dropped or chosen while it is shown, in place of the library.
import { createContext, useContext, useEffect, type RefObject } from 'react';
import type { BringIn } from './useBringIn.ts';

export const DropHereContext = createContext<RefObject<BringIn | null>>({ current: null });

/** From now on, and until the component is gone, `take` gets the files. */
export function useDropHere(take: BringIn): void {
  const hereRef = useContext(DropHereContext);
  useEffect(() => {
    hereRef.current = take;
    return () => {
      hereRef.current = null;
    };
  }, [hereRef, take]);
}
