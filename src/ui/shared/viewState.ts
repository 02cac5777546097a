// Keeps state of a view: what is restored when the person returns, and which page of a long list is shown.
import { useState } from 'react';

const valuesByKey = new Map<string, unknown>();

/** Like useState, but saved under `key`, which belongs to one component and stays the same while it is mounted. */
export function useLasting<Value>(key: string, initial: Value): readonly [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => (valuesByKey.has(key) ? (valuesByKey.get(key) as Value) : initial));
  const keep = (next: Value) => {
    valuesByKey.set(key, next);
    setValue(next);
  };
  return [value, keep];
}

/** Provides the index of the first item shown, and a function to show the page of an item, for Pager. */
export function usePageOf(size: number): readonly [first: number, goTo: (item: number) => void] {
  const [item, goTo] = useState(0);
  return [Math.floor(item / size) * size, goTo];
}
