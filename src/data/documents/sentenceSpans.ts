// Splits biomedical text into sentences and tokens by rules that are the same in every browser.
import type { Span } from './document.ts';

/** Words with a full stop that do not end a sentence. Case matters: `ca.` is circa, `Ca.` calcium at a sentence end. */
const abbreviations = new Set(
  (
    'e.g i.e eg ie E.g I.e cf Cf vs viz ca approx Approx fig figs Fig Figs FIG ref refs Ref Refs eq eqs Eq Eqs Tab Suppl suppl ' +
    'Dr Prof Mr Mrs St Jr Sr vol Vol pp ssp subsp var str gen serov Dept Univ incl excl esp'
  ).split(' '),
);
/** Words with a full stop that end a sentence if one of `openers` follows. */
const mayEnd = new Set('al sp spp nov cv resp'.split(' '));
/** Words that begin a sentence even after a single letter or one of `mayEnd`: `vitamin C. The rats`, but `by J. Moran`. */
const openers = new Set(
  (
    'A After Although An And As At Because Both But By Data Despite During Each Finally For From Further ' +
    'Furthermore Here How However If In Indeed It Its Methods Moreover Most No None Of On One Our Overall Patients ' +
    'Results Several Since Some Such That The Their Then There Therefore These They This Those Three Thus To Two ' +
    'Under Using We What When Whereas Whether Which While With'
  ).split(' '),
);
/** A terminator, closing marks after it, white space, opening marks, and the next word. */
const candidate = /(?<![.!?])[.!?]+[)\]}"'”’»]*\s+(?=[([{"'“‘«]*([\p{L}\p{N}\p{M}]+))/gu;
const lineBreak = /\r\n|\r|\n/g;

/**
 * Returns the sentences of `text`, in order and disjoint; together they contain every visible character. A sentence ends at a
 * terminator that is not explained by an abbreviation, initial or list number, at a blank line, at a line break not followed by a
 * lower-case letter, and at `parts`; it never ends inside one of `wholes`, which are in order and disjoint.
 */
export function sentenceSpans(text: string, parts: readonly number[], wholes: readonly Span[]): Span[] {
  const borders = new Set([...parts, ...lineBorders(text), ...terminatorBorders(text)]);
  const sentences: Span[] = [];
  let start = 0;
  let whole = 0;
  for (const border of [...borders].sort((left, right) => left - right)) {
    while ((wholes[whole]?.end ?? Infinity) <= border) whole++;
    if ((wholes[whole]?.start ?? Infinity) < border) continue;
    sentences.push({ start, end: border });
    start = border;
  }
  sentences.push({ start, end: text.length });
  return sentences.filter((sentence) => /\S/.test(text.slice(sentence.start, sentence.end)));
}

function lineBorders(text: string): number[] {
  const borders: number[] = [];
  for (const match of text.matchAll(lineBreak)) {
    const at = match.index + match[0].length;
    // A line that continues in lower case was wrapped; all other lines are headings, paragraphs or sentences.
    if (!/^[ \t]*\p{Ll}/u.test(text.slice(at, at + 40))) borders.push(at);
  }
  return borders;
}

function terminatorBorders(text: string): number[] {
  const borders: number[] = [];
  let start = 0;
  for (const match of text.matchAll(candidate)) {
    const [whole, next = ''] = match;
    const border = match.index + whole.length;
    // The preceding word lies within this window; looking no further keeps time linear.
    const before = text.slice(Math.max(start, match.index - 40), match.index);
    const line = /[^\r\n]*$/.exec(before)?.[0] ?? '';
    const isFirst = line.length < before.length || match.index - start <= 40;
    const endsHere = whole.startsWith('.') && !whole.startsWith('..') ? endsAtStop(line, isFirst, next) : opens(next);
    if (!endsHere) continue;
    borders.push(border);
    start = border;
  }
  return borders;
}

function endsAtStop(before: string, isFirst: boolean, next: string): boolean {
  if (!opens(next)) return false;
  // `1. Methods` at the start of a sentence.
  if (isFirst && /^\s*[([]?(\d{1,3}|\p{L})$/u.test(before)) return false;
  const word = /[^\s()[\]{},;:/]*$/.exec(before)?.[0] ?? '';
  if (/^\p{Lu}$/u.test(word) || mayEnd.has(word)) return openers.has(next);
  if (/^nos?$/i.test(word)) return !/^\d/.test(next);
  return !abbreviations.has(word);
}

/** Whether a sentence may begin with this word: capitals, digits, or names like p53 and mRNA. */
function opens(word: string): boolean {
  return /^\p{Lo}|[\p{Lu}\p{Lt}\p{N}]/u.test(word);
}

/**
 * A run of letters and digits is a token, and so is every other visible character; combining marks and joiners stay with their
 * base; a byte order mark is a joiner to Unicode, but white space here. This is common in biomedical corpora: `IL-2` is three tokens, `CD28` one.
 */
const tokenPattern = /[\p{L}\p{N}](?:(?!\ufeff)[\p{L}\p{N}\p{M}\p{Cf}])*|\S(?:(?!\ufeff)[\p{M}\p{Cf}])*/gu;

/**
 * Returns the tokens of `text` between `start` and `end`, in order and disjoint. They contain every visible character and no white
 * space. `cuts`, ascending, are boundaries of mentions: a token is split where one falls inside it.
 */
export function tokenSpans(text: string, { start, end }: Span, cuts: readonly number[]): Span[] {
  const tokens: Span[] = [];
  let nextCut = 0;
  for (const match of text.slice(start, end).matchAll(tokenPattern)) {
    let from = start + match.index;
    const to = from + match[0].length;
    for (let cut = cuts[nextCut]; cut !== undefined && cut < to; cut = cuts[++nextCut]) {
      if (cut <= from) continue;
      tokens.push({ start: from, end: cut });
      from = cut;
    }
    tokens.push({ start: from, end: to });
  }
  return tokens;
}
