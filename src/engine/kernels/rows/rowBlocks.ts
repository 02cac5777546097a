// WGSL for workgroups that keep a few rows of a small encoder in workgroup memory: products with weights, norms, dropout.
import { dropoutCode } from '../bias.ts';

export const ROW_BLOCK_THREADS = 64;
const WORKGROUP_BYTES = 16384;
const STATISTICS_BYTES = 1024;

/** How a workgroup divides its rows among its invocations. */
export interface RowBlock {
  /** Vec4s of a row of the hidden size, and of the inner size. */
  readonly width: number;
  readonly inner: number;
  /** Rows of a workgroup. */
  readonly rows: number;
  /** Neighbouring invocations that share rows, each with every `lanes`-th vec4. */
  readonly lanes: number;
  /** Rows of one invocation. */
  readonly own: number;
  /** Vec4s of a row for one invocation. */
  readonly columns: number;
}

/** Fewer rows would read the weights too often. */
const LEAST_ROWS = 8;
const MOST_ROWS = 16;

/** Null if two tiles of enough rows do not fit into the workgroup memory of every adapter. */
export function rowBlockOf({
  hiddenSize,
  innerSize,
}: {
  readonly hiddenSize: number;
  readonly innerSize: number;
}): RowBlock | null {
  const width = hiddenSize / 4;
  const lanes = Math.min(32, 2 ** Math.ceil(Math.log2(width)));
  const groups = ROW_BLOCK_THREADS / lanes;
  for (let rows = Math.max(MOST_ROWS, groups); rows >= Math.max(LEAST_ROWS, groups); rows /= 2) {
    if (2 * rows * width * 16 + STATISTICS_BYTES > WORKGROUP_BYTES) continue;
    return { width, inner: innerSize / 4, rows, lanes, own: rows / groups, columns: Math.ceil(width / lanes) };
  }
  return null;
}

const upTo = (count: number): readonly number[] => [...Array(count).keys()];

/** Names of the sums of an invocation: `name<column>_<row>`. */
const sumsOf = ({ own, columns }: RowBlock, name: string, column: number): readonly string[] =>
  columns > 0 ? upTo(own).map((r) => `${name}${column}_${r}`) : [];

export interface RowProduct {
  /** Tile that holds the rows. */
  readonly tile: 'tileX' | 'tileY';
  readonly weights: string;
  /** A·W, W [4 * steps, 4 * width]; or A·Wᵀ, W [4 * columns, 4 * width]. */
  readonly kind: 'nn' | 'nt';
  /** First vec4 of W. */
  readonly start: string;
  /** Vec4s of a row of W. */
  readonly width: string;
  /** Vec4s of the rows that are summed over. */
  readonly steps: string;
}

export class RowBlockCode {
  readonly block: RowBlock;

  constructor(block: RowBlock) {
    this.block = block;
  }

  /** Module: tiles, dropout, sums over rows. Kernels have `sizes.rows`, and `state` if they drop. */
  get module(): string {
    const { rows, width } = this.block;
    const share = ROW_BLOCK_THREADS / rows;
    return `${dropoutCode}
var<workgroup> tileX: array<vec4f, ${rows * width}>;
var<workgroup> tileY: array<vec4f, ${rows * width}>;
var<workgroup> lanes: array<vec2f, ${ROW_BLOCK_THREADS}>;
var<workgroup> rowStatistics: array<vec4f, ${rows}>;
fn sumOf(value: vec4f) -> f32 { return dot(value, vec4f(1.0)); }
fn factors(key: u32, at: u32, threshold: u32, keepScale: f32) -> vec4f {
  if (threshold == 0u) { return vec4f(1.0); }
  let first = 4u * at;
  return vec4f(dropped(key, first, threshold, keepScale), dropped(key, first + 1u, threshold, keepScale),
    dropped(key, first + 2u, threshold, keepScale), dropped(key, first + 3u, threshold, keepScale));
}
/** The sum over the ${share} invocations of a row. */
fn overRow(value: vec2f, thread: u32) -> vec2f {
  lanes[thread] = value;
  workgroupBarrier();
  var total = vec2f();
  let first = thread / ${share}u * ${share}u;
  for (var lane = 0u; lane < ${share}u; lane++) { total += lanes[first + lane]; }
  workgroupBarrier();
  return total;
}`;
  }

  /** Defines `firstRow`, `lane` and `ownRow`; workgroups past the last row leave. */
  get begin(): string {
    const { rows, lanes, own } = this.block;
    const share = ROW_BLOCK_THREADS / rows;
    return `let firstRow = (group.y * groups.x + group.x) * ${rows}u;
if (firstRow >= sizes.rows) { return; }
let lane = thread % ${lanes}u;
let ownRow = thread / ${lanes}u * ${own}u;
let sharedRow = thread / ${share}u;
let share = thread % ${share}u;`;
  }

