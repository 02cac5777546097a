// Computes test scores with their bootstrap intervals, from the counts in records or from stored predictions.
import { totalCounts, type SentenceCounts } from '../metrics/scores/sentenceCounts.ts';
import { bootstrapIntervals } from '../metrics/significance/bootstrapIntervals.ts';
import { macrotask } from '../util/clock.ts';
import { canonicalJson, fingerprint } from '../util/digest.ts';
import { Rng } from '../util/random.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import type { AskedScore, FoundScore, IntervalScore } from './questions/askedDifference.ts';
import { checkSplits, countSource, ifNotStored, type CountedSplit } from './testDifferences.ts';

/** Enough for bounds that differ by a few hundredths between seeds, and seconds for a hundred scores. */
const DRAWS = 1000;
const LEVEL = 0.95;
/** Scores whose intervals are cached: a page asks for a matrix again after each part of it was predicted. */
const CACHED_SCORES = 2000;

/**
 * Answers with F1 and interval of each asked score, and with the sources of it that are not stored. Throws like AnalysisInputs except where
 * nothing is stored, `metrics/sentences` if predictions are of other sentences than the corpus has, `metrics/packed` for damaged counts and
 * `significance/sentences` if the trainings of a score were scored on different sentences.
 */
export function testScores(inputs: AnalysisInputs) {
  /** By the counts themselves: predictions may be replaced. Least recently used first. */
  const intervals = new Map<string, IntervalScore>();

  function scoreOf(counted: readonly SentenceCounts[]): IntervalScore {
    const key = fingerprint(canonicalJson(counted.map(({ gold, predicted, correct }) => [gold, predicted, correct].map((one) => one.join())))); // prettier-ignore
    const score = intervals.get(key) ?? intervalScore(counted);
    intervals.delete(key);
    intervals.set(key, score);
    for (const oldest of [...intervals.keys()].slice(0, -CACHED_SCORES)) intervals.delete(oldest);
    return score;
  }

  return async (query: readonly AskedScore[], { signal, report }: AnalysisJob): Promise<readonly FoundScore[]> => {
    const found: FoundScore[] = [];
    for (const { task, sources } of query) {
      const counted: CountedSplit[] = [];
      const lacking: number[] = [];
      for (const [index, source] of sources.entries()) {
        const counts = await countSource(source, task, inputs).catch(ifNotStored);
        if (counts === null) lacking.push(index);
        else counted.push(counts);
      }
      const [first] = counted;
      for (const other of counted.slice(1)) if (first !== undefined) checkSplits(first, other);
      found.push({ score: first === undefined ? null : scoreOf(counted.map(({ counts }) => counts)), lacking });
      report({ phase: 'resampling sentences', done: found.length, of: query.length });
      await macrotask();
      signal.throwIfAborted();
    }
    return found;
  };
}

/** The mean F1 of trainings on the same sentences, and its interval, drawn with the same seed for every score. */
export function intervalScore(counted: readonly SentenceCounts[]): IntervalScore {
  const f1 = counted.map((counts) => {
    const { gold, predicted, correct } = totalCounts(counts);
    return correct === 0 ? 0 : (200 * correct) / (gold + predicted);
  });
  const pairs = counted.map((counts) => ({ a: counts, b: counts }));
  const { a } = bootstrapIntervals(pairs, { draws: DRAWS, level: LEVEL, rng: Rng.seeded(1).fork('scores') });
  return { f1: f1.reduce((sum, one) => sum + one, 0) / f1.length, ...a, trainings: f1.length };
}
