// Finds sentences in the running text of other sentences, ignoring sentence boundaries.
import type { Sentence } from '../../data/corpus/corpus.ts';
import type { Work } from '../../util/work.ts';
import { squeezedText } from './textSources.ts';

/** A text that was found, and the first and last sentence that contain it. */
export interface ContainedText {
  /** Index in the texts searched for. */
  readonly text: number;
  readonly first: number;
  readonly last: number;
}

/** Any odd number works; the powers of this one are well distributed over 32 bits. */
const base = 0x01000193;
/** A longer window distinguishes texts better; it is shorter than 32 only if a text is shorter. */
const longestWindow = 32;
const charactersAStep = 1 << 17;

/**
 * Searches for many texts at once, ignoring case, spaces and the kind of quotation marks (Karp and Rabin 1987, "Efficient
 * randomized pattern-matching algorithms"): looks up a rolling hash of each window among the hashes of the texts' prefixes, and
 * verifies hits letter by letter, so a hash never causes a false match. Memory is linear in the texts and in one running text.
 */
export class ContainedTexts {
  private readonly searches: readonly WindowSearch[];

  /** Sentences without a visible character are never found. */
  constructor(sentences: readonly Sentence[]) {
    const searches = new Map<number, WindowSearch>();
    sentences.forEach((sentence, number) => {
      const text = squeezedText(sentence);
      if (text === '') return;
      const window = Math.min(longestWindow, 2 ** Math.floor(Math.log2(text.length)));
      const search = searches.get(window) ?? new WindowSearch(window);
      searches.set(window, search);
      search.add(text, number);
    });
    this.searches = [...searches.values()];
  }

  /** Reports every occurrence of one of the texts in the concatenated sentences. */
  *search(phase: string, sentences: readonly Sentence[], found: (containing: ContainedText) => void): Work<void> {
    const texts = sentences.map((sentence) => squeezedText(sentence));
    const running = texts.join('');
    const ends = new Int32Array(texts.length);
    let end = 0;
    texts.forEach((text, index) => (ends[index] = end += text.length));
    const of = running.length * this.searches.length;
    for (const [pass, search] of this.searches.entries()) {
      const window = search.start(running);
      for (let from = 0; from < running.length; from += charactersAStep) {
        yield { phase, done: pass * running.length + from, of };
        window.slide(Math.min(running.length, from + charactersAStep), (text, at, length) =>
          found({ text, first: sentenceAt(ends, at), last: sentenceAt(ends, at + length - 1) }),
        );
      }
    }
    yield { phase, done: of, of };
  }
}

/** Texts whose prefixes are compared with the same window width. */
class WindowSearch {
  private readonly width: number;
  private readonly numbersOf = new Map<string, number[]>();
  /** Distinct texts by the hash of their prefix; many may share one. */
  private readonly byHash = new Map<number, string[]>();
  /** One bit for each value of a hash's lowest 20 bits: spares most windows the map lookup. */
  private readonly bits = new Uint8Array(1 << 17);

  constructor(width: number) {
    this.width = width;
  }

  add(text: string, number: number): void {
    const numbers = this.numbersOf.get(text);
    if (numbers !== undefined) {
      numbers.push(number);
      return;
    }
    this.numbersOf.set(text, [number]);
    let hash = 0;
    for (let at = 0; at < this.width; at++) hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
    const sameHash = this.byHash.get(hash);
    if (sameHash === undefined) this.byHash.set(hash, [text]);
    else sameHash.push(text);
    (this.bits[(hash >>> 3) & 0x1ffff] as number) |= 1 << (hash & 7);
  }

  start(running: string): { slide(to: number, found: (number: number, at: number, length: number) => void): void } {
    const { width, bits, byHash, numbersOf } = this;
    let leaving = 1;
    for (let power = 0; power < width; power++) leaving = Math.imul(leaving, base);
    let hash = 0;
    let end = 0;
    return {
      slide(to, found) {
        for (; end < to;) {
          hash = (Math.imul(hash, base) + running.charCodeAt(end)) | 0;
          if (end >= width) hash = (hash - Math.imul(leaving, running.charCodeAt(end - width))) | 0;
          end++;
          if (end < width || ((bits[(hash >>> 3) & 0x1ffff] as number) & (1 << (hash & 7))) === 0) continue;
          const at = end - width;
          for (const text of byHash.get(hash) ?? []) {
            if (!running.startsWith(text, at)) continue;
            for (const number of numbersOf.get(text) ?? []) found(number, at, text.length);
          }
        }
      },
    };
  }
}

/** Returns the sentence that the character at `position` belongs to: the first that ends after it. */
function sentenceAt(ends: Int32Array, position: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] as number) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
