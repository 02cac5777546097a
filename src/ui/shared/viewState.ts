// Keeps state of a view: what is restored when the person returns or reloads, and which page of a long list is shown.
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type Dispatch,
  type SetStateAction,
} from 'react';

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

/** Texts by their names in the address; one that is as usual is absent. */
export type AddressTexts = Readonly<Record<string, string>>;

/** Returns texts with these changed; one that is empty is absent. */
export function changedTexts(texts: AddressTexts, part: AddressTexts): AddressTexts {
  return Object.fromEntries(Object.entries({ ...texts, ...part }).filter(([, text]) => text !== ''));
}

interface LastTexts {
  readonly texts: AddressTexts;
  /** What the address had when they were chosen, as JSON. */
  readonly before: string;
}

/** Least time between two changes of the address: browsers limit how often it changes. */
const WRITTEN_EVERY_MS = 200;
let writtenAtMs = -WRITTEN_EVERY_MS;

/** Returns the texts of these names after the `?` of a hash. */
export function textsInHash(hash: string, names: readonly string[]): AddressTexts {
  const given = new URLSearchParams(hash.split('?').slice(1).join('?'));
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = given.get(name);
      return text === null ? [] : [[name, text]];
    }),
  );
}

/** Returns a hash in which these names have these texts, those without one are absent, and all others are as before. */
export function hashWithTexts(hash: string, names: readonly string[], texts: AddressTexts): string {
  const [path = '', ...search] = hash.split('?');
  const given = new URLSearchParams(search.join('?'));
  // Members keep their places, so that two lists do not change each other's address.
  for (const name of names) {
    const text = texts[name];
    if (text === undefined) given.delete(name);
    else given.set(name, text);
  }
  const written = given.toString();
  return written === '' ? path : `${path}?${written}`;
}

/**
 * Like `useLasting` for texts that are in the address as well: a reload and a shared address show the same view, and Back does not stop at each
 * letter. `names` stay the same while the component is mounted. Where the address has none of them, those of the last visit are shown, saved under
 * `key`; without a key there are none.
 */
export function useInAddress(
  key: string | null,
  names: readonly string[],
): readonly [AddressTexts, (texts: AddressTexts) => void] {
  const [texts, setTexts] = useState(() => {
    const given = textsInHash(window.location.hash, names);
    const last = key === null ? undefined : (valuesByKey.get(key) as LastTexts | undefined);
    // The page was left before its last texts were written: Back comes to an address without them.
    const isBefore = last !== undefined && JSON.stringify(given) === last.before;
    return last !== undefined && (isBefore || Object.keys(given).length === 0) ? last.texts : given;
  });
  useEffect(() => {
    const read = (): void => setTexts(textsInHash(window.location.hash, names));
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, [names]);
  useEffect(() => {
    const path = window.location.hash.split('?', 1)[0];
    const write = (): void => {
      // Another page may be shown by now, whose address is its own.
      const { hash } = window.location;
      const next = hashWithTexts(hash, names, texts);
      if (hash.split('?', 1)[0] !== path || next === hash) return;
      writtenAtMs = performance.now();
      window.history.replaceState(window.history.state, '', next === '' ? '#/' : next);
    };
    // At once where nothing was written just now, so that a link followed next comes back to this.
    const timer = setTimeout(write, Math.max(0, writtenAtMs + WRITTEN_EVERY_MS - performance.now()));
    window.addEventListener('pagehide', write);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', write);
    };
  }, [names, texts]);
  const keep = useCallback(
    (next: AddressTexts): void => {
      const before = JSON.stringify(textsInHash(window.location.hash, names));
      if (key !== null) valuesByKey.set(key, { texts: next, before } satisfies LastTexts);
      setTexts(next);
    },
    [key, names],
  );
  return [texts, keep];
}

/** Returns the index of an item as an address has it, counted from 1; 0 for anything else. */
export function indexIn(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) - 1 : 0;
}

/** Provides the index of the first item shown, and a function to show the page of an item, for Pager. */
export function usePageOf(size: number): readonly [first: number, goTo: (item: number) => void] {
  const [item, goTo] = useState(0);
  return [Math.floor(item / size) * size, goTo];
}

/**
 * Like `usePageOf`, with the page in the address under this name, counted from 1; the first one is absent. For lists whose content the address
 * says as well: others would open at a page of something else.
 */
export function usePageInAddress(size: number, name: string): readonly [first: number, goTo: (item: number) => void] {
  const names = useMemo(() => [name], [name]);
  const [texts, setTexts] = useInAddress(null, names);
  const goTo = (item: number): void => {
    const page = Math.floor(Math.max(0, item) / size);
    setTexts(page === 0 ? {} : { [name]: String(page + 1) });
  };
  return [indexIn(texts[name]) * size, goTo];
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
