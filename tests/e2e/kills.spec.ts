// Proves that a run whose browser, tab and tab's process are killed at random moments ends with the bits of one that was left alone.
import { expect, test } from '@playwright/test';
import { singleTaskPlan, writePlanFolder } from '../../soak/killPlans.ts';
import { killedPlan } from '../../soak/killedPlan.ts';
import { outcomeDifferences, trainedMs } from '../../soak/trainedOutcome.ts';
import { Rng } from '../../src/util/random.ts';

test(
  'a run outlives SIGKILL of its browser and of its tab, and the tab being closed, to the bit',
  { tag: '@lengthy' },
  async ({ baseURL }, info) => {
    const plan = singleTaskPlan(6);
    const folder = await writePlanFolder(info.outputPath('plan'), plan);
    const common = { address: baseURL ?? '', backend: 'wasm', plan, folder, say: console.log } as const;
    const whole = await killedPlan({ ...common, deaths: [], killWithinMs: 0, rng: Rng.seeded(1) });
    expect(whole.stored.records.map(({ status, epochs }) => [status, epochs.length])).toEqual([['finished', 6]]);
    expect(Object.keys(whole.stored.digests).length).toBeGreaterThan(30);
    const deaths = ['browser', 'renderer', 'tab'] as const;
    const killed = await killedPlan({
      ...common,
      deaths,
      killWithinMs: trainedMs(whole.stored.records) / 2,
      rng: Rng.seeded(2),
    });
    // A training that ends early was killed less often, and proves what it can; the first kill always comes.
    expect(killed.strikes.length).toBeGreaterThan(0);
    expect(outcomeDifferences(whole, killed)).toEqual([]);
  },
);
