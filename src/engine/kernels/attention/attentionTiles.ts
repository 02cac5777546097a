// WGSL of tiled attention: loads rows, computes their products, and sums rows by the weights of pairs.
import type { Grid } from '../../gpu/recorder.ts';
import { attentionScoresCode, ifRelative, type AttentionShape, type AttentionTerms } from './attentionScores.ts';

/** Queries, keys or relative positions processed by a workgroup at once. */
export const ATTENTION_BLOCK = 32;

/** The invocation at (x, y) has the pairs of rows y, y + 8, y + 16, y + 24 with columns x, x + 8, x + 16, x + 24. */
export const TILE_WORKGROUP = [8, 8, 1] as const;
const THREADS = 64;

/** One workgroup per block of pieces, head and sequence. */
export function tileGrid({ sequences, pieces, heads }: AttentionShape): Grid {
  return [Math.ceil(pieces / ATTENTION_BLOCK), heads, sequences];
}

export const ROWS = [0, 1, 2, 3] as const;
const BAND = [0, 1, 2, 3, 4, 5, 6] as const;
/** Component of a vec4. */
export const component = (at: number): string => 'xyzw'.charAt(at);

/** Vec4 of a head loaded at once, and the stride between rows: one more avoids bank conflicts between neighbours. */
const DEPTH = 4;
const LINE = DEPTH + 1;
/** Layout of rows during products: 32 of the left, 32 of the right, a band of 64 of the right, and two biases. */
const LEFT_AT = 0;
const RIGHT_AT = LEFT_AT + ATTENTION_BLOCK * LINE;
const BAND_AT = RIGHT_AT + ATTENTION_BLOCK * LINE;
const BIASES_AT = BAND_AT + 2 * ATTENTION_BLOCK * LINE;
const MEETING = BIASES_AT + 2 * LINE;

/** Weights of pairs, 8 vec4 per row, then 32 rows or a band of 64, 8 vec4 of their columns at a time. */
const ACROSS = 8;
const WEIGHT_LINE = ACROSS + 1;
const SUMMED_AT = ATTENTION_BLOCK * WEIGHT_LINE;

/** Vec4 in the tile of a kernel that sums 32 rows at a time; absolute terms need no band. */
export function tileLength(terms: AttentionTerms): number {
  return Math.max(terms === 'relative' ? MEETING : BAND_AT, SUMMED_AT + ATTENTION_BLOCK * ACROSS);
}
/** The same for a kernel that sums a band. */
export const TILE_WITH_BAND = Math.max(MEETING, SUMMED_AT + 2 * ATTENTION_BLOCK * ACROSS);

/** What tiles store: f32, or f16, which needs the extension; sums are f32 in both. */
export type TileStorage = 'f32' | 'f16';

const STORED = {
  f32: `alias Stored = vec4f;
fn stored(value: vec4f) -> Stored { return value; }`,
  f16: `alias Stored = vec4<f16>;
fn stored(value: vec4f) -> Stored { return Stored(clamp(value, vec4f(-65504.0), vec4f(65504.0))); }`,
} as const satisfies Record<TileStorage, string>;

/** WGSL extensions, and the end of a kernel's name. */
export const storageOf = (storage: TileStorage) =>
  storage === 'f16' ? ({ enable: ['f16'], suffix: ', f16' } as const) : ({ enable: [], suffix: '' } as const);

/** Module of a kernel whose tile has `length` vec4. Requires `sizes` and `attentionReads` in scope. */
export function attentionTileCode(length: number, terms: AttentionTerms, storage: TileStorage): string {
  const relative = ifRelative(terms);
  return `${attentionScoresCode(terms)}
${STORED[storage]}
var<workgroup> tile: array<Stored, ${length}>;
var<workgroup> lanes: array<vec4f, ${THREADS}>;
fn apart(first: u32) -> vec4u { return vec4u(first) + vec4u(0u, 8u, 16u, 24u); }
${relative(`fn segmentAt(b: u32, i: u32) -> i32 { return layoutWords[b * sizes.pieces + i]; }
fn segmentsDiffer(b: u32, i: u32, j: vec4u) -> vec4<bool> {
  return vec4i(segmentAt(b, i)) != vec4i(segmentAt(b, j.x), segmentAt(b, j.y), segmentAt(b, j.z), segmentAt(b, j.w));
}
`)}fn isSeen(i: u32, j: vec4u, count: u32) -> vec4<bool> {
  let near = max(vec4u(i), j) - min(vec4u(i), j) <= vec4u(sizes.window);
  return ((j < vec4u(count)) | (j == vec4u(i))) & near & vec4<bool>(i < sizes.pieces);
}
fn factorsOf(b: u32, head: u32, i: u32, j: vec4u) -> vec4f {
  if (sizes.threshold == 0u) { return vec4f(1.0); }
  return vec4f(factorOf(b, head, i, j.x), factorOf(b, head, i, j.y), factorOf(b, head, i, j.z), factorOf(b, head, i, j.w));
}
fn sumOf(values: vec4f) -> f32 { return dot(values, vec4f(1.0)); }`;
}

