// Maps the pages of the lab to addresses after the `#`.
import { useMemo, useSyncExternalStore } from 'react';
import { SPLITS, type Split } from '../../data/corpus/corpus.ts';
import type { ReviewFilter, ReviewOrder } from '../../lab/review/review.ts';
import { ownValue } from '../../util/validate.ts';

export const ANALYSIS_VIEWS = ['sets', 'labels', 'leaks', 'breakdown', 'errors', 'confidence'] as const;
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
  /** Id of the experiment whose view this is; null for an analysis of the library. */
  readonly experiment: string | null;
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
  experiment: null,
};

/** The views of an experiment besides the analyses of its runs. */
export const EXPERIMENT_VIEWS = ['overview', 'runs', 'across', 'affinity', 'statistics', 'share'] as const;
export type ExperimentView = (typeof EXPERIMENT_VIEWS)[number];

export const LIBRARY_SECTIONS = ['corpora', 'models', 'dictionaries', 'storage'] as const;
export type LibrarySection = (typeof LIBRARY_SECTIONS)[number];

/** An experiment at one of its views, on one of its tasks, counted from 1. */
export interface ExperimentRoute {
  readonly experimentId: string;
  readonly view: ExperimentView;
  readonly task: number;
}

export const CURVE_AXES = ['steps', 'epochs', 'minutes'] as const;
export type CurveAxis = (typeof CURVE_AXES)[number];

/** Runs whose curves and settings are side by side, and how they are shown. */
export interface CurvesRoute {
  readonly runs: readonly string[];
  /** Smoothing of the loss in percent: 0 for none, below 100. */
  readonly smoothing: number;
  readonly isLog: boolean;
  readonly across: CurveAxis;
  /** Runs left out of the charts. */
  readonly hidden: readonly string[];
  /** Whether settings are listed that all runs have in common. */
  readonly isComplete: boolean;
}

export const CURVES_OF: Omit<CurvesRoute, 'runs'> = {
  smoothing: 60,
  isLog: false,
  across: 'steps',
  hidden: [],
  isComplete: false,
};

export const REVIEW_ORDERS: readonly ReviewOrder[] = ['unsure', 'text'];
export const REVIEW_FILTERS: readonly ReviewFilter[] = ['all', 'unreviewed', 'differing'];

/** A review as a person looks at it. */
export interface ReviewRoute {
  readonly reviewId: string;
  readonly order: ReviewOrder;
  readonly filter: ReviewFilter;
  /** The sentence in focus, counted from 1 in the text; null for the first. */
  readonly sentence: number | null;
  /** Confidence from which mentions are shown, in whole percent. */
  readonly threshold: number;
}

/** What the page that tags text offers first: a tagger, by the key that `taggerKey` makes, and a corpus; null where the page chooses. */
export interface TagChoice {
  readonly tagger: string | null;
  readonly corpusId: string | null;
  readonly split: Split | null;
}

export type Route =
  | { readonly page: 'new' }
  | { readonly page: 'experiments' }
  | ({ readonly page: 'experiment' } & ExperimentRoute)
  | { readonly page: 'library'; readonly section: LibrarySection }
  | { readonly page: 'corpus'; readonly corpusId: string }
  /** A corpus at one of its sentences, counted from 1 in its split. */
  | { readonly page: 'sentence'; readonly corpusId: string; readonly split: Split; readonly number: number }
  | { readonly page: 'run'; readonly runId: string }
  /** With the key of a tagger, as `taggerKey` makes it, that one is chosen. */
  | { readonly page: 'tag' }
  | { readonly page: 'tagWith'; readonly tagger: string }
  | ({ readonly page: 'tagCorpus'; readonly corpusId: string } & TagChoice)
  | ({ readonly page: 'review' } & ReviewRoute)
  | ({ readonly page: 'analyse' } & AnalysisRoute)
  | ({ readonly page: 'curves' } & CurvesRoute)
  /** The runs of an imported result file. */
  | { readonly page: 'resultFile'; readonly resultId: string }
  /** A result file in the address itself, or at an address of this site. */
  | { readonly page: 'open'; readonly result: string }
  | { readonly page: 'importedRun'; readonly resultId: string; readonly runId: string }
  | { readonly page: 'about' }
  | { readonly page: 'missing' };

