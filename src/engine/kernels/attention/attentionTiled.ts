// Attention forward and backward with tiles in workgroup memory.
import { kernel, writes, type Kernel } from '../../gpu/kernel.ts';
import {
  attentionBackwardReads,
  attentionName,
  attentionReads,
  attentionSizes,
  ifRelative,
  type AttentionTerms,
} from './attentionScores.ts';
import {
  attentionTileCode,
  component,
  eachTileSum,
  ROWS,
  scoreTerms,
  storageOf,
  sumOverLanes,
  TILE_WITH_BAND,
  TILE_WORKGROUP,
  tileLength,
  tileProducts,
  tileSources,
  tileSums,
  tileSumsWritten,
  tileWeights,
  type TileStorage,
} from './attentionTiles.ts';

// prettier-ignore

/**
 * Workgroups are [blocks of queries, heads, sequences]; each iterates over the blocks of keys that its queries see. Bounds of loops
 * with barriers come from sizes, workgroup indices and read-only storage, which are uniform across a workgroup.
 */
export function attentionTiledKernel(headSize: number, terms: AttentionTerms, storage: TileStorage): Kernel {
  const { enable, suffix } = storageOf(storage);
  const vectors = headSize / 4;
  const sources = tileSources(headSize);
  const relative = ifRelative(terms);
  const segmentTerm = (a: number): string =>
    relative(`select(same${a}, other${a}, segmentsDiffer(b, i.${component(a)}, j)) + `);
  return kernel<string, string>({
    name: attentionName('attention, tiled', headSize, terms) + suffix,
    enable,
    sizes: attentionSizes,
    buffers: { ...attentionReads(terms), context: writes('vec4<f32>'), logSumExp: writes() },
    workgroup: TILE_WORKGROUP,
    module: attentionTileCode(tileLength(terms), terms, storage),
    body: `let x = local.x;
let y = local.y;
let head = group.y;
let b = group.z;
let count = countOf(b);
let firstQuery = group.x * 32u;
let i = apart(firstQuery + y);
${relative(`// Scores of a key in the same segment and in another, an invocation one of a query.
let own = rowAt(b, head, firstQuery + thread / 2u, ${vectors}u);
let bias = head * ${vectors}u;
let embedding = 3u * sizes.biasStride + (thread % 2u) * sizes.width + bias;
var segmentScore = 0.0;
for (var c = 0u; c < ${vectors}u; c++) {
  segmentScore += dot(qkv[own + c] + biases[2u * sizes.biasStride + bias + c], biases[embedding + c]);
}
lanes[thread] = vec4f(segmentScore);
workgroupBarrier();
${ROWS.map((a) => `let same${a} = lanes[2u * y + ${16 * a}u]; let other${a} = lanes[2u * y + ${16 * a + 1}u];`).join('\n')}
`)}var largest = vec4f(-1e30);
var total = vec4f();
${eachTileSum(headSize, 'sum', (sum) => `var ${sum} = vec4f();`)}
// Blocks with keys up to the sequence's count, and the queries' own block where it lies past them.
let keyBlocks = (count + 31u) / 32u;
let blocks = keyBlocks + select(0u, 1u, group.x >= keyBlocks);
for (var block = 0u; block < blocks; block++) {
  let firstKey = 32u * select(block, group.x, block == keyBlocks);
${relative(`  let firstPosition = sizes.pieces + firstKey - firstQuery - 31u;
`)}${tileProducts(headSize, 'product', sources.query, scoreTerms(headSize, terms, 'keys'))}
  let j = apart(firstKey + x);
${ROWS.map(
  (a) => `let seen${a} = isSeen(i.${component(a)}, j, count);
let score${a} = select(vec4f(-1e30), sizes.scale * (${segmentTerm(a)}product${a}), seen${a});
let most${a} = max(max(score${a}.x, score${a}.y), max(score${a}.z, score${a}.w));`,
).join('\n')}
  lanes[thread] = vec4f(${ROWS.map((a) => `most${a}`).join(', ')});
  workgroupBarrier();
  let before = largest;
  for (var n = 0u; n < 8u; n++) { largest = max(largest, lanes[y * 8u + n]); }
  let shrink = exp(before - largest);
  total *= shrink;
${eachTileSum(headSize, 'sum', (sum, a) => `${sum} *= shrink.${component(a)};`)}
${ROWS.map(
  (a) => `let probability${a} = select(vec4f(), exp(score${a} - largest.${component(a)}), seen${a});
total.${component(a)} += sumOf(probability${a});
let kept${a} = probability${a} * factorsOf(b, head, i.${component(a)}, j);`,
).join('\n')}
${tileWeights('kept')}
${tileSums(headSize, 'sum', sources.value)}
}
${sumOverLanes('total', 'whole')}
${tileSumsWritten(
  headSize,
  'sum',
  'firstQuery + row < sizes.pieces',
  (sum, a) => `context[rowAt(b, head, firstQuery + row, ${vectors}u) + column] = ${sum} / whole.${component(a)};`,
)}
if (x == 0u) {
${ROWS.map((a) => `if (i.${component(a)} < sizes.pieces) { logSumExp[(b * sizes.heads + head) * sizes.pieces + i.${component(a)}] = largest.${component(a)} + log(whole.${component(a)}); }`).join('\n')}
}`,
  });
}

