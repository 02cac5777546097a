// Cuts a text into tokens that keep their offsets.
import type { Span } from './corpusDocument.ts';

/**
 * A run of letters and digits is a token, and so is every other visible character; marks and joiners stay with what they
 * follow. Biomedical corpora are cut so: `IL-2` is three tokens, `CD28` one.
 */
const tokenPattern = /[\p{L}\p{N}][\p{L}\p{N}\p{M}\p{Cf}]*|\S[\p{M}\p{Cf}]*/gu;

/**
 * The tokens of `text` between `start` and `end`, in order and apart. Every visible character is in one of them, no white
 * space is. `cuts`, ascending, are borders of mentions: a token they fall into is cut there.
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
