// What the lab asks of its browser tab: one lock for each origin, whether it was left or taken away, and its only Trusted Types policy.
import type { Claim, Ownership } from '../lab/state/ownership.ts';

const KEY = 'bioner-lab/visit';
/** A page that dies sooner may have died of what would go on. */
const SETTLED_MS = 20_000;

/** True for a tab that the browser discarded, and for one whose last page ended without leaving. To be asked once, before the lab is claimed. */
export function wasTakenAway(): boolean {
  const wasDiscarded = 'wasDiscarded' in document && document.wasDiscarded === true;
  const notes = tabNotes();
  const wasOpen = notes !== null && notes.getItem(KEY) !== null;
  notes?.removeItem(KEY);
  return wasDiscarded || wasOpen;
}

/** From soon on, and until the page is left, its end is no leaving. */
function beginVisit(): void {
  const settling = setTimeout(() => tabNotes()?.setItem(KEY, 'open'), SETTLED_MS);
  window.addEventListener('pagehide', () => {
    clearTimeout(settling);
    tabNotes()?.removeItem(KEY);
  });
}

/** What a tab keeps through a crash of its page; null where the browser allows none. */
function tabNotes(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

const NAME = 'bioner-lab';
/** The page that a reload replaces gives its lock back a moment after the new one asks. */
const GRACE_MS = 300;

/**
 * Chromium freezes no hidden page that holds a lock. Where there are no locks (an insecure context), or none are given, the lab is this tab's as if
 * there were no other.
 */
export function labLock(): Ownership {
  // Missing where the page is not served securely.
  const locks = navigator.locks as LockManager | undefined;
  return {
    async claim(): Promise<Claim> {
      const whenOurs = new Promise<void>((resolve) => {
        const begin = (): void => {
          beginVisit();
          resolve();
        };
        const holdForLife = (): Promise<never> => {
          begin();
          return new Promise(() => undefined);
        };
        if (locks === undefined) begin();
        else locks.request(NAME, holdForLife).catch(begin);
      });
      const isOurs = await Promise.race([whenOurs.then(() => true), waitedInVain(locks)]);
      return { isOurs, whenOurs };
    },
  };
}

/** False after the grace. A busy page may see its timer before a lock that was granted earlier; answers of the lock manager come in order. */
async function waitedInVain(locks: LockManager | undefined): Promise<false> {
  await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  await locks?.query().catch(() => undefined);
  return false;
}

interface TrustedTypes {
  createPolicy(name: 'default', rules: { createScriptURL(address: string): string }): unknown;
}

/** Throws TypeError, later, where a Worker is opened from another origin. Without effect where a browser has no Trusted Types. */
export function ownScriptsOnly(): void {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy('default', {
    createScriptURL(address) {
      const { origin } = new URL(address, document.baseURI);
      if (origin === window.location.origin) return address;
      throw new TypeError(`Scripts come from ${window.location.origin} alone, not from ${origin}.`);
    },
  });
}