/** Rows of a matrix as WGSL: whether row `row` of the block exists, and its vec4 `column` of the head. Missing rows count as zero. */
export interface TileSource {
  readonly exists: string;
  readonly value: string;
}

/** All can use `b` and `head`; their readers also `firstQuery`, `firstKey`, `firstPosition`, the first row of the block or band. */
export function tileSources(headSize: number) {
  const vectors = headSize / 4;
  const rows = (buffer: string, first: string, start = ''): TileSource => ({
    exists: `${first} + row < sizes.pieces`,
    value: `${buffer}[${start}rowAt(b, head, ${first} + row, ${vectors}u) + column]`,
  });
  const bias = (which: string): string => `biases[${which} * sizes.biasStride + head * ${vectors}u + column]`;
  const query = rows('qkv', 'firstQuery');
  return {
    query,
    /** Queries as used in products with keys and relative positions. */
    contentQuery: { ...query, value: `${query.value} + ${bias('0u')}` },
    positionQuery: { ...query, value: `${query.value} + ${bias('1u')}` },
    key: rows('qkv', 'firstKey', 'sizes.qkvStride + '),
    value: rows('qkv', 'firstKey', '2u * sizes.qkvStride + '),
    dContext: rows('dContext', 'firstQuery'),
    position: {
      exists: 'firstPosition + row < 2u * sizes.pieces',
      value: `position[(firstPosition + row) * sizes.width + head * ${vectors}u + column]`,
    },
    biases: { exists: 'true', value: bias('row') },
  } as const satisfies Record<string, TileSource>;
}

/**
 * The row of a band of 63 for each pair: position T - i + j of query i and key j is row 31 - i + j of the block, key j = p - T + i
 * of position p and query i is row p + i. So the 4 x 4 pairs of an invocation use 7 rows, 8 apart, the first given by `first`.
 */
const BANDS = {
  difference: { first: (column: string) => `${column} + 7u - y`, of: (a: number, b: number) => 3 + b - a },
  sum: { first: (column: string) => `${column} + y`, of: (a: number, b: number) => a + b },
} as const;
export type TileBand = keyof typeof BANDS;

function bring(
  source: TileSource,
  rows: number,
  columns: number,
  to: { at: number; line: number; start: string; vectors: number },
) {
  // prettier-ignore
  return `for (var item = thread; item < ${rows * columns}u; item += ${THREADS}u) {
  let row = item / ${columns}u;
  let column = ${to.start} + item % ${columns}u;
  var value = vec4f();
  if (column < ${to.vectors}u && ${source.exists}) { value = ${source.value}; }
  tile[${to.at}u + row * ${to.line}u + item % ${columns}u] = stored(value);
}`;
}

export interface TileTerm {
  readonly right: TileSource;
  /** Locates a pair's row of `right`; null if it is the pair's column. */
  readonly band: TileBand | null;
  /** The bias added to the left rows: 0 for content, 1 for position, null for none. */
  readonly bias: 0 | 1 | null;
}

/** The right operands of the score products; their pairs' columns are keys, or relative positions. */
export function scoreTerms(
  headSize: number,
  terms: AttentionTerms,
  columns: 'keys' | 'positions',
): readonly TileTerm[] {
  const { key, position } = tileSources(headSize);
  const byKey = columns === 'keys';
  if (terms === 'absolute') return [{ right: key, band: null, bias: null }];
  return [
    { right: key, band: byKey ? null : 'sum', bias: 0 },
    { right: position, band: byKey ? 'difference' : null, bias: 1 },
  ];
}

