// WGSL of matrix products: without barriers, with tiles in workgroup memory, and on matrix units.
import {
  matrixThreads,
  tileOf,
  tilePadding,
  type DirectVariant,
  type MatmulShape,
  type MatrixVariant,
  type TiledVariant,
} from './matmulTuning.ts';

// WGSL of matrix products without barriers: each invocation computes a block directly from global memory.

/** The numbers 0 to `count` - 1, for unrolling. */
export const upTo = (count: number): readonly number[] => [...Array(count).keys()];

/**
 * Body of a direct kernel. Rows and columns past the end are read as the last ones and not stored. Defined before it: `first` and
 * `last` (inner range), `matrix` (index in the batch), `base` (word of the output) and `store`.
 */
export function matmulDirectBody(variant: DirectVariant, kind: MatmulShape['kind'], vectors: boolean): string {
  const rows = upTo(variant.rows);
  const columns = upTo(variant.columns / 4);
  const sums = rows.flatMap((i) => columns.map((j) => ({ i, j, name: `sum${i}_${j}` })));
  return `
let row = (group.y * ${variant.down}u + local.y) * ${variant.rows}u;
let column = group.x * ${variant.across * variant.columns}u + local.x * 4u;
if (row >= sizes.rows || column >= sizes.columns) { return; }
${sums.map(({ name }) => `var ${name} = vec4f();`).join('\n')}
for (var pair = 0u; pair < sizes.pairs; pair++) {
  let startA = (matrix + pair) * sizes.strideA;
  let startB = (matrix + pair) * sizes.strideB;
${vectors ? vectorLoop(variant, kind) : scalarLoop(variant, kind)}
}
${sums.map(({ i, j, name }) => `store(base, row + ${i}u, column + ${j * variant.across * 4}u, ${name});`).join('\n')}`;
}

/** Words from the first column of an invocation to another of its columns: its vec4s are `across` vec4s apart. */
function columnOffset({ across }: DirectVariant, column: number): number {
  return Math.floor(column / 4) * across * 4 + (column % 4);
}

/** Sums are written once per step of 4: each write to a variable is expensive where invocations are CPU lanes. */
function vectorLoop(variant: DirectVariant, kind: MatmulShape['kind']): string {
  const rows = upTo(variant.rows);
  const columns = upTo(variant.columns / 4);
  const widthA = kind === 'tn' ? 'sizes.rows' : 'sizes.inner';
  const widthB = kind === 'nt' ? 'sizes.inner' : 'sizes.columns';
  const lines = [`let widthA = ${widthA} / 4u; let widthB = ${widthB} / 4u;`];
  if (kind === 'tn') {
    for (const i of upTo(variant.rows / 4)) {
      lines.push(`let a${i} = startA / 4u + min(row / 4u + ${i}u, widthA - 1u);`);
    }
  } else {
    for (const i of rows) lines.push(`let a${i} = startA / 4u + min(row + ${i}u, sizes.rows - 1u) * widthA;`);
  }
  if (kind === 'nt') {
    for (const n of upTo(variant.columns)) {
      lines.push(`let b${n} = startB / 4u + min(column + ${columnOffset(variant, n)}u, sizes.columns - 1u) * widthB;`);
    }
  } else {
    for (const j of columns)
      lines.push(`let b${j} = startB / 4u + min(column / 4u + ${j * variant.across}u, widthB - 1u);`);
  }
  if (kind === 'tn') {
    lines.push('var k = first;', 'for (; k + 4u <= last; k += 4u) {', ...outerSteps(variant, 4), '}');
    lines.push('for (; k < last; k++) {', ...outerSteps(variant, 1), '}');
    return lines.join('\n');
  }
  lines.push('for (var k = first; k < last; k += 4u) {');
  if (kind === 'nn') {
    for (const q of upTo(4)) {
      lines.push(`let at${q} = (k + ${q}u) * widthB;`, ...columns.map((j) => `let y${q}_${j} = b[b${j} + at${q}];`));
    }
    for (const i of rows) {
      lines.push(`let x${i} = a[a${i} + k / 4u];`);
      for (const j of columns) {
        const products = upTo(4).map((q) => `x${i}.${'xyzw'[q]} * y${q}_${j}`);
        lines.push(`sum${i}_${j} = sum${i}_${j} + ${products.join(' + ')};`);
      }
    }
  } else {
    for (const n of upTo(variant.columns)) lines.push(`let y${n} = b[b${n} + k / 4u];`);
    for (const i of rows) {
      lines.push(`let x${i} = a[a${i} + k / 4u];`);
      for (const j of columns) {
        const dots = upTo(4).map((c) => `dot(x${i}, y${j * 4 + c})`);
        lines.push(`sum${i}_${j} += vec4f(${dots.join(', ')});`);
      }
    }
  }
  return [...lines, '}'].join('\n');
}

/** Steps of `tn`: vec4 along rows of A times vec4 along columns of B. */
function outerSteps(variant: DirectVariant, steps: number): string[] {
  const columns = upTo(variant.columns / 4);
  const lines: string[] = [];
  for (const q of upTo(steps)) {
    lines.push(`let atB${q} = (k + ${q}u) * widthB; let atA${q} = (k + ${q}u) * widthA;`);
    for (const j of columns) lines.push(`let y${q}_${j} = b[b${j} + atB${q}];`);
  }
  for (const g of upTo(variant.rows / 4)) {
    for (const q of upTo(steps)) lines.push(`let x${q}_${g} = a[a${g} + atA${q}];`);
    for (const c of upTo(4)) {
      for (const j of columns) {
        const sum = `sum${g * 4 + c}_${j}`;
        const products = upTo(steps).map((q) => `x${q}_${g}.${'xyzw'[c]} * y${q}_${j}`);
        lines.push(`${sum} = ${sum} + ${products.join(' + ')};`);
      }
    }
  }
  return lines;
}

/** Any lengths: one step of the inner dimension at a time, one word per read. */
function scalarLoop(variant: DirectVariant, kind: MatmulShape['kind']): string {
  const rows = upTo(variant.rows);
  const columns = upTo(variant.columns / 4);
  const [rowStep, innerStepA] = kind === 'tn' ? ['1u', 'sizes.rows'] : ['sizes.inner', '1u'];
  const [columnStep, innerStepB] = kind === 'nt' ? ['sizes.inner', '1u'] : ['1u', 'sizes.columns'];
  return [
    ...rows.map((i) => `let a${i} = startA + min(row + ${i}u, sizes.rows - 1u) * ${rowStep};`),
    ...upTo(variant.columns).map(
      (n) => `let b${n} = startB + min(column + ${columnOffset(variant, n)}u, sizes.columns - 1u) * ${columnStep};`,
    ),
    'for (var k = first; k < last; k++) {',
    `let atA = k * ${innerStepA}; let atB = k * ${innerStepB};`,
    ...columns.map(
      (j) =>
        `let y${j} = vec4f(${upTo(4)
          .map((c) => `b[b${j * 4 + c} + atB]`)
          .join(', ')});`,
    ),
    ...rows.flatMap((i) => [`let x${i} = a[a${i} + atA];`, ...columns.map((j) => `sum${i}_${j} += x${i} * y${j};`)]),
    '}',
  ].join('\n');
}

// WGSL of matrix products with tiles in workgroup memory.

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

// WGSL of matrix products on matrix units: subgroups multiply matrices of f16 from workgroup memory and add them up in f32.

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
