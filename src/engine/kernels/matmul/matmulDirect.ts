// WGSL of matrix products without barriers: each invocation computes a block directly from global memory.
import type { MatmulShape } from './matmulShape.ts';
import type { DirectVariant } from './matmulVariant.ts';

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
