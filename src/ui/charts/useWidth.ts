// The width of an element on the page, followed as it changes.
import { useCallback, useState } from 'react';

/** A ref for the element, and its width in pixels; `initial` before it is known. */
export function useWidth(initial: number): readonly [(element: HTMLElement | null) => void, number] {
  const [width, setWidth] = useState(initial);
  const follow = useCallback((element: HTMLElement | null) => {
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => entry !== undefined && setWidth(entry.contentRect.width));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [follow, width];
}
