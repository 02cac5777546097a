// Finds sentences of the same and of nearly the same text in many sources.
import { ExactIndex } from './exactIndex.ts';
import { NearIndex, type NearOptions } from './nearIndex.ts';
import { TextSources, type SentencePlace, type TextSource } from './textSources.ts';
import { countThrough, type Work } from './work.ts';

export interface NearPlace extends SentencePlace {
  /** Jaccard similarity of the sentences' shingles. */
  readonly similarity: number;
}

/** The same text apart from case and spaces, and nearly the same text that is not the same; each in the order of the sources. */
export interface TextMatches {
  readonly exact: readonly SentencePlace[];
  readonly near: readonly NearPlace[];
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
