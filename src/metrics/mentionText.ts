// The surface string of a mention.
import type { Mention, Sentence } from '../data/corpus.ts';

/** The mention's tokens joined by one space. */
export function mentionText(
  { tokens }: Pick<Sentence, 'tokens'>,
  { start, end }: Pick<Mention, 'start' | 'end'>,
): string {
  return end - start === 1 ? (tokens[start] ?? '') : tokens.slice(start, end).join(' ');
}
