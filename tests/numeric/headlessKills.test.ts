// Proves that headless, killed by SIGKILL during training and run again, ends bit for bit like an uninterrupted one.
import { expect, it } from 'vitest';
import { headlessKills } from '../../soak/headlessKills.ts';
import { singleTaskPlan } from '../../soak/killPlans.ts';

const isLong = process.env['SOAK'] !== undefined;
if (!isLong) console.log('Skipped, because it takes a minute of a processor and SOAK is not set: headless is killed.');

it.skipIf(!isLong)('headless resumes after a kill, to the same weights and result file', async () => {
  const { rows, differences } = await headlessKills({
    plan: singleTaskPlan(6),
    kills: 2,
    seed: 1,
    say: () => undefined,
  });
  expect(differences).toEqual([]);
  expect(rows[0]).toMatchObject({ times: 2, lost: 0 });
});