// prettier-ignore

/** WGSL: probabilities of four keys from their product scores; `statistics` is the query's. */
export const probabilitiesCode = {
  relative: `
fn probabilities(product: vec4f, statistics: vec4f, differ: vec4<bool>, seen: vec4<bool>) -> vec4f {
  let score = sizes.scale * (select(vec4f(statistics.z), vec4f(statistics.w), differ) + product);
  return select(vec4f(), exp(score - statistics.x), seen);
}`,
  absolute: `
fn probabilities(product: vec4f, statistics: vec4f, seen: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(sizes.scale * product - statistics.x), seen);
}`,
} as const satisfies Record<AttentionTerms, string>;

export const tileBegin = `let x = local.x;
let y = local.y;
let head = group.y;`;

/** `product0` to `product3`, unscaled scores without the segment term, and `dKept0` to `dKept3`, dContext·v. */
function pairProducts(headSize: number, terms: AttentionTerms, columns: 'keys' | 'positions'): string {
  const { query, value, dContext } = tileSources(headSize);
  const band = columns === 'keys' ? null : 'sum';
  return `${tileProducts(headSize, 'product', query, scoreTerms(headSize, terms, columns))}
${tileProducts(headSize, 'dKept', dContext, [{ right: value, band, bias: null }])}`;
}

/** For each row of the invocation `probability`, dropout `factor` and `dScore` of its four keys, `keys(a)` (vec4u). */
function pairGradients(terms: AttentionTerms, keys: (a: number) => string): string {
  const relative = ifRelative(terms);
  const pair = (a: number): string => {
    const i = `i.${component(a)}`;
    return `let known${a} = statistics[(b * sizes.heads + head) * sizes.pieces + ${i}];
let keys${a} = ${keys(a)};
${relative(`let differ${a} = segmentsDiffer(b, ${i}, keys${a});
`)}let probability${a} = probabilities(product${a}, known${a}, ${relative(`differ${a}, `)}isSeen(${i}, keys${a}, count));
let factor${a} = factorsOf(b, head, ${i}, keys${a});
let dScore${a} = probability${a} * (factor${a} * dKept${a} - known${a}.y) * sizes.scale;`;
  };
  return ROWS.map(pair).join('\n');
}

const declaredSums = (headSize: number, name: string): string =>
  eachTileSum(headSize, name, (sum) => `var ${sum} = vec4f();`);

