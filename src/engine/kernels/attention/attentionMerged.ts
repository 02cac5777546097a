// Attention's backward pass in one launch: workgroups by query, by key and by relative position beside each other.
import { kernel, writes, type Kernel } from '../../gpu/kernel.ts';
import { aligned, type Recorder, type Region } from '../../gpu/recorder.ts';
import {
  attentionBackwardReads,
  attentionName,
  attentionRegions,
  attentionSizes,
  attentionSizesOf,
  attentionWork,
  ifRelative,
  onceByHead,
  termsOf,
  type AttentionInputs,
  type AttentionShape,
  type AttentionTerms,
  type TiledFamily,
} from './attentionScores.ts';
import { declaredSums, pairGradients, pairProducts, probabilitiesCode, tileBegin } from './attentionTiled.ts';
import {
  ATTENTION_BLOCK,
  attentionTileCode,
  component,
  ROWS,
  storageOf,
  sumOverLanes,
  TILE_WITH_BAND,
  TILE_WORKGROUP,
  tileLength,
  tileSources,
  tileSums,
  tileSumsWritten,
  tileWeights,
  type TileStorage,
} from './attentionTiles.ts';

// prettier-ignore

function mergedKernel(headSize: number, terms: AttentionTerms, storage: TileStorage): Kernel {
  const { enable, suffix } = storageOf(storage);
  const sources = tileSources(headSize);
  const relative = ifRelative(terms);
  const vectors = headSize / 4;
  const query = `rowAt(b, head, firstQuery + row, ${vectors}u) + column`;
  const key = `rowAt(b, head, firstKey + row, ${vectors}u) + column`;
  const queryExists = 'firstQuery + row < sizes.pieces';
  const keyExists = 'firstKey + row < sizes.pieces';
  const segments = (a: number): string => relative(
    ` + placed + allSame.${component(a)} * biases[e] + allOther.${component(a)} * biases[e + sizes.width]`);
  const byQuery = `
let b = group.z;
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
${relative(`${sumOverLanes('same', 'allSame')}
${sumOverLanes('other', 'allOther')}
`)}${tileSumsWritten(headSize, 'content', queryExists, (sum, a) => `let at = ${query};
${relative(`let placed = ${sum.replace('content', 'placed')};
let e = 3u * sizes.biasStride + head * ${vectors}u + column;
gradients[sizes.partsAt + at] = ${sum};
gradients[sizes.partsAt + sizes.qkvStride + at] = placed;
`)}gradients[at] = ${sum}${segments(a)};`)}
${relative(`if (x == 0u) {
  let sums = sizes.partsAt + 2u * sizes.qkvStride + (b * sizes.heads + head) * sizes.pieces;
${ROWS.map(component)
  .map((a) => `if (i.${a} < sizes.pieces) { gradients[sums + i.${a}] = vec4f(allSame.${a}, allOther.${a}, 0.0, 0.0); }`)
  .join('\n')}
}`)}`;
  const byKey = `
let b = group.z - sizes.sequences;
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
${tileSumsWritten(headSize, 'dKey', keyExists, (sum) => `gradients[sizes.qkvStride + ${key}] = ${sum};`)}
${tileSumsWritten(headSize, 'dValue', keyExists, (sum) => `gradients[2u * sizes.qkvStride + ${key}] = ${sum};`)}`;
  const byPosition = `
let T = sizes.pieces;
let part = group.z - 2u * sizes.sequences;
let firstPosition = group.x * 32u;
${declaredSums(headSize, 'sum')}
// Key j = p - T + i of query i lies in the sequence, or is the query itself.
let firstRow = max(T, firstPosition + 31u) - firstPosition - 31u;
let hasSelf = firstPosition <= T && T < firstPosition + 32u;
let lastSequence = min((part + 1u) * sizes.share, sizes.sequences);
for (var b = part * sizes.share; b < lastSequence; b++) {
  let count = countOf(b);
  let rows = select(min(T, max(count + T, firstPosition) - firstPosition), T, hasSelf);
  for (var firstQuery = firstRow / 32u * 32u; firstQuery < rows; firstQuery += 32u) {
    let firstKey = firstPosition + firstQuery - T;
    let i = apart(firstQuery + y);
${terms === 'relative' ? pairProducts(headSize, 'relative', 'positions') : ''}
    let j = apart(firstKey + x);
${terms === 'relative' ? pairGradients('relative', (a) => `j + vec4u(y + ${8 * a}u)`) : ''}
${tileWeights('dScore', true)}
${tileSums(headSize, 'sum', sources.positionQuery)}
  }
}
${tileSumsWritten(
  headSize,
  'sum',
  'firstPosition + row < 2u * T',
  (sum) => `gradients[sizes.sharesAt + (part * 2u * T + firstPosition + row) * sizes.width + head * ${vectors}u + column] = ${sum};`,
)}`;
  return kernel<string, string>({
    name: attentionName('attention backward, merged', headSize, terms) + suffix,
    enable,
    sizes: { ...attentionSizes, share: 'u32', partsAt: 'u32', sharesAt: 'u32' },
    buffers: { ...attentionBackwardReads(terms), gradients: writes('vec4<f32>') },
    workgroup: TILE_WORKGROUP,
    module:
      attentionTileCode(terms === 'relative' ? TILE_WITH_BAND : tileLength(terms), terms, storage) + probabilitiesCode[terms],
    body: `${tileBegin}
if (group.z < sizes.sequences) {
if (group.x * 32u >= sizes.pieces) { return; }
${byQuery}
} else ${relative('if (group.z < 2u * sizes.sequences)')} {
if (group.x * 32u >= sizes.pieces) { return; }
${byKey}
}${relative(` else {
${byPosition}
}`)}`,
  });
}

