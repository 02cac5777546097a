// Lists the differences between a comparison's variants and a baseline, and says in words what their tests found.
import type { AskedDifference, CountedSource } from '../../analysis/questions/systemsQuery.ts';
import type { Spread } from '../../metrics/scores/spanScore.ts';
import type { Significance, Verdict } from '../../metrics/significance/significance.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { canonicalJson } from '../../util/digest.ts';
import { taskKey, type Comparison, type Training, type Variant } from './comparison.ts';

/** Identifies a variant independently of its task. */
export type VariantKind = Pick<Variant, 'method' | 'layers'>;

export interface VariantDifference {
  readonly task: TaskRef;
  readonly variant: Variant;
  /** The query for the analysis worker. */
  readonly asked: AskedDifference;
}

export interface DifferenceFamily {
  readonly differences: readonly VariantDifference[];
  /** Every snapshot whose predictions are needed, because its run has no counts; without duplicates. */
  readonly requests: readonly PredictionRequest[];
  /** Number of finished trainings that are excluded, by reason. */
  readonly leftOut: {
    /** Trainings of imported results from before result files had counts of sentences. */
    readonly imported: number;
    /** Trainings without such counts on corpora that are not in the library. */
    readonly withoutCorpus: number;
    /** Trainings without a baseline training of the same seed and round. */
    readonly unpaired: number;
    /** Trainings that were scored on other test sentences than the baseline. */
    readonly otherSentences: number;
  };
}

/**
 * Each variant minus the baseline on each task, trainings paired by seed and round, with the selected snapshots. Where a run has counts of its
 * test sentences, nothing else is needed; without them, predictions are, which only the lab's own `runs` have. Snapshots are paired in order
 * of their epochs when both trainings saved equally many.
 */
export function differenceFamily(
  { tasks }: Comparison,
  baseline: VariantKind,
  { corpora, runs }: { readonly corpora: readonly CorpusRecord[]; readonly runs: ReadonlySet<string> },
): DifferenceFamily {
  const differences: VariantDifference[] = [];
  const requests = new Map<string, PredictionRequest>();
  const leftOut = { imported: 0, withoutCorpus: 0, unpaired: 0, otherSentences: 0 };
  for (const { task, variants } of tasks) {
    const corpus = corpora.find(({ fingerprint }) => fingerprint === task.corpus.fingerprint);
    const usable = new Map(
      variants.map((one) => {
        const finished = one.trainings.filter(isScored);
        const own = finished.filter(({ testCounts, runId }) => testCounts !== null || runs.has(runId));
        const counted = own.filter(({ testCounts }) => testCounts !== null || corpus !== undefined);
        leftOut.imported += finished.length - own.length;
        leftOut.withoutCorpus += own.length - counted.length;
        return [one, counted];
      }),
    );
    const reference = variants.find((one) => isVariant(one, baseline));
    const others = (reference === undefined ? undefined : usable.get(reference)) ?? [];
    for (const variant of variants) {
      if (variant === reference) continue;
      const trainings = usable.get(variant) ?? [];
      const paired = trainings.flatMap((a) => {
        const b = others.find(({ seed, round }) => seed === a.seed && round === a.round);
        if (b === undefined) leftOut.unpaired++;
        else if (!isSameSplit(a, b)) leftOut.otherSentences++;
        else return [pairOf(a, b)];
        return [];
      });
      if (paired.length === 0) continue;
      for (const { a, b } of paired) {
        for (const source of [a, b]) if ('runId' in source) requests.set(canonicalJson(source), source);
      }
      const asked = { task: { corpusId: corpus?.id ?? task.corpus.id, type: task.type }, trainings: paired };
      differences.push({ task, variant, asked });
    }
  }
  return { differences, requests: [...requests.values()], leftOut };
}