/** Sums over the blocks of keys that a workgroup's queries see: `content`, and with relative terms `placed`, `same` and `other`. */
export function queryLoop(headSize: number, terms: AttentionTerms): string {
  const sources = tileSources(headSize);
  const relative = ifRelative(terms);
  return `let b = group.z;
let count = countOf(b);
let firstQuery = group.x * 32u;
let i = apart(firstQuery + y);
${declaredSums(headSize, 'content')}
${relative(`${declaredSums(headSize, 'placed')}
var same = vec4f();
var other = vec4f();
`)}let keyBlocks = (count + 31u) / 32u;
let blocks = keyBlocks + select(0u, 1u, group.x >= keyBlocks);
for (var block = 0u; block < blocks; block++) {
  let firstKey = 32u * select(block, group.x, block == keyBlocks);
${relative(`  let firstPosition = sizes.pieces + firstKey - firstQuery - 31u;
`)}${pairProducts(headSize, terms, 'keys')}
  let j = apart(firstKey + x);
${pairGradients(terms, () => 'j')}
${relative(`${ROWS.map(
  (a) => `same.${component(a)} += sumOf(select(dScore${a}, vec4f(), differ${a}));
other.${component(a)} += sumOf(select(vec4f(), dScore${a}, differ${a}));`,
).join('\n')}
`)}${tileWeights('dScore')}
${tileSums(headSize, 'content', sources.key)}
${relative(`${tileSums(headSize, 'placed', sources.position, 'difference')}
`)}}
`;
}

/** Sums `dKey` and `dValue` over the blocks of queries that see a workgroup's keys; `sequence` is WGSL for the sequence's index. */
export function keyLoop(headSize: number, terms: AttentionTerms, sequence: string): string {
  const sources = tileSources(headSize);
  const relative = ifRelative(terms);
  return `let b = ${sequence};
let count = countOf(b);
let firstKey = group.x * 32u;
let j = apart(firstKey + x);
${declaredSums(headSize, 'dKey')}
${declaredSums(headSize, 'dValue')}
// Keys past the sequence's count are seen by themselves alone.
let hidden = firstKey >= count;
let blocks = select((sizes.pieces + 31u) / 32u, group.x + 1u, hidden);
for (var block = select(0u, group.x, hidden); block < blocks; block++) {
  let firstQuery = block * 32u;
${relative(`  let firstPosition = sizes.pieces + firstKey - firstQuery - 31u;
`)}  let i = apart(firstQuery + y);
${pairProducts(headSize, terms, 'keys')}
${pairGradients(terms, () => 'j')}
${ROWS.map((a) => `let kept${a} = probability${a} * factor${a};`).join('\n')}
${tileWeights('kept', true)}
${tileSums(headSize, 'dValue', sources.dContext)}
${tileWeights('dScore', true)}
${tileSums(headSize, 'dKey', terms === 'relative' ? sources.contentQuery : sources.query)}
}
`;
}

/** Sums `sum` over the pairs at a workgroup's relative positions in one share of the sequences; `part` is WGSL for the share's index. */
export function positionLoop(headSize: number, part: string): string {
  const sources = tileSources(headSize);
  return `let T = sizes.pieces;
let firstPosition = group.x * 32u;
${declaredSums(headSize, 'sum')}
// Key j = p - T + i of query i lies in the sequence, or is the query itself.
let firstRow = max(T, firstPosition + 31u) - firstPosition - 31u;
let hasSelf = firstPosition <= T && T < firstPosition + 32u;
let lastSequence = min((${part} + 1u) * sizes.share, sizes.sequences);
for (var b = ${part} * sizes.share; b < lastSequence; b++) {
  let count = countOf(b);
  let rows = select(min(T, max(count + T, firstPosition) - firstPosition), T, hasSelf);
  for (var firstQuery = firstRow / 32u * 32u; firstQuery < rows; firstQuery += 32u) {
    let firstKey = firstPosition + firstQuery - T;
    let i = apart(firstQuery + y);
${pairProducts(headSize, 'relative', 'positions')}
    let j = apart(firstKey + x);
${pairGradients('relative', (a) => `j + vec4u(y + ${8 * a}u)`)}
${tileWeights('dScore', true)}
${tileSums(headSize, 'sum', sources.positionQuery)}
  }
}
`;
}

/**
 * Workgroups are [blocks of queries, heads, sequences]; each iterates over the blocks of keys that its queries see. Writes `parts`
 * with relative terms and `dQuery` with absolute ones, like the kernel without tiles.
 */
