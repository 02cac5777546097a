// Proves that filters and orders of lists survive the way through an address, and that an address from elsewhere breaks nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  filterNames,
  filterOf,
  filterTexts,
  NO_FILTER,
  RUN_COLUMNS,
  sortOf,
  sortText,
} from '../../../../src/ui/runs/runList.ts';
import { hashWithTexts, textsInHash } from '../../../../src/ui/shared/viewState.ts';

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
