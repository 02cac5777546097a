// Proves that offsets are read as the file counts them, and that one odd mention costs no more than itself.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IssueList } from '../../../../src/data/corpus/issues.ts';
import { TypeNames } from '../../../../src/data/corpus/tagScheme.ts';
import {
  plausibleCountings,
  type CountingHints,
  type WrittenMention,
} from '../../../../src/data/documents/countings.ts';
import { placeMentions } from '../../../../src/data/documents/placeMentions.ts';
import { isNormalisation } from '../../../../src/data/documents/sameText.ts';

type Written = readonly [start: number, end: number, text?: string | null, type?: string];

function place(text: string, written: readonly Written[], hints: CountingHints = {}) {
  const issues = new IssueList('fen.ann');
  const mentions = written.map(([start, end, own = null, type = 'Herb']): WrittenMention => {
    return { type, fragments: [{ start, end }], text: own, line: 1 };
  });
  const placed = placeMentions(text, plausibleCountings(text, hints), mentions, new TypeNames(), issues);
  return {
    found: placed.mentions.map(({ fragments }) =>
      fragments.map(({ start, end }) => text.slice(start, end)).join(' … '),
    ),
    faults: placed.faults,
    issues: issues.listed.map(({ severity, code }) => `${severity} ${code}`),
    messages: issues.listed.map(({ message }) => message),
  };
}

describe('countings', () => {
  const text = '\ufeff🐦 Bog\r\nmoss – über';
  const plain = text.slice(1);
  const utf8 = (some: string) => new TextEncoder().encode(some).length;
  const counts = {
    'code points': (some: string) => Array.from(some).length,
    'UTF-16 units': (some: string) => some.length,
    bytes: utf8,
  };
  it.each(
    Object.entries(counts).flatMap(([unit, count]) =>
      [true, false].flatMap((isMarked) =>
        [true, false].map((isReturned) => [unit, isMarked, isReturned, count] as const),
      ),
    ),
  )('in %s, with the mark: %s, with carriage returns: %s', (_, isMarked, isReturned, count) => {
    const at = (index: number) => {
      const before = (isMarked ? text : plain).slice(0, index + (isMarked ? 1 : 0));
      return count(isReturned ? before : before.replaceAll('\r\n', '\n'));
    };
    const written = ['Bog', 'moss', 'über'].map((word): Written => {
      const start = plain.indexOf(word);
      return [at(start), at(start + word.length), word];
    });
    expect(place(plain, written, { hadMark: true })).toMatchObject({ found: ['Bog', 'moss', 'über'], issues: [] });
    expect(place(text, written)).toMatchObject({ found: ['Bog', 'moss', 'über'], issues: [] });
  });

  it('of a text whose line breaks had two characters', () => {
    const returned = 'Bog\r\nmoss\r\nheals';
    const written: Written[] = ['Bog', 'moss', 'heals'].map((word) => [returned.indexOf(word), returned.indexOf(word) + word.length, word]); // prettier-ignore
    expect(place(returned.replaceAll('\r\n', '\n'), written)).toMatchObject({ found: ['Bog', 'moss', 'heals'] });
  });

  it('are chosen by whole words where no texts are given, and only against spans that cannot be meant', () => {
    expect(place('🐦 Bog moss', [[3, 6], [7, 11]])).toMatchObject({ found: ['Bog', 'moss'], issues: ['warning corpus/counting'] }); // prettier-ignore
    expect(place('🐦 Bog moss', [[2, 5], [7, 9]])).toMatchObject({ found: ['Bog', 'os'], issues: ['info corpus/part-of-word'] }); // prettier-ignore
    expect(place('🐦 Bog.', [[3, 6]])).toMatchObject({ found: ['Bog'], issues: ['warning corpus/counting'] });
    expect(place('🐦 Bog.', [[3, 6]], { isStated: true })).toMatchObject({
      found: ['og.'],
      issues: ['info corpus/part-of-word'],
    });
    expect(place('Bog moss', [[0, 4]])).toMatchObject({ found: ['Bog'], issues: [] });
  });

  it('keep what each mention says, in any text', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'é', '🐦', '中'), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.constantFrom(...Object.values(counts)), (words, count) => {
        const written = words.map((own, index): Written => {
          const before = words.slice(0, index).map((one) => `${one} `).join('');
          return [count(before), count(before + own), own];
        });
        expect(place(words.join(' '), written)).toMatchObject({ found: words, faults: [] });
      }),
    ); // prettier-ignore
  });
});

