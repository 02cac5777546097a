// Proves that every place of the page has an address that leads back to it, whatever its ids contain.
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SPLITS } from '../../../../src/data/corpus/corpus.ts';
import {
  ANALYSIS_VIEWS,
  CURVE_AXES,
  EXPERIMENT_VIEWS,
  LIBRARY_SECTIONS,
  parseRoute,
  replaceWith,
  REVIEW_FILTERS,
  REVIEW_ORDERS,
  routeHref,
  type Route,
} from '../../../../src/ui/shared/route.ts';

const id = fc.string({ minLength: 1 });
const runId = fc.stringMatching(/^[0-9a-f]{16}$/);
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.constantFrom<Route>(
    { page: 'new' },
    { page: 'experiments' },
    { page: 'tag' },
    { page: 'about' },
    ...LIBRARY_SECTIONS.map((section): Route => ({ page: 'library', section })),
  ),
  fc
    .tuple(id, fc.constantFrom(...EXPERIMENT_VIEWS), fc.integer({ min: 1, max: 99_999 }))
    .map(([experimentId, view, task]): Route => ({ page: 'experiment', experimentId, view, task })),
  id.map((resultId): Route => ({ page: 'resultFile', resultId })),
  id.map((result): Route => ({ page: 'open', result })),
  id.map((corpusId): Route => ({ page: 'corpus', corpusId })),
  id.map((runId): Route => ({ page: 'run', runId })),
  id.map((tagger): Route => ({ page: 'tagWith', tagger })),
  fc
    .record({ tagger: fc.option(id), corpusId: id, split: fc.option(fc.constantFrom(...SPLITS)) })
    .map((choice): Route => ({ page: 'tagCorpus', ...choice })),
  fc
    .record({
      reviewId: id,
      order: fc.constantFrom(...REVIEW_ORDERS),
      filter: fc.constantFrom(...REVIEW_FILTERS),
      sentence: fc.option(fc.integer({ min: 1, max: 99_999 })),
      threshold: fc.integer({ min: 0, max: 100 }),
    })
    .map((look): Route => ({ page: 'review', ...look })),
  fc.tuple(id, id).map(([resultId, runId]): Route => ({ page: 'importedRun', resultId, runId })),
  fc
    .tuple(id, fc.constantFrom(...SPLITS), fc.integer({ min: 1, max: 99_999 }))
    .map(([corpusId, split, number]): Route => ({ page: 'sentence', corpusId, split, number })),
  fc
    .record({
      view: fc.constantFrom(...ANALYSIS_VIEWS),
      corpus: fc.option(id),
      type: fc.option(id),
      category: fc.option(id),
      run: fc.option(id),
      epoch: fc.option(fc.integer({ min: 1, max: 9999 })),
      beside: fc.option(id),
      detail: fc.option(id),
      experiment: fc.option(id),
    })
    .map((place): Route => ({ page: 'analyse', ...place })),
  fc
    .record({
      runs: fc.uniqueArray(runId, { minLength: 1, maxLength: 5 }),
      smoothing: fc.integer({ min: 0, max: 99 }),
      isLog: fc.boolean(),
      across: fc.constantFrom(...CURVE_AXES),
      hidden: fc.uniqueArray(runId, { maxLength: 3 }),
      isComplete: fc.boolean(),
    })
    .map((choices): Route => ({ page: 'curves', ...choices })),
);

describe('route', () => {
  it('reads back every address it writes', () => {
    fc.assert(
      fc.property(route, (place) => {
        expect(parseRoute(routeHref(place))).toEqual(place);
      }),
    );
  });

  it('takes an empty hash as the first page', () => {
    expect(['', '#', '#/'].map(parseRoute)).toEqual([{ page: 'new' }, { page: 'new' }, { page: 'new' }]);
  });

  it('leads from the addresses of earlier versions to where their content is now', () => {
    expect(parseRoute('#/corpora')).toEqual({ page: 'library', section: 'corpora' });
    expect(parseRoute('#/models')).toEqual({ page: 'library', section: 'models' });
    for (const former of ['#/runs', '#/compare', '#/results']) {
      expect(parseRoute(former)).toEqual({ page: 'experiments' });
    }
  });

  it('knows when nothing is there, and never throws', () => {
    for (const hash of [
      '#/nowhere',
      '#/runs/a/b',
      '#/models/x',
      '#/library/else',
      '#/experiments/a/else',
      '#/experiments/a/runs?task=0',
      '#/corpora/a/b/c',
      '#/corpora/a/train/0',
      '#/analyse/nothing',
      '#/%E0%A4%A',
    ]) {
      expect(parseRoute(hash).page, hash).toBe('missing');
    }
    fc.assert(
      fc.property(fc.string(), (hash) => {
        expect(parseRoute(`#/${hash}`)).toHaveProperty('page');
      }),
    );
  });
});

describe('replaceWith', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it('changes the address of the page that is shown, and not that of one that was gone to meanwhile', () => {
    const replace = vi.fn();
    const review: Route = { page: 'review', reviewId: 'r', order: 'unsure', filter: 'all', sentence: 2, threshold: 0 };
    vi.stubGlobal('window', { location: { hash: '#/tag', replace } });
    replaceWith(review);
    expect(replace).not.toHaveBeenCalled();
    vi.stubGlobal('window', { location: { hash: '#/review/r?sentence=1', replace } });
    replaceWith(review);
    expect(replace).toHaveBeenCalledWith('#/review/r?sentence=2');
  });
});
