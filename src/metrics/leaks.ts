// Finds test sentences that occur in training text, alone or inside other sentences, counts them, and selects those to leave out.
import type { Sentence, Split } from '../data/corpus/corpus.ts';
import { countThrough, type Work } from '../util/clock.ts';
import {
  nearDefaults,
  NearIndex,
  squeezedText,
  TextSources,
  type NearOptions,
  type SentencePosition,
  type TextSource,
} from './text/nearIndex.ts';

interface NearPosition extends SentencePosition {
  readonly similarity: number;
}

/** Keeps, for each text and source, the first sentence containing it, and for each text its near positions. */
class LeakTally {
  private readonly training: readonly TextSource[];
  private readonly taskNames: readonly string[];
  /** `[texts, sources]`: index of the first sentence plus one, 0 for none. */
  private readonly exact: Int32Array;
  private readonly near = new Map<number, readonly NearPosition[]>();

  constructor(texts: number, training: readonly TextSource[]) {
    this.training = training;
    this.taskNames = [...new Set(training.map(({ task }) => task))];
    this.exact = new Int32Array(texts * training.length);
  }

  addExact(text: number, source: number, sentence: number): void {
    const at = text * this.training.length + source;
    const known = this.exact[at] as number;
    if (known === 0 || sentence + 1 < known) this.exact[at] = sentence + 1;
  }

  /** In the order of the sources. */
  addNear(text: number, places: readonly NearPosition[]): void {
    if (places.length > 0) this.near.set(text, places);
  }

  /** Reports the findings for these texts, which are the given sentences of one task. */
  report(
    texts: readonly { readonly text: number; readonly sentence: number }[],
  ): LeakCounts & Pick<TaskLeaks, 'bySource' | 'byTask' | 'leaks'> {
    const bySource = this.training.map(({ task, split }) => ({ task, split, exact: 0, near: 0 }));
    const byTask = this.taskNames.map((task) => ({ task, exact: 0, near: 0 }));
    const taskOf = (source: number): number => this.taskNames.indexOf(this.training[source]?.task ?? '');
    const leaks: Leak[] = [];
    for (const { text, sentence } of texts) {
      const exact = this.exactOccurrences(text);
      const near = this.near.get(text) ?? [];
      const leak = strongest(sentence, exact, near);
      if (leak === null) continue;
      leaks.push(leak);
      const exactSources = new Set(exact.map(({ source }) => source));
      const nearSources = new Set(near.map(({ source }) => source));
      countOnce(exactSources, nearSources, bySource);
      countOnce(new Set([...exactSources].map(taskOf)), new Set([...nearSources].map(taskOf)), byTask);
    }
    const exact = leaks.filter(({ kind }) => kind === 'exact').length;
    return { exact, near: leaks.length - exact, bySource, byTask, leaks };
  }

  private exactOccurrences(text: number): SentencePosition[] {
    const from = text * this.training.length;
    return this.training.flatMap((_, source) => {
      const sentence = (this.exact[from + source] as number) - 1;
      return sentence < 0 ? [] : [{ source, sentence }];
    });
  }
}

function strongest(sentence: number, [first]: readonly SentencePosition[], near: readonly NearPosition[]): Leak | null {
  if (first !== undefined) return { sentence, kind: 'exact', match: first, similarity: 1 };
  const [nearest] = [...near].sort((left, right) => right.similarity - left.similarity);
  if (nearest === undefined) return null;
  const { similarity, ...match } = nearest;
  return { sentence, kind: 'near', match, similarity };
}

/** Counts one test sentence in every group with a match, as near only if the group has no exact one. */
function countOnce(
  exact: ReadonlySet<number>,
  near: ReadonlySet<number>,
  groups: readonly { exact: number; near: number }[],
): void {
  groups.forEach((group, index) => {
    if (exact.has(index)) group.exact++;
    else if (near.has(index)) group.near++;
  });
}

/** Shorter test sentences are mostly headings and say nothing about leaks; they are neither compared nor counted. */
export const leastLeakTokens = 5;

/** Test sentences: each counts once however many training sentences match, and as near only if none is exact. */
export interface LeakCounts {
  readonly exact: number;
  /** 0 if near duplicates were not searched. */
  readonly near: number;
}

/** A test sentence and the most similar training sentence, the first on a tie. */
interface Leak {
  /** Index in the task's test sentences, from 0. */
  readonly sentence: number;
  readonly kind: 'exact' | 'near';
  /** For exact ones, the first sentence that contains some of the text. */
  readonly match: SentencePosition;
  /** 1 for exact ones. */
  readonly similarity: number;
}

