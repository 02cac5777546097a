// State of a view: what is there again when the person comes back, and which page of a long list is shown.
import { useState } from 'react';

const valuesByKey = new Map<string, unknown>();

/** Like useState, kept under `key`, which belongs to one component and stays the same while it is shown. */
export function useLasting<Value>(key: string, initial: Value): readonly [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => (valuesByKey.has(key) ? (valuesByKey.get(key) as Value) : initial));
  const keep = (next: Value) => {
    valuesByKey.set(key, next);
    setValue(next);
  };
  return [value, keep];
}

/** The index of the first item shown, and the way to the page that holds an item, as Pager asks. */
export function usePageOf(size: number): readonly [first: number, goTo: (item: number) => void] {
  const [item, goTo] = useState(0);
  return [Math.floor(item / size) * size, goTo];
}