/** `name0` to `name3`: for each row of the invocation, the products with its four columns, summed over the entries of `met`. */
export function tileProducts(headSize: number, name: string, left: TileSource, met: readonly TileTerm[]): string {
  const vectors = headSize / 4;
  const to = { line: LINE, start: `chunk * ${DEPTH}u`, vectors };
  const term = ({ band, bias }: TileTerm): string => {
    const first = band === null ? 'x' : BANDS[band].first('x');
    const at = band === null ? RIGHT_AT : BAND_AT;
    const meets = (a: number, b: number): string => `right${band === null ? b : BANDS[band].of(a, b)}`;
    const plus = bias === null ? '' : ` + vec4f(tile[${BIASES_AT + bias * LINE}u + c])`;
    return `{
${ROWS.map((a) => `let own${a} = left${a}${plus};`).join('\n')}
${(band === null ? ROWS : BAND).map((m) => `let right${m} = vec4f(tile[${at}u + (${first} + ${8 * m}u) * ${LINE}u + c]);`).join('\n')}
${ROWS.flatMap((a) => [0, 1, 2, 3].map(component).map((d) => `${name}${a} += own${a}.${d} * vec4f(${ROWS.map((b) => `${meets(a, b)}.${d}`).join(', ')});`)).join('\n')}
}`;
  };
  return `${ROWS.map((a) => `var ${name}${a} = vec4f();`).join('\n')}
for (var chunk = 0u; chunk < ${Math.ceil(vectors / DEPTH)}u; chunk++) {
${bring(left, ATTENTION_BLOCK, DEPTH, { ...to, at: LEFT_AT })}
${met.map(({ right, band }) => (band === null ? bring(right, ATTENTION_BLOCK, DEPTH, { ...to, at: RIGHT_AT }) : bring(right, 2 * ATTENTION_BLOCK, DEPTH, { ...to, at: BAND_AT }))).join('\n')}
${met.some(({ bias }) => bias !== null) ? bring(tileSources(headSize).biases, 2, DEPTH, { ...to, at: BIASES_AT }) : ''}
workgroupBarrier();
for (var c = 0u; c < ${DEPTH}u; c++) {
${ROWS.map((a) => `let left${a} = vec4f(tile[${LEFT_AT}u + (y + ${8 * a}u) * ${LINE}u + c]);`).join('\n')}
${met.map(term).join('\n')}
}
workgroupBarrier();
}`;
}

/** Stores the weights `name0` to `name3` of the invocation's pairs for `tileSums`; `byColumn` transposes them. */
export function tileWeights(name: string, byColumn = false): string {
  return ROWS.map((at) => {
    const value = byColumn ? `vec4f(${ROWS.map((a) => `${name}${a}.${component(at)}`).join(', ')})` : `${name}${at}`;
    const [row, column] = byColumn ? ['x', 'y'] : ['y', 'x'];
    return `tile[(${row} + ${8 * at}u) * ${WEIGHT_LINE}u + ${column}] = stored(${value});`;
  }).join('\n');
}

/** Blocks of 8 vec4 of a head's columns; an invocation sums vec4 x of each. */
const columnBlocks = (headSize: number): readonly number[] =>
  Array.from({ length: Math.ceil(headSize / 4 / ACROSS) }, (_, m) => m);

/** Text for each of the sums that `tileSums` adds to: `name<a>_<m>` for row y + 8 a and vec4 x + 8 m of the head. */
export function eachTileSum(headSize: number, name: string, text: (sum: string, a: number) => string): string {
  return columnBlocks(headSize)
    .flatMap((m) => ROWS.map((a) => text(`${name}${a}_${m}`, a)))
    .join('\n');
}

/** Adds to each row's sum the rows of `source`, weighted by what `tileWeights` stored. */
export function tileSums(headSize: number, name: string, source: TileSource, band: TileBand | null = null): string {
  const rows = band === null ? ATTENTION_BLOCK : 2 * ATTENTION_BLOCK;
  const first = band === null ? 'n' : BANDS[band].first('n');
  const added = (a: number, b: number): string => `row${band === null ? b : BANDS[band].of(a, b)}`;
  return columnBlocks(headSize)
    .map(
      (
        m,
      ) => `${bring(source, rows, ACROSS, { at: SUMMED_AT, line: ACROSS, start: `${m * ACROSS}u`, vectors: headSize / 4 })}
workgroupBarrier();
for (var n = 0u; n < ${ACROSS}u; n++) {
${ROWS.map((a) => `let weight${a} = vec4f(tile[(y + ${8 * a}u) * ${WEIGHT_LINE}u + n]);`).join('\n')}
${(band === null ? ROWS : BAND).map((c) => `let row${c} = vec4f(tile[${SUMMED_AT}u + (${first} + ${8 * c}u) * ${ACROSS}u + x]);`).join('\n')}
${ROWS.flatMap((a) => ROWS.map((b) => `${name}${a}_${m} += weight${a}.${component(b)} * ${added(a, b)};`)).join('\n')}
}
workgroupBarrier();`,
    )
    .join('\n');
}

/** Writes sums if their `row` of the block and `column` of the head exist. */
export function tileSumsWritten(
  headSize: number,
  name: string,
  exists: string,
  write: (sum: string, a: number) => string,
): string {
  return columnBlocks(headSize)
    .map(
      (m) => `{
let column = x + ${m * ACROSS}u;
if (column < ${headSize / 4}u) {
${ROWS.map((a) => `{ let row = y + ${8 * a}u; if (${exists}) { ${write(`${name}${a}_${m}`, a)} } }`).join('\n')}
}
}`,
    )
    .join('\n');
}

/** `name` (vec4f, one component per row) summed over the invocations of each row, in order, into `whole`. All invocations must reach it. */
export function sumOverLanes(name: string, whole: string): string {
  return `lanes[thread] = ${name};
workgroupBarrier();
var ${whole} = vec4f();
for (var n = 0u; n < ${ACROSS}u; n++) { ${whole} += lanes[y * ${ACROSS}u + n]; }
workgroupBarrier();`;
}
