// Translates recorded launches into calls of the processor's kernels: the same names, sizes and regions.
import type { Launch, Region } from '../gpu/recorder.ts';
import { STATE } from '../gpu/stepState.ts';
import { attention, headRows, norm, normBackward, normGradients } from './blockCalls.ts';
import { CHAIN_TRANSLATIONS } from './chainCalls.ts';
import {
  accumulateOf,
  dropNumbers,
  givenOf,
  kernelCall,
  type LaunchCall,
  type NamedTranslation,
  type Translation,
} from './launchGiven.ts';
import { ALWAYS_0, ALWAYS_1 } from './processorMemory.ts';
import { productScratchBytes } from './productKernels.ts';
import { TILE_COLUMNS, TILE_ROWS } from './productTiles.ts';
import { COLUMN_BLOCK } from './columnBlocks.ts';

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
  [/^whole attention$/, attention('relative', false)],
  [/^whole attention, absolute$/, attention('absolute', false)],
  [/^whole attention backward$/, attention('relative', true)],
  [/^whole attention backward, absolute$/, attention('absolute', true)],
  [/^whole disentangled attention$/, attention('disentangled', false)],
  [/^whole disentangled attention backward$/, attention('disentangled', true)],
  [
    /^distance rows$/,
    ({ size, address }) => {
      const strides = [size('strideTable') * 16, size('strideOut') * 16];
      const numbers = [size('distances'), size('width') * 16, ...strides, ...['table', 'places', 'out'].map(address)];
      return kernelCall('distanceRows', 2 * size('distances'), numbers);
    },
  ],
  [
    /^distance row sums$/,
    ({ size, address }) => {
      const strides = [size('strideTable') * 16, size('strideOut') * 16];
      const starts = address('places') + size('distances') * 4;
      const numbers = [size('rows'), size('width') * 16, ...strides, address('dOut'), starts, address('dTable')];
      return kernelCall('distanceRowSums', 2 * size('rows'), numbers);
    },
  ],
  [/^residualNorm$/, norm('residualNorm')],
  [/^residualNorm with bias$/, norm('residualNormBiased', { biased: true })],
  [/^residualNorm without shift$/, norm('residualNormScaled')],
  [/^residualNorm without residual$/, norm('normShifted', { hasResidual: false })],
  [/^residualNorm without residual without shift$/, norm('normScaled', { hasResidual: false })],
  [/^residualNormBackward$/, normBackward(false)],
  [/^residualNormBackward with dropout$/, normBackward(true)],
  [/^residualNormGradients$/, normGradients('residualNormGradients')],
  [/^residualNormGradients with bias$/, normGradients('residualNormGradientsBiased', true)],
  [/^residualNormGradients without shift$/, normGradients('normGradientsOfScale')],
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
    /^(relu|gelu|gelu_new|silu) gated (forward|backward)$/,
    (given) => {
      const { size, address, launch } = given;
      const isForward = launch.kernel.name.endsWith('forward');
      const written = isForward ? [address('out'), 0] : [address('dOut'), address('dGate')];
      const numbers = [...dropNumbers(given), address('x'), address('x') + size('gateAt') * 4, ...written];
      return kernelCall(launch.kernel.name, size('count') / 4, numbers);
    },
  ],
  [
    /^rotary$/,
    ({ size, address }) => {
      const lengths = [size('rows'), size('pieces'), size('heads'), size('half')];
      const [cosines, sines] = ['cosinesAt', 'sinesAt'].map((at) => address('angles') + size(at) * 4) as [
        number,
        number,
      ];
      const numbers = [...lengths, size('stride') * 4, size('sign'), cosines, sines, address('qkv')];
      return kernelCall('rotary', 2 * size('rows'), numbers);
    },
  ],
  [/^added$/, ({ size, address }) => kernelCall('sumOfTwo', size('count'), ['out', 'right', 'out'].map(address))],
  [
    /^scaled$/,
    ({ size, address }) => kernelCall('scaled', size('count'), [size('scale'), ...['x', 'out'].map(address)]),
  ],
  [/^sum of two$/, ({ size, address }) => kernelCall('sumOfTwo', size('count'), ['left', 'right', 'out'].map(address))],
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
      const first = [
        size('width'),
        size('epsilon'),
        ...dropNumbers(given),
        size('pieces'),
        size('firstPosition'),
        size('lastPosition'),
      ];
      return kernelCall('embeddingNorm', size('rows'), [...first, address('words'), others, ...places, ...regions]);
    },
  ],
  [
    /^positionGradient$/,
    ({ size, address }) => {
      const numbers = [
        size('sequences'),
        size('stride') * 16,
        address('dSum'),
        address('gradient') + size('first') * 16,
      ];
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
