// Finds sentences with the same and nearly the same text in many sources.
import type { Sentence } from '../../data/corpus/corpus.ts';
import { hashText } from '../../util/random.ts';
import { countThrough, type Work } from '../../util/work.ts';
import { NearIndex, type NearOptions } from './nearIndex.ts';
import { squeezedText, TextSources, type SentencePosition, type TextSource } from './textSources.ts';

/** Takes twelve to sixteen bytes per sentence: hashes with chains. A hash only gives candidates, whose texts are then compared. */
export class ExactIndex {
  private readonly texts: TextSources;
  private readonly hashes: Int32Array;
  /** Numbers of sentences plus one, 0 for none: the last one added to each bucket, and the one added before each. */
  private readonly buckets: Int32Array;
  private readonly previous: Int32Array;

  constructor(texts: TextSources) {
    this.texts = texts;
    this.hashes = new Int32Array(texts.count);
    this.previous = new Int32Array(texts.count);
    this.buckets = new Int32Array(2 ** Math.ceil(Math.log2(texts.count + 1)));
  }

  /** Adds sentence `number` of the sources. */
  add(number: number): void {
    const hash = hashText(squeezedText(this.texts.sentenceOf(number))) | 0;
    const bucket = hash & (this.buckets.length - 1);
    this.hashes[number] = hash;
    this.previous[number] = this.buckets[bucket] as number;
    this.buckets[bucket] = number + 1;
  }

  /** Returns the numbers of the sentences with this text, in the order added. */
  matches(sentence: Pick<Sentence, 'tokens'>): number[] {
    const text = squeezedText(sentence);
    const hash = hashText(text) | 0;
    const found: number[] = [];
    let number = (this.buckets[hash & (this.buckets.length - 1)] as number) - 1;
    for (; number >= 0; number = (this.previous[number] as number) - 1) {
      if (this.hashes[number] === hash && squeezedText(this.texts.sentenceOf(number)) === text) found.push(number);
    }
    return found.reverse();
  }
}

interface NearPosition extends SentencePosition {
  /** Jaccard similarity of the sentences' shingles. */
  readonly similarity: number;
}

/** The same text ignoring case and spaces, and nearly but not exactly the same text; each in the order of the sources. */
interface TextMatches {
  readonly exact: readonly SentencePosition[];
  readonly near: readonly NearPosition[];
}

export class TextIndex {
  private readonly texts: TextSources;
  private readonly exact: ExactIndex;
  private readonly near: NearIndex | null;

  private constructor(texts: TextSources, exact: ExactIndex, near: NearIndex | null) {
    this.texts = texts;
    this.exact = exact;
    this.near = near;
  }

  /** Without `near` finds only identical text. Takes time linear in the text, except for sorting each sentence's shingles. */
  static *build(sources: readonly TextSource[], near: NearOptions | null): Work<TextIndex> {
    const texts = new TextSources(sources);
    const exact = new ExactIndex(texts);
    yield* countThrough('hashing text', texts.count, (number) => exact.add(number));
    return new TextIndex(texts, exact, near === null ? null : yield* NearIndex.build(texts, near));
  }

  /** Returns all matches of sentence `number` of the sources, except itself. */
  matchesOf(number: number): TextMatches {
    const exact = this.exact.matches(this.texts.sentenceOf(number));
    const same = new Set(exact);
    const near = (this.near?.matchesOf(number) ?? []).filter((match) => !same.has(match.number));
    return {
      exact: exact.filter((other) => other !== number).map((other) => this.texts.placeOf(other)),
      near: near.map((match) => ({ ...this.texts.placeOf(match.number), similarity: match.similarity })),
    };
  }
}
