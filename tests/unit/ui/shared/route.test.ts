// Proves that every place of the page has an address that leads back to it, whatever its ids contain.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPLITS } from '../../../../src/data/corpus/corpus.ts';
import { ANALYSIS_VIEWS, parseRoute, routeHref, type Route } from '../../../../src/ui/shared/route.ts';

const id = fc.string({ minLength: 1 });
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.constantFrom<Route>(
    { page: 'train' },
    { page: 'corpora' },
    { page: 'models' },
    { page: 'runs' },
    { page: 'compare' },
    { page: 'results' },
    { page: 'about' },
  ),
  id.map((result): Route => ({ page: 'open', result })),
  id.map((corpusId): Route => ({ page: 'corpus', corpusId })),
  id.map((runId): Route => ({ page: 'run', runId })),
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
    })
    .map((place): Route => ({ page: 'analyse', ...place })),
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
    expect(['', '#', '#/'].map(parseRoute)).toEqual([{ page: 'train' }, { page: 'train' }, { page: 'train' }]);
  });

  it('knows when nothing is there, and never throws', () => {
    for (const hash of [
      '#/nowhere',
      '#/runs/a/b',
      '#/models/x',
      '#/results/a',
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