  /** `text` for every vec4 of an invocation: defines `column`, `row`, `inTile` (its place in a tile), `place` in [rows, width], `exists`. */
  each(text: (sum: (name: string) => string) => string): string {
    const { width, lanes, own, columns } = this.block;
    return upTo(columns)
      .map(
        (m) => `{
let column = lane + ${m * lanes}u;
if (column < ${width}u) {
${upTo(own)
  .map(
    (
      r,
    ) => `{ let row = ownRow + ${r}u; let inTile = row * ${width}u + column; let place = firstRow * ${width}u + inTile; let exists = firstRow + row < sizes.rows;
${text((name) => `${name}${m}_${r}`)} }`,
  )
  .join('\n')}
}
}`,
      )
      .join('\n');
  }

  declared(name: string): string {
    return upTo(this.block.columns)
      .flatMap((m) => sumsOf(this.block, name, m))
      .map((sum) => `var ${sum} = vec4f();`)
      .join('\n');
  }

  /** Adds a product to the sums of `name`, for the columns of the output from `first` on that lie before `end`. */
  product(name: string, { tile, weights, kind, start, width, steps }: RowProduct, first = '0u', end?: string): string {
    const { width: line, lanes, columns } = this.block;
    return upTo(columns)
      .map((m) => {
        const reads =
          kind === 'nn'
            ? upTo(4).map((q) => `let w${q} = ${weights}[${start} + (4u * k + ${q}u) * ${width} + column];`)
            : upTo(4).map((q) => `let w${q} = ${weights}[${start} + (4u * column + ${q}u) * ${width} + k];`);
        const value =
          kind === 'nn'
            ? 'a.x * w0 + a.y * w1 + a.z * w2 + a.w * w3'
            : 'vec4f(dot(a, w0), dot(a, w1), dot(a, w2), dot(a, w3))';
        return `{
let column = ${first} + lane + ${m * lanes}u;
if (lane + ${m * lanes}u < ${line}u && column < ${end ?? `${line}u`}) {
for (var k = 0u; k < ${steps}; k++) {
${reads.join('\n')}
${sumsOf(this.block, name, m)
  .map((sum, r) => `{ let a = ${tile}[(ownRow + ${r}u) * ${line}u + k]; ${sum} += ${value}; }`)
  .join('\n')}
}
}
}`;
      })
      .join('\n');
  }

  /** Mean and deviation of the rows of tileY into `rowStatistics`, after and before a barrier. */
  get spread(): string {
    const { width, rows } = this.block;
    const step = ROW_BLOCK_THREADS / rows;
    const columns = `for (var c = share; c < ${width}u; c += ${step}u)`;
    return `workgroupBarrier();
{
var total = 0.0;
${columns} { total += sumOf(tileY[sharedRow * ${width}u + c]); }
let mean = overRow(vec2f(total, 0.0), thread).x / ${4 * width}.0;
var squares = 0.0;
${columns} { let centred = tileY[sharedRow * ${width}u + c] - mean; squares += dot(centred, centred); }
let deviation = inverseSqrt(overRow(vec2f(squares, 0.0), thread).x / ${4 * width}.0 + sizes.epsilon);
if (share == 0u) { rowStatistics[sharedRow] = vec4f(mean, deviation, 0.0, 0.0); }
}
workgroupBarrier();`;
  }

  /**
   * From the gradients of a norm's output in tileX: `rowStatistics` (mean of g, mean of g * normal, mean, deviation), where g is the gradient
   * times the scale, and the columns' sums over the workgroup's rows. `sum` and `spread` are expressions of a row's values: of a vec4 at
   * `place`, and of its mean and deviation (vec2f) for `at`, a row.
   */
  normSums(
    scale: (column: string) => string,
    sum: string,
    spread: string,
    put: (which: 'scale' | 'shift') => string,
  ): string {
    const { width, rows } = this.block;
    const step = ROW_BLOCK_THREADS / rows;
    return `workgroupBarrier();
{
let at = min(firstRow + sharedRow, sizes.rows - 1u);
let known = ${spread};
var plain = 0.0;
var along = 0.0;
for (var c = share; c < ${width}u; c += ${step}u) {
  let g = tileX[sharedRow * ${width}u + c] * ${scale('c')};
  let place = at * ${width}u + c;
  plain += sumOf(g);
  along += dot(g, (${sum} - known.x) * known.y);
}
let means = overRow(vec2f(plain, along), thread) / ${4 * width}.0;
if (share == 0u) { rowStatistics[sharedRow] = vec4f(means, known); }
}
workgroupBarrier();
for (var c = thread; c < ${width}u; c += ${ROW_BLOCK_THREADS}u) {
  var ofScale = vec4f();
  var ofShift = vec4f();
  for (var row = 0u; row < min(${rows}u, sizes.rows - firstRow); row++) {
    let place = (firstRow + row) * ${width}u + c;
    let dY = tileX[row * ${width}u + c];
    ofShift += dY;
    ofScale += dY * (${sum} - rowStatistics[row].z) * rowStatistics[row].w;
  }
  ${put('scale')} = ofScale;
  ${put('shift')} = ofShift;
}`;
  }
}