describe('one odd span', () => {
  const text = 'Bog moss heals ague, and reed does not.';
  const sound: Written = [0, 8, 'Bog moss'];
  it.each([
    ['is empty', [9, 9], [], 'warning corpus/empty-mention'],
    ['is blank', [8, 9], [], 'warning corpus/blank-mention'],
    ['is beyond the end', [90, 94], [], 'error corpus/span'],
    ['ends before it begins', [9, 4], [], 'error corpus/span'],
    ['is beyond the end, but its words occur once', [90, 94, 'ague'], ['ague'], 'warning corpus/moved-mention'],
    ['has another text that occurs once', [10, 14, 'ague'], ['ague'], 'warning corpus/moved-mention'],
    ['has another text that occurs nowhere', [10, 14, 'fern'], [], 'error corpus/span-text'],
    ['has another text that occurs in a mention', [10, 13, 'Bog'], [], 'error corpus/span-text'],
    ['has another text that is part of a word', [10, 13, 'gue'], [], 'error corpus/span-text'],
    ['is counted in another way', [16, 20, 'ague'], ['ague'], 'warning corpus/counting'],
  ] as const)('that %s costs no other', (_, odd, found, issue) => {
    const placed = place(text, [sound, odd]);
    expect(placed).toMatchObject({ found: ['Bog moss', ...found], issues: [issue], faults: [] });
  });

  it('costs sentences where most mentions are odd, and the document where their spans are outside', () => {
    expect(place(text, [[1, 4, 'fern'], [9, 14, 'eels'], sound]).faults).toEqual([
      { start: 1, end: 4 },
      { start: 9, end: 14 },
    ]); // prettier-ignore
    expect(place(text, [[90, 94, 'fern']]).faults).toEqual([{ start: 0, end: text.length }]);
  });

  it('is named with its span and its text', () => {
    expect(place(text, [sound, [90, 94, 'fern']]).messages[0]).toContain('90 to 94 of "fern"');
    expect(place(text, [sound, [22, 22]]).messages[0]).toContain('22 to 22 is empty');
  });

  it('takes time linear in the text', { timeout: 20_000 }, () => {
    const long = 'moss '.repeat(40_000);
    const many = Array.from({ length: 5000 }, (_, at): Written => [at, long.length - at, `fen${at}`]);
    expect(place(long, many).found).toEqual([]);
  });
});

describe('a text that its maker normalised', () => {
  it.each([
    ['IFN-γ', 'IFN-g'],
    ['IFN-γ', 'IFN-gamma'],
    ['TGF-β1', 'TGF-beta 1'],
    ['HER‐2', 'HER 2'],
    ['HER‐2', 'HER-2'],
    ['IL−2', 'IL-2'],
    ['naïve', 'naive'],
    ['ﬁbrin', 'fibrin'],
    ['Ca²⁺', 'Ca2+'],
    ["5′-end", "5'-end"],
    ['α-blocker', '?-blocker'],
    ['A<B', 'A&lt;B'],
    ['p53\u00ad', 'P53'],
    ['Straße', 'strasse'],
  ])('%s is the same as %s', (found, expected) => {
    expect(isNormalisation(found, expected)).toBe(true);
    expect(place(`The ${found} rose.`, [[4, 4 + Array.from(found).length, expected]])).toMatchObject({
      issues: ['warning corpus/normalised-text'],
      faults: [],
    });
  }); // prettier-ignore

  it.each([
    ['zip1', 'zip14'],
    [' zip', 'zip4'],
    ['zip4.', 'zip4'],
    ['-zip4', 'zip4'],
    ['IL-2', 'IL-3'],
    ['-', ' '],
    ['', ''],
    ['moss', '????'],
  ])('%j is not the same as %j', (found, expected) => {
    expect(isNormalisation(found, expected)).toBe(false);
  });
});
