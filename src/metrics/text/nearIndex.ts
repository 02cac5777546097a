// Sentences of many sources as one list, and those with the same or nearly the same text, found by shingles of their words.
import type { Mention, Sentence, Split } from '../../data/corpus/corpus.ts';
import { countThrough, type Work } from '../../util/clock.ts';
import { hashText } from '../../util/random.ts';
import { ABSENT, NumberList, ROOT, WordTrie } from '../../util/wordTrie.ts';

export interface NearOptions {
  /** Words per shingle. */
  readonly shingleWords: number;
  /** Minimum Jaccard similarity of two sentences' sets of shingles, above 0 and at most 1. */
  readonly similarity: number;
}

/** Three words detect a changed order; at 0.7 a sentence of 20 words may differ in one inner word, or in three at an end. */
export const nearDefaults: NearOptions = { shingleWords: 3, similarity: 0.7 };

export interface NearNumber {
  readonly number: number;
  /** Jaccard: shared shingles over all distinct shingles of both. */
  readonly similarity: number;
}

/** Returns runs of letters and runs of digits in lower case: the same for tokenisations that differ around punctuation and digits. */
export function wordRuns({ tokens }: Pick<Sentence, 'tokens'>): readonly string[] {
  return (
    tokens
      .join(' ')
      .toLowerCase()
      .match(/[\p{L}\p{M}]+|\p{N}+/gu) ?? []
  );
}

/**
 * Finds every pair at or above the similarity: two sets of sizes |x| and |y| that reach t share one of the first |x| - ⌈t|x|⌉ + 1
 * and |y| - ⌈t|y|⌉ + 1 members under a common order, here the rarest first (prefix filtering: Bayardo, Ma and Srikant 2007,
 * "Scaling up all pairs similarity search"; Xiao et al. 2008, PPJoin, whose length filter t|x| <= |y| <= |x|/t is used too).
 * Candidates are compared in full. Shingles are nodes of a trie, not hashes. A sentence shorter than a shingle is one shingle; one
 * without a letter or digit matches nothing. About 40 bytes per token.
 */
export class NearIndex {
  private readonly texts: TextSources;
  private readonly options: NearOptions;
  private readonly trie = new WordTrie();
  /** The shingles of sentence i as ascending ranks, from `starts[i]` up to `starts[i + 1]`. */
  private shingles = new Int32Array(0);
  private readonly starts: Int32Array;
  /** By trie node; the rarest shingle first. */
  private ranks = new Int32Array(0);
  /** Sentences with rank r in their prefix, from `postingStarts[r]` up to `postingStarts[r + 1]`. */
  private postingStarts = new Int32Array(0);
  private postings = new Int32Array(0);
  /** The lookup that last saw a sentence, so that each is compared once. */
  private readonly seenIn: Int32Array;
  private lookups = 0;

  private constructor(texts: TextSources, options: NearOptions) {
    this.texts = texts;
    this.options = options;
    this.starts = new Int32Array(texts.count + 1);
    this.seenIn = new Int32Array(texts.count);
  }

  static *build(texts: TextSources, options: NearOptions): Work<NearIndex> {
    const index = new NearIndex(texts, options);
    yield* index.readShingles();
    index.rankShingles();
    yield* index.sortShingles();
    yield* index.postPrefixes();
    return index;
  }

  /** Returns all sentences near this one, by number. */
  matches(sentence: Pick<Sentence, 'tokens'>): NearNumber[] {
    const { known, unknown } = this.ranksOf(sentence);
    return this.matchesOfRanks(known, unknown);
  }

  /** Returns all sentences near sentence `number` of the sources, including itself if it has a letter or digit. */
  matchesOf(number: number): NearNumber[] {
    return this.matchesOfRanks(this.shingles.subarray(this.starts[number], this.starts[number + 1]), 0);
  }

  private matchesOfRanks(known: Int32Array, unknown: number): NearNumber[] {
    const size = known.length + unknown;
    // Unknown shingles are in no sentence here, so they are the rarest and come first.
    const prefix = known.subarray(0, Math.max(0, this.prefixLength(size) - unknown));
    const lookup = ++this.lookups;
    const found: NearNumber[] = [];
    for (const rank of prefix) {
      for (let at = this.postingStarts[rank] as number; at < (this.postingStarts[rank + 1] as number); at++) {
        const number = this.postings[at] as number;
        if (this.seenIn[number] === lookup) continue;
        this.seenIn[number] = lookup;
        const similarity = this.similarity(known, size, number);
        if (similarity >= this.options.similarity) found.push({ number, similarity });
      }
    }
    return found.sort((left, right) => left.number - right.number);
  }

