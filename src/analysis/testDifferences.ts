// Tests differences between trained systems for significance, from their stored predictions.
import type { Mention } from '../data/corpus/corpus.ts';
import { sentenceCounts, type SentenceCounts } from '../metrics/scores/sentenceCounts.ts';
import type { PairedTraining } from '../metrics/significance/pairedTraining.ts';
import { significance, significanceDefaults, type Significance } from '../metrics/significance/significance.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import { canonicalJson } from '../util/digest.ts';
import { mapWork, type Work } from '../util/work.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import { inTurns, type AnalysisJob } from './analysisJob.ts';
import type { AskedDifference } from './questions/askedDifference.ts';
import { recent } from './recent.ts';

interface DifferencesQuery {
  readonly differences: readonly AskedDifference[];
}

/** Families of comparisons cached for users who switch between them. */
const CACHED_FAMILIES = 4;

/**
 * Returns one result per difference, in order, all as one family, with `significanceDefaults`. Throws like AnalysisInputs, and
 * `metrics/sentences` if predictions are not of the corpus' test sentences.
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
  const requests = new Set(
    differences.flatMap(({ trainings }) => trainings.flatMap(({ a, b }) => [keyOf(a), keyOf(b)])),
  );
  const total = requests.size + differences.length;
  const counts = new Map<string, SentenceCounts>();
  const countsOf = async (
    request: PredictionRequest,
    gold: readonly (readonly Mention[])[],
  ): Promise<SentenceCounts> => {
    const known = counts.get(keyOf(request));
    if (known !== undefined) return known;
    const made = sentenceCounts(gold, await inputs.predicted(request));
    counts.set(keyOf(request), made);
    job.signal.throwIfAborted();
    job.report({ phase: 'counting predictions', done: counts.size, of: total });
    return made;
  };
  const comparisons: PairedTraining[][] = [];
  for (const { task, trainings } of differences) {
    const gold = (await inputs.sentences(task, 'test')).map(({ mentions }) => mentions);
    const paired: PairedTraining[] = [];
    for (const { seed, round, snapshots, a, b } of trainings) {
      paired.push({ seed, round, snapshots, a: await countsOf(a, gold), b: await countsOf(b, gold) });
    }
    comparisons.push(paired);
  }
  return inTurns(afterCounting(comparisons, requests.size, total), job);
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

function keyOf(request: PredictionRequest): string {
  return canonicalJson(request);
}
