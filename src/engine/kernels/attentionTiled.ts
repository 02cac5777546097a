// Attention forward from tiles in workgroup memory.
import type { Kernel } from '../kernel.ts';
import { kernel, writes } from '../kernel.ts';
import type { AttentionTerms } from './attentionScores.ts';
import { attentionName, attentionReads, attentionSizes, ifRelative } from './attentionScores.ts';
import { ROWS, TILE_WORKGROUP, attentionTileCode, component, eachTileSum, scoreTerms, sumOverLanes, tileLength, tileProducts, tileSources, tileSums, tileSumsWritten, tileWeights } from './attentionTiles.ts'; // prettier-ignore

/**
 * Workgroups are [blocks of queries, heads, sequences]; each walks over the blocks of keys that its queries see. Bounds of loops with
 * barriers come from sizes, workgroup indices and read-only storage, which are the same for a whole workgroup.
 */
export function attentionTiledKernel(headSize: number, terms: AttentionTerms): Kernel {
  const vectors = headSize / 4;
  const sources = tileSources(headSize);
  const relative = ifRelative(terms);
  const segmentTerm = (a: number): string =>
    relative(`select(same${a}, other${a}, segmentsDiffer(b, i.${component(a)}, j)) + `);
  return kernel<string, string>({
    name: attentionName('attention, tiled', headSize, terms),
    sizes: attentionSizes,
    buffers: { ...attentionReads(terms), context: writes('vec4<f32>'), logSumExp: writes() },
    workgroup: TILE_WORKGROUP,
    module: attentionTileCode(tileLength(terms), terms),
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
  segmentScore += dot(threes[own + c] + biases[2u * sizes.biasStride + bias + c], biases[embedding + c]);
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
