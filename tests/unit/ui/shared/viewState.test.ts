// Proves that a stored draft is used only where it has the members and types of the form's.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasShapeOf } from '../../../../src/ui/shared/viewState.ts';

describe('hasShapeOf', () => {
  test('holds for any JSON value and itself, whatever its lists contain', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => hasShapeOf(value, value)));
    expect(hasShapeOf({ names: ['a'], at: null }, { names: [], at: { x: 1 } })).toBe(true);
  });

  test('fails where a member is missing, added, or of another type, at any depth', () => {
    const model = { name: '', inner: { on: true, list: [1] } };
    for (const other of [
      { name: '' },
      { ...model, more: 1 },
      { name: 1, inner: model.inner },
      { name: '', inner: { on: 'true', list: [1] } },
      { name: '', inner: { on: true, list: { 0: 1 } } },
      { name: '', inner: [] },
      'text',
    ]) {
      expect(hasShapeOf(model, other)).toBe(false);
    }
  });
});
