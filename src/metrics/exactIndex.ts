// Finds sentences of the same text, whatever their case and spaces.
import type { Sentence } from '../data/corpus.ts';
import { hashText } from '../util/hash32.ts';
import { squeezedText } from './squeezedText.ts';
import type { TextSources } from './textSources.ts';

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
