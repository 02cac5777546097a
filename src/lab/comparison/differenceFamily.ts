// The differences of a comparison's contenders to one of them, each named by the predictions that it is judged from.
import type { AskedDifference } from '../../analysis/questions/askedDifference.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { canonicalJson } from '../../util/digest.ts';
import { taskKey, type Comparison, type Variant, type Training } from './comparison.ts';

/** Which contender, whatever it was trained for. */
export type VariantKind = Pick<Variant, 'method' | 'layers'>;

export interface VariantDifference {
  readonly task: TaskRef;
  readonly variant: Variant;
  /** What is asked of the analysis worker. */
  readonly asked: AskedDifference;
}

export interface DifferenceFamily {
  readonly differences: readonly VariantDifference[];
  /** Every snapshot whose predictions are needed, once. */
  readonly requests: readonly PredictionRequest[];
  /** Finished trainings that have no part in it, by why. */
  readonly leftOut: {
    /** Their predictions are not here. */
    readonly imported: number;
    /** Of corpora that are not in the library. */
    readonly withoutCorpus: number;
    /** The other contender was not trained with the same seed and round. */
    readonly unpaired: number;
  };
}

/**
 * Each contender less the baseline on each task, trainings paired by seed and round, with the selected snapshots. `runs`: the ids of the lab's
 * own runs, which alone have predictions. Kept snapshots are paired in the order of their epochs where both kept as many.
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
    const based = variants.find((one) => isVariant(one, baseline));
    const others = (based === undefined ? undefined : own.get(based)) ?? [];
    for (const variant of variants) {
      if (variant === based) continue;
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

/** One contender on one task. */
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