/** Whether both were scored on the same sentences, as far as their records say it; with predictions the analysis looks itself. */
function isSameSplit(a: Training, b: Training): boolean {
  return a.testCounts === null || b.testCounts === null || a.testCounts.split === b.testCounts.split;
}

/** Lists the variants of all tasks, in the order of the first task that has each: those that others can be compared with. */
export function baselinesOf({ tasks }: Comparison): readonly Pick<Variant, 'method' | 'layers' | 'rate'>[] {
  const found = new Map<string, Pick<Variant, 'method' | 'layers' | 'rate'>>();
  for (const { method, layers, rate } of tasks.flatMap(({ variants }) => variants)) {
    const key = canonicalJson([method, layers]);
    if (!found.has(key)) found.set(key, { method, layers, rate });
  }
  return [...found.values()];
}

/** Identifies one variant on one task. */
export function differenceKey(task: TaskRef, { method, layers }: VariantKind): string {
  return canonicalJson([taskKey(task), method, layers]);
}

export function isVariant(one: VariantKind, other: VariantKind): boolean {
  return one.method === other.method && one.layers === other.layers;
}

function isScored({ status, selectedEpoch, test }: Training): boolean {
  return status === 'finished' && selectedEpoch !== null && test !== null;
}

function pairOf(a: Training, b: Training): AskedDifference['trainings'][number] {
  const ofA = snapshotF1(a);
  const ofB = snapshotF1(b);
  const areAlike = ofA.length === ofB.length;
  return {
    seed: a.seed,
    round: a.round,
    snapshots: areAlike ? ofA.map((f1, index) => ({ a: f1, b: ofB[index] ?? f1 })) : [],
    a: sourceOf(a),
    b: sourceOf(b),
  };
}

function snapshotF1({ snapshots }: Training): readonly number[] {
  return snapshots.flatMap(({ test }) => (test === null ? [] : [test.f1]));
}

function sourceOf({ runId, selectedEpoch, index, testCounts }: Training): CountedSource {
  return testCounts ?? { runId, epoch: selectedEpoch ?? 0, split: 'test', task: index };
}

// Says in words what the tests of differences found, and what they leave out: for the page and for shared pages.

/** Results of testing the differences to STL for significance. */
export interface Distinction {
  /** `differenceKey` of each significant difference. */
  readonly distinct: ReadonlySet<string>;
  /** Number of differences that were corrected together. */
  readonly family: number;
}

export interface TestedDifference {
  readonly difference: VariantDifference;
  readonly found: Significance;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  yes: 'more than noise',
  seeds: 'more than noise over sentences, not over seeds',
  oneSeed: 'more than noise over sentences; one seed says nothing about seeds',
  sentences: 'within noise over sentences',
};

/** Returns which differences the tests found to be more than noise, for the marks in tables. */
export function distinctionOf({ differences }: DifferenceFamily, found: readonly Significance[]): Distinction {
  const distinct = differences.filter((_, index) => found[index]?.verdict === 'yes');
  return {
    distinct: new Set(distinct.map(({ task, variant }) => differenceKey(task, variant))),
    family: differences.length,
  };
}

/** Sums up a family of tested differences in one sentence. */
export function findingText(tested: readonly TestedDifference[], baseline: string): string {
  const distinct = tested.filter(({ found }) => found.verdict === 'yes');
  const better = distinct.filter(({ found }) => found.difference.mean > 0).length;
  const worse = distinct.length - better;
  if (distinct.length === 0) {
    return `None of ${counted(tested.length, 'difference')} from ${baseline} is shown to be more than noise: ${shortOf(tested)}.`;
  }
  const parts = [...(better > 0 ? [`${better} better`] : []), ...(worse > 0 ? [`${worse} worse`] : [])];
  return `${distinct.length} of ${counted(tested.length, 'difference')} from ${baseline} ${distinct.length === 1 ? 'is' : 'are'} more than noise: ${parts.join(', ')}.`;
}

