// Proves that the remaining time of a run is estimated from its parts, accurate soon and again after the speed changed.
import { describe, expect, it } from 'vitest';
import { createPace } from '../../../src/util/clock.ts';
import { Rng } from '../../../src/util/random.ts';

describe('pace', () => {
  it('has no estimate before the first step, whatever was evaluated', () => {
    const pace = createPace();
    pace.evaluation(500, 10);
    expect(pace.remainingMs(100, 100)).toBeNull();
  });

  it('is exact where steps take equally long, the slow first one forgotten with the second', () => {
    const pace = createPace();
    pace.step(9000, 8);
    expect(pace.remainingMs(8, 0)).toBe(9000);
    for (let step = 0; step < 20; step++) {
      pace.step(80, 8);
      expect(pace.remainingMs(160, 0)).toBeCloseTo(1600, 6);
    }
  });

  it('counts by sequences, so that a small last batch does not look fast', () => {
    const pace = createPace();
    for (const sequences of [8, 8, 8, 3]) pace.step(10 * sequences, sequences);
    expect(pace.remainingMs(100, 0)).toBeCloseTo(1000, 6);
  });

  it('takes a third of training for evaluation until there was one, then what it really took', () => {
    const pace = createPace();
    pace.step(90, 1);
    pace.step(90, 1);
    expect(pace.remainingMs(0, 10)).toBeCloseTo(300, 6);
    pace.evaluation(400, 20);
    expect(pace.remainingMs(0, 10)).toBeCloseTo(200, 6);
    pace.evaluation(200, 20);
    expect(pace.remainingMs(2, 10)).toBeCloseTo(180 + 150, 6);
  });

  it('converges to the mean of steps whose lengths vary threefold, within a tenth after 30 of them', () => {
    for (let seed = 0; seed < 20; seed++) {
      const rng = Rng.seeded(seed);
      const pace = createPace();
      pace.step(5000, 1);
      for (let step = 1; step <= 300; step++) {
        pace.step(50 + 100 * rng.uniform(), 1);
        // 30 draws from [50, 150] have a mean with standard deviation 5.3; the newest counts most.
        if (step >= 30) expect(Math.abs((pace.remainingMs(1, 0) as number) - 100), `seed ${seed}`).toBeLessThan(25);
      }
    }
  });

  it('follows a machine that became twice as slow within a hundred steps', () => {
    const pace = createPace();
    for (let step = 0; step < 200; step++) pace.step(100, 1);
    for (let step = 0; step < 100; step++) pace.step(200, 1);
    expect(pace.remainingMs(1, 0)).toBeGreaterThan(190);
    expect(pace.remainingMs(1, 0)).toBeLessThanOrEqual(200);
  });
});
