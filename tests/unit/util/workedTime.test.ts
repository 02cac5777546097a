// Proves that sleep and clock changes affect neither the time worked, nor the time left, nor the order of stored records.
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { throttledProgress } from '../../../src/lab/state/labStore.ts';
import { createPace, createWorkedTime, laterThan, notBefore } from '../../../src/util/clock.ts';
import { droppedCorpus, droppedModel } from '../../fixtures/drops.ts';
import { closeLabs, openLab, settled, view } from '../../fixtures/labBench.ts';
import { planFile } from '../../fixtures/records.ts';

const hour = 3_600_000;
const minute = 60_000;

afterEach(() => {
  vi.restoreAllMocks();
  closeLabs();
});

/** The time worked after gaps of the given milliseconds, read after each. */
function workedAfter(gaps: readonly number[]): readonly number[] {
  let clock = 1e6;
  const workedMs = createWorkedTime(() => clock);
  return gaps.map((gap) => {
    clock += gap;
    return workedMs();
  });
}

describe('the time worked', () => {
  it('is that of the clock where nothing sleeps, fast or slow', () => {
    const gap = fc.integer({ min: 0, max: 170_000 });
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1 }), (gaps) => {
        expect(workedAfter(gaps).at(-1)).toBe(gaps.reduce((sum, one) => sum + one, 0));
      }),
    );
  });

  it('never goes back and never grows by more than the clock, whatever the clock does', () => {
    const gap = fc.integer({ min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(fc.array(gap), (gaps) => {
        workedAfter(gaps).reduce((before, after, place) => {
          expect(after - before).toBeGreaterThanOrEqual(0);
          expect(after - before).toBeLessThanOrEqual(Math.max(0, gaps[place] ?? 0));
          return after;
        }, 0);
      }),
    );
  });

  it('takes a sleep of any length among steps of any usual length for three minutes or a few steps', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 20, maxLength: 100 });
    fc.assert(
      fc.property(steps, fc.integer({ min: hour, max: 1000 * hour }), fc.nat(), (before, sleep, seed) => {
        const place = seed % before.length;
        const awake = before.reduce((sum, one) => sum + one, 0);
        const slept = before.with(place, (before[place] ?? 0) + sleep);
        expect((workedAfter(slept).at(-1) ?? 0) - awake).toBeLessThanOrEqual(3 * minute);
      }),
    );
  });

  it('takes one sleep after the other no better for work, with a minute of work between them', () => {
    const night = [8 * hour, ...Array<number>(60).fill(1000)];
    const nights = Array.from({ length: 50 }, () => night).flat();
    expect(workedAfter(nights).at(-1)).toBeLessThanOrEqual(50 * (3 + 1) * minute);
  });

  it('learns that steps of ten minutes are work, although two of three looks come at once', () => {
    const steps = Array.from({ length: 60 }, () => [0, 1, 10 * minute]).flat();
    const worked = workedAfter(steps);
    expect((worked.at(-1) ?? 0) - (worked[89] ?? 0)).toBeCloseTo(30 * (10 * minute + 1), 0);
  });
});

describe('the time left', () => {
  it('of a run grows to tenfold at most by one step of any length, and is right again after a hundred', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 1, max: hour }), (before, nap) => {
        const pace = createPace();
        for (let step = 0; step <= before; step++) pace.step(100, 1);
        pace.step(100 + nap, 1);
        expect(pace.remainingMs(1, 0)).toBeLessThanOrEqual(100 * 10);
        for (let step = 0; step < 100; step++) pace.step(100, 1);
        expect(pace.remainingMs(1, 0)).toBeLessThanOrEqual(110);
      }),
    );
  });

  it('of a download leaves out what the machine slept through', () => {
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    let left: number | undefined = NaN;
    const tell = throttledProgress((_progress, remainingMs) => (left = remainingMs), {
      phase: 'counting',
      done: 0,
      of: 1000,
    });
    for (let done = 1; done <= 500; done++) {
      clock += 1000;
      if (done === 250) clock += 9 * hour;
      tell(done);
    }
    expect(left).toBeGreaterThanOrEqual(500 * 1000);
    expect(left).toBeLessThanOrEqual(500 * 1000 + 3 * minute);
  });
});

describe('times that are stored', () => {
  const time = fc
    .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((one) => one.toISOString());

  it('never go back, and of what is made later are later', () => {
    fc.assert(
      fc.property(time, fc.array(time), (now, earlier) => {
        const made = laterThan(now, earlier);
        expect(Date.parse(made)).toBeGreaterThanOrEqual(Date.parse(now));
        for (const one of earlier) {
          expect(made > one).toBe(true);
          expect([now, one]).toContain(notBefore(now, one));
          expect(notBefore(now, one) >= one && notBefore(now, one) >= now).toBe(true);
        }
        if (earlier.every((one) => one < now)) expect(made).toBe(now);
      }),
    );
  });

  it('keep runs in the order they were asked for when the clock is set back between them', async () => {
    let clock = new Date('2026-11-26T12:00:00.000Z');
    const { lab } = await openLab({ now: () => clock });
    await lab.importFiles([...droppedCorpus('moss'), ...droppedModel('tiny')]);
    const [first = ''] = await lab.startPlan(planFile({ seeds: [9] }));
    await settled(lab);
    clock = new Date('2026-11-20T12:00:00.000Z');
    const [second = ''] = await lab.startPlan(planFile({ seeds: [1] }));
    await settled(lab);
    expect(lab.getState().runs.map(({ record }) => record.spec.id)).toEqual([second, first]);
    for (const runId of [first, second]) {
      const { createdAt, updatedAt } = view(lab, runId).record;
      expect(updatedAt >= createdAt).toBe(true);
    }
  });
});
