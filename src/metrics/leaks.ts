// Reports which test sentences of each task stand in training text too.
import type { Sentence, Split } from '../data/corpus.ts';
import { HeldTexts } from './heldTexts.ts';
import { LeakTally } from './leakTally.ts';
import { NearIndex, type NearOptions } from './nearIndex.ts';
import { TextSources, type SentencePlace, type TextSource } from './textSources.ts';
import { countThrough, type Work } from './work.ts';

/** Shorter test sentences are mostly headings, which say nothing about a leak; they are neither compared nor counted. */
export const leastLeakTokens = 5;

/** Test sentences: each is counted once however many training sentences match, and as near only where nothing is exact. */
export interface LeakCounts {
  readonly exact: number;
  /** 0 where near ones were not looked for. */
  readonly near: number;
}

/** A test sentence, and the training sentence that is most like it, the first of equals. */
export interface Leak {
  /** Of the task's test sentences, counted from 0. */
  readonly sentence: number;
  readonly kind: 'exact' | 'near';
  /** For exact ones the first sentence that holds some of the text. */
  readonly match: SentencePlace;
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

export interface LeakInput {
  readonly tests: readonly { readonly task: string; readonly sentences: readonly Sentence[] }[];
  /** Train and devel of the tasks that are trained on, each split in its own order. */
  readonly training: readonly TextSource[];
  /** Null: exact ones alone. */
  readonly near: NearOptions | null;
}

/**
 * One report a test task. Exact: the test sentence's text stands in the running text of a source, case, spaces and the kind of quotation
 * marks apart, however that text is cut into sentences (`HeldTexts`). Near: a training sentence has nearly the same shingles (`NearIndex`).
 * All of both are found.
 */
export function* findLeaks({ tests, training, near }: LeakInput): Work<readonly TaskLeaks[]> {
  const compared = tests.flatMap(({ sentences }, test) =>
    sentences.flatMap((sentence, number) => (isCompared(sentence) ? [{ test, sentence, number }] : [])),
  );
  const tally = new LeakTally(compared.length, training);
  const texts = new HeldTexts(compared.map(({ sentence }) => sentence));
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
