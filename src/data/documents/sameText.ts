// Compares the text of a mention as its file gives it with what the document has there.
import type { Span } from './document.ts';

/** Whether the concatenated texts equal the expected one apart from white space; stops at the first difference. */
export function saysTheSame(found: readonly string[], expected: string): boolean {
  if (found.length === 1 && found[0] === expected) return true;
  let next = visibleFrom(expected, 0);
  for (const text of found) {
    for (let at = visibleFrom(text, 0); at < text.length; at = visibleFrom(text, at + 1)) {
      if (text.charCodeAt(at) !== expected.charCodeAt(next)) return false;
      next = visibleFrom(expected, next + 1);
    }
  }
  return next >= expected.length;
}

/** Index of the first visible character at or after `start`; the length if there is none. */
function visibleFrom(text: string, start: number): number {
  let at = start;
  while (at < text.length && isWhite(text.charCodeAt(at))) at++;
  return at;
}

function isWhite(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return /\s/.test(String.fromCharCode(unit));
}

/** Whether a span begins or ends inside a word. */
export function isWordCut(text: string, spans: readonly Span[]): boolean {
  return spans.some(({ start, end }) => isInsideWord(text, start) || isInsideWord(text, end));
}

/** Whether a span begins or ends with white space. */
export function hasWhiteEdge(text: string, spans: readonly Span[]): boolean {
  return spans.some(({ start, end }) => /\s/.test(text.charAt(start)) || /\s/.test(text.charAt(end - 1)));
}

const wordBefore = /[\p{L}\p{N}]\p{M}*$/u;

const wordAfter = /^[\p{L}\p{N}\p{M}]/u;

/** Whether letters or digits stand on both sides of an offset. */
export function isInsideWord(text: string, unit: number): boolean {
  return wordBefore.test(text.slice(Math.max(0, unit - 4), unit)) && wordAfter.test(text.slice(unit, unit + 2));
}

/**
 * Whether two texts differ only as makers of corpora normalise them: Greek letters written as Latin ones or by name, dashes, spaces,
 * quotation marks, accents, compatible forms, case, character references, or `?` for a character outside ASCII. Neither may begin or
 * end with a dash where the other does not.
 */
export function isNormalisation(found: string, expected: string): boolean {
  if (found.length > 2 * expected.length + 16 || expected.length > 8 * found.length + 16) return false;
  const [left, right] = [decodeReferences(found).trim(), decodeReferences(expected).trim()];
  if (edgeDash.test(left) !== edgeDash.test(right) || finalDash.test(left) !== finalDash.test(right)) return false;
  const forms = [(text: string) => text, letterOfGreek, nameOfGreek].map((form) => [
    folded(left, form),
    folded(right, form),
  ]);
  return forms.some(([one = '', two = '']) => one !== '' && one === two) || isQuestioned(left, right);
}

const edgeDash = /^[\p{Pd}\u2212]/u;

const finalDash = /[\p{Pd}\u2212]$/u;

function folded(text: string, greek: (text: string) => string): string {
  const plain = text.replaceAll('ß', 'ss').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return greek(plain.replaceAll('ς', 'σ')).replace(/[\s\p{Pd}\p{Cf}\u2212'"`´‘’‚“”„′″]/gu, '');
}

/** In the order of the Greek alphabet without final sigma. */
const greekLetters = 'αβγδεζηθικλμνξοπρστυφχψω';

const latinLetters = 'a b g d e z h q i k l m n x o p r s t u f c y w'.split(' ');

const greekNames =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega'.split(
    ' ',
  );

function letterOfGreek(text: string): string {
  return text.replace(/[α-ω]/g, (letter) => latinLetters[greekLetters.indexOf(letter)] ?? letter);
}

function nameOfGreek(text: string): string {
  return text.replace(/[α-ω]/g, (letter) => greekNames[greekLetters.indexOf(letter)] ?? letter);
}

/** Whether the texts are equal except where one has `?` or U+FFFD for a character outside ASCII. */
function isQuestioned(found: string, expected: string): boolean {
  const [left, right] = [Array.from(found), Array.from(expected)];
  if (left.length !== right.length || !/[?\ufffd]/.test(expected) || !/[A-Za-z0-9]/.test(expected)) return false;
  return left.every((character, index) => {
    const other = right[index] ?? '';
    return character === other || ((other === '?' || other === '\ufffd') && character > '\x7f');
  });
}

const namedReferences: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', shy: '\u00ad', deg: '°', micro: 'µ' },
  ...{ plusmn: '±', times: '×', middot: '·', ndash: '–', mdash: '—', hellip: '…', le: '≤', ge: '≥', minus: '−' },
  ...{ lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', prime: '′', sup2: '²', sup3: '³', eacute: 'é', uuml: 'ü' },
  ...Object.fromEntries(greekNames.map((name, index) => [name, greekLetters[index] ?? ''])),
  ...Object.fromEntries(
    greekNames.map((name, index) => [
      name.charAt(0).toUpperCase() + name.slice(1),
      (greekLetters[index] ?? '').toUpperCase(),
    ]),
  ),
};

/** Replaces the character references of HTML; one with an unknown name stays. */
export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{2,8}));/g, (whole, decimal, hex, name) => {
    if (typeof name === 'string')
      return Object.hasOwn(namedReferences, name) ? (namedReferences[name] ?? whole) : whole;
    const code = typeof decimal === 'string' ? Number(decimal) : parseInt(String(hex), 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
