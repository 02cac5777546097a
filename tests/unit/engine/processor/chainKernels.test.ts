// Proves the processor's CRF against the enumeration of every path, also where exponentials of transitions are 0.
import { describe, expect, it } from 'vitest';
import { chainPairs, lossLattice, type ChainLengths } from '../../../../src/engine/processor/chainKernels.ts';
import { Rng } from '../../../../src/util/random.ts';

const K = 3;
const lengths: ChainLengths = { sequences: 2, positions: 4, tagCount: K };
const counts = [4, 2];
const tags = [0, 2, 1, 1, 2, 0, 0, 0];

const places = { emissions: 0, transitions: 32, start: 48, end: 52, lattice: 64, losses: 192, pairs: 196, crfCounts: 208, tags: 212 }; // prettier-ignore

function filled(transition: (origin: number, to: number, drawn: number) => number): Float32Array<ArrayBuffer> {
  const rng = Rng.seeded(5);
  const floats = new Float32Array(256);
  for (let at = 0; at < 60; at++) floats[at] = rng.normal();
  for (let pair = 0; pair < K * K; pair++) {
    const at = places.transitions + pair;
    floats[at] = transition(Math.floor(pair / K), pair % K, floats[at] as number);
  }
  const integers = new Int32Array(floats.buffer);
  integers.set(counts, places.crfCounts);
  integers.set(tags, places.tags);
  return floats;
}

/** Losses, and posteriors of pairs less the gold pairs, by the scores of all paths. */
function enumerated(floats: Float32Array) {
  const number = (place: number, index: number): number => floats[place + index] as number;
  const losses: number[] = [];
  const pairs = new Float64Array(K * K);
  for (const [b, count] of counts.entries()) {
    const score = (path: readonly number[]): number =>
      path.reduce(
        (sum, tag, n) =>
          sum +
          number(places.emissions, (b * lengths.positions + n) * K + tag) +
          (n === 0 ? 0 : number(places.transitions, (path[n - 1] as number) * K + tag)),
        number(places.start, path[0] as number) + number(places.end, path.at(-1) as number),
      );
    const paths = Array.from({ length: K ** count }, (_, index) =>
      Array.from({ length: count }, (_, n) => Math.floor(index / K ** n) % K),
    );
    const scores = paths.map(score);
    const most = Math.max(...scores);
    const z = most + Math.log(scores.reduce((sum, one) => sum + Math.exp(one - most), 0));
    const gold = tags.slice(b * lengths.positions, b * lengths.positions + count);
    losses.push(z - score(gold));
    const add = (path: readonly number[], weight: number): void => {
      for (let n = 1; n < count; n++) {
        const pair = (path[n - 1] as number) * K + (path[n] as number);
        pairs[pair] = (pairs[pair] as number) + weight;
      }
    };
    for (const [index, path] of paths.entries()) add(path, Math.exp((scores[index] as number) - z));
    add(gold, -1);
  }
  return { losses, pairs };
}

describe.each([
  ['drawn transitions', (_: number, __: number, drawn: number) => drawn],
  [
    'some transitions whose exponential is 0',
    (origin: number, to: number, drawn: number) => (origin === to ? -2000 : drawn),
  ],
  ['only transitions whose exponential is 0', (_: number, __: number, drawn: number) => drawn - 1500],
  [
    'transitions whose exponential is infinite',
    (origin: number, _: number, drawn: number) => (origin === 1 ? 900 : drawn),
  ],
] as const)('%s', (_, transition) => {
  it('give the losses and pairs of an enumeration', () => {
    const floats = filled(transition);
    const memory = { floats, integers: new Int32Array(floats.buffer) };
    lossLattice(memory, lengths, places, false);
    chainPairs(memory, lengths, 1, places);
    const { losses, pairs } = enumerated(floats);
    for (const [b, loss] of losses.entries()) {
      expect(Math.abs((floats[places.losses + b] as number) - loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)));
    }
    for (const [pair, value] of pairs.entries()) expect(floats[places.pairs + pair]).toBeCloseTo(value, 3);
  });
});
