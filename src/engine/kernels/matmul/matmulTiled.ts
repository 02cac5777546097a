// WGSL of matrix products with tiles in workgroup memory.
import { upTo } from './matmulDirect.ts';
import type { MatmulShape } from './matmulShape.ts';
import { tileOf, tilePadding, type TiledVariant } from './matmulVariant.ts';

/** Vec4s in one line (one step of the inner dimension) of the tiles. */
function lines(variant: TiledVariant): { readonly a: number; readonly b: number } {
  const tile = tileOf(variant);
  const padding = tilePadding(variant);
  return { a: tile.rows / 4 + padding, b: tile.columns / 4 + padding };
}

/** Workgroup memory: both tiles store vec4s along the output, one line per step of the inner dimension. */
export function matmulTiledModule(variant: TiledVariant): string {
  const element = variant.f16 ? 'vec4<f16>' : 'vec4<f32>';
  const { a, b } = lines(variant);
  return `
var<workgroup> tileA: array<${element}, ${variant.depth * a}>;
var<workgroup> tileB: array<${element}, ${variant.depth * b}>;`;
}

/**
 * Body of a tiled kernel. Elements outside A and B count as zero; if everything `fits` (the tile divides the output, the depth each
 * split) there are no bounds checks. Defined before it: `first`, `last`, `matrix`, `base`, as for `matmulDirectBody`.
 */
export function matmulTiledBody(variant: TiledVariant, kind: MatmulShape['kind'], fits: boolean): string {
  const { across, down, depth } = variant;
  const tile = tileOf(variant);
  const line = lines(variant);
  const groups = upTo(variant.rows / 4);
  const columns = upTo(variant.columns / 4);
  const sums = groups.flatMap((g) =>
    upTo(4).flatMap((c) => columns.map((j) => ({ g, c, j, name: `sum${g * 4 + c}_${j}` }))),
  );
  const widen = (value: string): string => (variant.f16 ? `vec4f(${value})` : value);
  const read = {
    a: { name: 'a', tile: 'tileA', start: 'startA', width: 'widthA', corner: 'tileRow', limit: 'sizes.rows' },
    b: { name: 'b', tile: 'tileB', start: 'startB', width: 'widthB', corner: 'tileColumn', limit: 'sizes.columns' },
  };
  const bring = (operand: Operand, length: number, stride: number, transposed: boolean): string =>
    (transposed ? bringTransposed : bringLines)(variant, operand, length, stride, fits);
  return `
let tileRow = group.y * ${tile.rows}u;
let tileColumn = group.x * ${tile.columns}u;
let widthA = ${kind === 'tn' ? 'sizes.rows' : 'sizes.inner'} / 4u;
let widthB = ${kind === 'nt' ? 'sizes.inner' : 'sizes.columns'} / 4u;
${sums.map(({ name }) => `var ${name} = vec4f();`).join('\n')}
for (var pair = 0u; pair < sizes.pairs; pair++) {
  let startA = (matrix + pair) * sizes.strideA / 4u;
  let startB = (matrix + pair) * sizes.strideB / 4u;
  for (var step = first; step < last; step += ${depth}u) {
${bring(read.a, tile.rows, line.a, kind !== 'tn')}
${bring(read.b, tile.columns, line.b, kind === 'nt')}
    workgroupBarrier();
    for (var k = 0u; k < ${depth}u; k++) {
${groups.map((g) => `let x${g} = ${widen(`tileA[k * ${line.a}u + ${g * down}u + local.y]`)};`).join('\n')}
${columns.map((j) => `let y${j} = ${widen(`tileB[k * ${line.b}u + ${j * across}u + local.x]`)};`).join('\n')}
${sums.map(({ g, c, j, name }) => `${name} += x${g}.${'xyzw'[c]} * y${j};`).join('\n')}
    }
    workgroupBarrier();
  }
}
${sums.map(({ g, c, j, name }) => `store(base, tileRow + (${g * down}u + local.y) * 4u + ${c}u, tileColumn + (${j * across}u + local.x) * 4u, ${name});`).join('\n')}`;
}

interface Operand {
  readonly name: string;
  readonly tile: string;
  readonly start: string;
  readonly width: string;
  readonly corner: string;
  readonly limit: string;
}

/** Distributes `count` items over the threads; `item` is the index of one. */
function shared(variant: TiledVariant, count: number, each: string): string {
  const threads = variant.across * variant.down;
  return upTo(Math.ceil(count / threads))
    .map((round) => {
      const whole = (round + 1) * threads <= count;
      const start = `let item = thread + ${round * threads}u;`;
      return `{ ${start}\n${whole ? each : `if (item < ${count}u) {\n${each}\n}`} }`;
    })
    .join('\n');
}

/** The matrix is contiguous along the output: its vec4s are lines of the tile as they are. */
function bringLines(variant: TiledVariant, operand: Operand, length: number, stride: number, fits: boolean): string {
  const { name, tile, start, width, corner } = operand;
  const quarter = length / 4;
  const each = [
    `let k = item / ${quarter}u; let at = item % ${quarter}u;`,
    guarded(
      fits,
      'value',
      `step + k < last && ${corner} / 4u + at < ${width}`,
      `${name}[${start} + (step + k) * ${width} + ${corner} / 4u + at]`,
    ),
    `${tile}[k * ${stride}u + at] = ${narrow(variant, 'value')};`,
  ];
  return shared(variant, variant.depth * quarter, each.join('\n'));
}

/** The matrix is contiguous along the inner dimension: a thread reads 4 vec4s from consecutive lines and writes them transposed. */
function bringTransposed(
  variant: TiledVariant,
  operand: Operand,
  length: number,
  stride: number,
  fits: boolean,
): string {
  const { name, tile, start, width, corner, limit } = operand;
  const quarter = variant.depth / 4;
  const each = [
    `let k = item % ${quarter}u; let at = item / ${quarter}u;`,
    `let row = ${corner} + at * 4u;`,
    `let from0 = ${start} + row * ${width} + step / 4u + k;`,
    ...upTo(4).map((c) =>
      guarded(fits, `value${c}`, `row + ${c}u < ${limit} && step + k * 4u < last`, `${name}[from0 + ${c}u * ${width}]`),
    ),
    ...upTo(4).map((q) => {
      const value = `vec4f(${upTo(4)
        .map((c) => `value${c}.${'xyzw'[q]}`)
        .join(', ')})`;
      return `${tile}[(k * 4u + ${q}u) * ${stride}u + at] = ${narrow(variant, value)};`;
    }),
  ];
  return shared(variant, (length / 4) * quarter, each.join('\n'));
}

function guarded(fits: boolean, name: string, condition: string, value: string): string {
  return fits ? `let ${name} = ${value};` : `var ${name} = vec4f(); if (${condition}) { ${name} = ${value}; }`;
}

/** Converts to f16 if the tiles are f16, clamped to its range. */
function narrow({ f16 }: TiledVariant, value: string): string {
  return f16 ? `vec4<f16>(clamp(${value}, vec4f(-65504.0), vec4f(65504.0)))` : value;
}
