// WGSL of matrix products on matrix units: subgroups multiply matrices of f16 from workgroup memory and add them up in f32.
import { upTo } from './matmulDirect.ts';
import type { MatmulShape } from './matmulShape.ts';
import { matrixThreads, tileOf, type MatrixVariant } from './matmulVariant.ts';

/** Extensions that the device must have been opened with. */
export const MATRIX_EXTENSIONS = ['f16', 'subgroups', 'chromium_experimental_subgroup_matrix'] as const;

/**
 * Workgroup memory: tiles in the order in which their operands lie in memory, so that writing them needs no transposition; and one
 * finished matrix of each subgroup.
 */
export function matmulMatrixModule(variant: MatrixVariant): string {
  const { unit, depth } = variant;
  const tile = tileOf(variant);
  const subgroups = variant.across * variant.down;
  return `
var<workgroup> tileA: array<f16, ${tile.rows * depth}>;
var<workgroup> tileB: array<f16, ${tile.columns * depth}>;
var<workgroup> finished: array<f32, ${subgroups * unit.rows * unit.columns}>;`;
}

/** Body of a kernel on matrix units. Elements outside A and B count as zero. Defined before it: `first`, `last`, `matrix`, `base`, `store`. */
export function matmulMatrixBody(variant: MatrixVariant, kind: MatmulShape['kind']): string {
  const { unit, depth, across, rows, columns } = variant;
  const { lanes } = unit;
  const tile = tileOf(variant);
  const each = upTo(rows).flatMap((i) => upTo(columns).map((j) => ({ i, j, name: `sum${i}_${j}` })));
  const [left, right] = [
    `subgroup_matrix_left<f16, ${unit.inner}, ${unit.rows}>`,
    `subgroup_matrix_right<f16, ${unit.columns}, ${unit.inner}>`,
  ];
  const result = `subgroup_matrix_result<f32, ${unit.columns}, ${unit.rows}>`;
  /** A tile is [length, depth], or [depth, length] where the operand is read along its output. */
  const bring = (operand: 'a' | 'b', length: number, along: boolean): string => {
    const { into, start, width, corner, limit } =
      operand === 'a'
        ? { into: 'tileA', start: 'startA', width: 'widthA', corner: 'tileRow', limit: 'sizes.rows' }
        : { into: 'tileB', start: 'startB', width: 'widthB', corner: 'tileColumn', limit: 'sizes.columns' };
    const line = along ? length : depth;
    const [output, step] = along ? ['4u * (item % PERu)', 'item / PERu'] : ['item / PERu', '4u * (item % PERu)'];
    const at = along
      ? `(step + k) * ${width} + (${corner} + place) / 4u`
      : `(${corner} + place) * ${width} + (step + k) / 4u`;
    return `for (var item = thread; item < ${(length * depth) / 4}u; item += ${matrixThreads(variant)}u) {
  let place = ${output.replace('PER', String(line / 4))};
  let k = ${step.replace('PER', String(line / 4))};
  var value = vec4f();
  if (${corner} + place < ${limit} && step + k < last) { value = ${operand}[${start} + ${at}]; }
  let half = vec4<f16>(clamp(value, vec4f(-65504.0), vec4f(65504.0)));
  let to = 4u * item;
  ${into}[to] = half.x; ${into}[to + 1u] = half.y; ${into}[to + 2u] = half.z; ${into}[to + 3u] = half.w;
}`;
  };
  const [alongA, alongB] = [kind === 'tn', kind !== 'nt'];
  // Column-major: the lines of memory are the columns of the matrix.
  const load = (
    type: string,
    from: string,
    place: string,
    length: number,
    along: boolean,
    columnMajor: boolean,
  ): string =>
    `subgroupMatrixLoad<${type}, ${columnMajor ? 'col_major' : 'row_major'}>(&${from}, ${along ? `k * ${length}u + ${place}` : `(${place}) * ${depth}u + k`}, ${along ? length : depth}u)`;
  return `
let ownRow = subgroup / ${across}u * ${rows * unit.rows}u;
let ownColumn = subgroup % ${across}u * ${columns * unit.columns}u;
let tileRow = group.y * ${tile.rows}u;
let tileColumn = group.x * ${tile.columns}u;
let widthA = ${kind === 'tn' ? 'sizes.rows' : 'sizes.inner'} / 4u;
let widthB = ${kind === 'nt' ? 'sizes.inner' : 'sizes.columns'} / 4u;
${each.map(({ name }) => `var ${name}: ${result};`).join('\n')}
for (var pair = 0u; pair < sizes.pairs; pair++) {
  let startA = (matrix + pair) * sizes.strideA / 4u;
  let startB = (matrix + pair) * sizes.strideB / 4u;
  for (var step = first; step < last; step += ${depth}u) {
${bring('a', tile.rows, alongA)}
${bring('b', tile.columns, alongB)}
    workgroupBarrier();
    for (var k = 0u; k < ${depth}u; k += ${unit.inner}u) {
${upTo(rows)
  .map((i) => `let left${i} = ${load(left, 'tileA', `ownRow + ${i * unit.rows}u`, tile.rows, alongA, alongA)};`)
  .join('\n')}
${upTo(columns)
  .map(
    (j) =>
      `let right${j} = ${load(right, 'tileB', `ownColumn + ${j * unit.columns}u`, tile.columns, alongB, !alongB)};`,
  )
  .join('\n')}
${each.map(({ i, j, name }) => `${name} = subgroupMatrixMultiplyAccumulate(left${i}, right${j}, ${name});`).join('\n')}
    }
    workgroupBarrier();
  }
}
let own = subgroup * ${unit.rows * unit.columns}u;
${each
  .map(
    ({ i, j, name }) => `subgroupMatrixStore<row_major>(&finished, own, ${name}, ${unit.columns}u);
workgroupBarrier();
for (var item = lane; item < ${(unit.rows * unit.columns) / 4}u; item += ${lanes}u) {
  let begin = own + 4u * item;
  let value = vec4f(finished[begin], finished[begin + 1u], finished[begin + 2u], finished[begin + 3u]);
  store(base, tileRow + ownRow + ${i * unit.rows}u + item / ${unit.columns / 4}u, tileColumn + ownColumn + ${j * unit.columns}u + 4u * (item % ${unit.columns / 4}u), value);
}
workgroupBarrier();`,
  )
  .join('\n')}`;
}
