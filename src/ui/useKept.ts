// State of a view that is there again when the person comes back to it; it lasts as long as the tab.
import { useState } from 'react';

const keptValues = new Map<string, unknown>();

/** Like useState, kept under `key`, which belongs to one component and stays the same while it is shown. */
export function useKept<Value>(key: string, initial: Value): readonly [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => (keptValues.has(key) ? (keptValues.get(key) as Value) : initial));
  const keep = (next: Value) => {
    keptValues.set(key, next);
    setValue(next);
  };
  return [value, keep];
}
