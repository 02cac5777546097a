// Keeps texts of a view in the address: filters, the page of a list, the zoom of a chart. Apart from the other state of views, which the first page needs.
import { useCallback, useEffect, useMemo, useState } from 'react';

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

const lastByKey = new Map<string, LastTexts>();

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
 * Like `useState` for texts that are in the address as well: a reload and a shared address show the same view, and Back does not stop at each
 * letter. `names` stay the same while the component is mounted. Where the address has none of them, those of the last visit are shown, saved under
 * `key`; without a key there are none.
 */
export function useInAddress(
  key: string | null,
  names: readonly string[],
): readonly [AddressTexts, (texts: AddressTexts) => void] {
  const [texts, setTexts] = useState(() => {
    const given = textsInHash(window.location.hash, names);
    const last = key === null ? undefined : lastByKey.get(key);
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
      if (key !== null) lastByKey.set(key, { texts: next, before });
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
