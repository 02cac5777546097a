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
import { keyLoop, positionLoop, probabilitiesCode, queryLoop, tileBegin } from './attentionTiled.ts';
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
  tileSumsWritten,
  type TileStorage,
} from './attentionTiles.ts';

function mergedKernel(headSize: number, terms: AttentionTerms, storage: TileStorage): Kernel {
  const { enable, suffix } = storageOf(storage);
  const relative = ifRelative(terms);
  const vectors = headSize / 4;
  const query = `rowAt(b, head, firstQuery + row, ${vectors}u) + column`;
  const key = `rowAt(b, head, firstKey + row, ${vectors}u) + column`;
  const queryExists = 'firstQuery + row < sizes.pieces';
  const keyExists = 'firstKey + row < sizes.pieces';
  const segments = (a: number): string =>
    relative(` + placed + allSame.${component(a)} * biases[e] + allOther.${component(a)} * biases[e + sizes.width]`);
  const byQuery = `
${queryLoop(headSize, terms)}${relative(`${sumOverLanes('same', 'allSame')}
${sumOverLanes('other', 'allOther')}
`)}${tileSumsWritten(
    headSize,
    'content',
    queryExists,
    (sum, a) => `let at = ${query};
${relative(`let placed = ${sum.replace('content', 'placed')};
let e = 3u * sizes.biasStride + head * ${vectors}u + column;
gradients[sizes.partsAt + at] = ${sum};
gradients[sizes.partsAt + sizes.qkvStride + at] = placed;
`)}gradients[at] = ${sum}${segments(a)};`,
  )}
${relative(`if (x == 0u) {
  let sums = sizes.partsAt + 2u * sizes.qkvStride + (b * sizes.heads + head) * sizes.pieces;
${ROWS.map(component)
  .map((a) => `if (i.${a} < sizes.pieces) { gradients[sums + i.${a}] = vec4f(allSame.${a}, allOther.${a}, 0.0, 0.0); }`)
  .join('\n')}
}`)}`;
  const byKey = `
${keyLoop(headSize, terms, 'group.z - sizes.sequences')}${tileSumsWritten(headSize, 'dKey', keyExists, (sum) => `gradients[sizes.qkvStride + ${key}] = ${sum};`)}
${tileSumsWritten(headSize, 'dValue', keyExists, (sum) => `gradients[2u * sizes.qkvStride + ${key}] = ${sum};`)}`;
  const byPosition = `
let part = group.z - 2u * sizes.sequences;
${positionLoop(headSize, 'part')}${tileSumsWritten(
    headSize,
    'sum',
    'firstPosition + row < 2u * T',
    (sum) =>
      `gradients[sizes.sharesAt + (part * 2u * T + firstPosition + row) * sizes.width + head * ${vectors}u + column] = ${sum};`,
  )}`;
  return kernel<string, string>({
    name: attentionName('attention backward, merged', headSize, terms) + suffix,
    enable,
    sizes: { ...attentionSizes, share: 'u32', partsAt: 'u32', sharesAt: 'u32' },
    buffers: { ...attentionBackwardReads(terms), gradients: writes('vec4<f32>') },
    workgroup: TILE_WORKGROUP,
    module:
      attentionTileCode(terms === 'relative' ? TILE_WITH_BAND : tileLength(terms), terms, storage) +
      probabilitiesCode[terms],
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
