// Proves that a LabError reads the same on both sides of a thread.
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src/util/labError.ts';

describe('LabError', () => {
  it.each([
    ['everything', { expected: '768 columns', got: '512' }],
    ['nothing expected', { got: '512' }],
    ['nothing', {}],
  ])('comes back from plain data with %s told', (_what, details) => {
    const sent = new LabError('model/shape', 'A tensor has the wrong shape.', details);
    const data = structuredClone(LabError.toData(sent));
    const received = LabError.fromData(data);
    expect(received).toBeInstanceOf(LabError);
    expect(received).toBeInstanceOf(Error);
    expect(received.message).toBe(sent.message);
    expect([received.code, received.expected, received.got]).toEqual([sent.code, sent.expected, sent.got]);
    expect(data).toEqual({ code: 'model/shape', message: 'A tensor has the wrong shape.', ...details });
  });

  it('keeps its cause on this side', () => {
    const cause = new Error('disk');
    expect(new LabError('storage/full', 'No room.', { cause }).cause).toBe(cause);
  });

  it('makes any thrown value plain data', () => {
    expect(LabError.toData(new TypeError('x is not a function'))).toEqual({
      code: 'internal',
      message: 'x is not a function',
    });
    expect(LabError.toData('a text')).toEqual({ code: 'internal', message: 'a text' });
    expect(LabError.toData(undefined)).toEqual({ code: 'internal', message: 'undefined' });
  });

  it('is one line for a person', () => {
    const data = { code: 'model/shape', message: 'Wrong shape.', expected: '[2, 3]', got: '[3, 2]' };
    expect(LabError.describe(data)).toBe('Wrong shape. Expected [2, 3]. Got [3, 2].');
    expect(LabError.describe({ code: 'internal', message: 'Broken.' })).toBe('Broken.');
  });
});
