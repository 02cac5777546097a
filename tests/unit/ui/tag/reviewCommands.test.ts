// Proves what each key of a review does to the mention, the selected tokens or the focus, and what it refuses.
import { describe, expect, it } from 'vitest';
import { sentenceToReview, type ReviewedSentence } from '../../../../src/lab/review/reviewedSentence.ts';
import {
  actionOfKey,
  cursorAfterKey,
  stepOf,
  targetOf,
  type ReviewCursor,
} from '../../../../src/ui/tag/reviewCommands.ts';

const types = ['Disease', 'Gene'];

/** Six tokens; a mention over 1 and 2 of confidence 0.9, one over 4 of 0.3. */
const sentence = sentenceToReview(6, [
  { type: 'Disease', start: 1, end: 3, confidence: 0.9 },
  { type: 'Gene', start: 4, end: 5, confidence: 0.3 },
]);

function pressed(key: string, modifiers: Partial<Record<'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {}) {
  return { key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...modifiers };
}

/** The step of a key at a token, with a selection from `anchor` if there is one. */
function step(
  key: string,
  token: number,
  anchor: number | null = null,
  threshold = 0,
  own: ReviewedSentence = sentence,
) {
  const action = actionOfKey(pressed(key), types);
  if (action === null) throw new Error(`no action for ${key}`);
  return stepOf(action, targetOf({ sentence: 7, token, anchor }, own, threshold), types, threshold);
}

describe('a key on a mention', () => {
  it('accepts, rejects, changes the type, or gives it the selected borders', () => {
    expect(step('a', 2)).toEqual({ kind: 'accept', sentence: 7, mention: 0 });
    expect(step('Delete', 1)).toEqual({ kind: 'reject', sentence: 7, mention: 0 });
    expect(step('2', 1)).toEqual({ kind: 'retype', sentence: 7, mention: 0, type: 'Gene' });
    expect(step('t', 4)).toEqual({ kind: 'retype', sentence: 7, mention: 1, type: 'Disease' });
    expect(step('b', 0, 2)).toEqual({ kind: 'move', sentence: 7, mention: 0, start: 0, end: 3 });
    expect(step('b', 1)).toMatch(/Select the tokens/);
    expect(step('Enter', 0)).toEqual({ kind: 'review', sentences: [7], threshold: 0 });
  });

  it('chooses the id of the next candidate, after the last one none, and then the first', () => {
    const candidate = (id: string) => ({ id, name: `name ${id}`, type: null, term: id, score: 0.9 });
    const answer = { id: 'D:1', step: 'similar', isAmbiguous: false, candidates: ['D:1', 'D:2'].map(candidate) } as const; // prettier-ignore
    const [first, ...others] = sentence.mentions;
    if (first === undefined) throw new Error('no mention');
    const next = (
      choice?: { readonly id: string } | null,
      links: typeof answer | null | { readonly id: null } = answer,
    ) => {
      const own = { ...sentence, mentions: [{ ...first, ...(choice !== undefined && { choice }) }, ...others] };
      const known = links === null || links.id !== null ? links : { ...answer, id: null };
      return stepOf({ kind: 'nextLink' }, targetOf({ sentence: 7, token: 1, anchor: null }, own, 0), types, 0, known);
    };
    const linked = (id: string | null) => ({ kind: 'link', sentence: 7, mention: 0, link: id === null ? null : { id, name: `name ${id}` } }); // prettier-ignore
    expect(actionOfKey(pressed('i'), types)).toEqual({ kind: 'nextLink' });
    // Where the dictionary found the first, the second is next; where it found none, the first.
    expect(next()).toEqual(linked('D:2'));
    expect(next(undefined, { id: null })).toEqual(linked('D:1'));
    expect(next({ id: 'D:2' })).toEqual(linked(null));
    expect(next(null)).toEqual(linked('D:1'));
    // An id that is no candidate, of another dictionary, comes before them.
    expect(next({ id: 'X:1' })).toEqual(linked('D:1'));
    expect(next({ id: 'D:2' }, null)).toMatch(/choose a dictionary/);
    expect(step('i', 0)).toMatch(/no mention/);
  });

  it('restores a rejected one, and does nothing to one that the threshold hides', () => {
    const [first, ...others] = sentence.mentions;
    if (first === undefined) throw new Error('no mention');
    const rejected: ReviewedSentence = { ...sentence, mentions: [{ ...first, decision: 'rejected' }, ...others] };
    expect(step('r', 1, null, 0, rejected)).toEqual({ kind: 'restore', sentence: 7, mention: 0 });
    expect(step('a', 1, null, 0, rejected)).toEqual({ kind: 'accept', sentence: 7, mention: 0 });
    expect(step('a', 4, null, 0.5)).toMatch(/no mention/);
    expect(step('1', 4, null, 0.5)).toEqual({ kind: 'add', sentence: 7, type: 'Disease', start: 4, end: 5 });
  });
});

describe('a key elsewhere', () => {
  it('adds a mention of the token or the selected tokens', () => {
    expect(step('1', 0)).toEqual({ kind: 'add', sentence: 7, type: 'Disease', start: 0, end: 1 });
    expect(step('2', 5, 3)).toEqual({ kind: 'add', sentence: 7, type: 'Gene', start: 3, end: 6 });
    expect(step('t', 0)).toEqual({ kind: 'add', sentence: 7, type: 'Disease', start: 0, end: 1 });
    // A selection that reaches beyond the mention makes a wider one.
    expect(step('1', 3, 1)).toEqual({ kind: 'add', sentence: 7, type: 'Disease', start: 1, end: 4 });
    expect(step('a', 0)).toMatch(/no mention/);
  });

  it('undoes and redoes, and leaves the keys of the browser alone', () => {
    expect(actionOfKey(pressed('z', { ctrlKey: true }), types)).toEqual({ kind: 'undo' });
    expect(actionOfKey(pressed('Z', { metaKey: true, shiftKey: true }), types)).toEqual({ kind: 'redo' });
    expect(actionOfKey(pressed('y', { ctrlKey: true }), types)).toEqual({ kind: 'redo' });
    for (const key of [
      pressed('a', { ctrlKey: true }),
      pressed('r', { ctrlKey: true }),
      pressed('ArrowLeft', { altKey: true }),
      pressed('9'),
      pressed('Tab'),
    ]) {
      expect(actionOfKey(key, types)).toBeNull();
    }
  });
});

describe('the focus', () => {
  const at = (token: number, anchor: number | null = null): ReviewCursor => ({ sentence: 7, token, anchor });
  const after = (key: string, cursor: ReviewCursor, shiftKey = false, threshold = 0) =>
    cursorAfterKey({ key, shiftKey }, cursor, sentence, threshold);

  it('moves by tokens within the sentence, selects with Shift, and goes from mention to mention', () => {
    expect(after('ArrowRight', at(5))).toEqual(at(5));
    expect(after('ArrowLeft', at(0))).toEqual(at(0));
    expect(after('ArrowRight', at(2), true)).toEqual(at(3, 2));
    expect(after('ArrowLeft', at(3, 2), true)).toEqual(at(2, 2));
    expect(after('End', at(1, 0))).toEqual(at(5));
    expect(after('Escape', at(3, 1))).toEqual(at(3));
    expect(after('n', at(1))).toEqual(at(4));
    expect(after('n', at(1), false, 0.5)).toEqual(at(1));
    expect(after('p', at(4))).toEqual(at(1));
    expect(after('ArrowDown', at(1))).toBeNull();
  });
});