  private similarity(known: Int32Array, size: number, number: number): number {
    const from = this.starts[number] as number;
    const to = this.starts[number + 1] as number;
    const smaller = Math.min(size, to - from);
    if (smaller / Math.max(size, to - from) < this.options.similarity) return 0;
    let shared = 0;
    for (let left = 0, right = from; left < known.length && right < to;) {
      const difference = (known[left] as number) - (this.shingles[right] as number);
      if (difference === 0) shared++;
      if (difference <= 0) left++;
      if (difference >= 0) right++;
    }
    return shared / (size + to - from - shared);
  }

  /** Number of members to look up for a set of this size. Rounding must not make it smaller. */
  private prefixLength(size: number): number {
    return size === 0 ? 0 : size - Math.ceil(this.options.similarity * size - 1e-9) + 1;
  }

  private *readShingles(): Work<void> {
    const nodes = new NumberList();
    yield* countThrough('reading text', this.texts.count, (number) => {
      const words = wordRuns(this.texts.sentenceOf(number)).map((word) => this.trie.addWord(word));
      for (let at = 0; at < this.shingleCount(words.length); at++) {
        let node = ROOT;
        for (let next = at; next < this.shingleEnd(at, words.length); next++) {
          node = this.trie.addChild(node, words[next] as number);
        }
        nodes.push(node);
      }
      this.starts[number + 1] = nodes.length;
    });
    this.shingles = nodes.view().slice();
  }

  /** Ranks by counting sort: by frequency of a shingle, then its node. Any order is correct; rare ones first is fast. */
  private rankShingles(): void {
    const frequencies = new Int32Array(this.trie.nodeCount);
    for (const node of this.shingles) (frequencies[node] as number)++;
    const indices = new Int32Array(frequencies.reduce((most, one) => Math.max(most, one), 0) + 2);
    for (const frequency of frequencies) (indices[frequency + 1] as number)++;
    for (let frequency = 1; frequency < indices.length; frequency++) {
      (indices[frequency] as number) += indices[frequency - 1] as number;
    }
    this.ranks = frequencies.map((frequency) => (indices[frequency] as number)++);
    this.shingles = this.shingles.map((node) => this.ranks[node] as number);
  }

  /** Sorts and deduplicates the shingles of each sentence, compacting the array. */
  private *sortShingles(): Work<void> {
    let read = 0;
    let written = 0;
    yield* countThrough('sorting shingles', this.texts.count, (number) => {
      const from = written;
      const ofSentence = this.shingles.subarray(read, this.starts[number + 1]).sort();
      read += ofSentence.length;
      for (const rank of ofSentence) {
        if (written === from || this.shingles[written - 1] !== rank) this.shingles[written++] = rank;
      }
      this.starts[number + 1] = written;
    });
    this.shingles = this.shingles.slice(0, written);
  }

  private *postPrefixes(): Work<void> {
    const starts = new Int32Array(this.trie.nodeCount + 1);
    const prefixOf = (number: number): Int32Array => {
      const from = this.starts[number] as number;
      return this.shingles.subarray(from, from + this.prefixLength((this.starts[number + 1] as number) - from));
    };
    for (let number = 0; number < this.texts.count; number++) {
      for (const rank of prefixOf(number)) (starts[rank + 1] as number)++;
    }
    for (let rank = 1; rank < starts.length; rank++) (starts[rank] as number) += starts[rank - 1] as number;
    this.postingStarts = starts;
    this.postings = new Int32Array(starts.at(-1) ?? 0);
    const next = starts.slice();
    yield* countThrough('indexing shingles', this.texts.count, (number) => {
      for (const rank of prefixOf(number)) this.postings[(next[rank] as number)++] = number;
    });
  }

  /** Returns the distinct shingles of a sentence: the ascending ranks of those in the index, and the number of the others. */
  private ranksOf(sentence: Pick<Sentence, 'tokens'>): { readonly known: Int32Array; readonly unknown: number } {
    const known: number[] = [];
    const unknown = new Set<string>();
    const runs = wordRuns(sentence);
    const words = runs.map((word) => this.trie.wordOf(word));
    for (let at = 0; at < this.shingleCount(words.length); at++) {
      const end = this.shingleEnd(at, words.length);
      let node = ROOT;
      for (let next = at; next < end; next++) node = this.trie.child(node, words[next] as number);
      if (node === ABSENT) unknown.add(runs.slice(at, end).join(' '));
      else known.push(this.ranks[node] as number);
    }
    const sorted = Int32Array.from(known).sort();
    return { known: sorted.filter((rank, at) => at === 0 || sorted[at - 1] !== rank), unknown: unknown.size };
  }

  private shingleCount(words: number): number {
    return words === 0 ? 0 : Math.max(1, words - this.options.shingleWords + 1);
  }

  private shingleEnd(at: number, words: number): number {
    return Math.min(words, at + this.options.shingleWords);
  }
}

// Finds sentences with the same and nearly the same text in many sources.

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

// Sentences of many tasks and splits, numbered as one list.

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
