// Translates recorded launches into calls: of the processor's kernels for attention, norms and rows, in JavaScript for sequences and single numbers.
import { viterbi } from '../../model/chainPaths.ts';
import { STATE } from '../gpu/kernel.ts';
import type { Launch, Region } from '../gpu/recorder.ts';
import { ATTENTION_NUMBERS, attentionScratchBytes } from './attentionKernels.ts';
import {
  agreeingLattice,
  at,
  chainEmissionGradient,
  chainPairs,
  chainWeightGradients,
  lossLattice,
  placeOf,
  type ChainLengths,
  type ChainMemory,
  type GradientScale,
  type Places,
} from './chainKernels.ts';
import { COLUMN_BLOCK } from './vectorMath.ts';

/** Addresses, before the words that threads share, of a word that is always 0 and of one that is always 1, for kernels that add depending on a word. */
export const ALWAYS_0 = 16;

export const ALWAYS_1 = 20;

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

// Translates the launches of attention, norms and the head's rows into calls of the processor's kernels.

/** A norm with or without its bias, residual and shift. */
export const norm =
  (kernel: string, { biased = false, hasResidual = true } = {}): Translation =>
  (given) => {
    const { size, address, length } = given;
    const shift = address('scaleShift') + (length('scaleShift') - size('width')) * 4;
    const optional = [biased ? address('bias') : 0, hasResidual ? address('residual') : 0];
    const inputs = [address('x'), ...optional, address('scaleShift'), shift];
    const outputs = [address('y'), address('sum'), address('statistics')];
    const drop = hasResidual ? dropNumbers(given) : [ALWAYS_0, 0, 1];
    const numbers = [size('width'), size('epsilon'), ...drop, ...inputs, ...outputs];
    return kernelCall(kernel, size('rows'), numbers);
  };

export const normBackward =
  (drops: boolean): Translation =>
  (given) => {
    const { size, address } = given;
    const drop = drops ? dropNumbers(given) : [ALWAYS_0, 0, 1];
    const names = ['dY', 'sum', 'statistics', 'scale', 'dSum'].map(address);
    const dX = drops ? address('dX') : address('dSum');
    return kernelCall('residualNormBackward', size('rows'), [size('width'), size('epsilon'), ...drop, ...names, dX]);
  };

export const normGradients =
  (kernel: string, biased = false): Translation =>
  (given) => {
    const { size, address } = given;
    const stride = size('stride') * 4;
    const gradient = address('gradient');
    const scale = gradient + (biased ? stride : 0);
    const read = ['dY', 'sum', 'statistics'].map(address);
    const numbers = [size('rows'), size('width'), ...read, biased ? address('dX') : 0, gradient, scale, scale + stride, accumulateOf(given)]; // prettier-ignore
    return kernelCall(kernel, Math.ceil(size('width') / COLUMN_BLOCK), numbers);
  };

export const headRows =
  (kernel: string, source: string, rows: string, out: string): Translation =>
  ({ size, state, address }) => {
    const drops = ['encoder', 'head'].flatMap((site) => [
      state(size(`${site}Key`)),
      size(`${site}Threshold`) | 0,
      size(`${site}Scale`),
    ]);
    const numbers = [size('width'), ...drops, address(source), address(rows), address(out)];
    return kernelCall(kernel, size('count') / size('width'), numbers);
  };

