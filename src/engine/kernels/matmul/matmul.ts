// Records matrix products on the GPU, and sums the parts of those whose inner dimension is split.
import { kernel, reads, STATE, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../../gpu/recorder.ts';
import {
  matmulDirectBody,
  matmulMatrixBody,
  matmulMatrixModule,
  matmulTiledBody,
  matmulTiledModule,
  MATRIX_EXTENSIONS,
} from './matmulCode.ts';
import {
  hasVectors,
  matmulWork,
  matrixThreads,
  outputsOf,
  tileOf,
  variantName,
  wordsVariant,
  type MatmulShape,
  type MatmulTuning,
  type MatmulVariant,
} from './matmulTuning.ts';

interface MatmulTraits {
  readonly kind: MatmulShape['kind'];
  readonly into: MatmulShape['into'];
  /** Whether everything is read and written as vec4; else word by word, for any lengths. */
  readonly vectors: boolean;
  /** Whether the tile divides the output and the depth divides the inner length of each split, so that no bounds checks are needed. */
  readonly fits: boolean;
}

/**
 * Workgroups are [column tiles, row tiles, outputs * splits]. `chunk` is the inner length of a split; `pairs` is the number of
 * products added into one output; strides are words between consecutive matrices.
 */
type MatmulSize = 'rows' | 'columns' | 'inner' | 'chunk' | 'splits' | 'pairs' | 'strideA' | 'strideB' | 'strideOut';

const made = new Map<string, Kernel<MatmulSize>>();

/** Returns the same object for the same variant and traits. Buffers: `a`, `b`, `out`, and `state` if `into` is `gradient`. */
export function matmulKernel(variant: MatmulVariant, traits: MatmulTraits): Kernel<MatmulSize> {
  const { kind, into, vectors } = traits;
  const fits = traits.fits && variant.family === 'tiled';
  if (variant.family !== 'direct' && !vectors) throw new Error('matrix products with tiles read vec4s');
  const words = [
    variantName({ ...variant, splits: 1 }),
    into,
    ...(vectors ? [] : ['by words']),
    ...(fits ? ['fits'] : []),
  ];
  const name = `matmul ${kind}, ${words.join(', ')}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const element = vectors ? 'vec4<f32>' : 'f32';
  const buffers: Record<string, BufferBinding> = { a: reads(element), b: reads(element), out: writes(element) };
  if (into === 'gradient') buffers.state = reads('u32');
  const fresh = kernel({
    name,
    sizes: {
      rows: 'u32',
      columns: 'u32',
      inner: 'u32',
      chunk: 'u32',
      splits: 'u32',
      pairs: 'u32',
      strideA: 'u32',
      strideB: 'u32',
      strideOut: 'u32',
    },
    buffers,
    workgroup: variant.family === 'matrix' ? [matrixThreads(variant), 1, 1] : [variant.across, variant.down, 1],
    enable: extensionsOf(variant),
    module: [moduleOf(variant), storeCode(into, vectors, fits)].join('\n'),
    body: `
let matrix = group.z / sizes.splits;
let first = (group.z % sizes.splits) * sizes.chunk;
let last = min(first + sizes.chunk, sizes.inner);
let base = group.z * sizes.strideOut;
${bodyOf(variant, traits, fits)}`,
  });
  made.set(name, fresh);
  return fresh;
}

function extensionsOf(variant: MatmulVariant): readonly string[] {
  if (variant.family === 'matrix') return MATRIX_EXTENSIONS;
  return variant.family === 'tiled' && variant.f16 ? ['f16'] : [];
}

function moduleOf(variant: MatmulVariant): string {
  if (variant.family === 'matrix') return matmulMatrixModule(variant);
  return variant.family === 'tiled' ? matmulTiledModule(variant) : '';
}

function bodyOf(variant: MatmulVariant, { kind, vectors }: MatmulTraits, fits: boolean): string {
  if (variant.family === 'matrix') return matmulMatrixBody(variant, kind);
  return variant.family === 'tiled' ? matmulTiledBody(variant, kind, fits) : matmulDirectBody(variant, kind, vectors);
}

/** WGSL: `store(base, row, column, value)`, which ignores elements outside the output. */
function storeCode(into: MatmulShape['into'], vectors: boolean, fits: boolean): string {
  const adds = into === 'add' ? 'true' : `state[${STATE.accumulate}u] != 0u`;
  const put = (at: string, value: string): string =>
    into === 'write' ? `out[${at}] = ${value};` : `out[${at}] = select(vec4f(), out[${at}], ${adds}) + ${value};`;
  if (vectors) {
    return `
fn store(base: u32, row: u32, column: u32, value: vec4f) {
  ${fits ? '' : 'if (row >= sizes.rows || column >= sizes.columns) { return; }'}
  let at = (base + row * sizes.columns + column) / 4u;
  ${put('at', 'value')}
}`;
  }
  return `
fn store(base: u32, row: u32, column: u32, value: vec4f) {
  if (row >= sizes.rows) { return; }
  for (var c = 0u; c < 4u && column + c < sizes.columns; c++) {
    let at = base + row * sizes.columns + column + c;
    ${put('at', 'value[c]').replace('vec4f()', '0.0')}
  }
}`;
}

interface MatmulRegions {
  readonly a: Region;
  readonly b: Region;
  readonly out: Region;
  /** Only needed for `gradient`. */
  readonly state?: Region;
}

/** Records a product described by `shape`, in f32. Throws if a batch has no strides. */
export function recordMatmul(
  recorder: Recorder,
  tuning: MatmulTuning,
  shape: MatmulShape,
  regions: MatmulRegions,
): void {
  const { kind, rows, columns, inner, batch = 1, strides, sum = false, into } = shape;
  if (batch > 1 && strides === undefined) throw new Error(`a batch of ${batch} matrix products needs strides`);
  const vectors = hasVectors(shape);
  const asked = tuning.variantFor(shape);
  const variant = vectors || asked.family === 'direct' ? asked : wordsVariant(shape);
  const tile = tileOf(variant);
  const grain = variant.family === 'direct' ? 4 : variant.depth;
  const chunk = Math.ceil(inner / variant.splits / grain) * grain;
  const splits = Math.ceil(inner / chunk);
  const outputs = outputsOf(shape);
  const length = rows * columns;
  const strideOut = strides?.out ?? 0;
  const parts = splits > 1 ? recorder.temporary('matmul splits', outputs * splits * length) : null;
  const fits = vectors && rows % tile.rows === 0 && columns % tile.columns === 0 && inner % grain === 0;
  recorder.launch(
    matmulKernel(variant, { kind, into: parts === null ? into : 'write', vectors, fits }),
    {
      rows,
      columns,
      inner,
      chunk,
      splits,
      pairs: sum ? batch : 1,
      strideA: strides?.a ?? 0,
      strideB: strides?.b ?? 0,
      strideOut: parts === null ? strideOut : length,
    },
    { ...regions, out: parts ?? regions.out } as Readonly<Record<string, Region>>,
    [Math.ceil(columns / tile.columns), Math.ceil(rows / tile.rows), outputs * splits],
    matmulWork(shape),
  );
  if (parts === null) return;
  const out = regions.state === undefined ? { out: regions.out } : { out: regions.out, state: regions.state };
  recordMatmulSum(recorder, { length, splits, outputs, strideOut }, into, vectors, { parts, ...out });
}

// Sums the parts of matrix products with a split inner dimension.

const THREADS = 64;

function matmulSumKernel(into: MatmulShape['into'], vectors: boolean) {
  const element = vectors ? 'vec4<f32>' : 'f32';
  const buffers: Record<string, BufferBinding> = { parts: reads(element), out: writes(element) };
  if (into === 'gradient') buffers.state = reads('u32');
  const before = {
    write: '',
    add: 'sum += out[to];',
    gradient: `if (state[${STATE.accumulate}u] != 0u) { sum += out[to]; }`,
  };
  return kernel({
    name: `matmul sum of splits, ${into}${vectors ? '' : ', by words'}`,
    sizes: { length: 'u32', splits: 'u32', outputs: 'u32', strideOut: 'u32' },
    buffers,
    workgroup: [THREADS, 1, 1],
    // parts [outputs, splits, length]
    body: `
let output = index / sizes.length;
if (output >= sizes.outputs) { return; }
let at = index % sizes.length;
let first = output * sizes.splits * sizes.length + at;
var sum = parts[first];
for (var split = 1u; split < sizes.splits; split++) { sum += parts[first + split * sizes.length]; }
let to = output * sizes.strideOut + at;
${before[into]}
out[to] = sum;`,
  });
}

const kernels = {
  vectors: {
    write: matmulSumKernel('write', true),
    add: matmulSumKernel('add', true),
    gradient: matmulSumKernel('gradient', true),
  },
  words: {
    write: matmulSumKernel('write', false),
    add: matmulSumKernel('add', false),
    gradient: matmulSumKernel('gradient', false),
  },
};

/** `length` words per output; parts [outputs, splits, length]; `strideOut` words between consecutive outputs. */
export function recordMatmulSum(
  recorder: Recorder,
  sizes: { readonly length: number; readonly splits: number; readonly outputs: number; readonly strideOut: number },
  into: MatmulShape['into'],
  vectors: boolean,
  regions: { readonly parts: Region; readonly out: Region; readonly state?: Region },
): void {
  const unit = vectors ? 4 : 1;
  const length = sizes.length / unit;
  recorder.launch(
    kernels[vectors ? 'vectors' : 'words'][into],
    { ...sizes, length, strideOut: sizes.strideOut / unit },
    regions as Readonly<Record<string, Region>>,
    linearGrid(length * sizes.outputs, THREADS),
  );
}
