// Collects the vectors of wanted words from a file as it passes by.
import { shortened } from '../../util/wording.ts';
import type { ByteSource } from './byteSource.ts';

/** What is to be taken from a file. */
export interface WantedWords {
  /** As they are spelled in the file. */
  readonly words: ReadonlySet<string>;
  /** Takes this many of the first words, too: files begin with the most frequent ones. */
  readonly first: number;
}

export interface WordVectors {
  readonly format: 'word2vec binary' | 'word2vec or fastText text' | 'GloVe text' | 'fastText model';
  readonly dimensions: number;
  /** Words that the file has in all. */
  readonly fileWords: number;
  /** Vectors [dimensions] of the wanted words that the file has, in the order of the file. Of a repeated word, the first. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** Vectors of wanted words that the file lacks, made from the n-grams of a fastText model; empty in other formats. */
  readonly composed: ReadonlyMap<string, Float32Array>;
}

/** A reader that yields now and then. */
export type VectorReading = AsyncGenerator<void, WordVectors>;

/** Words read between two moments at which reading can be stopped. */
export const WORDS_A_TURN = 4096;

/** In bytes. */
export const LONGEST_WORD = 10_000;

/** Collects the vectors of wanted words. */
export class VectorCollector {
  readonly vectors = new Map<string, Float32Array>();
  private readonly wanted: WantedWords;
  private readonly source: ByteSource;

  constructor(source: ByteSource, wanted: WantedWords) {
    this.source = source;
    this.wanted = wanted;
  }

  /** Whether the word at `rank` (from 0) is to be read. */
  takes(word: string, rank: number): boolean {
    return (rank < this.wanted.first || this.wanted.words.has(word)) && !this.vectors.has(word);
  }

  /** Throws like `finite`. */
  add(word: string, vector: Float32Array): void {
    this.vectors.set(word, this.finite(word, vector));
  }

  /** Returns the vector. Throws LabError `vectors/damaged` for a number that is not finite. */
  finite(word: string, vector: Float32Array): Float32Array {
    if (vector.every(Number.isFinite)) return vector;
    throw this.source.damaged(`the vector of “${shortened(word)}” with a number that is not finite`, 'finite numbers');
  }
}

/** Copies little-endian float32 numbers from any position. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(4 * index, true));
}
