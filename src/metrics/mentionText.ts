// The surface string of a mention.
import type { Mention, Sentence } from '../data/corpus.ts';

/** The mention's tokens joined by one space. */
export function mentionText(
  { tokens }: Pick<Sentence, 'tokens'>,
  { start, end }: Pick<Mention, 'start' | 'end'>,
): string {
  return end - start === 1 ? (tokens[start] ?? '') : tokens.slice(start, end).join(' ');
}

/** The string that a mention counts as in a set: its text, or that in lower case where strings that differ in case alone are one. */
export function mentionString(sentence: Pick<Sentence, 'tokens'>, mention: Mention, lowerCase: boolean): string {
  const text = mentionText(sentence, mention);
  return lowerCase ? text.toLowerCase() : text;
}
