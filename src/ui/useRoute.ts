// The place the person is at, followed as the address changes.
import { useMemo, useSyncExternalStore } from 'react';
import { parseRoute, routeHref, type Route } from './route.ts';

export function useRoute(): Route {
  const hash = useSyncExternalStore(onHashChange, readHash);
  return useMemo(() => parseRoute(hash), [hash]);
}

/** Goes to a place as a link would, so that Back returns. */
export function goTo(route: Route): void {
  window.location.hash = routeHref(route);
}

function onHashChange(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

function readHash(): string {
  return window.location.hash;
}
