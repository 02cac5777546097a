// Leaked test sentences of one task, each beside the training sentence that holds its text.
import type { Sentence } from '../data/corpus.ts';
import type { LeakedText, LeakPair, LeakPairsPage, LeakPairsQuery } from '../metrics/leakReport.ts';
import type { TaskLeaks } from '../metrics/leaks.ts';
import { sameLabels } from '../metrics/sameLabels.ts';
import { squeezedText } from '../metrics/squeezedText.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import type { Recent } from './recent.ts';
import { leaksInto } from './taskLeaks.ts';

/** Sentences that one test sentence is looked for in; corpora that cut text finer than this are not known. */
const LONGEST_PASSAGE = 12;

/** A page of the pairs, of all or of those labelled differently. Throws as AnalysisInputs does. */
export async function leakPairs(
  { first, count, different, ...text }: LeakPairsQuery,
  inputs: AnalysisInputs,
  found: Recent<LeakedText, readonly TaskLeaks[]>,
  job: AnalysisJob,
): Promise<LeakPairsPage> {
  const { test, training, near } = text;
  const [leaks] = await found.of(text, () => leaksInto({ tests: [test], training, near }, inputs, job));
  const tested = await inputs.sentences(test, 'test');
  const trained: (readonly Sentence[])[] = [];
  for (const { task, split } of training) trained.push(await inputs.sentences(task, split));
  const all = (leaks?.leaks ?? []).flatMap(({ kind, similarity, sentence: index, match }): LeakPair[] => {
    const sentence = tested[index];
    const source = trained[match.source];
    const type = training[match.source]?.task.type;
    if (sentence === undefined || source === undefined) return [];
    const sentences = passageOf(sentence, source, match.sentence);
    const same = sameLabels(sentence, sentences, test.type === null && type === null);
    return [
      { kind, similarity, index, sentence, match: { source: match.source, index: match.sentence, sentences }, same },
    ];
  });
  const differing = all.filter(({ same }) => !same);
  const asked = different ? differing : all;
  return { total: asked.length, different: differing.length, pairs: asked.slice(first, first + count) };
}

/** The sentences from `first` on that are needed to hold the text; the first alone where they never do. */
function passageOf(sentence: Sentence, source: readonly Sentence[], first: number): readonly Sentence[] {
  const text = squeezedText(sentence);
  const [opening, ...others] = source.slice(first, first + LONGEST_PASSAGE).map(squeezedText);
  let running = opening ?? '';
  let end = first + 1;
  for (const other of others) {
    if (running.includes(text)) break;
    running += other;
    end++;
  }
  return running.includes(text) ? source.slice(first, end) : source.slice(first, first + 1);
}
