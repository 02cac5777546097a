// The text of a sentence that is alike in all tokenisations and spellings of it.
import type { Sentence } from '../data/corpus.ts';

/** Without white space, in lower case, and with the quotation marks `` and '' of tokenised text as the sign that they stand for. */
export function squeezedText({ tokens }: Pick<Sentence, 'tokens'>): string {
  const joined = tokens.join('');
  const whole = /\s/u.test(joined) ? joined.replace(/\s+/gu, '') : joined;
  return whole.toLowerCase().replace(/``|''/g, '"');
}
