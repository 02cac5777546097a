// Proves that patterns match as Hugging Face's tokenizers match them, and that those whose search might not end soon are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchFinder } from '../../../../src/data/pieces/patterns.ts';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import { LabError } from '../../../../src/util/labError.ts';

const matches = (source: string, text: string) =>
  matchFinder({ Regex: source })(text).map(([start, end]) => text.slice(start, end));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error.code;
    throw error;
  }
  return 'no error';
}

/** Patterns of published tokenizers, with what they match. */
const used: readonly (readonly [string, string, readonly string[]])[] = [
  [' {2,}', 'a b  c   d', ['  ', '   ']],
  ['\\s+', 'a b\u00a0\u2003c\ufeff', [' ', '\u00a0\u2003']],
  ['^\\s+|\\s+$', '  a b ', ['  ', ' ']],
  ['\\d', '1٣a½', ['1', '٣']],
  ['[0-9]', 'a10', ['1', '0']],
  ['(?<=\\p{L})-', 'a-1-b', ['-']],
  ['\\n|\\r|\\t', 'a\r\n', ['\r', '\n']],
  [
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "it's 3 mg/l  ",
    ['it', "'s", ' 3', ' mg', '/', 'l', '  '],
  ],
  [
    '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
    'a 1234!\n\n b',
    ['a', ' ', '123', '4', '!\n\n', ' b'],
  ],
  ['[\\p{Han}]', 'a中国', ['中', '国']],
  ['(a|bc)d', 'ad bcd', ['ad', 'bcd']],
  ['\\x41|\\u0042|[\\x{43}-\\x{44}]', 'ABCDE', ['A', 'B', 'C', 'D']],
  ['[-.]', 'a-b.', ['-', '.']],
  ['[]a]', 'a]', ['a', ']']],
];

describe('a pattern', () => {
  it.each(used)('%s in %j gives %j', (source, text, expected) => {
    expect(matches(source, text)).toEqual(expected);
  });

  it('as a literal is no regular expression', () => {
    expect(matchFinder({ String: '.*' })('a.*b.*')).toEqual([
      [1, 3],
      [4, 6],
    ]);
  });
});

const slow = [
  'a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b',
  '.*.*.*.*.*.*.*.*.*.*.*.*=$',
  'a+a+b',
  '\\s*\\s*x',
  '(a+)+b',
  '(a|a)*b',
  '(?:a+){2,}',
  '(a+b?){1,9}c',
  'a{0,500}a{0,500}b',
  '(?:a+|b)a*c',
  'a+(?:b*)(?=.*c)',
  'x*(?:y*z*)w',
  `${'a?'.repeat(30)}${'a'.repeat(30)}`,
  '((((((a))))))',
  'x'.repeat(1000),
  '(a+)\\1',
  '(?i:a)',
  '[a&&b]',
  'a**',
  '(a',
  'a)',
  '[a',
  '*a',
  '',
  'a*',
  '(?!a)',
  '\\Ga',
  '\\p{Nothing}',
];

describe('a pattern that might not end soon, is not known or matches nothing', () => {
  it.each(slow)('is refused: %s', (source) => {
    expect(codeOf(() => matchFinder({ Regex: source }))).toBe('tokenizer/format');
  });

  it.each([
    {
      normalizer: null,
      pre_tokenizer: { type: 'Split', pattern: { Regex: slow[0] }, behavior: 'Isolated', invert: false },
    },
    { normalizer: { type: 'Replace', pattern: { Regex: slow[1] }, content: '' }, pre_tokenizer: null },
    {
      normalizer: { type: 'Sequence', normalizers: [{ type: 'Replace', pattern: { Regex: slow[1] }, content: '' }] },
      pre_tokenizer: null,
    },
    {
      normalizer: null,
      pre_tokenizer: { type: 'Split', pattern: { String: '' }, behavior: 'Isolated', invert: false },
    },
  ])('in a tokenizer.json refuses the file: %j', (steps) => {
    const vocab = ['[UNK]', '[SEP]', '[CLS]', '[PAD]'].map((piece, id) => [piece, id]);
    const file = {
      model: { type: 'WordPiece', unk_token: '[UNK]', vocab: Object.fromEntries(vocab) as unknown },
      ...steps,
    };
    const bytes = new TextEncoder().encode(JSON.stringify(file));
    expect(codeOf(() => readTokenizer(bytes, null, { lowerCase: false }))).toBe('tokenizer/format');
  });
});

it('an accepted pattern ends soon on its worst texts, and longer texts are refused in words', () => {
  const worst = ['a', ' ', 'a ', '\n', '='].flatMap((unit) => [
    unit.repeat(20_000 / unit.length),
    `${unit.repeat(9999)}b`,
  ]);
  for (const [source] of used) {
    const find = matchFinder({ Regex: source });
    const start = performance.now();
    for (const text of worst.filter(({ length }) => length <= 20_000)) find(text);
    expect(performance.now() - start, source).toBeLessThan(20_000);
  }
  expect(codeOf(() => matchFinder({ Regex: 'a+b' })('a'.repeat(20_001)))).toBe('tokenizer/long-text');
}, 120_000);

it('any accepted pattern ends soon', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '\\s', '(?:a|b)', '(?:ab|a)', '$', '(?=a)');
  const repeat = fc.constantFrom('', '', '*', '+', '?', '{1,3}', '{2,}', '*?');
  const branch = fc.array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 6 }).map((parts) => parts.flat().join(''));
  const pattern = fc.array(branch, { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|'));
  const text = 'a'.repeat(1000);
  fc.assert(
    fc.property(pattern, (source) => {
      if (codeOf(() => matchFinder({ Regex: source })) !== 'no error') return;
      const start = performance.now();
      matches(source, text);
      expect(performance.now() - start, source).toBeLessThan(2000);
    }),
    { numRuns: 300 },
  );
}, 60_000);
