// Tests differences between trained systems for significance, from the counts in their records or their stored predictions.
import type { Sentence, Task } from '../data/corpus/corpus.ts';
import { fingerprintOfSplit } from '../data/corpus/describeSentences.ts';
import { packCounts, unpackCounts, type PackedCounts } from '../metrics/scores/packedCounts.ts';
import { sentenceCounts, type SentenceCounts } from '../metrics/scores/sentenceCounts.ts';
import { errorTotals, type ErrorTotals } from '../metrics/significance/errorTotals.ts';
import type { PairedTraining } from '../metrics/significance/pairedTraining.ts';
import { significance, significanceDefaults, type Significance } from '../metrics/significance/significance.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import { canonicalJson } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import { inTurns, mapWork, type Work } from '../util/work.ts';
import type { AnalysisQuery } from '../wire/analysisProtocol.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import type { AskedDifference, CountedSource } from './questions/askedDifference.ts';
import { recent } from './recent.ts';

interface DifferencesQuery {
  readonly differences: readonly AskedDifference[];
}

/** Families of comparisons cached for users who switch between them. */
const CACHED_FAMILIES = 4;

/**
 * Returns one result per difference, in order, all as one family, with `significanceDefaults`. Throws like AnalysisInputs,
 * `metrics/sentences` if predictions are not of the corpus' test sentences, `metrics/packed` if counts are damaged, and
 * `significance/sentences` if two systems were not scored on the same sentences.
 */
export function testDifferences(inputs: AnalysisInputs) {
  const tested = recent<DifferencesQuery, readonly Significance[]>(CACHED_FAMILIES);
  return (query: DifferencesQuery, job: AnalysisJob): Promise<readonly Significance[]> =>
    tested.of(query, () => validate(query, inputs, job));
}

async function validate(
  { differences }: DifferencesQuery,
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly Significance[]> {
  const sources = new Set(
    differences.flatMap(({ trainings }) => trainings.flatMap(({ a, b }) => [keyOf(a), keyOf(b)])),
  );
  const total = sources.size + differences.length;
  const counted = new Map<string, CountedSplit>();
  const countsOf = async (source: CountedSource, task: Task): Promise<CountedSplit> => {
    const known = counted.get(keyOf(source));
    if (known !== undefined) return known;
    const made = await countSource(source, task, inputs);
    counted.set(keyOf(source), made);
    job.signal.throwIfAborted();
    job.report({ phase: 'counting predictions', done: counted.size, of: total });
    return made;
  };
  const comparisons: PairedTraining[][] = [];
  for (const { task, trainings } of differences) {
    const paired: PairedTraining[] = [];
    for (const { seed, round, snapshots, a, b } of trainings) {
      const [ofA, ofB] = [await countsOf(a, task), await countsOf(b, task)];
      checkSplits(ofA, ofB);
      paired.push({ seed, round, snapshots, a: ofA.counts, b: ofB.counts });
    }
    comparisons.push(paired);
  }
  return inTurns(afterCounting(comparisons, sources.size, total), job);
}

/** Counts stored predictions for records that have no counts; throws like AnalysisInputs, except where nothing is stored. */
export function countsOfPredictions(inputs: AnalysisInputs) {
  return async (
    query: AnalysisQuery<'testCounts'>,
    { signal, report }: AnalysisJob,
  ): Promise<readonly (PackedCounts | null)[]> => {
    const found: (PackedCounts | null)[] = [];
    for (const asked of query) {
      const counted = asked && (await countPredictions(asked.request, asked.task, inputs).catch(ifNotStored));
      const split = counted === null || typeof counted.split === 'string' ? null : fingerprintOfSplit(counted.split);
      found.push(counted === null || split === null ? null : packCounts(counted.counts, split));
      signal.throwIfAborted();
      report({ phase: 'counting predictions', done: found.length, of: query.length });
    }
    return found;
  };
}

export function ifNotStored(error: unknown): null {
  if (error instanceof LabError && error.code === 'analysis/no-predictions') return null;
  throw error;
}

/** Returns the totals of each list of counts, in order. Throws `metrics/packed` if some are damaged. */
export function totalErrors(query: readonly PackedCounts[], job: AnalysisJob): Promise<readonly ErrorTotals[]> {
  function* work(): Work<readonly ErrorTotals[]> {
    const totals: ErrorTotals[] = [];
    for (const counts of query) {
      totals.push(errorTotals(unpackCounts(counts)));
      yield { phase: 'summing errors', done: totals.length, of: query.length };
    }
    return totals;
  }
  return inTurns(work(), job);
}

/** Counts of one system, and what the sentences are. */
export interface CountedSplit {
  readonly counts: SentenceCounts;
  /** Their fingerprint; for predictions the sentences themselves, as it is needed only beside counts of a record. */
  readonly split: string | readonly Sentence[];
}

/** Throws like AnalysisInputs for predictions, `metrics/packed` for damaged counts. */
export function countSource(source: CountedSource, task: Task, inputs: AnalysisInputs): Promise<CountedSplit> {
  if ('runId' in source) return countPredictions(source, task, inputs);
  return Promise.resolve({ counts: unpackCounts(source), split: source.split });
}

/** Throws like AnalysisInputs, and `metrics/sentences` if they are of other sentences than the corpus has. */
export async function countPredictions(
  request: PredictionRequest,
  task: Task,
  inputs: AnalysisInputs,
): Promise<CountedSplit> {
  const split = await inputs.sentences(task, request.split);
  const gold = split.map(({ mentions }) => mentions);
  return { counts: sentenceCounts(gold, await inputs.predicted(request)), split };
}

/** Throws `significance/sentences` unless both are of the same sentences. Two lists of sentences are of the task's corpus and need no look. */
export function checkSplits(a: CountedSplit, b: CountedSplit): void {
  if (typeof a.split !== 'string' && typeof b.split !== 'string') return;
  const [ofA, ofB] = [a.split, b.split].map((split) => (typeof split === 'string' ? split : fingerprintOfSplit(split)));
  if (ofA === ofB) return;
  throw new LabError('significance/sentences', 'The trainings were not scored on the same test sentences.', {
    expected: `test sentences ${ofA?.slice(0, 16)}`,
    got: `test sentences ${ofB?.slice(0, 16)}`,
  });
}

/** Tests the family, as work whose first part, the counting, is already done. */
function afterCounting(
  comparisons: readonly (readonly PairedTraining[])[],
  counted: number,
  total: number,
): Work<readonly Significance[]> {
  return mapWork(significance(comparisons, significanceDefaults), ({ phase, done }) => ({
    phase,
    done: counted + done,
    of: total,
  }));
}

function keyOf(source: CountedSource): string {
  return canonicalJson(source);
}
