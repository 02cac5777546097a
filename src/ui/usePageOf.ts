// Which page of a long list is shown, by the item that was gone to last.
import { useState } from 'react';

/** The index of the first item shown, and the way to the page that holds an item, as Pager asks. */
export function usePageOf(size: number): readonly [first: number, goTo: (item: number) => void] {
  const [item, goTo] = useState(0);
  return [Math.floor(item / size) * size, goTo];
}