const mergedKernels = {
  tiled: onceByHead((headSize, terms) => mergedKernel(headSize, terms, 'f32')),
  'tiled f16': onceByHead((headSize, terms) => mergedKernel(headSize, terms, 'f16')),
} as const;

/** With fewer workgroups by relative position than this, sequences are divided among more of them. */
const ENOUGH_GROUPS = 256;

/** Words of the gradients of one pass, and where each part begins. */
export interface MergedPlaces {
  /** Content and position parts of the queries' gradients, then by query the sums over keys of the same segment and of others. */
  readonly parts: number;
  /** Gradients of position keys, [layers, shares, 2T, H*h]. */
  readonly shares: number;
  readonly shareCount: number;
  /** Words of the shares of one layer. */
  readonly shareLength: number;
  readonly length: number;
}

export function mergedPlaces(
  { sequences, pieces, heads, headSize }: Pick<AttentionShape, 'sequences' | 'pieces' | 'heads' | 'headSize'>,
  terms: AttentionTerms,
  layers: number,
): MergedPlaces {
  const hidden = heads * headSize;
  const stride = aligned(sequences * pieces * hidden);
  const parts = 3 * stride;
  if (terms === 'absolute') return { parts, shares: parts, shareCount: 0, shareLength: 0, length: parts };
  const blocks = Math.ceil((2 * pieces) / ATTENTION_BLOCK);
  const share = Math.ceil(sequences / Math.ceil(ENOUGH_GROUPS / (blocks * heads)));
  const shareCount = Math.ceil(sequences / share);
  const shares = parts + 2 * stride + aligned(4 * sequences * heads * pieces);
  const shareLength = shareCount * 2 * pieces * hidden;
  return { parts, shares, shareCount, shareLength, length: shares + layers * shareLength };
}

/**
 * Gradients of `recordAttention` from dContext [B*T, H*h] and `statistics` [B, H, T] (log-sum-exp, dContext·context, scores of both
 * kinds of segment): of queries, keys and values at the start of `gradients`, then what `mergedPlaces` lists; `share` counts the layers
 * whose shares come before.
 */
export function recordMergedAttentionBackward(
  recorder: Recorder,
  family: TiledFamily,
  shape: AttentionShape & { readonly share: number },
  inputs: AttentionInputs,
  { dContext, statistics }: { readonly dContext: Region; readonly statistics: Region },
  gradients: Region,
  places: MergedPlaces,
): void {
  const { sequences, pieces, heads, headSize } = shape;
  const terms = termsOf(inputs);
  const blocks = Math.ceil(((terms === 'relative' ? 2 : 1) * pieces) / ATTENTION_BLOCK);
  const { shareCount } = places;
  recorder.launch(
    mergedKernels[family](headSize, terms),
    {
      ...attentionSizesOf(shape),
      share: shareCount === 0 ? 0 : Math.ceil(sequences / shareCount),
      partsAt: places.parts / 4,
      sharesAt: (places.shares + shape.share * places.shareLength) / 4,
    },
    { ...attentionRegions(inputs), dContext, statistics, gradients },
    [blocks, heads, 2 * sequences + shareCount],
    attentionWork(shape, terms === 'relative' ? 14 : 7),
  );
}
