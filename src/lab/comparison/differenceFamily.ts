// Lists the differences between a comparison's variants and a baseline, each with the counts or predictions that it is tested on.
import type { AskedDifference, CountedSource } from '../../analysis/questions/askedDifference.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { canonicalJson } from '../../util/digest.ts';
import { taskKey, type Comparison, type Variant, type Training } from './comparison.ts';

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
