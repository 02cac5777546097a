// Proves that draining a generator hands over each event before it gets the next one, returns its result, and throws what either side throws.
import { expect, it } from 'vitest';
import { countThrough, drain, finishWork, mapEvents, mapWork } from '../../../src/util/clock.ts';

async function* counting(upTo: number, asked: number[] = []): AsyncGenerator<number, string> {
  for (let index = 0; index < upTo; index++) {
    asked.push(index);
    yield index;
  }
  return 'finished';
}

it('waits for the callback before it asks for the next event', async () => {
  const order: string[] = [];
  const asked: number[] = [];
  const result = await drain(counting(3, asked), async (event) => {
    await Promise.resolve();
    order.push(`${event} of ${asked.length} asked for`);
  });
  expect(result).toBe('finished');
  expect(order).toEqual(['0 of 1 asked for', '1 of 2 asked for', '2 of 3 asked for']);
});

it('throws what the callback throws, and asks for nothing more', async () => {
  const asked: number[] = [];
  const failure = new Error('lost');
  const drained = drain(counting(3, asked), () => {
    throw failure;
  });
  await expect(drained).rejects.toBe(failure);
  expect(asked).toEqual([0]);
});

it('throws what the generator throws', async () => {
  const failure = new Error('lost');
  async function* failing(): AsyncGenerator<number, void> {
    throw failure;
  }
  await expect(drain(failing())).rejects.toBe(failure);
});

it('changes each event on its way and keeps the result', async () => {
  const seen: string[] = [];
  expect(
    await drain(
      mapEvents(counting(2), (event) => `event ${event}`),
      (event) => void seen.push(event),
    ),
  ).toBe('finished');
  expect(seen).toEqual(['event 0', 'event 1']);
});

it('does the same for synchronous work', () => {
  function* work(): Generator<number, string> {
    yield 1;
    yield 2;
    return 'finished';
  }
  const seen = [...mapWork(work(), (step) => step * 10)];
  expect(seen).toEqual([10, 20]);
  expect(finishWork(mapWork(work(), String))).toBe('finished');
});

it('counts through all numbers, the last step saying that all are done', () => {
  const seen: number[] = [];
  const steps = [...countThrough('counting', 300, (index) => seen.push(index))];
  expect(seen).toHaveLength(300);
  expect(steps.map(({ done }) => done)).toEqual([0, 256, 300]);
});
