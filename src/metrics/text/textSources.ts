// Sentences of many tasks and splits, numbered as one list.
import type { Mention, Sentence, Split } from '../../data/corpus/corpus.ts';

/** The sentences of one split of one task. */
export interface TextSource {
  /** The name of the task, such as `BC2GM:gene`. */
  readonly task: string;
  readonly split: Split;
  readonly sentences: readonly Sentence[];
}

/** A sentence of a list of sources, both counted from 0. */
export interface SentencePosition {
  readonly source: number;
  readonly sentence: number;
}

/** Numbers sentences consecutively across all sources. */
export class TextSources {
  readonly sources: readonly TextSource[];
  readonly count: number;
  /** Number of the first sentence of each source. */
  private readonly starts: readonly number[];

  constructor(sources: readonly TextSource[]) {
    this.sources = sources;
    let count = 0;
    this.starts = sources.map(({ sentences }) => (count += sentences.length) - sentences.length);
    this.count = count;
  }

  /** Throws RangeError beyond `count`. */
  placeOf(number: number): SentencePosition {
    if (!(number >= 0 && number < this.count)) throw new RangeError(`No sentence ${number} of ${this.count}.`);
    const source = this.starts.findLastIndex((start) => start <= number);
    return { source, sentence: number - (this.starts[source] ?? 0) };
  }

  sentenceOf(number: number): Sentence {
    const { source, sentence } = this.placeOf(number);
    return this.sources[source]?.sentences[sentence] ?? { tokens: [], mentions: [] };
  }
}

/** Removes white space, lower-cases, and replaces the quotation marks `` and '' of tokenised text by the character they represent. */
export function squeezedText({ tokens }: Pick<Sentence, 'tokens'>): string {
  const joined = tokens.join('');
  const whole = /\s/u.test(joined) ? joined.replace(/\s+/gu, '') : joined;
  return whole.toLowerCase().replace(/``|''/g, '"');
}

/** Joins the mention's tokens with single spaces. */
export function mentionText(
  { tokens }: Pick<Sentence, 'tokens'>,
  { start, end }: Pick<Mention, 'start' | 'end'>,
): string {
  return end - start === 1 ? (tokens[start] ?? '') : tokens.slice(start, end).join(' ');
}

/** Returns the string that represents a mention in a set: its text, lower-cased if case is ignored. */
export function mentionString(sentence: Pick<Sentence, 'tokens'>, mention: Mention, lowerCase: boolean): string {
  const text = mentionText(sentence, mention);
  return lowerCase ? text.toLowerCase() : text;
}

/** Keeps the first of many items in an order, without storing all of them. */
export class Ranking<Item> {
  /** Number of all items added. */
  count = 0;
  private readonly limit: number;
  private readonly compare: (left: Item, right: Item) => number;
  private items: Item[] = [];

  /** Keeps `limit` items; the order must not change over time. */
  constructor(limit: number, compare: (left: Item, right: Item) => number) {
    this.limit = limit;
    this.compare = compare;
  }

  add(item: Item): void {
    this.count++;
    this.items.push(item);
    if (this.items.length >= 2 * this.limit + 1000) this.items = this.first();
  }

  /** Returns the first `limit` items in order. */
  first(): Item[] {
    return this.items.sort(this.compare).slice(0, this.limit);
  }
}
