// Finds the texts most like another by the cosine of their TF-IDF vectors over character n-grams.
import type { Work } from '../../util/work.ts';
import { NumberList } from '../../util/wordTrie.ts';

/** Characters of an n-gram. */
const GRAM = 3;
const TEXTS_A_STEP = 1000;

export interface SimilarText {
  /** Index of the text. */
  readonly index: number;
  /** Cosine, 0 to 1. */
  readonly score: number;
}

/** Calls `visit` with each n-gram of a text, which begins and ends with a space. */
export function visitGrams(text: string, visit: (gram: string) => void): void {
  const padded = ` ${text} `;
  for (let start = 0; start + GRAM <= padded.length; start++) visit(padded.slice(start, start + GRAM));
}

/**
 * An inverted index. The weight of an n-gram in a text is its count times ln((1 + n) / (1 + d)) + 1, for n texts of which d have it; vectors are
 * divided by their length. Takes 12 bytes for each different n-gram of a text.
 */
export class NgramIndex {
  readonly size: number;
  private readonly grams = new Map<string, number>();
  /** Where the texts of each n-gram begin in `texts` and `weights`, `[grams + 1]`. */
  private starts = new Int32Array(1);
  private texts = new Int32Array(0);
  private weights = new Float32Array(0);
  private idf = new Float64Array(0);
  /** Sums of the query under way, by text, all zero between two. */
  private readonly sums: Float64Array;
  /** The texts whose sums the query under way changed, at the front. */
  private readonly touched: Int32Array;

  private constructor(size: number) {
    this.size = size;
    this.sums = new Float64Array(size);
    this.touched = new Int32Array(size);
  }

  static *build(texts: readonly string[]): Work<NgramIndex> {
    const index = new NgramIndex(texts.length);
    yield* index.fill(texts);
    return index;
  }

  /** Returns the texts with an n-gram in common, the most similar first, then by index; at most `most`, of those that `isWanted`. */
  similar(text: string, most: number, isWanted: (index: number) => boolean): readonly SimilarText[] {
    const counts = new Map<number, number>();
    let unknown = 0;
    const unknownCounts = new Map<string, number>();
    visitGrams(text, (gram) => {
      const known = this.grams.get(gram);
      if (known === undefined) unknownCounts.set(gram, (unknownCounts.get(gram) ?? 0) + 1);
      else counts.set(known, (counts.get(known) ?? 0) + 1);
    });
    const idfOfNone = Math.log(1 + this.size) + 1;
    for (const count of unknownCounts.values()) unknown += (count * idfOfNone) ** 2;
    let squares = unknown;
    // Fields of this in the innermost loop would be read again for each text.
    const { starts, texts, weights, sums, touched } = this;
    let touches = 0;
    for (const [gram, count] of counts) {
      const weight = count * (this.idf[gram] as number);
      squares += weight ** 2;
      const end = starts[gram + 1] as number;
      for (let at = starts[gram] as number; at < end; at++) {
        const of = texts[at] as number;
        const sum = sums[of] as number;
        if (sum === 0) touched[touches++] = of;
        sums[of] = sum + weight * (weights[at] as number);
      }
    }
    const length = Math.sqrt(squares);
    const best: SimilarText[] = [];
    for (let touch = 0; touch < touches; touch++) {
      const of = touched[touch] as number;
      const score = (sums[of] as number) / length;
      sums[of] = 0;
      const last = best[most - 1];
      if (last !== undefined && (score < last.score || (score === last.score && of > last.index))) continue;
      if (isWanted(of)) insert(best, { index: of, score }, most);
    }
    return best;
  }

  private *fill(texts: readonly string[]): Work<void> {
    const [gramsOfTexts, countsOfTexts] = [new NumberList(), new NumberList()];
    const ends = new Int32Array(texts.length + 1);
    const frequencies: number[] = [];
    for (const [index, text] of texts.entries()) {
      if (index % TEXTS_A_STEP === 0) yield { phase: 'indexing terms', done: index, of: 2 * texts.length };
      const counts = new Map<number, number>();
      visitGrams(text, (name) => {
        let gram = this.grams.get(name);
        if (gram === undefined) this.grams.set(name, (gram = this.grams.size));
        counts.set(gram, (counts.get(gram) ?? 0) + 1);
      });
      for (const [gram, count] of counts) {
        frequencies[gram] = (frequencies[gram] ?? 0) + 1;
        gramsOfTexts.push(gram);
        countsOfTexts.push(count);
      }
      ends[index + 1] = gramsOfTexts.length;
    }
    this.idf = Float64Array.from(frequencies, (texts_) => Math.log((1 + this.size) / (1 + texts_)) + 1);
    this.starts = new Int32Array(this.grams.size + 1);
    for (const [gram, count] of frequencies.entries()) this.starts[gram + 1] = (this.starts[gram] as number) + count;
    this.texts = new Int32Array(gramsOfTexts.length);
    this.weights = new Float32Array(gramsOfTexts.length);
    const next = this.starts.slice();
    for (let index = 0; index < texts.length; index++) {
      if (index % TEXTS_A_STEP === 0)
        yield { phase: 'indexing terms', done: texts.length + index, of: 2 * texts.length };
      const [from, to] = [ends[index] as number, ends[index + 1] as number];
      let squares = 0;
      for (let at = from; at < to; at++)
        squares += (countsOfTexts.at(at) * (this.idf[gramsOfTexts.at(at)] as number)) ** 2;
      const length = Math.sqrt(squares);
      for (let at = from; at < to; at++) {
        const gram = gramsOfTexts.at(at);
        const position = (next[gram] as number)++;
        this.texts[position] = index;
        this.weights[position] = (countsOfTexts.at(at) * (this.idf[gram] as number)) / length;
      }
    }
    yield { phase: 'indexing terms', done: 2 * texts.length, of: 2 * texts.length };
  }
}

/** Puts an item in its place among the best, of which there are at most `most`. */
function insert(best: SimilarText[], item: SimilarText, most: number): void {
  let at = best.length;
  for (let other = best[at - 1]; other !== undefined; other = best[at - 1]) {
    if (other.score > item.score || (other.score === item.score && other.index < item.index)) break;
    at--;
  }
  best.splice(at, 0, item);
  if (best.length > most) best.pop();
}
