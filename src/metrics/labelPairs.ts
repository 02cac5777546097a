// Finds pairs of sentences with the same or nearly the same text whose mentions differ.
import type { Mention, Sentence } from '../data/corpus/corpus.ts';
import { countThrough, type Work } from '../util/work.ts';
import { leastLeakTokens } from './leaks.ts';
import { wordRuns, type NearOptions } from './text/nearIndex.ts';
import { TextIndex } from './text/textIndex.ts';
import {
  mentionText,
  Ranking,
  squeezedText,
  TextSources,
  type SentencePosition,
  type TextSource,
} from './text/textSources.ts';

interface PairOptions {
  /** Whether a different type counts as a difference. */
  readonly tellTypesApart: boolean;
  /** Null: only identical text. */
  readonly near: NearOptions | null;
  /** Pairs to keep; all are counted. */
  readonly limit: number;
}

export interface LabelPair {
  /** The one of the two that comes first in the sources. */
  readonly left: SentencePosition;
  readonly right: SentencePosition;
  readonly kind: 'exact' | 'near';
  /** 1 for exact ones. */
  readonly similarity: number;
  /** Mentions that the other sentence lacks, though it contains their text. */
  readonly onlyLeft: readonly Mention[];
  readonly onlyRight: readonly Mention[];
}

export interface LabelPairs {
  readonly count: number;
  /** Exact ones first, then by similarity; on a tie those that differ in more mentions, then by position. */
  readonly pairs: readonly LabelPair[];
}

/**
 * Finds all pairs of sentences of at least `leastLeakTokens` tokens whose text is the same apart from case, spaces and the kind of
 * quotation marks, and whose mentions differ in position; and those of nearly the same text where a mention of one is unlabelled
 * text in the other.
 */
export function* labelPairs(sources: readonly TextSource[], options: PairOptions): Work<LabelPairs> {
  const texts = new TextSources(sources);
  const index = yield* TextIndex.build(sources, options.near);
  const ranking = new Ranking<LabelPair>(options.limit, inOrder);
  yield* countThrough('comparing labels', texts.count, (number) => {
    const left = texts.placeOf(number);
    const sentence = texts.sentenceOf(number);
    if (sentence.tokens.length < leastLeakTokens) return;
    const { exact, near } = index.matchesOf(number);
    const compare = (right: SentencePosition, kind: LabelPair['kind'], similarity: number): void => {
      const other = sources[right.source]?.sentences[right.sentence];
      if (other === undefined || other.tokens.length < leastLeakTokens || byPosition(left, right) >= 0) return;
      const differ = kind === 'exact' ? missingSpans : missingTexts;
      const onlyLeft = differ(sentence, other, options.tellTypesApart);
      const onlyRight = differ(other, sentence, options.tellTypesApart);
      if (onlyLeft.length + onlyRight.length > 0) ranking.add({ left, right, kind, similarity, onlyLeft, onlyRight });
    };
    for (const position of exact) compare(position, 'exact', 1);
    for (const { source, sentence: at, similarity } of near) compare({ source, sentence: at }, 'near', similarity);
  });
  return { count: ranking.count, pairs: ranking.first() };
}

function byPosition(left: SentencePosition, right: SentencePosition): number {
  return left.source - right.source || left.sentence - right.sentence;
}

function inOrder(one: LabelPair, other: LabelPair): number {
  if (one.kind !== other.kind) return one.kind === 'exact' ? -1 : 1;
  const differing = (pair: LabelPair) => pair.onlyLeft.length + pair.onlyRight.length;
  return (
    other.similarity - one.similarity ||
    differing(other) - differing(one) ||
    byPosition(one.left, other.left) ||
    byPosition(one.right, other.right)
  );
}

/** Finds mentions of a sentence that do not cover the same letters of another with the same squeezed text. */
function missingSpans(sentence: Sentence, other: Sentence, tellTypesApart: boolean): readonly Mention[] {
  const keyOf = ({ tokens }: Sentence, { type, start, end }: Mention): string => {
    const [from, to] = [start, end].map((at) => squeezedText({ tokens: tokens.slice(0, at) }).length);
    return `${from} ${to} ${tellTypesApart ? type : ''}`;
  };
  const there = new Set(other.mentions.map((mention) => keyOf(other, mention)));
  return sentence.mentions.filter((mention) => !there.has(keyOf(sentence, mention)));
}

/** Finds mentions of a sentence whose words occur in another, but never as a mention. */
function missingTexts(sentence: Sentence, other: Sentence, tellTypesApart: boolean): readonly Mention[] {
  const wordsOf = (one: Sentence, mention: Mention): string =>
    wordRuns({ tokens: [mentionText(one, mention)] }).join(' ');
  const keyOf = (words: string, { type }: Mention): string => (tellTypesApart ? `${words} ${type}` : words);
  const there = new Set(other.mentions.map((mention) => keyOf(wordsOf(other, mention), mention)));
  const text = ` ${wordRuns(other).join(' ')} `;
  return sentence.mentions.filter((mention) => {
    const words = wordsOf(sentence, mention);
    return words !== '' && !there.has(keyOf(words, mention)) && text.includes(` ${words} `);
  });
}

/**
 * Compares the mentions of a sentence with those of a passage of one or more concatenated sentences. If the passage contains the
 * sentence's squeezed text, the mentions must cover the same characters of it, whatever the tokens; otherwise both must mention the
 * same squeezed texts equally often. Types count if `withTypes`.
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

interface Position {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Keys mentions by their characters in the squeezed text, shifted by `offset`. */
function placesOf({ tokens, mentions }: Sentence, offset: number, typeOf: (mention: Mention) => string): Position[] {
  const lengthOf = (count: number): number => squeezedText({ tokens: tokens.slice(0, count) }).length;
  return mentions.map((mention) => ({
    type: typeOf(mention),
    start: offset + lengthOf(mention.start),
    end: offset + lengthOf(mention.end),
  }));
}

function textOf({ type, start, end }: Position): string {
  return `${start}-${end} ${type}`;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && [...left].sort().join('\n') === [...right].sort().join('\n');
}
