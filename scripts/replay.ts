// Replays ways of finding the slicing rate on stored grids: what each would have cost in steps, and lost in F1, as a table, JSON and a chart.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readResultFile } from '../headless/readResultFile.ts';
import { buildComparisons } from '../src/lab/comparison/comparison.ts';
import {
  gridsOf,
  parsePolicy,
  replayCases,
  replayPolicies,
  usualPolicies,
  type StoredGrid,
} from '../src/lab/racing/replay.ts';
import { casesOf, replayFile, replayTable } from '../src/lab/racing/replayReport.ts';
import { finishWork } from '../src/util/clock.ts';
import { LabError } from '../src/util/labError.ts';

const usage = `usage: npm run replay -- FILE.result.json ... [--policy POLICY ...] [--seeds together|apart] [--share none|category] [--json] [--svg FILE.svg]

  POLICY    all              every rate to its end, the best on devel
            fixed:1          one rate alone
            top:2@1          the best 2 after epoch 1, chosen after that epoch by the mean over seeds; top:2@1:end chosen when both are trained
            race:1,2:2       a race with rungs after epochs 1 and 2 and 2 finalists; race:1,2:2:end chosen at the end
            by default all of these that the grid has epochs for
  --seeds   together: rates are tried with one seed first, each in turn; apart: each seed is a search alone
  --share   category: a race expects the shape of the other tasks of its category (the task itself is left out)
`;

/** The whole grids of a result file. Throws as `readResultFile` does, and LabError `replay/grid` without any. */
async function gridsIn(file: string): Promise<readonly StoredGrid[]> {
  const { runs, models } = await readResultFile(file);
  const layersOf = (id: string): number | undefined => models.find((model) => model.id === id)?.layers;
  const grids = buildComparisons(runs, layersOf).flatMap((comparison) => gridsOf(comparison, runs));
  if (grids.length > 0) return grids;
  throw new LabError('replay/grid', 'There is no whole grid of slicing rates in this file.', {
    expected: 'MTL-LS of a task at two rates or more, each finished with the same seeds, with devel and test scores',
    got: `${runs.length} runs of ${[...new Set(runs.map(({ spec }) => spec.method))].join(', ')}`,
  });
}

function describeGrids(grids: readonly StoredGrid[]): string {
  return grids
    .map(({ task, rates, seeds, epochs, countedEpochs }) => {
      const counted =
        countedEpochs.length === 0 ? 'F1 alone' : `sentences counted after epochs ${countedEpochs.join(', ')}`;
      return `${task.corpus.name} ${task.type ?? ''}: ${rates.length} rates, ${seeds.length} seeds, ${epochs} epochs, ${counted}`;
    })
    .join('\n');
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    policy: { type: 'string', multiple: true },
    seeds: { type: 'string', default: 'together' },
    share: { type: 'string', default: 'none' },
    json: { type: 'boolean', default: false },
    svg: { type: 'string' },
  },
});
if (
  positionals.length === 0 ||
  !['together', 'apart'].includes(values.seeds) ||
  !['none', 'category'].includes(values.share)
) {
  console.error(usage);
  process.exit(2);
}
try {
  const grids = (await Promise.all(positionals.map(gridsIn))).flat();
  const epochs = Math.min(...grids.map((grid) => grid.epochs));
  const policies = values.policy?.map(parsePolicy) ?? usualPolicies(epochs);
  const cases = replayCases(grids, values.seeds === 'apart');
  const outcomes = finishWork(replayPolicies(policies, cases, values.share === 'category' ? 'category' : 'none'));
  if (values.svg !== undefined)
    writeFileSync(values.svg, replayFile(outcomes, 'Cost and regret of searches for the slicing rate'));
  if (values.json) {
    const rows = outcomes.map(({ cases: found, policy: _policy, ...one }) => ({
      ...one,
      cases: found.map(({ of, standing, ...outcome }) => ({
        task: [of.grid.task.corpus.name, of.grid.task.type],
        seeds: of.seeds,
        ...outcome,
        drops: standing?.drops ?? null,
      })),
    }));
    console.log(JSON.stringify(rows, null, 2));
  } else {
    const { tasks, cases: count } = casesOf(outcomes);
    console.log(`${describeGrids(grids)}\n\n${replayTable(outcomes)}`);
    console.log(
      `\nMeans over ${count} searches of ${tasks} tasks, percent; in brackets 95 % of bootstrap means over tasks. Steps are those of MTL-LS.`,
    );
  }
} catch (error) {
  console.error(LabError.describe(LabError.toData(error)));
  process.exitCode = 2;
}
