// What the lab needs from its browser tab: one lock per origin, whether the tab was left or discarded, and its only Trusted Types policy.
import type { Claim, Ownership } from '../lab/state/ownership.ts';

const KEY = 'bioner-lab/visit';
/** A page that dies sooner may have died of the work it would resume. */
const SETTLED_MS = 20_000;

/** True for a tab that the browser discarded, or whose last page ended without being left. Call it once, before claiming the lab. */
export function wasTakenAway(): boolean {
  const wasDiscarded = 'wasDiscarded' in document && document.wasDiscarded === true;
  const notes = tabNotes();
  const wasOpen = notes !== null && notes.getItem(KEY) !== null;
  notes?.removeItem(KEY);
  return wasDiscarded || wasOpen;
}

/** After a short delay, and until the page is left, marks its end as unintended. */
function beginVisit(): void {
  const settling = setTimeout(() => tabNotes()?.setItem(KEY, 'open'), SETTLED_MS);
  window.addEventListener('pagehide', () => {
    clearTimeout(settling);
    tabNotes()?.removeItem(KEY);
  });
}

/** Storage that survives a crash of the page; null if the browser allows none. */
function tabNotes(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

const NAME = 'bioner-lab';
/** On reload, the old page releases its lock a moment after the new page requests it. */
const GRACE_MS = 300;

/**
 * Chromium does not freeze a hidden page that holds a lock. Without locks (an insecure context, or none granted) the tab owns the lab as if there
 * were no other.
 */
export function labLock(): Ownership {
  // Missing outside secure contexts.
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

/** Resolves to false after the grace period. A busy page may see its timer before a lock granted earlier; the lock manager answers in order. */
async function waitedInVain(locks: LockManager | undefined): Promise<false> {
  await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  await locks?.query().catch(() => undefined);
  return false;
}

interface TrustedTypes {
  createPolicy(name: 'default', rules: { createScriptURL(address: string): string }): unknown;
}

/** Throws TypeError, later, if a Worker is opened from another origin. No effect in browsers without Trusted Types. */
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
