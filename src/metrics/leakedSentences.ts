// Says which training sentences stand in test text too, so that a run can leave them out.
import type { Sentence } from '../data/corpus.ts';
import { HeldTexts } from './heldTexts.ts';
import { isCompared } from './leaks.ts';
import { NearIndex, nearDefaults } from './nearIndex.ts';
import { TextSources } from './textSources.ts';
import { countThrough, type Work } from './work.ts';

/** `exact`: sentences with text of a test sentence that is wholly there; `near`: these, and those with nearly the same text. */
export type LeakKind = 'exact' | 'near';

/**
 * For each list of training sentences, such as the train split of each task of a run in its own order, 1 for each sentence that is to be
 * left out, `[train]`. These are the sentences in which `findLeaks` finds the test sentences of the run's tasks, with its defaults: where
 * a test sentence runs over several training sentences, all of them.
 */
export function* leakedSentences(
  training: readonly (readonly Sentence[])[],
  tests: readonly (readonly Sentence[])[],
  how: LeakKind,
): Work<readonly Uint8Array[]> {
  const compared = tests.map((sentences) => sentences.filter(isCompared));
  const leaked = training.map((sentences) => new Uint8Array(sentences.length));
  const texts = new HeldTexts(compared.flat());
  for (const [list, sentences] of training.entries()) {
    yield* texts.search('searching training text', sentences, ({ first, last }) => {
      leaked[list]?.fill(1, first, last + 1);
    });
  }
  if (how === 'near') {
    // Being near works both ways, and test sentences are fewer.
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
