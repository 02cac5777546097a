// The places of the page as addresses after the `#`.

export type Route =
  | { readonly page: 'train' }
  | { readonly page: 'corpora' }
  | { readonly page: 'corpus'; readonly corpusId: string }
  | { readonly page: 'models' }
  | { readonly page: 'runs' }
  | { readonly page: 'run'; readonly runId: string }
  /** With the key of a tagger, as `taggerKey` makes it, that one is chosen. */
  | { readonly page: 'tag' }
  | { readonly page: 'tagWith'; readonly tagger: string }
  | { readonly page: 'compare' }
  | { readonly page: 'results' }
  /** A result file in the address itself, or at an address of this site. */
  | { readonly page: 'open'; readonly result: string }
  | { readonly page: 'importedRun'; readonly resultId: string; readonly runId: string }
  | { readonly page: 'about' }
  | { readonly page: 'missing' };

/** The place a `location.hash` names; `missing` for an address nobody gave out. */
export function parseRoute(hash: string): Route {
  const link = /^#?\/?open\?result=(.+)$/s.exec(hash)?.[1];
  if (link !== undefined) return { page: 'open', result: decodeSegment(link) };
  const segments = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment);
  const [page, first, second] = segments;
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
  return { page: 'missing' };
}

/** The address of a place: what `parseRoute` reads back. */
export function routeHref(route: Route): string {
  switch (route.page) {
    case 'train':
    case 'missing':
      return '#/';
    case 'corpus':
      return `#/corpora/${encodeURIComponent(route.corpusId)}`;
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
