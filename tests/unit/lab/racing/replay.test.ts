// Proves what a replay of searches says of the stored grid: costs and regrets as counted by hand from its runs, the same for every search, and refusals with reasons.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildComparisons } from '../../../../src/lab/comparison/comparison.ts';
import { parseResultFile } from '../../../../src/lab/plans/resultFiles.ts';
import {
  gridsOf,
  parsePolicy,
  replayCase,
  replayCases,
  replayPolicies,
  usualPolicies,
} from '../../../../src/lab/racing/replay.ts';
import { replayFile, replayTable } from '../../../../src/lab/racing/replayReport.ts';
import { finishWork } from '../../../../src/util/clock.ts';

const file = parseResultFile(readFileSync('results/disease-sharing-gpu.result.json', 'utf8'));
const layersOf = (id: string): number | undefined => file.models.find((model) => model.id === id)?.layers;
const grids = buildComparisons(file.runs, layersOf).flatMap((comparison) => gridsOf(comparison, file.runs));

/** Scores of a run of MTL-LS, straight from the file. */
function run(task: string, layers: number, seed: number) {
  const found = file.runs.find(
    ({ spec }) => spec.slicing?.layers === layers && spec.seed === seed && spec.tasks[0]?.corpus.name === task,
  );
  const f1 = (scores: { lenient: { overall: { f1: number } } } | null | undefined): number =>
    scores?.lenient.overall.f1 ?? NaN;
  const develAt = (epoch: number): number => f1(found?.epochs.find((point) => point.epoch === epoch)?.devel[0]);
  return { layers, develAt, test: f1(found?.snapshots.find(({ epoch }) => epoch === found.selectedEpoch)?.test[0]), steps: found?.totalSteps ?? NaN }; // prettier-ignore
}

describe('a replay', () => {
  it('finds the whole grids of a file: every task with every rate and seed', () => {
    expect(
      grids.map(({ task, rates, seeds, epochs, countedEpochs }) => [
        task.corpus.name,
        rates,
        seeds,
        epochs,
        countedEpochs,
      ]),
    ).toEqual([
      ['BC5CDR-disease-IOB', [0, 0.25, 0.5, 0.75, 1], [1, 2, 3], 2, []],
      ['NCBI-disease-IOB', [0, 0.25, 0.5, 0.75, 1], [1, 2, 3], 2, []],
    ]);
    const missing = file.runs.filter(({ spec }) => !(spec.slicing?.layers === 2 && spec.seed === 3));
    const fewer = buildComparisons(missing, layersOf).flatMap((comparison) => gridsOf(comparison, missing));
    expect(fewer.map(({ seeds }) => seeds)).toEqual([[1, 2], [1, 2]]); // prettier-ignore
  });

  it('says of one seed alone what sorting its scores by hand says', () => {
    for (const one of replayCases(grids, true)) {
      const [seed = 0] = one.seeds;
      const runs = [0, 1, 2, 3, 4].map((layers) => run(one.grid.task.corpus.name, layers, seed));
      const best = Math.max(...runs.map(({ test }) => test));
      const [first, second] = [1, 2].map((epoch) =>
        [...runs].sort((a, b) => b.develAt(epoch) - a.develAt(epoch) || a.layers - b.layers),
      );
      const top1 = replayCase(parsePolicy('top:1@1'), one);
      expect(top1.regret).toBeCloseTo(best - (first?.[0]?.test ?? NaN), 9);
      expect(top1.steps / top1.fullSteps).toBeCloseTo((5 * 0.5 + 0.5) / 5, 9);
      const all = replayCase({ kind: 'all' }, one);
      expect(all.regret).toBeCloseTo(best - (second?.[0]?.test ?? NaN), 9);
      const two = first?.slice(0, 2).sort((a, b) => b.develAt(2) - a.develAt(2) || a.layers - b.layers);
      const top2 = replayCase(parsePolicy('top:2@1:end'), one);
      expect(top2.regret).toBeCloseTo(best - (two?.[0]?.test ?? NaN), 9);
      expect(top2.behindGrid).toBeCloseTo((second?.[0]?.test ?? NaN) - (two?.[0]?.test ?? NaN), 9);
      expect(replayCase(parsePolicy('fixed:1'), one).regret).toBeCloseTo(best - (runs[4]?.test ?? NaN), 9);
    }
  });

  it('costs what it trains: all rates with one seed to the rung, the two best with the others, and one to its end', () => {
    for (const one of replayCases(grids, false)) {
      const { steps, fullSteps, standing } = replayCase(parsePolicy('top:2@1'), one);
      const each = run(one.grid.task.corpus.name, 0, 1).steps;
      expect(fullSteps).toBe(15 * each);
      expect(steps).toBe((5 + 2 * 2 + 3) * (each / 2));
      expect(standing?.rungs.map(({ seeds }) => seeds)).toEqual([one.seeds.slice(0, 1), one.seeds]);
    }
  });

  it('refuses a race without counts, a rate and an epoch that the grid lacks, and words that name no policy', () => {
    const policies = ['race:1:2', 'fixed:0.3', 'top:2@3'].map(parsePolicy);
    const outcomes = finishWork(replayPolicies(policies, replayCases(grids, false)));
    expect(outcomes.map(({ refusal, cases }) => [cases.length, refusal?.slice(0, 40)])).toEqual([
      [0, 'Racing compares rates by what they found'],
      [0, 'The grid was not trained at rate 0.30. E'],
      [0, 'The runs of the grid have fewer epochs t'],
    ]);
    for (const word of ['best', 'top:0@1', 'race:2,1:2', 'race:1:1', 'fixed:2']) {
      expect(() => parsePolicy(word), word).toThrow(expect.objectContaining({ code: 'replay/policy' }));
    }
  });

  it('says in its table and its picture what it found, at most two fifths of the steps for the best two of three seeds', () => {
    const outcomes = finishWork(replayPolicies(usualPolicies(2), replayCases(grids, false)));
    const top = outcomes.find(({ name }) => name === 'the best 2 after epoch 1');
    expect(top?.share).toBeCloseTo(0.4, 9);
    expect(replayTable(outcomes)).toMatch(/the best 2 after epoch 1 +40 % +0\.08 \(0\.00 to 0\.16\)/);
    const picture = replayFile(outcomes, 'Cost & regret');
    expect(picture).toMatch(/Cost &(amp|#38);/);
    expect(picture).not.toContain('Cost & regret');
    expect(picture.match(/<circle/g)).toHaveLength(outcomes.filter(({ refusal }) => refusal === null).length);
  });

  it('shares nothing between tasks where the best are kept, whatever is offered', () => {
    const [shared, alone] = (['category', 'none'] as const).map((sharing) =>
      finishWork(replayPolicies([parsePolicy('top:2@1')], replayCases(grids, false), sharing)),
    );
    expect(shared?.map(({ regret }) => regret)).toEqual(alone?.map(({ regret }) => regret));
  });
});
