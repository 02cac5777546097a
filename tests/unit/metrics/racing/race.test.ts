// Proves what a race decides: never fewer than two rates before the choice, the leader's neighbour among them, the same in any order, and as enumerated.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { raceStanding, type Race, type RaceRules, type RungScore } from '../../../../src/metrics/racing/race.ts';
import { spanScore, totalCounts } from '../../../../src/metrics/scores/spanScore.ts';
import { bootstrapIntervals } from '../../../../src/metrics/significance/bootstrapIntervals.ts';
import { Rng } from '../../../../src/util/random.ts';
import { isLong } from '../../../fixtures/longForm.ts';
import { simulatedGold, simulatedSystem } from '../significance/simulatedCounts.ts';

const RATES = [0, 0.25, 0.5, 0.75, 1];
const gold = simulatedGold(150, Rng.seeded(5));

/** A grid whose rates find mentions with the given probabilities, a little more of them at each epoch. */
function grid(quality: readonly number[], seed: number): Race['scoreOf'] {
  const known = new Map<string, RungScore>();
  return (rate, of, epoch) => {
    const key = `${rate} ${of} ${epoch}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const recall = Math.min(0.99, (quality[RATES.indexOf(rate)] ?? 0) + 0.02 * epoch);
    const counts = simulatedSystem(gold, Rng.seeded(seed).fork(key), recall, 0.1);
    const score = { f1: spanScore(totalCounts(counts)).f1, counts };
    known.set(key, score);
    return score;
  };
}

const quality = fc.array(fc.double({ min: 0.3, max: 0.8, noNaN: true }), { minLength: 5, maxLength: 5 });
const rules = fc.record<RaceRules>({
  policy: fc.constantFrom('race', 'top'),
  rungs: fc.constantFrom([1], [1, 2], [2, 3]),
  finalists: fc.integer({ min: 2, max: 4 }),
  choose: fc.constantFrom('rung', 'end'),
});
const races = fc.record({ quality, rules, seeds: fc.constantFrom<number[][]>([1], [3, 1, 2]), seed: fc.nat(1000) });

function raceOf(drawn: { quality: number[]; rules: RaceRules; seeds: number[]; seed: number }): Race {
  const one = drawn.rules.policy === 'top' ? { ...drawn.rules, rungs: drawn.rules.rungs.slice(0, 1) } : drawn.rules;
  return { rules: one, rates: RATES, seeds: drawn.seeds, epochs: 4, scoreOf: grid(drawn.quality, drawn.seed) };
}

describe('a race', () => {
  it('keeps two rates until it chooses one, the leader and a neighbour of it among them, and chooses exactly one', () => {
    fc.assert(
      fc.property(races, (drawn) => {
        const race = raceOf(drawn);
        const { rungs, drops, chosen } = raceStanding(race);
        let alive = [...RATES];
        for (const [index, { leader, dropped, scores }] of rungs.entries()) {
          expect(scores.map(({ rate }) => rate)).toEqual(alive);
          const [at, before] = [alive.indexOf(leader), alive];
          alive = alive.filter((rate) => !dropped.some((drop) => drop.rate === rate));
          expect(alive).toContain(leader);
          if (index === rungs.length - 1) continue;
          expect(alive.length).toBeGreaterThanOrEqual(2);
          if (race.rules.policy === 'race') {
            expect([before[at - 1], before[at + 1]].some((rate) => rate !== undefined && alive.includes(rate))).toBe(
              true,
            );
          }
        }
        expect(alive).toEqual([chosen]);
        expect(drops.map(({ rate }) => rate).sort()).toEqual(RATES.filter((rate) => rate !== chosen));
      }),
      { numRuns: 40 },
    );
  });

  it('decides the same in any order of the rates, and again', () => {
    fc.assert(
      fc.property(races, fc.shuffledSubarray(RATES, { minLength: 5 }), (drawn, shuffled) => {
        const race = raceOf(drawn);
        expect(raceStanding({ ...race, rates: shuffled })).toEqual(raceStanding(race));
      }),
      { numRuns: 20 },
    );
  });

  it('asks only for what it will compare: fed step by step it decides as with everything known', () => {
    fc.assert(
      fc.property(races, (drawn) => {
        const race = raceOf(drawn);
        const reached = new Map<string, number>();
        const known: Race['scoreOf'] = (rate, seed, epoch) =>
          (reached.get(`${rate} ${seed}`) ?? 0) < epoch ? null : race.scoreOf(rate, seed, epoch);
        for (let round = 0; round < 20; round++) {
          const { allowances, chosen } = raceStanding({ ...race, scoreOf: known });
          for (const { rate, seed, epoch, scoresTest } of allowances) {
            // Test is for the chosen rate, once it is known.
            if (scoresTest) expect(rate).toBe(chosen);
            reached.set(`${rate} ${seed}`, Math.max(epoch, reached.get(`${rate} ${seed}`) ?? 0));
          }
        }
        expect(raceStanding({ ...race, scoreOf: known })).toEqual(raceStanding(race));
        const whole = [...reached]
          .filter(([, epoch]) => epoch === race.epochs)
          .map(([cell]) => Number(cell.split(' ')[0]));
        if (race.rules.choose === 'rung') expect(new Set(whole)).toEqual(new Set([raceStanding(race).chosen]));
      }),
      { numRuns: isLong ? 30 : 10 },
    );
  });

  it('drops a rate at a rung where the bootstrap of the difference to the leader excludes zero, but for the neighbour', () => {
    const scoreOf = grid([0.3, 0.4, 0.78, 0.7, 0.55], 4);
    const race: Race = { rules: { policy: 'race', rungs: [1, 2], finalists: 5, choose: 'rung' }, rates: RATES, seeds: [1], epochs: 4, scoreOf }; // prettier-ignore
    const [first] = raceStanding(race).rungs;
    expect(first?.leader).toBe(0.5);
    const neighbour = 0.75;
    const worse = RATES.filter((rate) => {
      const [a, b] = [scoreOf(0.5, 1, 1)?.counts, scoreOf(rate, 1, 1)?.counts];
      if (a == null || b == null || rate === 0.5) return false;
      return (
        bootstrapIntervals([{ a, b }], { draws: 1000, level: 0.95, rng: Rng.seeded(1).fork('race', 1) }).difference
          .low > 0
      );
    });
    expect(worse).toEqual([0, 0.25, 0.75, 1]);
    expect(first?.dropped.map(({ rate }) => rate)).toEqual(worse.filter((rate) => rate !== neighbour));
    expect(first?.dropped[0]).toMatchObject({ epoch: 1, reason: { kind: 'worse', leader: 0.5 } });
  });

  it('drops nothing for noise alone before the last rung: a rate that is as good is dropped in few of many races', () => {
    let dropped = 0;
    for (let seed = 0; seed < 40; seed++) {
      const race = raceOf({ quality: [0.6, 0.6, 0.6, 0.6, 0.6], rules: { policy: 'race', rungs: [1, 2], finalists: 2, choose: 'rung' }, seeds: [1], seed }); // prettier-ignore
      dropped += raceStanding(race).rungs[0]?.dropped.length ?? 0;
    }
    // Of 120 rates that are not protected: the leader is the best of five, so more than 5 %, but far from most.
    expect(dropped).toBeLessThan(40);
  });

  it('keeps the best K after an epoch as sorting does, the lower rate of equal ones first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        (f1s, finalists) => {
          // prettier-ignore
          const race: Race = { rules: { policy: 'top', rungs: [1], finalists, choose: 'end' }, rates: RATES, seeds: [1], epochs: 2, scoreOf: (rate) => ({ f1: f1s[RATES.indexOf(rate)] ?? 0, counts: null }) }; // prettier-ignore
          const sorted = RATES.map((rate, index) => ({ rate, f1: f1s[index] ?? 0 })).sort((one, other) => other.f1 - one.f1 || one.rate - other.rate); // prettier-ignore
          const { rungs, chosen } = raceStanding(race);
          expect(rungs[0]?.dropped.map(({ rate }) => rate)).toEqual(
            sorted
              .slice(finalists)
              .map(({ rate }) => rate)
              .sort(),
          );
          expect(chosen).toBe(sorted[0]?.rate);
        },
      ),
    );
  });

  it('refuses to race without counts of sentences, saying of which rate and epoch', () => {
    const race: Race = { rules: { policy: 'race', rungs: [1], finalists: 2, choose: 'rung' }, rates: RATES, seeds: [1], epochs: 2, scoreOf: (rate) => ({ f1: rate, counts: null }) }; // prettier-ignore
    expect(() => raceStanding(race)).toThrow(expect.objectContaining({ code: 'race/counts' }));
  });
});