/** Pages of earlier versions of the lab, whose addresses people have saved. */
const FORMER_PAGES: Readonly<Record<string, Route>> = {
  corpora: { page: 'library', section: 'corpora' },
  models: { page: 'library', section: 'models' },
  runs: { page: 'experiments' },
  compare: { page: 'experiments' },
  results: { page: 'experiments' },
};

/** Parses a `location.hash`; `missing` for an unknown address. */
export function parseRoute(hash: string): Route {
  const link = /^#?\/?open\?result=(.+)$/s.exec(hash)?.[1];
  if (link !== undefined) return { page: 'open', result: decodeSegment(link) };
  const analysis = /^#?\/?analyse(?:\/([a-z]+))?(?:\?(.*))?$/s.exec(hash);
  if (analysis !== null) return analysisRoute(analysis[1], new URLSearchParams(analysis[2] ?? ''), null);
  const [path = '', search = ''] = hash.split('?', 2);
  const segments = path
    .replace(/^#?\/?/, '')
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment);
  const [page, first, second, third] = segments;
  const chosen = new URLSearchParams(search);
  const corpusId = chosen.get('corpus');
  if (page === 'tag' && segments.length <= 2 && corpusId !== null) {
    const split = SPLITS.find((known) => known === chosen.get('split')) ?? null;
    return { page: 'tagCorpus', tagger: first ?? null, corpusId, split };
  }
  if (page === 'review' && first !== undefined && segments.length === 2) return reviewRoute(first, chosen);
  if (page === undefined) return { page: 'new' };
  if (segments.length === 1) {
    if (page === 'experiments' || page === 'tag' || page === 'about') return { page };
    if (page === 'library') return { page, section: 'corpora' };
    if (page === 'curves') return curvesRoute(new URLSearchParams(search));
    const former = ownValue(FORMER_PAGES, page);
    if (former !== undefined) return former;
  }
  if (page === 'experiments' && first !== undefined && segments.length <= 3) {
    const view = EXPERIMENT_VIEWS.find((known) => known === (second ?? 'overview'));
    const task = wholeNumberOf(new URLSearchParams(search).get('task') ?? '1');
    if (view !== undefined && task !== null && task > 0) return { page: 'experiment', experimentId: first, view, task };
    const analysed = ANALYSIS_VIEWS.find((known) => known === second);
    if (analysed !== undefined) return analysisRoute(analysed, new URLSearchParams(search), first);
  }
  if (segments.length === 2 && first !== undefined) {
    const section = LIBRARY_SECTIONS.find((known) => known === first);
    if (page === 'library' && section !== undefined) return { page, section };
    if (page === 'results') return { page: 'resultFile', resultId: first };
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

function curvesRoute(chosen: URLSearchParams): Route {
  const listed = (name: string): readonly string[] => (chosen.get(name) ?? '').split(',').filter((id) => id !== '');
  const smoothing = wholeNumberOf(chosen.get('smoothing') ?? undefined);
  return {
    page: 'curves',
    runs: [...new Set(listed('runs'))],
    smoothing: smoothing !== null && smoothing < 100 ? smoothing : CURVES_OF.smoothing,
    isLog: chosen.get('axis') === 'log',
    across: CURVE_AXES.find((known) => known === chosen.get('across')) ?? CURVES_OF.across,
    hidden: listed('hidden'),
    isComplete: chosen.get('settings') === 'all',
  };
}

/** Leaves out what is as usual. */
function curvesHref({ runs, smoothing, isLog, across, hidden, isComplete }: CurvesRoute): string {
  const members = [
    ['runs', runs.map(encodeURIComponent).join(',')],
    ...(smoothing === CURVES_OF.smoothing ? [] : [['smoothing', String(smoothing)]]),
    ...(isLog ? [['axis', 'log']] : []),
    ...(across === CURVES_OF.across ? [] : [['across', across]]),
    ...(hidden.length === 0 ? [] : [['hidden', hidden.map(encodeURIComponent).join(',')]]),
    ...(isComplete ? [['settings', 'all']] : []),
  ];
  return `#/curves?${members.map((pair) => pair.join('=')).join('&')}`;
}

function reviewRoute(reviewId: string, chosen: URLSearchParams): Route {
  const sentence = wholeNumberOf(chosen.get('sentence') ?? undefined);
  return {
    page: 'review',
    reviewId,
    order: REVIEW_ORDERS.find((known) => known === chosen.get('order')) ?? 'unsure',
    filter: REVIEW_FILTERS.find((known) => known === chosen.get('show')) ?? 'all',
    sentence: sentence === 0 ? null : sentence,
    threshold: Math.min(100, wholeNumberOf(chosen.get('least') ?? undefined) ?? 0),
  };
}

function reviewHref({ reviewId, order, filter, sentence, threshold }: ReviewRoute): string {
  return withSearch(`#/review/${encodeURIComponent(reviewId)}`, {
    order: order === 'unsure' ? null : order,
    show: filter === 'all' ? null : filter,
    sentence,
    least: threshold === 0 ? null : threshold,
  });
}

/** Adds the members that are not null to an address. */
function withSearch(address: string, members: Readonly<Record<string, string | number | null>>): string {
  const given = Object.entries(members).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
  return given.length === 0 ? address : `${address}?${new URLSearchParams(given).toString()}`;
}

function analysisRoute(named: string | undefined, chosen: URLSearchParams, experiment: string | null): Route {
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
    experiment,
  };
}

function wholeNumberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Writes the address of a route, which `parseRoute` reads back. */
export function routeHref(route: Route): string {
  switch (route.page) {
    case 'new':
    case 'missing':
      return '#/';
    case 'experiment': {
      const { experimentId, view, task } = route;
      const address = `#/experiments/${encodeURIComponent(experimentId)}${view === 'overview' ? '' : `/${view}`}`;
      return task === 1 ? address : `${address}?task=${task}`;
    }
    case 'library':
      return `#/library/${route.section}`;
    case 'resultFile':
      return `#/results/${encodeURIComponent(route.resultId)}`;
    case 'corpus':
      return `#/corpora/${encodeURIComponent(route.corpusId)}`;
    case 'sentence':
      return `#/corpora/${encodeURIComponent(route.corpusId)}/${route.split}/${route.number}`;
    case 'analyse': {
      const { page: _page, view, experiment, ...chosen } = route;
      const address = experiment === null ? '#/analyse' : `#/experiments/${encodeURIComponent(experiment)}`;
      return withSearch(`${address}/${view}`, chosen);
    }
    case 'curves':
      return curvesHref(route);
    case 'run':
      return `#/runs/${encodeURIComponent(route.runId)}`;
    case 'tagWith':
      return `#/tag/${encodeURIComponent(route.tagger)}`;
    case 'tagCorpus': {
      const { tagger, corpusId, split } = route;
      return withSearch(tagger === null ? '#/tag' : `#/tag/${encodeURIComponent(tagger)}`, { corpus: corpusId, split });
    }
    case 'review':
      return reviewHref(route);
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

/** Returns the part of a route that identifies the page: choices within an analysis, a review or the form of a text keep the page, its focus and its scroll. */
export function pageKey(route: Route): string {
  // The views of an experiment share one page.
  if (route.page === 'analyse') {
    return route.experiment === null ? `analyse/${route.view}` : `experiment/${route.experiment}`;
  }
  if (route.page === 'curves') return `curves/${route.runs.join()}`;
  if (route.page === 'review') return `review/${route.reviewId}`;
  if (route.page === 'tag' || route.page === 'tagWith' || route.page === 'tagCorpus') return 'tag';
  return route.page === 'experiment' ? `experiment/${route.experimentId}` : routeHref(route);
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

/** Changes the address of the page that is shown, unless a person has left it meanwhile: Back leads to the page before. */
export function replaceWith(route: Route): void {
  if (pageKey(parseRoute(readHash())) === pageKey(route)) window.location.replace(routeHref(route));
}

function onHashChange(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

function readHash(): string {
  return window.location.hash;
}
