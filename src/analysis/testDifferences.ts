// Answers questions about several trained systems: test scores with intervals, tested differences, and which tasks help one another.
import { fingerprintOfSplit, type Sentence, type Task } from '../data/corpus/corpus.ts';
import { chooseSubset, taskAffinity } from '../metrics/affinity/taskAffinity.ts';
import { packCounts, unpackCounts, type PackedCounts } from '../metrics/scores/packedCounts.ts';
import { sentenceCounts, totalCounts, type SentenceCounts } from '../metrics/scores/spanScore.ts';
import {
  bootstrapIntervals,
  errorTotals,
  significanceDefaults,
  type ErrorTotals,
  type PairedCounts,
  type PairedTraining,
} from '../metrics/significance/bootstrapIntervals.ts';
import { significance, type Significance } from '../metrics/significance/significance.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import { readGradients } from '../storage/predictionRecords.ts';
import type { Store } from '../storage/store.ts';
import { inTurns, macrotask, mapWork, type Work } from '../util/clock.ts';
import { canonicalJson, fingerprint } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';
import { Rng } from '../util/random.ts';
import type { AnalysisQuery } from '../wire/analysisProtocol.ts';
import { recent, type AnalysisInputs, type AnalysisJob } from './analysisInputs.ts';
import type {
  AffinityQuery,
  AskedChoice,
  AskedDifference,
  AskedScore,
  CountedSource,
  FoundAffinity,
  FoundChoice,
  FoundScore,
  IntervalScore,
} from './questions/systemsQuery.ts';

// Tests differences between trained systems for significance, from the counts in their records or their stored predictions.

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

// Computes test scores with their bootstrap intervals, from the counts in records or from stored predictions.

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

// Answers which tasks help one another, from stored gradients, and which subset of tasks devel speaks for, from stored predictions.

/** Each rejects with the abort reason of the job's signal. */
export interface AffinityQuestions {
  affinity(query: AffinityQuery, job: AnalysisJob): Promise<FoundAffinity>;
  /** One answer per choice, in order. Rejects like AnalysisInputs, except where nothing is stored, and like `checkPairs`. */
  choices(query: readonly AskedChoice[], job: AnalysisJob): Promise<readonly FoundChoice[]>;
}

export function affinityQuestions(store: Store, inputs: AnalysisInputs): AffinityQuestions {
  return {
    async affinity(query, job) {
      const measured = await readGradients(store, query);
      if (measured === undefined) return { answer: null };
      const { tasks, sequences, dimensions, seed } = measured;
      const affinity = await inTurns(taskAffinity(tasks, seed), job);
      const develSequences = tasks.map(({ devel }) => devel.length);
      return { answer: { sequences, dimensions, seed, affinity, develSequences } };
    },

    async choices(query, { signal, report }) {
      const found: FoundChoice[] = [];
      for (const { task, subsets } of query) {
        const lacking = new Map<string, PredictionRequest>();
        const known = new Map<string, SentenceCounts>();
        const countsOf = async (request: PredictionRequest): Promise<SentenceCounts | null> => {
          const key = JSON.stringify(request);
          const counts = known.get(key) ?? (await countPredictions(request, task, inputs).catch(ifNotStored))?.counts ?? null; // prettier-ignore
          if (counts === null) lacking.set(key, request);
          else known.set(key, counts);
          return counts;
        };
        const paired: PairedCounts[][] = [];
        for (const { trainings } of subsets) {
          const pairs: PairedCounts[] = [];
          for (const training of trainings) {
            const [a, b] = [await countsOf(training.a), await countsOf(training.b)];
            if (a !== null && b !== null) pairs.push({ a, b });
          }
          paired.push(pairs);
        }
        const isWhole = lacking.size === 0 && subsets.length > 0;
        found.push({ choice: isWhole ? chooseSubset(paired) : null, lacking: [...lacking.values()] });
        report({ phase: 'resampling sentences', done: found.length, of: query.length });
        await macrotask();
        signal.throwIfAborted();
      }
      return found;
    },
  };
}
