// Sentences of many tasks and splits, counted through as one list.
import type { Sentence, Split } from '../data/corpus.ts';

/** The sentences of one split of one task. */
export interface TextSource {
  /** The name of the task, such as `BC2GM:gene`. */
  readonly task: string;
  readonly split: Split;
  readonly sentences: readonly Sentence[];
}

/** A sentence of a list of sources, both counted from 0. */
export interface SentencePlace {
  readonly source: number;
  readonly sentence: number;
}

/** Numbers sentences through all sources in their order. */
export class TextSources {
  readonly sources: readonly TextSource[];
  readonly count: number;
  /** Of the first sentence of each source. */
  private readonly starts: readonly number[];

  constructor(sources: readonly TextSource[]) {
    this.sources = sources;
    let count = 0;
    this.starts = sources.map(({ sentences }) => (count += sentences.length) - sentences.length);
    this.count = count;
  }

  /** Throws RangeError beyond `count`. */
  placeOf(number: number): SentencePlace {
    if (!(number >= 0 && number < this.count)) throw new RangeError(`No sentence ${number} of ${this.count}.`);
    const source = this.starts.findLastIndex((start) => start <= number);
    return { source, sentence: number - (this.starts[source] ?? 0) };
  }

  sentenceOf(number: number): Sentence {
    const { source, sentence } = this.placeOf(number);
    return this.sources[source]?.sentences[sentence] ?? { tokens: [], mentions: [] };
  }
}
