// Maps the pages of the lab to addresses after the `#`.
import { useMemo, useSyncExternalStore } from 'react';
import { SPLITS, type Split } from '../../data/corpus/corpus.ts';

export const ANALYSIS_VIEWS = ['sets', 'labels', 'leaks', 'breakdown', 'errors'] as const;
export type AnalysisView = (typeof ANALYSIS_VIEWS)[number];

/** The subject of an analysis as given in the address; the page chooses what is null. */
export interface AnalysisRoute {
  readonly view: AnalysisView;
  readonly corpus: string | null;
  /** Type of the task; null for all types together if a corpus is named. */
  readonly type: string | null;
  readonly category: string | null;
  readonly run: string | null;
  readonly epoch: number | null;
  /** A second run, compared with the first. */
  readonly beside: string | null;
  /** State within the view, in a form that only the view defines. */
  readonly detail: string | null;
}

export const NOTHING_CHOSEN: AnalysisRoute = {
  view: 'sets',
  corpus: null,
  type: null,
  category: null,
  run: null,
  epoch: null,
  beside: null,
  detail: null,
};

export type Route =
  | { readonly page: 'train' }
  | { readonly page: 'corpora' }
  | { readonly page: 'corpus'; readonly corpusId: string }
  /** A corpus at one of its sentences, counted from 1 in its split. */
  | { readonly page: 'sentence'; readonly corpusId: string; readonly split: Split; readonly number: number }
  | { readonly page: 'models' }
  | { readonly page: 'runs' }
  | { readonly page: 'run'; readonly runId: string }
  /** With the key of a tagger, as `taggerKey` makes it, that one is chosen. */
  | { readonly page: 'tag' }
  | { readonly page: 'tagWith'; readonly tagger: string }
  | { readonly page: 'compare' }
  | ({ readonly page: 'analyse' } & AnalysisRoute)
  | { readonly page: 'results' }
  /** A result file in the address itself, or at an address of this site. */
  | { readonly page: 'open'; readonly result: string }
  | { readonly page: 'importedRun'; readonly resultId: string; readonly runId: string }
  | { readonly page: 'about' }
  | { readonly page: 'missing' };

/** Parses a `location.hash`; `missing` for an unknown address. */
export function parseRoute(hash: string): Route {
  const link = /^#?\/?open\?result=(.+)$/s.exec(hash)?.[1];
  if (link !== undefined) return { page: 'open', result: decodeSegment(link) };
  const analysis = /^#?\/?analyse(?:\/([a-z]+))?(?:\?(.*))?$/s.exec(hash);
  if (analysis !== null) return analysisRoute(analysis[1], new URLSearchParams(analysis[2] ?? ''));
  const segments = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment);
  const [page, first, second, third] = segments;
  if (page === undefined) return { page: 'train' };
  if (segments.length === 1) {
    if (
      page === 'corpora' ||
      page === 'models' ||
      page === 'runs' ||
      page === 'tag' ||
      page === 'compare' ||
      page === 'results' ||
      page === 'about'
    )
      return { page };
  }
  if (segments.length === 2 && first !== undefined) {
    if (page === 'corpora') return { page: 'corpus', corpusId: first };
    if (page === 'tag') return { page: 'tagWith', tagger: first };
    if (page === 'runs') return { page: 'run', runId: first };
  }
  if (segments.length === 3 && page === 'results' && first !== undefined && second !== undefined) {
    return { page: 'importedRun', resultId: first, runId: second };
  }
  if (segments.length === 4 && page === 'corpora' && first !== undefined) {
    const split = SPLITS.find((known) => known === second);
    const number = wholeNumberOf(third);
    if (split !== undefined && number !== null && number > 0)
      return { page: 'sentence', corpusId: first, split, number };
  }
  return { page: 'missing' };
}

function analysisRoute(named: string | undefined, chosen: URLSearchParams): Route {
  const view = ANALYSIS_VIEWS.find((known) => known === (named ?? 'sets'));
  if (view === undefined) return { page: 'missing' };
  const { corpus, type, category, run, beside, detail } = Object.fromEntries(chosen) as Partial<Record<string, string>>;
  return {
    page: 'analyse',
    view,
    corpus: corpus ?? null,
    type: type ?? null,
    category: category ?? null,
    run: run ?? null,
    epoch: wholeNumberOf(chosen.get('epoch') ?? undefined),
    beside: beside ?? null,
    detail: detail ?? null,
  };
}

function wholeNumberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Writes the address of a route, which `parseRoute` reads back. */
export function routeHref(route: Route): string {
  switch (route.page) {
    case 'train':
    case 'missing':
      return '#/';
    case 'corpus':
      return `#/corpora/${encodeURIComponent(route.corpusId)}`;
    case 'sentence':
      return `#/corpora/${encodeURIComponent(route.corpusId)}/${route.split}/${route.number}`;
    case 'analyse': {
      const { page: _page, view, ...chosen } = route;
      const members = Object.entries(chosen).flatMap(([name, value]) =>
        value === null ? [] : [[name, String(value)]],
      );
      return members.length === 0
        ? `#/analyse/${view}`
        : `#/analyse/${view}?${new URLSearchParams(members).toString()}`;
    }
    case 'run':
      return `#/runs/${encodeURIComponent(route.runId)}`;
    case 'tagWith':
      return `#/tag/${encodeURIComponent(route.tagger)}`;
    case 'open':
      return `#/open?result=${encodeURIComponent(route.result)}`;
    case 'importedRun':
      return `#/results/${encodeURIComponent(route.resultId)}/${encodeURIComponent(route.runId)}`;
    default:
      return `#/${route.page}`;
  }
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Returns the part of a route that identifies the page: choices within an analysis keep the page, its focus and its scroll. */
export function pageKey(route: Route): string {
  return route.page === 'analyse' ? `analyse/${route.view}` : routeHref(route);
}

/** Provides the current route and follows the address as it changes. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(onHashChange, readHash);
  return useMemo(() => parseRoute(hash), [hash]);
}

/** Navigates to a route like a link, so that Back returns. */
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