function queryKernel(headSize: number, terms: AttentionTerms, storage: TileStorage): Kernel {
  const { enable, suffix } = storageOf(storage);
  const relative = ifRelative(terms);
  const [out, length] = terms === 'relative' ? ['parts', TILE_WITH_BAND] : ['dQuery', tileLength(terms)];
  const own = `rowAt(b, head, firstQuery + row, ${headSize / 4}u) + column`;
  const exists = 'firstQuery + row < sizes.pieces';
  return kernel<string, string>({
    name: attentionName('attention backward by query, tiled', headSize, terms) + suffix,
    enable,
    sizes: attentionSizes,
    buffers: { ...attentionBackwardReads(terms), [out]: writes('vec4<f32>') },
    workgroup: TILE_WORKGROUP,
    module: attentionTileCode(length, terms, storage) + probabilitiesCode[terms],
    body: `${tileBegin}
${queryLoop(headSize, terms)}${tileSumsWritten(headSize, 'content', exists, (sum) => `${out}[${own}] = ${sum};`)}${relative(`
${tileSumsWritten(headSize, 'placed', exists, (sum) => `parts[sizes.qkvStride + ${own}] = ${sum};`)}
${sumOverLanes('same', 'allSame')}
${sumOverLanes('other', 'allOther')}
if (x == 0u) {
  let sums = 2u * sizes.qkvStride + (b * sizes.heads + head) * sizes.pieces;
${ROWS.map(component)
  .map((a) => `if (i.${a} < sizes.pieces) { parts[sums + i.${a}] = vec4f(allSame.${a}, allOther.${a}, 0.0, 0.0); }`)
  .join('\n')}
}`)}`,
  });
}

/** Workgroups are [blocks of keys, heads, sequences]; each iterates over the blocks of queries that see its keys. */
function keyKernel(headSize: number, terms: AttentionTerms, storage: TileStorage): Kernel {
  const { enable, suffix } = storageOf(storage);
  const own = `rowAt(b, head, firstKey + row, ${headSize / 4}u) + column`;
  const exists = 'firstKey + row < sizes.pieces';
  return kernel<string, string>({
    name: attentionName('attention backward by key, tiled', headSize, terms) + suffix,
    enable,
    sizes: attentionSizes,
    buffers: { ...attentionBackwardReads(terms), dQkv: writes('vec4<f32>') },
    workgroup: TILE_WORKGROUP,
    module: attentionTileCode(tileLength(terms), terms, storage) + probabilitiesCode[terms],
    body: `${tileBegin}
${keyLoop(headSize, terms, 'group.z')}${tileSumsWritten(headSize, 'dKey', exists, (sum) => `dQkv[sizes.qkvStride + ${own}] = ${sum};`)}
${tileSumsWritten(headSize, 'dValue', exists, (sum) => `dQkv[2u * sizes.qkvStride + ${own}] = ${sum};`)}`,
  });
}

/**
 * Workgroups are [blocks of relative positions, heads, shares of the sequences]; each iterates over its `share` of sequences and
 * over the blocks of queries that have a key at such a position. dPosition [shares, 2T, H*h].
 */
export function attentionTiledPositionKernel(headSize: number, storage: TileStorage): Kernel {
  const { enable, suffix } = storageOf(storage);
  const rows = 'group.z * 2u * sizes.pieces + firstPosition + row';
  return kernel<string, string>({
    name: `attention backward by position, tiled ${headSize}${suffix}`,
    enable,
    sizes: { ...attentionSizes, share: 'u32' },
    buffers: { ...attentionBackwardReads('relative'), dPosition: writes('vec4<f32>') },
    workgroup: TILE_WORKGROUP,
    module: attentionTileCode(tileLength('relative'), 'relative', storage) + probabilitiesCode.relative,
    body: `${tileBegin}
${positionLoop(headSize, 'group.z')}${tileSumsWritten(
      headSize,
      'sum',
      'firstPosition + row < 2u * T',
      (sum) => `dPosition[(${rows}) * sizes.width + head * ${headSize / 4}u + column] = ${sum};`,
    )}`,
  });
}

/** Gradients of attention with tiles in workgroup memory: by query, by key, and with relative terms by relative position. */
export function attentionTiledBackwardKernels(headSize: number, terms: AttentionTerms, storage: TileStorage) {
  return { query: queryKernel(headSize, terms, storage), key: keyKernel(headSize, terms, storage) };
}
