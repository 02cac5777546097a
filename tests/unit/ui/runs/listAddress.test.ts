// Proves that filters, orders and places of lists and zooms of charts survive the way through an address, and that an address from elsewhere breaks nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KIND_CHOICES, RIGHT_CHOICES, SEEN_CHOICES } from '../../../../src/analysis/questions/errorsQuery.ts';
import { errorFilterOf, errorTexts } from '../../../../src/ui/analyse/ErrorsPanel.tsx';
import { leakLookOf, leakTexts } from '../../../../src/ui/analyse/LeaksPanel.tsx';
import { shownEpochs } from '../../../../src/ui/charts/RateChart.tsx';
import { boundsIn } from '../../../../src/ui/charts/ZoomFields.tsx';
import {
  filterNames,
  filterOf,
  filterTexts,
  NO_FILTER,
  RUN_COLUMNS,
  sortOf,
  sortText,
} from '../../../../src/ui/runs/runList.ts';
import { changedTexts, hashWithTexts, indexIn, textsInHash } from '../../../../src/ui/shared/addressTexts.ts';
import { parseRoute } from '../../../../src/ui/shared/route.ts';

const filters = fc.record({
  text: fc.string({ unit: 'grapheme' }),
  tag: fc.option(fc.string({ minLength: 1 })),
  archived: fc.constantFrom('hidden' as const, 'shown' as const, 'only' as const),
});

describe('a list in the address', () => {
  it('is read back as it was written, beside another list and other members', () => {
    fc.assert(
      fc.property(filters, filters, (own, other) => {
        const before = '#/experiments/a1/runs?task=2';
        const first = hashWithTexts(before, filterNames('run-'), filterTexts(own, 'run-'));
        const both = hashWithTexts(first, filterNames(''), filterTexts(other, ''));
        expect(filterOf(textsInHash(both, filterNames('run-')), 'run-')).toEqual(own);
        expect(filterOf(textsInHash(both, filterNames('')), '')).toEqual(other);
        expect(textsInHash(both, ['task'])).toEqual({ task: '2' });
      }),
    );
  });

  it('leaves no trace where everything is as usual', () => {
    const names = [...filterNames('run-'), 'sort'];
    expect(hashWithTexts('#/experiments?run-find=moss&sort=-test', names, filterTexts(NO_FILTER, 'run-'))).toBe('#/experiments'); // prettier-ignore
  });

  it('knows every column in both directions, and nothing else', () => {
    for (const [column] of RUN_COLUMNS) {
      for (const descending of [false, true]) {
        expect(sortOf(sortText({ column, descending }))).toEqual({ column, descending });
      }
    }
    expect([sortOf(undefined), sortOf(''), sortOf('-'), sortOf('constructor')]).toEqual([null, null, null, null]);
    expect(filterOf({ archived: 'toString', find: 'x' }, '')).toEqual({ text: 'x', tag: null, archived: 'hidden' });
  });
});

describe('the errors in the address', () => {
  const names = ['kind', 'right', 'find', 'of', 'seen', 'line'];
  const errorFilters = fc.record({
    kind: fc.constantFrom(...KIND_CHOICES),
    right: fc.constantFrom(...RIGHT_CHOICES),
    text: fc.string({ unit: 'grapheme' }),
    type: fc.option(fc.string({ minLength: 1, unit: 'grapheme' })),
    seen: fc.constantFrom(...SEEN_CHOICES),
  });

  it('are read back as they were written, with the line in focus, beside the run and the task of an analysis', () => {
    fc.assert(
      fc.property(errorFilters, fc.nat(100_000), (filter, line) => {
        const before = '#/experiments/a1/errors?corpus=c&type=Gene&run=r1&beside=r2';
        const texts = textsInHash(hashWithTexts(before, names, errorTexts(filter, line)), names);
        expect(errorFilterOf(texts)).toEqual(filter);
        expect(indexIn(texts['line'])).toBe(line);
        const route = parseRoute(hashWithTexts(before, names, errorTexts(filter, line)));
        expect(route).toEqual(parseRoute(before));
      }),
    );
  });

  it('are as usual where the address says nothing, or what nobody can mean', () => {
    expect(errorTexts(errorFilterOf({}), 0)).toEqual({});
    expect(errorFilterOf({ kind: 'constructor', right: 'x', seen: '' })).toEqual(errorFilterOf({}));
    expect(['0', '-1', '1.5', 'x', '', '9999999999', undefined].map(indexIn)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('the leaks in the address', () => {
  it('are read back as they were written: the task, the text whose sentences are listed, and their page', () => {
    const look = fc.record({
      near: fc.boolean(),
      test: fc.nat(30),
      cell: fc.option(
        fc.record({
          task: fc.option(fc.nat(30)),
          split: fc.option(fc.constantFrom('train' as const, 'devel' as const)),
        }),
      ),
      different: fc.boolean(),
      page: fc.nat(1000),
    });
    fc.assert(
      fc.property(look, fc.nat(30), (shown, own) => {
        expect(leakLookOf(leakTexts(shown, own), own)).toEqual(shown);
      }),
    );
    expect(leakTexts(leakLookOf({}, 3), 3)).toEqual({});
    expect(leakLookOf({ in: '2-test', test: 'x' }, 3).cell).toBeNull();
  });
});

describe('the zoom of a chart in the address', () => {
  it('has bounds as typed, under the name of the chart, and nothing for those of the data', () => {
    const typed = fc.record({ from: fc.string(), to: fc.string() });
    fc.assert(
      fc.property(typed, typed, (own, other) => {
        const first = changedTexts({}, { 'rate-from': own.from, 'rate-to': own.to });
        const both = changedTexts(first, { 'curve-from': other.from, 'curve-to': other.to });
        expect([boundsIn(both, 'rate-'), boundsIn(both, 'curve-')]).toEqual([own, other]);
        expect(changedTexts(both, { 'rate-from': '', 'rate-to': '', 'curve-from': '', 'curve-to': '' })).toEqual({});
      }),
    );
  });

  it('has epochs, and shows all where these are not trained', () => {
    const epochs = [1, 2, 3, 5, 8];
    expect(shownEpochs('2-5', epochs)).toEqual([1, 3]);
    for (const text of [undefined, '', '4-8', '5-2', '2-2', '2-', 'x'])
      expect(shownEpochs(text, epochs)).toEqual([0, 4]);
    expect(shownEpochs('1-2', [])).toEqual([0, 0]);
  });
});
