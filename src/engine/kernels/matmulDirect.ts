// WGSL of matrix products without barriers: each invocation computes a block straight from global memory.
import type { MatmulShape } from './matmulShape.ts';
import type { DirectVariant } from './matmulVariant.ts';

/** The numbers 0 to `count` - 1, for unrolling. */
const upTo = (count: number): readonly number[] => [...Array(count).keys()];

/**
 * Body of a direct kernel up to the sums `sum<i>_<j>` (vec4 j of row i of the block), which end in `store(row, column, sum)`.
 * Rows and columns past the end are read as the last ones and not stored. Known before it: `first` and `last` (inner range), `matrix`.
 */
export function matmulDirectBody(variant: DirectVariant, kind: MatmulShape['kind'], vectors: boolean): string {
  const rows = upTo(variant.rows);
  const columns = upTo(variant.columns / 4);
  const start = `
let row = (group.y * ${variant.down}u + local.y) * ${variant.rows}u;
let column = (group.x * ${variant.across}u + local.x) * ${variant.columns}u;
if (row >= sizes.rows || column >= sizes.columns) { return; }
${rows.flatMap((i) => columns.map((j) => `var sum${i}_${j} = vec4f();`)).join('\n')}
for (var pair = 0u; pair < sizes.pairs; pair++) {
  let startA = (matrix + pair) * sizes.strideA;
  let startB = (matrix + pair) * sizes.strideB;
${vectors ? vectorLoop(variant, kind) : scalarLoop(variant, kind)}
}`;
  const stores = rows.flatMap((i) => columns.map((j) => `store(base, row + ${i}u, column + ${j * 4}u, sum${i}_${j});`));
  return [start, ...stores].join('\n');
}

function vectorLoop(variant: DirectVariant, kind: MatmulShape['kind']): string {
  const rows = upTo(variant.rows);
  const columns = upTo(variant.columns / 4);
  const widthA = kind === 'tn' ? 'sizes.rows' : 'sizes.inner';
  const widthB = kind === 'nt' ? 'sizes.inner' : 'sizes.columns';
  const lines = [`let widthA = ${widthA} / 4u; let widthB = ${widthB} / 4u;`];
  if (kind === 'tn') {
    for (const i of upTo(variant.rows / 4)) {
      lines.push(`var a${i} = startA / 4u + first * widthA + min(row / 4u + ${i}u, widthA - 1u);`);
    }
  } else {
    for (const i of rows)
      lines.push(`var a${i} = startA / 4u + min(row + ${i}u, sizes.rows - 1u) * widthA + first / 4u;`);
  }
  if (kind === 'nt') {
    for (const n of upTo(variant.columns)) {
      lines.push(`var b${n} = startB / 4u + min(column + ${n}u, sizes.columns - 1u) * widthB + first / 4u;`);
    }
  } else {
    for (const j of columns) {
      lines.push(`var b${j} = startB / 4u + first * widthB + min(column / 4u + ${j}u, widthB - 1u);`);
    }
  }
  if (kind === 'nn') {
    lines.push('for (var k = first; k < last; k += 4u) {');
    for (const q of upTo(4)) {
      for (const j of columns) lines.push(`let y${q}_${j} = b[b${j}]; b${j} += widthB;`);
    }
    for (const i of rows) {
      lines.push(`let x${i} = a[a${i}]; a${i}++;`);
      for (const j of columns) {
        for (const q of upTo(4)) lines.push(`sum${i}_${j} += x${i}.${'xyzw'[q]} * y${q}_${j};`);
      }
    }
  } else if (kind === 'nt') {
    lines.push('for (var k = first; k < last; k += 4u) {');
    for (const n of upTo(variant.columns)) lines.push(`let y${n} = b[b${n}]; b${n}++;`);
    for (const i of rows) {
      lines.push(`let x${i} = a[a${i}]; a${i}++;`);
      for (const j of columns) {
        const dots = upTo(4).map((c) => `dot(x${i}, y${j * 4 + c})`);
        lines.push(`sum${i}_${j} += vec4f(${dots.join(', ')});`);
      }
    }
  } else {
    lines.push('for (var k = first; k < last; k++) {');
    for (const j of columns) lines.push(`let y${j} = b[b${j}]; b${j} += widthB;`);
    for (const g of upTo(variant.rows / 4)) {
      lines.push(`let x${g} = a[a${g}]; a${g} += widthA;`);
      for (const c of upTo(4)) {
        for (const j of columns) lines.push(`sum${g * 4 + c}_${j} += x${g}.${'xyzw'[c]} * y${j};`);
      }
    }
  }
  return [...lines, '}'].join('\n');
}

/** Any lengths: one step of the inner dimension at a time, one word a read. */
function scalarLoop(variant: DirectVariant, kind: MatmulShape['kind']): string {
  const rows = upTo(variant.rows);
  const columns = upTo(variant.columns / 4);
  const [rowStep, innerStepA] = kind === 'tn' ? ['1u', 'sizes.rows'] : ['sizes.inner', '1u'];
  const [columnStep, innerStepB] = kind === 'nt' ? ['sizes.inner', '1u'] : ['1u', 'sizes.columns'];
  return [
    ...rows.map((i) => `let a${i} = startA + min(row + ${i}u, sizes.rows - 1u) * ${rowStep};`),
    ...upTo(variant.columns).map(
      (n) => `let b${n} = startB + min(column + ${n}u, sizes.columns - 1u) * ${columnStep};`,
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