export const attention =
  (terms: 'relative' | 'absolute' | 'disentangled', backward: boolean): Translation =>
  (given) => {
    const { size, address } = given;
    const relative = terms === 'relative';
    const [pieces, headSize] = [size('pieces'), size('headSize')];
    const values: Record<(typeof ATTENTION_NUMBERS)[number], number> = {
      sequences: size('sequences'),
      pieces,
      heads: size('heads'),
      headSize,
      qkv: address('qkv'),
      qkvStride: size('qkvStride') * 16,
      segments: address('layoutWords'),
      counts: address('layoutWords') + size('countsAt') * 4,
      position: relative ? address('position') : 0,
      biases: relative ? address('biases') : 0,
      biasStride: size('biasStride') * 16,
      scale: size('scale'),
      keyAt: given.state(size('key')),
      threshold: size('threshold') | 0,
      keepScale: size('keepScale'),
      window: size('window'),
      context: address('context'),
      logSumExp: address('logSumExp'),
    };
    const numbers = ATTENTION_NUMBERS.map((name) => values[name]);
    const scratchBytes = attentionScratchBytes(pieces, headSize);
    if (terms === 'disentangled') {
      numbers.push(address('distances'), size('distanceStride') * 16);
      if (backward) numbers.push(address('dContext'), address('dQkv'), address('dDistances'));
      const units = size('heads') * (backward ? 1 : size('sequences'));
      return kernelCall(`disentangledAttention${backward ? 'Backward' : ''}`, units, numbers, scratchBytes);
    }
    const suffix = relative ? '' : 'Absolute';
    if (!backward) return kernelCall(`attention${suffix}`, size('sequences') * size('heads'), numbers, scratchBytes);
    const gradients = relative ? [address('dPosition'), address('dBiases')] : [0, 0];
    numbers.push(address('dContext'), address('dQkv'), ...gradients, accumulateOf(given));
    return kernelCall(`attentionBackward${suffix}`, size('heads'), numbers, scratchBytes);
  };

// A recorded launch as the translations into the processor's calls read it: sizes and regions by name.

/** A kernel of the module with the numbers between its units and its scratch. */
export interface KernelCall {
  readonly kernel: string;
  readonly units: number;
  /** Units that one thread computes together. */
  readonly grain: number;
  /** Of these, as many as a thread takes at least: what it prepares for them costs as much as some. */
  readonly least: number;
  readonly numbers: readonly number[];
  readonly scratchBytes: number;
}

/** Work in JavaScript on the words of the memory. */
export interface HostCall {
  run(memory: ChainMemory): void;
}

/** Calls of one launch run one after the other. */
export type LaunchCall = KernelCall | HostCall | readonly KernelCall[];

/** A launch with its numbers by name; regions as byte addresses. */
export interface Given {
  readonly launch: Launch;
  size(name: string): number;
  address(name: string): number;
  /** In words. */
  length(name: string): number;
  /** Address of a word of the state. */
  state(word: number): number;
  /** First word of every region. */
  places(): Places;
}

export function givenOf(launch: Launch, addressOf: (region: Region) => number): Given {
  const { kernel, sizes, regions } = launch;
  const sizeOf = new Map(kernel.sizes.map(({ name }, at) => [name, sizes[at] as number]));
  const regionOf = new Map(kernel.buffers.map(({ name }, at) => [name, regions[at] as Region]));
  const region = (name: string): Region => {
    const found = regionOf.get(name);
    if (found === undefined) throw new Error(`${kernel.name} has no ${name}`);
    return found;
  };
  return {
    launch,
    size(name) {
      const size = sizeOf.get(name);
      if (size === undefined) throw new Error(`${kernel.name} has no size ${name}`);
      return size;
    },
    address: (name) => addressOf(region(name)),
    length: (name) => region(name).length,
    state: (word) => addressOf(region('state')) + word * 4,
    places: () => Object.fromEntries([...regionOf].map(([name, own]) => [name, addressOf(own) / 4])),
  };
}

export type Translation = (given: Given) => LaunchCall;

/** A translation of the launches whose kernels have such a name. */
export type NamedTranslation = readonly [name: RegExp, translation: Translation];

export const kernelCall = (kernel: string, units: number, numbers: readonly number[], scratchBytes = 0): KernelCall =>
  ({ kernel, units, grain: 1, least: 1, numbers, scratchBytes }); // prettier-ignore

/** A site's dropout: address of its key, threshold, scale. */
export const dropNumbers = ({ size, state }: Given): number[] => [
  state(size('key')),
  size('threshold') | 0,
  size('keepScale'),
];

export const accumulateOf = ({ state }: Given): number => state(STATE.accumulate);
