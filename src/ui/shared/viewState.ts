// Keeps state of a view: what is restored when the person returns or reloads, which page of a long list is shown, and whether the browser asks before the page is left.
import { useEffect, useLayoutEffect, useRef, useState, type Dispatch, type SetStateAction } from 'react';

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

const DRAFT_PREFIX = 'draft/';
const SAVED_AFTER_MS = 300;

/**
 * Like useState, but what a person enters survives a reload: it is stored for as long as the tab is open, and never on disk beyond it, as it
 * may be text of patients. `isDraft` refuses what another version of the page stored.
 */
export function useDraft<Value>(
  key: string,
  initial: () => Value,
  isDraft: (stored: unknown) => stored is Value,
): readonly [Value, Dispatch<SetStateAction<Value>>] {
  const [value, setValue] = useState(() => storedDraft(key, isDraft) ?? initial());
  const unsaved = useRef<{ readonly value: Value } | null>(null);
  useEffect(() => {
    unsaved.current = { value };
    // Not for every letter; and at once where the page is left before.
    const save = (): void => {
      unsaved.current = null;
      storeDraft(key, value);
    };
    const timer = setTimeout(save, SAVED_AFTER_MS);
    window.addEventListener('pagehide', save);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', save);
    };
  }, [key, value]);
  // Another page is shown before the time is over. In this phase, so that drafts that cannot be drawn are forgotten afterwards.
  useLayoutEffect(
    () => () => {
      if (unsaved.current !== null) storeDraft(key, unsaved.current.value);
    },
    [key],
  );
  return [value, setValue];
}

function storedDraft<Value>(key: string, isDraft: (stored: unknown) => stored is Value): Value | null {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(DRAFT_PREFIX + key) ?? 'null');
    return isDraft(stored) ? stored : null;
  } catch {
    // Site data is blocked, or the text is not JSON: the form begins empty, as without a draft.
    return null;
  }
}

/** Stores a draft, also for a component that is mounted later. */
export function storeDraft(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(DRAFT_PREFIX + key, JSON.stringify(value));
  } catch {
    // Site data is blocked, or the text is larger than the browser stores: it stays in the form alone.
  }
}

/** Forgets all drafts: where a page cannot be drawn, one of them may be the reason. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(DRAFT_PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // Site data is blocked: there are none.
  }
}

/** Whether a value has the members of `model` with values of the same types; null in either stands for any value. */
export function hasShapeOf(model: unknown, value: unknown): boolean {
  if (model === null || value === null) return true;
  if (typeof model !== 'object' || typeof value !== 'object') return typeof model === typeof value;
  if (Array.isArray(model) || Array.isArray(value)) return Array.isArray(model) && Array.isArray(value);
  const names = Object.keys(model);
  return (
    names.length === Object.keys(value).length &&
    names.every(
      (name) =>
        Object.hasOwn(value, name) && hasShapeOf(model[name as keyof typeof model], value[name as keyof typeof value]),
    )
  );
}

/** Lets the browser ask before the page is left; returns what ends that. */
export function warnBeforeLeaving(): () => void {
  const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
  window.addEventListener('beforeunload', warn);
  return () => window.removeEventListener('beforeunload', warn);
}
