// Translates the launches of single sequences and single numbers into calls in JavaScript: CRF, softmax head, tags, clipping, loss.
import { viterbi } from '../../model/viterbi.ts';
import { STATE } from '../gpu/stepState.ts';
import { agreeingLattice, chainEmissionGradient, chainPairs, chainWeightGradients, lossLattice, type GradientScale } from './chainKernels.ts'; // prettier-ignore
import { at, placeOf, type ChainLengths, type ChainMemory, type Places } from './chainMemory.ts';
import type { Given, NamedTranslation, Translation } from './launchGiven.ts';

const chainLengths = ({ size, launch }: Given) => ({
  sequences: launch.kernel.sizes.some(({ name }) => name === 'sequences') ? size('sequences') : launch.grid[0],
  positions: size('positions'),
  tagCount: size('tagCount'),
});

const scaleOf = ({ floats }: ChainMemory, state: number): number =>
  (floats[state + STATE.inverseSequences] as number) * (floats[state + STATE.lossScale] as number);

/** A call in JavaScript: `work` gets the memory, the launch's lengths and places, and the factor on gradients. */
const chain =
  (
    work: (
      memory: ChainMemory,
      lengths: ReturnType<typeof chainLengths>,
      places: Places,
      given: Given,
      scale: number,
    ) => void,
  ): Translation =>
  (given) => {
    const [lengths, places] = [chainLengths(given), given.places()];
    return { run: (memory) => work(memory, lengths, places, given, scaleOf(memory, places.state ?? 0)) };
  };

const viterbiTags = chain((memory, { sequences, positions, tagCount }, places) => {
  const { floats, integers } = memory;
  const from = (name: string, length: number): Float32Array | null => {
    const place = places[name];
    return place === undefined ? null : floats.subarray(place, place + length);
  };
  const transitions = from('transitions', tagCount * tagCount);
  const [emissions = 0, counts = 0, tags = 0] = ['emissions', 'crfCounts', 'tags'].map((name) => places[name]);
  if (transitions === null) throw new Error('a chain without transitions');
  const weights = { transitions, start: from('start', tagCount), end: from('end', tagCount) };
  for (let b = 0; b < sequences; b++) {
    const count = integers[counts + b] as number;
    const first = b * positions;
    const own = floats.subarray(emissions + first * tagCount, emissions + (first + positions) * tagCount);
    integers.fill(0, tags + first, tags + first + positions);
    if (count > 0) integers.set(viterbi(own, count, tagCount, weights).tags, tags + first);
  }
});

/** Losses of the softmax head and the gradient of its emissions. */
function softmaxLosses(
  { floats, integers }: ChainMemory,
  { sequences, positions, tagCount: K }: ChainLengths,
  places: Places,
  scale: GradientScale,
): void {
  const [emissions, tags, counts, losses, out] = ['emissions', 'tags', 'crfCounts', 'losses', 'dEmissions'].map((name) => placeOf(places, name)) as [number, number, number, number, number]; // prettier-ignore
  for (let b = 0; b < sequences; b++) {
    const count = at(integers, counts + b);
    let lost = 0;
    for (let n = 0; n < positions; n++) {
      const row = (b * positions + n) * K;
      if (n >= count) {
        floats.fill(0, out + row, out + row + K);
        continue;
      }
      const gold = at(integers, tags + b * positions + n);
      let best = -Infinity;
      for (let k = 0; k < K; k++) best = Math.max(best, at(floats, emissions + row + k));
      let sum = 0;
      for (let k = 0; k < K; k++) sum += Math.exp(at(floats, emissions + row + k) - best);
      lost += best - at(floats, emissions + row + gold) + Math.log(sum);
      for (let k = 0; k < K; k++) {
        const probability = Math.exp(at(floats, emissions + row + k) - best) / sum;
        floats[out + row + k] = (probability - (k === gold ? 1 : 0)) * scale;
      }
    }
    floats[losses + b] = lost;
  }
}

/** Tags with the largest emission, ties to the lower one. */
function argmaxOfRows(
  { floats, integers }: ChainMemory,
  { sequences, positions, tagCount: K }: ChainLengths,
  places: Places,
): void {
  const [emissions, counts, tags] = ['emissions', 'crfCounts', 'tags'].map((name) => placeOf(places, name)) as [number, number, number]; // prettier-ignore
  for (let row = 0; row < sequences * positions; row++) {
    let tag = 0;
    if (row % positions < at(integers, counts + Math.floor(row / positions))) {
      for (let k = 1; k < K; k++) {
        if (at(floats, emissions + row * K + k) > at(floats, emissions + row * K + tag)) tag = k;
      }
    }
    integers[tags + row] = tag;
  }
}

const clip: Translation = ({ size, places }) => {
  const { partials = 0, stepLoss = 0, state = 0, clip: out = 0, pending = 0 } = places();
  const [count, clipNorm] = [size('partials'), size('clipNorm')];
  return {
    run({ floats }) {
      const lossScale = floats[state + STATE.lossScale] as number;
      let sum = 0;
      for (let at = 0; at < count; at++) sum += floats[partials + at] as number;
      const norm = Math.sqrt(sum) / lossScale;
      floats[out] = (clipNorm > 0 ? clipNorm / Math.max(norm, clipNorm) : 1) / lossScale;
      floats[out + 1] = norm;
      floats[pending] = (floats[pending] as number) + (floats[stepLoss] as number);
      floats[pending + 1] = (floats[pending + 1] as number) + norm;
    },
  };
};

const stepLoss: Translation = ({ size, places }) => {
  const { losses = 0, state = 0, stepLoss: out = 0 } = places();
  const sequences = size('sequences');
  return {
    run({ floats, integers }) {
      let sum = 0;
      for (let b = 0; b < sequences; b++) sum += floats[losses + b] as number;
      const before = integers[state + STATE.accumulate] === 0 ? 0 : (floats[out] as number);
      floats[out] = before + sum * (floats[state + STATE.inverseSequences] as number);
    },
  };
};

/** By the names of the GPU's kernels. */
export const CHAIN_TRANSLATIONS: readonly NamedTranslation[] = [
  [/^clip$/, clip],
  [/^step loss$/, stepLoss],
  [
    /^crf lattice( with states)?( of partial labels)?, \d+ tags$/,
    chain((memory, lengths, places, { launch }) =>
      lossLattice(memory, lengths, places, launch.kernel.name.includes('partial')),
    ),
  ],
  [
    /^crf lattice( with states)? of agreeing paths, \d+ tags$/,
    chain((memory, lengths, places) => agreeingLattice(memory, lengths, places)),
  ],
  [
    /^crf gradient of emissions( of partial labels)?$/,
    chain((memory, lengths, places, _, scale) => chainEmissionGradient(memory, lengths, places, scale)),
  ],
  [
    /^crf pairs( of partial labels)?$/,
    chain((memory, lengths, places, { size }) => chainPairs(memory, lengths, size('slices'), places)),
  ],
  [
    /^crf gradients of weights( with states)?( of partial labels)?$/,
    chain((memory, lengths, places, _, scale) => {
      const accumulates = memory.integers[(places.state ?? 0) + STATE.accumulate] !== 0;
      chainWeightGradients(memory, lengths, places, scale, accumulates);
    }),
  ],
  [/^softmax loss$/, chain((memory, lengths, places, _, scale) => softmaxLosses(memory, lengths, places, scale))],
  [/^argmax$/, chain((memory, lengths, places) => argmaxOfRows(memory, lengths, places))],
  [/^viterbi( with states)?, \d+ tags$/, viterbiTags],
];
