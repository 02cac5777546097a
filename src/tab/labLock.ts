// The lock on this origin's lab, which one tab at a time has: the browser passes it on when that tab is gone, however it went.
import type { Claim, Ownership } from '../lab/ownership.ts';
import { beginVisit } from './visit.ts';

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
