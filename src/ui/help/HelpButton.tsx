// The button that opens the Help drawer, also by the key `?`.
import { lazy, Suspense, useEffect, useState } from 'react';
import type { Route } from '../shared/route.ts';
import type { HelpKey } from './HelpDrawer.tsx';

/** Loads with the first press. */
const HelpDrawer = lazy(async () => ({ default: (await import('./HelpDrawer.tsx')).HelpDrawer }));

const SETTING = 'help key';

/** Whether the key opens Help; a choice of this browser, on unless it was switched off. */
const helpKey: HelpKey = {
  isOn() {
    try {
      return localStorage.getItem(SETTING) !== 'off';
    } catch {
      return true; // Site data is blocked.
    }
  },
  set(isOn) {
    try {
      if (isOn) localStorage.removeItem(SETTING);
      else localStorage.setItem(SETTING, 'off');
    } catch {
      // Storage is blocked: the key stays on.
    }
  },
};

/** Returns whether a key goes into text, where `?` is a character. */
function isTyped({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

export function HelpButton({ page }: { readonly page: Route['page'] }) {
  const [isWanted, setIsWanted] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const show = (): void => {
    setIsWanted(true);
    setIsOpen(true);
  };
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== '?' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!isTyped(event) && helpKey.isOn()) show();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
  return (
    <>
      <button type="button" className="badge" aria-haspopup="dialog" aria-expanded={isOpen} onClick={show}>
        Help
      </button>
      {isWanted && (
        <Suspense>
          <HelpDrawer page={page} helpKey={helpKey} isOpen={isOpen} onOpen={setIsOpen} />
        </Suspense>
      )}
    </>
  );
}
