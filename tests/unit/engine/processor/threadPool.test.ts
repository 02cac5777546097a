// Proves that a machine that is released twice gives its threads back once, so that their number does not double with every run.
import { expect, it } from 'vitest';
import { ThreadPool, type ThreadTask } from '../../../../src/engine/processor/threadPool.ts';

it('puts each thread to one memory, however often the machine before was released', async () => {
  const started: number[] = [];
  const pool = await ThreadPool.open(3, () => Promise.resolve({ run: () => void started.push(1) }));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const task = { memory } as unknown as ThreadTask;
  for (let run = 1; run <= 20; run++) {
    const giveBack = pool.lend(task, () => undefined);
    expect(started.length).toBe(3 * run);
    giveBack();
    giveBack();
  }
});
