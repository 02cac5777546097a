// Translates recorded launches into calls of the processor's kernels: the same names, sizes and regions.
import type { Launch, Region } from '../gpu/recorder.ts';
import { STATE } from '../gpu/stepState.ts';
import { ATTENTION_NUMBERS, attentionScratchBytes } from './attentionKernels.ts';
import { CHAIN_TRANSLATIONS } from './chainCalls.ts';
import {
  givenOf,
  type Given,
  type KernelCall,
  type LaunchCall,
  type NamedTranslation,
  type Translation,
} from './givenLaunch.ts';
import { ALWAYS_0, ALWAYS_1 } from './processorMemory.ts';
import { productScratchBytes, TILE_COLUMNS, TILE_ROWS } from './productKernels.ts';
import { COLUMN_BLOCK } from './rowKernels.ts';

const kernelCall = (kernel: string, units: number, numbers: readonly number[], scratchBytes = 0): KernelCall =>
  ({ kernel, units, grain: 1, least: 1, numbers, scratchBytes }); // prettier-ignore

/** A site's dropout: address of its key, threshold, scale. */
const dropNumbers = ({ size, state }: Given): number[] => [
  state(size('key')),
  size('threshold') | 0,
  size('keepScale'),
];

const accumulateOf = ({ state }: Given): number => state(STATE.accumulate);

const norm =
  (kernel: string, biased: boolean): Translation =>
  (given) => {
    const { size, address, length } = given;
    const shift = address('scaleShift') + (length('scaleShift') - size('width')) * 4;
    const inputs = [address('x'), biased ? address('bias') : 0, address('residual'), address('scaleShift'), shift];
    const outputs = [address('y'), address('sum'), address('statistics')];
    const numbers = [size('width'), size('epsilon'), ...dropNumbers(given), ...inputs, ...outputs];
    return kernelCall(kernel, size('rows'), numbers);
  };

const normBackward =
  (drops: boolean): Translation =>
  (given) => {
    const { size, address } = given;
    const drop = drops ? dropNumbers(given) : [ALWAYS_0, 0, 1];
    const names = ['dY', 'sum', 'statistics', 'scale', 'dSum'].map(address);
    const dX = drops ? address('dX') : address('dSum');
    return kernelCall('residualNormBackward', size('rows'), [size('width'), size('epsilon'), ...drop, ...names, dX]);
  };

const normGradients =
  (biased: boolean): Translation =>
  (given) => {
    const { size, address } = given;
    const stride = size('stride') * 4;
    const gradient = address('gradient');
    const scale = gradient + (biased ? stride : 0);
    const read = ['dY', 'sum', 'statistics'].map(address);
    const numbers = [size('rows'), size('width'), ...read, biased ? address('dX') : 0, gradient, scale, scale + stride, accumulateOf(given)]; // prettier-ignore
    const units = Math.ceil(size('width') / COLUMN_BLOCK);
    return kernelCall(biased ? 'residualNormGradientsBiased' : 'residualNormGradients', units, numbers);
  };

const headRows =
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

const attention =
  (relative: boolean, backward: boolean): Translation =>
  (given) => {
    const { size, address } = given;
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
      context: address('context'),
      logSumExp: address('logSumExp'),
    };
    const numbers = ATTENTION_NUMBERS.map((name) => values[name]);
    const scratchBytes = attentionScratchBytes(pieces, headSize);
    const suffix = relative ? '' : 'Absolute';
    if (!backward) return kernelCall(`attention${suffix}`, size('sequences') * size('heads'), numbers, scratchBytes);
    const gradients = relative ? [address('dPosition'), address('dBiases')] : [0, 0];
    numbers.push(address('dContext'), address('dQkv'), ...gradients, accumulateOf(given));
    return kernelCall(`attentionBackward${suffix}`, size('heads'), numbers, scratchBytes);
  };

/** Every part of a product packs all of its second operand. */
const LEAST_TILES = 24;
const PRODUCT_KINDS = ['nn', 'nt', 'tn']; // in the order of the module's numbers

const product: Translation = (given) => {
  const { size, address, launch } = given;
  const [, kind = '', into] = /^matmul (\w+), .*\b(write|add|gradient)\b/.exec(launch.kernel.name) ?? [];
  if (into === undefined || size('splits') !== 1) throw new Error(`the processor has no ${launch.kernel.name}`);
  const adds = { write: ALWAYS_0, add: ALWAYS_1, gradient: 0 }[into] || accumulateOf(given);
  const strides = ['strideA', 'strideB', 'strideOut'].map((name) => size(name) * 4);
  const [rows, columns] = [size('rows'), size('columns')];
  // Threads divide the longer side: each of them packs the whole of the other operand.
  const byColumns = columns > rows;
  const lengths = [PRODUCT_KINDS.indexOf(kind), byColumns ? 1 : 0, columns, size('inner'), rows];
  const numbers = [...lengths, size('pairs'), launch.grid[2], ...strides, ...['a', 'b', 'out'].map(address), adds];
  const units = byColumns ? { units: columns, grain: TILE_COLUMNS } : { units: rows, grain: TILE_ROWS };
  return { kernel: 'matmul', ...units, least: LEAST_TILES, numbers, scratchBytes: productScratchBytes(columns) };
};

const columnSums =
  (batched: boolean): Translation =>
  (given) => {
    const { size, address, launch } = given;
    const strides = batched ? [size('strideX') * 4, size('strideGradient') * 4] : [0, 0];
    const numbers = [size('rows'), size('columns'), ...strides, address('x'), address('gradient'), accumulateOf(given)];
    return kernelCall('columnSums', Math.ceil(size('columns') / COLUMN_BLOCK) * launch.grid[1], numbers);
  };

