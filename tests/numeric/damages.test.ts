// Proves that headless mends damaged files by itself: a lost snapshot of a parent and one older than both resume points, to the same bits.
import { expect, it } from 'vitest';
import { damagesSoak } from '../../soak/damagesSoak.ts';
import { skippedUnlessLong } from '../fixtures/longForm.ts';

const isSkipped = skippedUnlessLong('stored files are damaged', 'it takes a minute of a processor');
it.skipIf(isSkipped)('headless mends lost snapshots', async () => {
  const only = /^manifest of a (parent’s last snapshot|snapshot older than both)/;
  const rows = await damagesSoak({ only, say: () => undefined });
  expect(rows).toHaveLength(10);
  expect(rows.filter(({ injected, lost }) => lost > 0 || !injected.endsWith('mended'))).toEqual([]);
});
