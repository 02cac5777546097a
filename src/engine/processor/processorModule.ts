// The processor's module, every kernel assembled for the instructions of this machine, and recorded launches as calls of it.
import { ModuleBuilder, type FunctionHandle } from '../assembly/assembler.ts';
import { f32x4, v128, type Value, type ValueType } from '../assembly/instructions.ts';
import { STATE } from '../gpu/kernel.ts';
import type { Launch, Region } from '../gpu/recorder.ts';
import { defineAttentionBackward } from './attentionBackward.ts';
import { defineAttention } from './attentionKernels.ts';
import { defineDisentangled, defineDisentangledBackward } from './disentangledKernels.ts';
import { defineElementKernels, defineGateKernels } from './elementKernels.ts';
import {
  accumulateOf,
  ALWAYS_0,
  ALWAYS_1,
  attention,
  CHAIN_TRANSLATIONS,
  dropNumbers,
  givenOf,
  headRows,
  kernelCall,
  norm,
  normBackward,
  normGradients,
  type LaunchCall,
  type NamedTranslation,
  type Translation,
} from './kernelCalls.ts';
import { defineProductKernels, productScratchBytes } from './productKernels.ts';
import { TILE_COLUMNS, TILE_ROWS } from './productTiles.ts';
import { defineRowKernels } from './rowKernels.ts';
import { defineThreads } from './threadKernels.ts';
import { COLUMN_BLOCK, vectorMath } from './vectorMath.ts';

/** A kernel: its units from one to another, its numbers, and an address of scratch memory. */
export type ProcessorKernel = (from: number, to: number, ...numbers: number[]) => void;

/** Whether a module of one function with an instruction is valid here. */
function isValid(instruction: (x: Value) => Value): boolean {
  const probe = new ModuleBuilder({ shared: false });
  probe.define('probe', ['i32'], null, (f, address) => {
    f.store(address, instruction(v128.load(address)));
    return null;
  });
  return WebAssembly.validate(probe.bytes());
}

export interface ProcessorFeatures {
  /** Vectors of four numbers; without them there is no module. */
  readonly vectors: boolean;
  /** Multiply-adds that round once. */
  readonly relaxed: boolean;
}

export function processorFeatures(): ProcessorFeatures {
  return {
    vectors: isValid((x) => f32x4.add(x, x)),
    relaxed: isValid((x) => f32x4.relaxedMultiplyAdd(x, x, x)),
  };
}

interface ModuleOptions {
  /** Multiply-adds that round once. */
  readonly relaxed: boolean;
  /** A memory that threads share. */
  readonly shared: boolean;
}

function buildModule({ relaxed, shared }: ModuleOptions): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kernels: readonly FunctionHandle[];
} {
  const module = new ModuleBuilder({ shared });
  const math = vectorMath(relaxed);
  const products = defineProductKernels(module, math);
  const parts = new Set(module.functions.filter((one) => one !== products.matmul));
  for (const relative of [true, false]) {
    defineAttention(module, math, products, relative);
    defineAttentionBackward(module, math, products, relative);
  }
  defineDisentangled(module, math);
  defineDisentangledBackward(module, math);
  defineRowKernels(module, math);
  defineElementKernels(module, math);
  defineGateKernels(module, math);
  const kernels = module.functions.filter((one) => !parts.has(one));
  if (shared) defineThreads(module, kernels);
  return { bytes: module.bytes(), kernels };
}

/** A compiled module and what its kernels take. */
export interface ProcessorModule {
  readonly module: WebAssembly.Module;
  readonly shared: boolean;
  /** Whether its multiply-adds round once. */
  readonly relaxed: boolean;
  /** Number and types of the numbers of each kernel between its units and its scratch; numbered in the order of the module. */
  readonly kernels: ReadonlyMap<string, { readonly index: number; readonly types: readonly ValueType[] }>;
}

const compiled = new Map<string, Promise<ProcessorModule>>();

async function compile(options: ModuleOptions): Promise<ProcessorModule> {
  const { bytes, kernels } = buildModule(options);
  const described = kernels.map(
    ({ name, parameters }, index) => [name, { index, types: parameters.slice(2, -1) }] as const,
  );
  return { module: await WebAssembly.compile(bytes), ...options, kernels: new Map(described) };
}

/** Compiles the module, once for each choice of options. */
export function compileProcessorModule(options: ModuleOptions): Promise<ProcessorModule> {
  const key = JSON.stringify([options.relaxed, options.shared]);
  const known = compiled.get(key) ?? compile(options);
  compiled.set(key, known);
  return known;
}

/** Starts the module on a memory; returns its functions by name. */
export function startProcessorModule(
  { module }: ProcessorModule,
  memory: WebAssembly.Memory,
): ReadonlyMap<string, ProcessorKernel> {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return new Map(Object.entries(instance.exports) as [string, ProcessorKernel][]);
}

// Translates recorded launches into calls of the processor's kernels: the same names, sizes and regions.

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
