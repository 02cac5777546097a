// Finds whole grids of slicing rates among finished runs: each task with every rate and seed, and what is known of each training.
import type { RungScore } from '../../metrics/racing/race.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { taskKey, type Comparison } from '../comparison/comparison.ts';
import { scoreAt } from './liveRaces.ts';

/** One training of a grid. */
export interface GridCell {
  /** Updates done after an epoch. */
  readonly stepsAt: (epoch: number) => number;
  /** Devel score after an epoch; at the end that of the selected snapshot. */
  readonly scoreAt: (epoch: number) => RungScore | null;
  /** F1 of the selected snapshot, percent. */
  readonly devel: number;
  readonly test: number;
}

/** A task that was trained at every rate with every seed. */
export interface StoredGrid {
  readonly task: TaskRef;
  readonly category: string;
  readonly model: string;
  /** Increasing. */
  readonly rates: readonly number[];
  readonly seeds: readonly number[];
  readonly epochs: number;
  /** Whether the devel sentences were counted after each of these epochs, in every training. */
  readonly countedEpochs: readonly number[];
  readonly cellOf: (rate: number, seed: number) => GridCell;
}

/** The grids of a comparison: of each task with two rates or more, the seeds with which every rate was trained to its end. */
export function gridsOf(comparison: Comparison, records: readonly RunRecord[]): readonly StoredGrid[] {
  const byId = new Map(records.map((record) => [record.spec.id, record]));
  return comparison.tasks.flatMap(({ task, variants }): readonly StoredGrid[] => {
    const sliced = variants.filter(({ method, rate }) => method === 'MTL-LS' && rate !== null);
    const cells = new Map<string, { readonly cell: GridCell; readonly record: RunRecord }>();
    for (const { rate, trainings } of sliced) {
      for (const { runId, seed, round, status, devel, test } of trainings) {
        const record = byId.get(runId);
        if (round > 0 || status !== 'finished' || devel === null || test === null || record === undefined) continue;
        cells.set(`${rate} ${seed}`, { cell: cellOf(record, devel.f1, test.f1), record });
      }
    }
    const rates = sliced.flatMap(({ rate }) => rate ?? []);
    const allSeeds = [...new Set([...cells.values()].map(({ record }) => record.spec.seed))].sort((one, other) => one - other); // prettier-ignore
    const seeds = allSeeds.filter((seed) => rates.every((rate) => cells.has(`${rate} ${seed}`)));
    const used = rates.flatMap((rate) => seeds.flatMap((seed) => cells.get(`${rate} ${seed}`)?.record ?? []));
    const epochs = used[0]?.epochs.length ?? 0;
    if (rates.length < 2 || seeds.length === 0 || used.some((record) => record.epochs.length !== epochs)) return [];
    const isCounted = (epoch: number): boolean => used.every((record) => scoreAt(record, epoch)?.counts != null);
    return [
      {
        task,
        category: comparison.category?.name ?? '',
        model: comparison.model.name,
        rates,
        seeds,
        epochs,
        countedEpochs: Array.from({ length: epochs }, (_, index) => index + 1).filter(isCounted),
        cellOf: (rate, seed) => {
          const found = cells.get(`${rate} ${seed}`);
          if (found === undefined)
            throw new Error(`The grid of ${taskKey(task)} has no rate ${rate} with seed ${seed}.`);
          return found.cell;
        },
      },
    ];
  });
}

function cellOf(record: RunRecord, devel: number, test: number): GridCell {
  return {
    stepsAt: (epoch) => record.epochs.find((point) => point.epoch === epoch)?.step ?? record.totalSteps,
    scoreAt: (epoch) => scoreAt(record, epoch),
    devel,
    test,
  };
}