/** Says what the differences lack that are not more than noise, so that a large one with one seed is not called noise. */
function shortOf(tested: readonly TestedDifference[]): string {
  const number = (verdict: Verdict): number => tested.filter(({ found }) => found.verdict === verdict).length;
  const reasons: readonly (readonly [number: number, what: string])[] = [
    [number('oneSeed'), 'more than the noise of test sentences, with one seed'],
    [number('seeds'), 'more than the noise of test sentences, not more than seeds vary'],
    [number('sentences'), 'within the noise of test sentences'],
  ];
  return reasons
    .flatMap(([count, what]) => (count > 0 ? [`${count} ${count === 1 ? 'is' : 'are'} ${what}`] : []))
    .join('; ');
}

/**
 * The verdict on one difference, such as `MTL-LS 0.25 is 38.40 F1 above STL on test: more than the noise of test sentences (95 % interval
 * +27.70 to +49.10). There is one seed, so how much it varies with the seed is not known.`
 */
export function verdictSentence(
  variant: string,
  baseline: string,
  { difference, verdict, seeds: ofSeeds }: Pick<Significance, 'difference' | 'verdict' | 'seeds'>,
): string {
  const { mean, low, high } = difference;
  const size = Math.abs(mean).toFixed(2);
  const side =
    size === '0.00'
      ? `${variant} has the test F1 of ${baseline}`
      : `${variant} is ${size} F1 ${mean > 0 ? 'above' : 'below'} ${baseline} on test`;
  const interval = `(95 % interval ${signedText(low)} to ${signedText(high)})`;
  const seeds = counted(ofSeeds?.count ?? 1, 'seed');
  switch (verdict) {
    case 'yes':
      return `${side}: more than the noise of test sentences ${interval} and of seeds, over ${seeds}.`;
    case 'seeds':
      return `${side}: more than the noise of test sentences ${interval}, but not more than seeds vary, over ${seeds}.`;
    case 'oneSeed':
      return `${side}: more than the noise of test sentences ${interval}. There is one seed, so how much it varies with the seed is not known.`;
    case 'sentences':
      return `${side}: within the noise of test sentences ${interval}.`;
  }
}

/** What would make the verdict surer; null where nothing is missing. */
export function missingText(verdict: Verdict): string | null {
  switch (verdict) {
    case 'yes':
      return null;
    case 'seeds':
      return 'More seeds would show whether the difference is stable.';
    case 'oneSeed':
      return 'Two more seeds would show whether it is stable.';
    case 'sentences':
      return 'More test sentences or more seeds are needed to tell them apart.';
  }
}

/** Says which trainings a family leaves out, and why; null if none. */
export function leftOutText(leftOut: DifferenceFamily['leftOut'], baseline: string): string | null {
  const reasons: readonly (readonly [number: number, why: string])[] = [
    [leftOut.imported, 'of earlier versions, whose results have no counts of sentences'],
    [leftOut.withoutCorpus, 'on corpora that are not in the library'],
    [leftOut.unpaired, `without a ${baseline} training of the same seed and round`],
    [leftOut.otherSentences, `scored on other test sentences than ${baseline}`],
  ];
  const parts = reasons.flatMap(([number, why]) => (number > 0 ? [`${counted(number, 'training')} ${why}`] : []));
  return parts.length === 0 ? null : `Left out: ${parts.join('; ')}.`;
}

/** Writes two decimals with a sign; no sign for 0.00. */
export function signedText(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return text === '0.00' ? text : `${value < 0 ? '−' : '+'}${text}`;
}

export function probabilityText(p: number): string {
  if (p < 0.0001) return '< 0.0001';
  return p.toFixed(p < 0.01 ? 4 : 3);
}

export function deviationText(spread: Spread | null): string {
  return spread?.deviation == null ? '–' : spread.deviation.toFixed(2);
}

/** Writes a number with commas and its noun: `1,204 sentences`. */
export function counted(value: number, noun: string): string {
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`;
}
