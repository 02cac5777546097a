// Kernels of matrix products, made from a variant and what of the shape changes the code.
import type { BufferBinding, Kernel } from '../kernel.ts';
import { kernel, reads, writes } from '../kernel.ts';
import { STATE } from '../stepState.ts';
import { matmulDirectBody } from './matmulDirect.ts';
import type { MatmulShape } from './matmulShape.ts';
import { matmulTiledBody, matmulTiledModule } from './matmulTiled.ts';
import type { MatmulVariant } from './matmulVariant.ts';
import { variantName } from './matmulVariant.ts';

export interface MatmulTraits {
  readonly kind: MatmulShape['kind'];
  readonly into: MatmulShape['into'];
  /** Whether everything is read and written as vec4; else word by word, whatever the lengths. */
  readonly vectors: boolean;
  /** Whether the tile divides the output and the depth the inner length of each split, so that nothing needs a check. */
  readonly fits: boolean;
}

/**
 * Workgroups are [column tiles, row tiles, outputs * splits]. `chunk` is the inner length of a split; `pairs` is how many products are
 * added into one output; strides are words from one matrix to the next.
 */
export type MatmulSize =
  'rows' | 'columns' | 'inner' | 'chunk' | 'splits' | 'pairs' | 'strideA' | 'strideB' | 'strideOut';

const made = new Map<string, Kernel<MatmulSize>>();

/** The same object for the same variant and traits. Buffers: `a`, `b`, `out`, and `state` where `into` is `gradient`. */
export function matmulKernel(variant: MatmulVariant, traits: MatmulTraits): Kernel<MatmulSize> {
  const { kind, into, vectors } = traits;
  const fits = traits.fits && variant.family === 'tiled';
  if (variant.family === 'tiled' && !vectors) throw new Error('tiled matrix products read vec4s');
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
    workgroup: [variant.across, variant.down, 1],
    enable: variant.family === 'tiled' && variant.f16 ? ['f16'] : [],
    module: [...(variant.family === 'tiled' ? [matmulTiledModule(variant)] : []), storeCode(into, vectors, fits)].join(
      '\n',
    ),
    body: `
let matrix = group.z / sizes.splits;
let first = (group.z % sizes.splits) * sizes.chunk;
let last = min(first + sizes.chunk, sizes.inner);
let base = group.z * sizes.strideOut;
${variant.family === 'tiled' ? matmulTiledBody(variant, kind, fits) : matmulDirectBody(variant, kind, vectors)}`,
  });
  made.set(name, fresh);
  return fresh;
}

/** WGSL: `store(base, row, column, value)`, which leaves alone what is outside the output. */
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
