// Writes all scores of runs as one long table, a value a line, for programs that track experiments.
import type { SpanScore, SplitScores } from '../../metrics/scores/spanScore.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { csvText } from '../../util/csv.ts';

/** What a line of the table says, in order; README of the crate describes them. */
export const LONG_COLUMNS = {
  run: 'identifier of the run',
  method: 'STL, MTL-XC, MTL-LS, MTL-PL or PL-LS',
  category: 'category of a joint or sliced run; empty for STL',
  corpus: 'corpus of the task',
  type: 'entity type of the task; empty for all types of the corpus',
  model: 'pretrained model',
  seed: 'seed of the run',
  round: 'round of training, from 0',
  shared_layers: 'layers that a sliced run shares; empty for others',
  epoch: 'epochs done',
  step: 'updates done; empty where only the epoch is known',
  selected: '1 for the epoch whose snapshot was selected by devel, else 0',
  split: 'train, devel or test',
  matching:
    'lenient, as conlleval counts, or strict, without mentions that break the tag scheme; empty for other metrics',
  entity: 'entity type that is scored; empty for all together',
  metric: 'precision, recall, f1, accuracy (percent), gold, predicted, correct (mentions), or loss',
  value: 'the number',
} as const;

type LongRow = Readonly<Record<keyof typeof LONG_COLUMNS, string | number | null>>;

/** One line for each value of each epoch and snapshot of each run. Takes time linear in the scores. */
export function longScoresCsv(runs: readonly RunRecord[]): string {
  const columns = Object.keys(LONG_COLUMNS) as (keyof typeof LONG_COLUMNS)[];
  return csvText([columns, ...longScores(runs).map((row) => columns.map((column) => row[column]))]);
}

export function longScores(runs: readonly RunRecord[]): readonly LongRow[] {
  return runs.flatMap(rowsOfRun);
}

function rowsOfRun({ spec, epochs, snapshots, selectedEpoch }: RunRecord): readonly LongRow[] {
  const known = new Map(epochs.map(({ epoch, step }) => [epoch, step]));
  const at = (epoch: number) => ({
    run: spec.id,
    method: spec.method,
    category: spec.category?.name ?? null,
    model: spec.model.name,
    seed: spec.seed,
    round: spec.round,
    shared_layers: spec.slicing?.layers ?? null,
    epoch,
    step: known.get(epoch) ?? null,
    selected: epoch === selectedEpoch ? 1 : 0,
  });
  const scored = (epoch: number, split: 'devel' | 'test', scores: readonly (SplitScores | null)[]): LongRow[] =>
    spec.tasks.flatMap(({ corpus, type }, task) => {
      const own = scores[task];
      if (own == null) return [];
      return valuesOf(own).map((value) => ({ ...at(epoch), corpus: corpus.name, type, split, ...value }));
    });
  const losses = epochs.map(({ epoch, loss }): LongRow => ({
    ...at(epoch),
    // Of all tasks of the run together.
    ...{ corpus: spec.tasks.length === 1 ? (spec.tasks[0]?.corpus.name ?? null) : null, type: null },
    ...{ split: 'train', matching: null, entity: null, metric: 'loss', value: loss },
  }));
  return [
    ...losses,
    ...epochs.flatMap(({ epoch, devel }) => scored(epoch, 'devel', devel)),
    ...snapshots.filter(({ epoch }) => !known.has(epoch)).flatMap(({ epoch, devel }) => scored(epoch, 'devel', devel)),
    ...snapshots.flatMap(({ epoch, test }) => scored(epoch, 'test', test)),
  ];
}

type Scored = Pick<LongRow, 'matching' | 'entity' | 'metric' | 'value'>;

function valuesOf({ accuracy, lenient, strict }: SplitScores): readonly Scored[] {
  const ofMatching = (matching: string, { overall, perType }: SplitScores['lenient']): Scored[] => [
    ...metricsOf(overall).map((one) => ({ matching, entity: null, ...one })),
    ...Object.entries(perType).flatMap(([entity, score]) =>
      metricsOf(score).map((one) => ({ matching, entity, ...one })),
    ),
  ];
  return [
    { matching: null, entity: null, metric: 'accuracy', value: accuracy },
    ...ofMatching('lenient', lenient),
    ...ofMatching('strict', strict),
  ];
}

function metricsOf({ precision, recall, f1, gold, predicted, correct }: SpanScore) {
  return Object.entries({ precision, recall, f1, gold, predicted, correct }).map(([metric, value]) => ({
    metric,
    value,
  }));
}