/** One call for each segment. */
const adam: Translation = ({ size, address, state, launch }) => {
  const segments = launch.kernel.sizes.filter(({ name }) => name.startsWith('end')).map((_, at) => at);
  return segments.map((at) => {
    const start = at === 0 ? 0 : size(`end${at - 1}`);
    const factors = ['beta1', 'beta2', 'rest1', 'rest2', 'epsilon', `rate${at}`, `factor${at}`].map(size);
    const addressAt = (name: string): number => address(name) + start * 16;
    const [gradient = 0, ...written] = ['gradient', 'parameter', 'first', 'second'].map(addressAt);
    const read = [gradient, address('clip'), state(STATE.rootCorrection), state(STATE.stepSize)];
    return kernelCall('adam', size(`end${at}`) - start, [...factors, ...read, ...written]);
  });
};

const TRANSLATIONS: readonly NamedTranslation[] = [
  [/^matmul (nn|nt|tn)/, product],
  [/^whole attention$/, attention(true, false)],
  [/^whole attention, absolute$/, attention(false, false)],
  [/^whole attention backward$/, attention(true, true)],
  [/^whole attention backward, absolute$/, attention(false, true)],
  [/^residualNorm$/, norm('residualNorm', false)],
  [/^residualNorm with bias$/, norm('residualNormBiased', true)],
  [/^residualNormBackward$/, normBackward(false)],
  [/^residualNormBackward with dropout$/, normBackward(true)],
  [/^residualNormGradients$/, normGradients(false)],
  [/^residualNormGradients with bias$/, normGradients(true)],
  [/^headRows$/, headRows('headRows', 'hidden', 'rows', 'out')],
  [/^headRowsBackward$/, headRows('headRowsBackward', 'dOut', 'inverse', 'dHidden')],
  [
    /^(relu|gelu|gelu_new|silu) (forward|with slope)$/,
    (given) => {
      const { size, address, launch } = given;
      const numbers = [size('columns'), ...dropNumbers(given), ...['x', 'bias', 'out'].map(address)];
      return kernelCall(launch.kernel.name, size('count') / size('columns'), numbers);
    },
  ],
  [
    /^times slope$/,
    ({ size, address }) => kernelCall('times slope', size('count') / 4, ['slope', 'dOut'].map(address)),
  ],
  [
    /^embedding$/,
    (given) => {
      const { size, address } = given;
      const numbers = [...dropNumbers(given), size('width') * 4, ...['table', 'pieceIds', 'out'].map(address)];
      return kernelCall('embedding', size('count') / size('width'), numbers);
    },
  ],
  [
    /^embeddingGradient$/,
    (given) => {
      const { size, address, length } = given;
      const regions = ['dOut', 'order', 'starts', 'ids', 'uniqueCount', 'gradient'].map(address);
      return kernelCall('embeddingGradient', length('ids'), [...dropNumbers(given), size('width') * 4, ...regions]);
    },
  ],
  [
    /^embeddingNorm$/,
    (given) => {
      const { size, address } = given;
      const others = address('others');
      const places = ['segmentsAt', 'scaleAt', 'shiftAt'].map((name) => others + size(name) * 4);
      const regions = ['pieceIds', 'segmentIds', 'y', 'sum', 'statistics'].map(address);
      const first = [size('width'), size('epsilon'), ...dropNumbers(given), size('pieces'), size('lastPosition')];
      return kernelCall('embeddingNorm', size('rows'), [...first, address('words'), others, ...places, ...regions]);
    },
  ],
  [
    /^positionGradient$/,
    ({ size, address }) => {
      const numbers = [size('sequences'), size('stride') * 16, address('dSum'), address('gradient')];
      return kernelCall('positionGradient', size('count'), numbers);
    },
  ],
  [
    /^segmentGradient$/,
    ({ size, address, launch }) => {
      const regions = ['dSum', 'segmentIds', 'gradient'].map(address);
      return kernelCall('segmentGradient', launch.grid[1], [size('rows'), size('width'), ...regions]);
    },
  ],
  [
    /^addBias$/,
    ({ size, address }) =>
      kernelCall('addBias', size('count') / size('columns'), [size('columns'), address('bias'), address('x')]),
  ],
  [
    /^addBiases$/,
    ({ size, address }) => {
      const lengths = [size('columns') * 4, size('count') / size('columns')] as const;
      const strides = [size('strideBias') * 16, size('strideX') * 16];
      const numbers = [...lengths, ...strides, address('biases'), address('x')];
      return kernelCall('addBiases', lengths[1] * size('batch'), numbers);
    },
  ],
  [/^columnSums$/, columnSums(false)],
  [/^columnSums of a batch$/, columnSums(true)],
  [
    /^dropped$/,
    (given) =>
      kernelCall('dropped', given.size('count') / 4, [...dropNumbers(given), given.address('x'), given.address('out')]),
  ],
  [
    /^squares$/,
    ({ size, address }) => {
      const chunk = Math.ceil(size('vectors') / size('count'));
      return kernelCall('squares', size('count'), [chunk, size('vectors'), address('gradient'), address('partials')]);
    },
  ],
  [/^adam( of \d+ segments)?$/, adam],
  ...CHAIN_TRANSLATIONS,
];

/** The call that does what a launch does. Throws if the processor has no such kernel. */
export function launchCall(launch: Launch, addressOf: (region: Region) => number): LaunchCall {
  const found = TRANSLATIONS.find(([name]) => name.test(launch.kernel.name));
  if (found === undefined) throw new Error(`the processor has no kernel ${launch.kernel.name}`);
  return found[1](givenOf(launch, addressOf));
}
