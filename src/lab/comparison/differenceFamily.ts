// Lists the differences between a comparison's variants and a baseline, each with the predictions that it is tested on.
import type { AskedDifference } from '../../analysis/questions/askedDifference.ts';
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
  /** Every snapshot whose predictions are needed, without duplicates. */
  readonly requests: readonly PredictionRequest[];
  /** Number of finished trainings that are excluded, by reason. */
  readonly leftOut: {
    /** Trainings of imported results, which come without predictions. */
    readonly imported: number;
    /** Trainings on corpora that are not in the library. */
    readonly withoutCorpus: number;
    /** Trainings without a baseline training of the same seed and round. */
    readonly unpaired: number;
  };
}

/**
 * Each variant minus the baseline on each task, trainings paired by seed and round, with the selected snapshots. `runs`: ids of the lab's
 * own runs, as only they have predictions. Snapshots are paired in order of their epochs when both trainings saved equally many.
 */
export function differenceFamily(
  { tasks }: Comparison,
  baseline: VariantKind,
  { corpora, runs }: { readonly corpora: readonly CorpusRecord[]; readonly runs: ReadonlySet<string> },
): DifferenceFamily {
  const differences: VariantDifference[] = [];
  const requests = new Map<string, PredictionRequest>();
  const leftOut = { imported: 0, withoutCorpus: 0, unpaired: 0 };
  for (const { task, variants } of tasks) {
    const finished = new Map(variants.map((one) => [one, one.trainings.filter(isScored)]));
    const own = new Map([...finished].map(([one, trainings]) => [one, trainings.filter(({ runId }) => runs.has(runId))])); // prettier-ignore
    const corpus = corpora.find(({ fingerprint }) => fingerprint === task.corpus.fingerprint);
    const count = (of: ReadonlyMap<Variant, readonly Training[]>): number =>
      [...of.values()].reduce((sum, { length }) => sum + length, 0);
    leftOut.imported += count(finished) - count(own);
    if (corpus === undefined) {
      leftOut.withoutCorpus += count(own);
      continue;
    }
    const reference = variants.find((one) => isVariant(one, baseline));
    const others = (reference === undefined ? undefined : own.get(reference)) ?? [];
    for (const variant of variants) {
      if (variant === reference) continue;
      const trainings = own.get(variant) ?? [];
      const paired = trainings.flatMap((a) => {
        const b = others.find(({ seed, round }) => seed === a.seed && round === a.round);
        return b === undefined ? [] : [pairOf(a, b)];
      });
      leftOut.unpaired += trainings.length - paired.length;
      if (paired.length === 0) continue;
      for (const { a, b } of paired) for (const request of [a, b]) requests.set(canonicalJson(request), request);
      const asked = { task: { corpusId: corpus.id, type: task.type }, trainings: paired };
      differences.push({ task, variant, asked });
    }
  }
  return { differences, requests: [...requests.values()], leftOut };
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
    a: requestOf(a),
    b: requestOf(b),
  };
}

function snapshotF1({ snapshots }: Training): readonly number[] {
  return snapshots.flatMap(({ test }) => (test === null ? [] : [test.f1]));
}

function requestOf({ runId, selectedEpoch, index }: Training): PredictionRequest {
  return { runId, epoch: selectedEpoch ?? 0, split: 'test', task: index };
}
