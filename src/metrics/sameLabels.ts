// Whether the same text carries the same mentions in two places.
import type { Mention, Sentence } from '../data/corpus.ts';
import { squeezedText } from './squeezedText.ts';

/**
 * Compares the mentions of a sentence with those of a passage, one or more sentences run together. Where the passage holds the sentence's
 * squeezed text, the mentions must cover the same characters of it, whatever the tokens; else both must mention the same squeezed texts as
 * often. Types count where `withTypes` says so.
 */
export function sameLabels(sentence: Sentence, passage: readonly Sentence[], withTypes: boolean): boolean {
  const text = squeezedText(sentence);
  const running = passage.map(squeezedText).join('');
  const at = running.indexOf(text);
  const typeOf = ({ type }: Mention): string => (withTypes ? type : '');
  if (at < 0) {
    const named = (one: Sentence): string[] =>
      one.mentions.map(
        (mention) => `${typeOf(mention)} ${squeezedText({ tokens: one.tokens.slice(mention.start, mention.end) })}`,
      );
    return isSame(named(sentence), passage.flatMap(named));
  }
  let before = 0;
  const inPassage = passage.flatMap((one) => {
    const places = placesOf(one, before - at, typeOf);
    before += squeezedText(one).length;
    return places;
  });
  const inside = inPassage.filter(({ start, end }) => end > 0 && start < text.length);
  return isSame(placesOf(sentence, 0, typeOf).map(textOf), inside.map(textOf));
}

interface Place {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Mentions by their characters in the squeezed text, `offset` further on. */
function placesOf({ tokens, mentions }: Sentence, offset: number, typeOf: (mention: Mention) => string): Place[] {
  const lengthOf = (count: number): number => squeezedText({ tokens: tokens.slice(0, count) }).length;
  return mentions.map((mention) => ({
    type: typeOf(mention),
    start: offset + lengthOf(mention.start),
    end: offset + lengthOf(mention.end),
  }));
}

function textOf({ type, start, end }: Place): string {
  return `${start}-${end} ${type}`;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && [...left].sort().join('\n') === [...right].sort().join('\n');
}