export interface TaskLeaks extends LeakCounts {
  readonly task: string;
  /** Test sentences of at least `leastLeakTokens` tokens. */
  readonly compared: number;
  /** In the order of the training sources; exact and near as if there were no other source. */
  readonly bySource: readonly (LeakCounts & { readonly task: string; readonly split: Split })[];
  /** All splits of a training task together. */
  readonly byTask: readonly (LeakCounts & { readonly task: string })[];
  /** In the order of the test sentences. */
  readonly leaks: readonly Leak[];
}

interface LeakInput {
  readonly tests: readonly { readonly task: string; readonly sentences: readonly Sentence[] }[];
  /** Train and devel of the training tasks, each split in its own order. */
  readonly training: readonly TextSource[];
  /** Null: only exact ones. */
  readonly near: NearOptions | null;
}

/**
 * Returns one report per test task. Exact: the test sentence's text occurs in the running text of a source, ignoring case, spaces,
 * the kind of quotation marks, and sentence boundaries (`ContainedTexts`). Near: a training sentence has nearly the same shingles
 * (`NearIndex`). Both searches are exhaustive.
 */
export function* findLeaks({ tests, training, near }: LeakInput): Work<readonly TaskLeaks[]> {
  const compared = tests.flatMap(({ sentences }, test) =>
    sentences.flatMap((sentence, number) => (isCompared(sentence) ? [{ test, sentence, number }] : [])),
  );
  const tally = new LeakTally(compared.length, training);
  const texts = new ContainedTexts(compared.map(({ sentence }) => sentence));
  for (const [source, { task, split, sentences }] of training.entries()) {
    yield* texts.search(`searching ${task} ${split}`, sentences, ({ text, first }) =>
      tally.addExact(text, source, first),
    );
  }
  if (near !== null) {
    const sources = new TextSources(training);
    const index = yield* NearIndex.build(sources, near);
    yield* countThrough('comparing shingles', compared.length, (text) => {
      const matches = index.matches(compared[text]?.sentence ?? { tokens: [] });
      tally.addNear(text, matches.map(({ number, similarity }) => ({ ...sources.placeOf(number), similarity }))); // prettier-ignore
    });
  }
  return tests.map(({ task }, test) => {
    const ofTask = compared.flatMap((one, text) => (one.test === test ? [{ text, sentence: one.number }] : []));
    return { task, compared: ofTask.length, ...tally.report(ofTask) };
  });
}

/** Whether a test sentence is long enough to be a leak. */
export function isCompared({ tokens }: Sentence): boolean {
  return tokens.length >= leastLeakTokens;
}

/** `exact`: sentences with text of a test sentence that is wholly there; `near`: these, and those with nearly the same text. */
export type LeakKind = 'exact' | 'near';

/**
 * Returns, for each list of training sentences (such as the train split of each task of a run in its own order), 1 for each
 * sentence to leave out, `[train]`. These are the sentences in which `findLeaks` finds the test sentences of the run's tasks, with
 * its defaults: all of them if a test sentence spans several.
 */
export function* leakedSentences(
  training: readonly (readonly Sentence[])[],
  tests: readonly (readonly Sentence[])[],
  how: LeakKind,
): Work<readonly Uint8Array[]> {
  const compared = tests.map((sentences) => sentences.filter(isCompared));
  const leaked = training.map((sentences) => new Uint8Array(sentences.length));
  const texts = new ContainedTexts(compared.flat());
  for (const [list, sentences] of training.entries()) {
    yield* texts.search('searching training text', sentences, ({ first, last }) => {
      leaked[list]?.fill(1, first, last + 1);
    });
  }
  if (how === 'near') {
    // Nearness is symmetric, and test sentences are fewer.
    const sources = compared.map((sentences, test) => ({ task: String(test), split: 'test' as const, sentences }));
    const index = yield* NearIndex.build(new TextSources(sources), nearDefaults);
    for (const [list, sentences] of training.entries()) {
      yield* countThrough('comparing shingles', sentences.length, (number) => {
        const sentence = sentences[number];
        if (sentence !== undefined && index.matches(sentence).length > 0) leaked[list]?.fill(1, number, number + 1);
      });
    }
  }
  return leaked;
}

// Finds sentences in the running text of other sentences, ignoring sentence boundaries.

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
