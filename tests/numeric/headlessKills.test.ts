// Proves that headless, killed by SIGKILL during training and run again, ends bit for bit like an uninterrupted one.
import { expect, it } from 'vitest';
import { headlessKills } from '../../soak/headlessKills.ts';
import { singleTaskPlan } from '../../soak/killPlans.ts';
import { skippedUnlessLong } from '../fixtures/longForm.ts';

const isSkipped = skippedUnlessLong('headless is killed', 'it takes a minute of a processor');
it.skipIf(isSkipped)('headless resumes after a kill, to the same weights and result file', async () => {
  const { rows, differences } = await headlessKills({
    plan: singleTaskPlan(6),
    kills: 2,
    seed: 1,
    say: () => undefined,
  });
  expect(differences).toEqual([]);
  expect(rows[0]).toMatchObject({ times: 2, lost: 0 });
});
