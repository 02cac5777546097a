// Finds sentences of the same and of nearly the same text in many sources.
import type { Sentence } from '../../data/corpus/corpus.ts';
import { hashText } from '../../util/random.ts';
import { countThrough, type Work } from '../../util/work.ts';
import { NearIndex, type NearOptions } from './nearIndex.ts';
import { squeezedText, TextSources, type SentencePosition, type TextSource } from './textSources.ts';

/** Twelve to sixteen bytes a sentence: hashes with chains. A hash only leads to sentences, whose texts are then compared. */
export class ExactIndex {
  private readonly texts: TextSources;
  private readonly hashes: Int32Array;
  /** Numbers of sentences plus one, 0 for none: the last one added of each bucket, and the one added before each. */
  private readonly buckets: Int32Array;
  private readonly previous: Int32Array;

  constructor(texts: TextSources) {
    this.texts = texts;
    this.hashes = new Int32Array(texts.count);
    this.previous = new Int32Array(texts.count);
    this.buckets = new Int32Array(2 ** Math.ceil(Math.log2(texts.count + 1)));
  }

  /** Takes in sentence `number` of the sources. */
  add(number: number): void {
    const hash = hashText(squeezedText(this.texts.sentenceOf(number))) | 0;
    const bucket = hash & (this.buckets.length - 1);
    this.hashes[number] = hash;
    this.previous[number] = this.buckets[bucket] as number;
    this.buckets[bucket] = number + 1;
  }

  /** Numbers of the sentences of this text, ascending where they were added so. */
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

/** The same text apart from case and spaces, and nearly the same text that is not the same; each in the order of the sources. */
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

  /** Without `near` only the same text is found. Takes time linear in the text, but for sorting each sentence's shingles. */
  static *build(sources: readonly TextSource[], near: NearOptions | null): Work<TextIndex> {
    const texts = new TextSources(sources);
    const exact = new ExactIndex(texts);
    yield* countThrough('hashing text', texts.count, (number) => exact.add(number));
    return new TextIndex(texts, exact, near === null ? null : yield* NearIndex.build(texts, near));
  }

  /** All that are like sentence `number` of the sources, itself left out. */
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
