// What the lab needs from its browser tab: one lock per origin, whether it was left or discarded, its Trusted Types policy, and the service worker.
import type { Claim, Ownership } from '../lab/state/labStore.ts';

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

// The page's side of the service worker: isolation where the host sends no headers, files kept for use offline, and new versions that wait.

/** Whether the page is built with a service worker, the browser has them (secure contexts alone), and the address does not turn it off. */
function isUsed(): boolean {
  if (!import.meta.env.PROD || import.meta.env['VITE_SERVICE_WORKER'] === 'off') return false;
  return 'serviceWorker' in navigator && new URLSearchParams(window.location.search).get('service-worker') !== 'off';
}

const TRIED = 'bioner-lab/isolation-tried';
/** A host that does not answer with the small script by then leaves the lab on one thread. */
const PATIENCE_MS = 10_000;

function register(): Promise<ServiceWorkerRegistration> {
  // Relative to the page, whose folder it serves.
  return navigator.serviceWorker.register(new URL('sw.js', document.baseURI), { updateViaCache: 'none' });
}

/**
 * Call it before anything is shown. Where the host sends no isolation headers it reloads the page once, which then comes through the
 * service worker with them, and never resolves. Resolves at once where the page is isolated, or cannot be.
 */
export async function isolated(): Promise<void> {
  if (!isUsed()) return;
  let notes: Storage;
  try {
    notes = sessionStorage;
  } catch {
    return; // Without a note of the attempt it could reload for ever.
  }
  if (window.crossOriginIsolated) return notes.removeItem(TRIED);
  if (notes.getItem(TRIED) !== null) return;
  notes.setItem(TRIED, 'once');
  const isActive = register().then(
    () => navigator.serviceWorker.ready.then(() => true),
    () => false, // Refused by the browser's settings, or not served: wasm gets one thread.
  );
  const isLate = new Promise<false>((resolve) => setTimeout(() => resolve(false), PATIENCE_MS));
  if (!(await Promise.race([isActive, isLate]))) return;
  window.location.reload();
  await new Promise(() => undefined);
}

/** A version of the lab that is stored here and waits. */
class WaitingVersion {
  #worker: ServiceWorker | null = null;
  readonly #listeners = new Set<() => void>();

  readonly isWaiting = (): boolean => this.#worker !== null;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  /** Puts the version in place of this one and reloads this page, and no other. */
  readonly takeOver = (): void => {
    navigator.serviceWorker.addEventListener('controllerchange', () => window.location.reload(), { once: true });
    this.#worker?.postMessage('take-over');
  };

  watch(registration: ServiceWorkerRegistration): void {
    const look = (): void => {
      // Without a controller the worker is the first one, and waits for nobody.
      this.#worker = navigator.serviceWorker.controller === null ? null : registration.waiting;
      for (const listener of this.#listeners) listener();
    };
    const follow = (): void => registration.installing?.addEventListener('statechange', look);
    registration.addEventListener('updatefound', follow);
    follow();
    look();
  }
}

export const waitingVersion = new WaitingVersion();

/** Stores the lab's files for use offline, and watches for new versions. Call it when the lab is open, so that nothing competes with its start. */
export async function keepForOffline(): Promise<void> {
  if (!isUsed()) return;
  let registration: ServiceWorkerRegistration | undefined;
  try {
    registration = await register();
  } catch {
    return; // No network, or refused by the browser's settings: the lab works as without a service worker.
  }
  if (registration === undefined) return; // A browser that is driven by a program may block them so.
  waitingVersion.watch(registration);
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage('fill');
}
