// Encoders as ONNX operators, family by family: the same networks as in `families`, without dropout.
import type { FamilyName } from '../../data/pieces/encoderFacts.ts';
import { LabError } from '../../util/labError.ts';
import type { EncoderSizes } from '../blocks/encoderFamily.ts';
import { EMBEDDING } from '../blocks/parameterLocation.ts';
import type { BertSizes } from '../families/bert.ts';
import { distanceRow, type DebertaConfig } from '../families/deberta.ts';
import type { EncoderConfig } from '../families/encoderConfig.ts';
import type { ModernbertConfig } from '../families/modernbert.ts';
import type { XlnetConfig } from '../families/xlnet.ts';
import {
  activated,
  byHead,
  contentScores,
  contextOf,
  HIDDEN,
  oneTurn,
  residualGraph,
  scaledScores,
  type EncoderInputs,
  type GraphValue,
  type Weights,
} from './graphBuilder.ts';

// Encoders that compare with relative positions as ONNX operators: XLNet and DeBERTa-v3.

/** The lengths of a graph's input as vectors of one number and scalars, for operators that want either. */
interface Length {
  /** T as int64 [1]. */
  readonly vector: GraphValue;
  /** T as a scalar. */
  readonly scalar: GraphValue;
}

function lengthOf({ builder }: Weights, pieceIds: GraphValue): Length {
  const vector = builder.add('Shape', [pieceIds], { start: 1 });
  return { vector, scalar: builder.add('Squeeze', [vector]) };
}

/** int64 [2T]: the distances from T down to 1 - T. */
function distancesOf({ builder }: Weights, { scalar }: Length): GraphValue {
  return builder.add('Range', [scalar, builder.add('Neg', [scalar]), builder.int64s([-1], [])]);
}

/** out[i, j] = x[i, T - i + j]: [B, H, T, 2T] to [B, H, T, T], by reading the flat rows with one column fewer. */
function shifted({ builder }: Weights, x: GraphValue, { vector }: Length): GraphValue {
  const end = builder.int64s([Number.MAX_SAFE_INTEGER]);
  const flat = builder.add('Reshape', [x, builder.int64s([0, 0, -1])]);
  const later = builder.add('Slice', [flat, vector, end, builder.int64s([2])]);
  const shape = builder.add('Concat', [builder.int64s([0, 0]), vector, builder.int64s([-1])], { axis: 0 });
  const skewed = builder.add('Reshape', [later, shape]);
  return builder.add('Slice', [skewed, builder.int64s([0]), vector, builder.int64s([3])]);
}

/** As `xlnetStates`. */
export function xlnetGraph(
  { pieceIds, segments, mask }: EncoderInputs,
  weights: Weights,
  config: XlnetConfig,
): GraphValue {
  const { builder } = weights;
  const { heads: H, headSize: h, hiddenSize: d } = config;
  const length = lengthOf(weights, pieceIds);
  const positions = sinusoids(weights, distancesOf(weights, length), config);
  const differ = segmentsDiffer(weights, segments ?? pieceIds);
  let states = weights.rows(EMBEDDING, pieceIds);
  for (let index = 0; index < config.layers; index++) {
    const layer = `layer.${index}.`;
    const name = (own: string): string => `${layer}attention.${own}`;
    const [q = '', k = '', v = ''] = ['query', 'key', 'value'].map((own) =>
      byHead(weights, weights.product(states, name(own)), config),
    );
    const biased = (own: string): GraphValue => builder.add('Add', [q, weights.parameter(name(own), [1, H, 1, h])]);
    const content = contentScores(weights, biased('contentBias'), k);
    const keys = positionKeys(weights, weights.product(positions, name('position')), config);
    const position = shifted(weights, builder.add('MatMul', [biased('positionBias'), keys]), length);
    const segmentKeys = builder.add('Transpose', [weights.parameter(name('segmentEmbedding'))], { perm: [1, 2, 0] });
    const both = builder.add('MatMul', [biased('segmentBias'), segmentKeys]); // [B, H, T, 2]
    const [same = '', other = ''] = builder.addSeveral('Split', [both, builder.int64s([1, 1])], 2, { axis: -1 });
    const segment = builder.add('Add', [same, builder.add('Mul', [differ, builder.add('Sub', [other, same])])]);
    const sum = builder.add('Add', [builder.add('Add', [content, position]), segment]);
    const scores = scaledScores(weights, sum, 1 / Math.sqrt(h), mask);
    const attended = weights.product(contextOf(weights, scores, v, { ...config, hiddenSize: H * h }), name('output'));
    states = residualGraph(weights, states, attended, layer, { ...config, hiddenSize: d });
  }
  return states;
}

/** Rows [2T, H*h] as [H, h, 2T]. */
function positionKeys(
  { builder }: Weights,
  rows: GraphValue,
  { heads, headSize }: { heads: number; headSize: number },
): GraphValue {
  return builder.add('Transpose', [builder.add('Reshape', [rows, builder.int64s([0, heads, headSize])])], {
    perm: [1, 2, 0],
  });
}

/** f32 [2T, d], as `relativePositions`: angles in f64, reduced to one turn, where the sine of any runtime is exact enough. */
function sinusoids({ builder }: Weights, distances: GraphValue, { hiddenSize, clampLength }: XlnetConfig): GraphValue {
  const half = hiddenSize / 2;
  const wavelengths = Float64Array.from({ length: half }, (_, k) => 10000 ** ((2 * k) / hiddenSize));
  const exact = builder.cast(distances, 'f64');
  const clamped =
    clampLength === null ? exact : builder.add('Clip', [exact, builder.f64(-clampLength), builder.f64(clampLength)]);
  const angles = builder.add('Div', [
    builder.add('Unsqueeze', [clamped, builder.int64s([1])]),
    builder.f64s('wavelengths', [1, half], wavelengths),
  ]);
  const within = oneTurn(builder, angles);
  return builder.add('Concat', [builder.add('Sin', [within]), builder.add('Cos', [within])], { axis: -1 });
}

/** f32 [B, 1, T, T] 1 where two pieces are in different segments. */
function segmentsDiffer({ builder }: Weights, segments: GraphValue): GraphValue {
  const [rows, columns] = [2, 1].map((axis) => builder.add('Unsqueeze', [segments, builder.int64s([axis])]));
  const differ = builder.cast(builder.add('Not', [builder.add('Equal', [rows ?? '', columns ?? ''])]), 'f32');
  return builder.add('Unsqueeze', [differ, builder.int64s([1])]);
}

/** As `debertaStates`. */
export function debertaGraph({ pieceIds, mask }: EncoderInputs, weights: Weights, config: DebertaConfig): GraphValue {
  const { builder } = weights;
  const length = lengthOf(weights, pieceIds);
  const distances = distancesOf(weights, length);
  const forwards = distanceRows(weights, distances, config);
  const backwards = distanceRows(weights, builder.add('Neg', [distances]), config);
  const norm = (x: GraphValue, name: string): GraphValue =>
    weights.norm(x, `${name}.norm.scale`, `${name}.norm.shift`, config.layerNormEpsilon);
  const table = norm(weights.parameter(`${EMBEDDING}.relative`), `${EMBEDDING}.relative`);
  let h = norm(weights.rows(EMBEDDING, pieceIds), EMBEDDING);
  for (let index = 0; index < config.layers; index++) {
    const layer = `layer.${index}.`;
    const project = (x: GraphValue, name: string): GraphValue =>
      weights.linear(x, `${layer}attention.${name}`, `${layer}attention.${name}.bias`);
    const [q = '', k = '', v = ''] = ['query', 'key', 'value'].map((name) => byHead(weights, project(h, name), config));
    /** x_a·row[T - a + b] [B, H, T, T] for rows of the projected table. */
    const byDistance = (x: GraphValue, name: string, rows: GraphValue): GraphValue => {
      const keys = positionKeys(weights, builder.add('Gather', [project(table, name), rows]), config);
      return shifted(weights, builder.add('MatMul', [x, keys]), length);
    };
    const toPosition = byDistance(q, 'key', forwards);
    // By key, so the other way round.
    const fromPosition = builder.add('Transpose', [byDistance(k, 'query', backwards)], { perm: [0, 1, 3, 2] });
    const sum = builder.add('Add', [builder.add('Add', [contentScores(weights, q, k), toPosition]), fromPosition]);
    const scores = scaledScores(weights, sum, 1 / Math.sqrt(3 * config.headSize), mask);
    h = residualGraph(weights, h, project(contextOf(weights, scores, v, config), 'output'), layer, config);
  }
  return h;
}

/** The table's rows for distances, int64: looked up, because logarithms of runtimes differ where a bucket begins; further ones have the last row. */
function distanceRows({ builder }: Weights, distances: GraphValue, config: DebertaConfig): GraphValue {
  const furthest = config.buckets === null ? config.span : config.furthest;
  const rows = Array.from({ length: 2 * furthest + 1 }, (_, index) => distanceRow(index - furthest, config));
  const [least, most] = [-furthest, furthest].map((limit) => builder.int64s([limit], []));
  const within = builder.add('Clip', [distances, least ?? '', most ?? '']);
  const table = builder.tensor('distance_rows', 'i64', [rows.length], () => {
    return new Uint8Array(BigInt64Array.from(rows, BigInt).buffer);
  });
  return builder.add('Gather', [table, builder.add('Add', [within, most ?? ''])]);
}

/** Adds the encoder and returns its last hidden states [B, T, d]. */
export type EncoderGraph<Config> = (inputs: EncoderInputs, weights: Weights, config: Config) => GraphValue;

// The table of families, and the encoders without relative positions: BERT and its relatives, ModernBERT.

const graphs: { readonly [Family in FamilyName]: EncoderGraph<Extract<EncoderConfig, { family: Family }>> | null } = {
  xlnet: xlnetGraph,
  bert: bertGraph,
  roberta: bertGraph,
  electra: bertGraph,
  modernbert: modernbertGraph,
  'deberta-v2': debertaGraph,
  bilstm: null,
  'window-cnn': null,
};

/** Returns the function that adds an encoder of the family. Throws LabError `export/onnx-family` for one that has no graph. */
export function encoderGraphOf({ family }: EncoderConfig): EncoderGraph<EncoderConfig> {
  const graph = graphs[family] as EncoderGraph<EncoderConfig> | null;
  if (graph !== null) return graph;
  throw new LabError('export/onnx-family', 'Networks of words are not exported as ONNX.', {
    expected: 'a tagger on a pretrained transformer; save this one as a model of the lab',
    got: family,
  });
}

/** T of int64 [B, T], a scalar, and the whole numbers from 0 to T - 1. */
function countOf(
  { builder }: Weights,
  pieceIds: GraphValue,
): { readonly count: GraphValue; readonly indices: GraphValue } {
  const count = builder.add('Squeeze', [builder.add('Shape', [pieceIds], { start: 1 })]);
  const [first, step] = [builder.int64s([0], []), builder.int64s([1], [])];
  return { count, indices: builder.add('Range', [first, count, step]) };
}

/** As `bertStates`: also of RoBERTa and ELECTRA, which differ in what is before the first layer. */
function bertGraph({ pieceIds, segments, mask }: EncoderInputs, weights: Weights, config: BertSizes): GraphValue {
  const { builder } = weights;
  const { firstPosition = 0, positions, embeddingSize = config.hiddenSize } = config;
  const placed = builder.add('Add', [countOf(weights, pieceIds).indices, builder.int64s([firstPosition], [])]);
  // Only padding may extend beyond the last position.
  const rows = weights.rows(`${EMBEDDING}.position`, builder.add('Min', [placed, builder.int64s([positions - 1], [])]));
  const segment =
    segments === null
      ? weights.parameter(`${EMBEDDING}.segment`, [1, config.segments, embeddingSize])
      : weights.rows(`${EMBEDDING}.segment`, segments);
  const embedded = weights.norm(
    builder.add('Add', [builder.add('Add', [weights.rows(EMBEDDING, pieceIds), rows]), segment]),
    `${EMBEDDING}.norm.scale`,
    `${EMBEDDING}.norm.shift`,
    config.layerNormEpsilon,
  );
  const isNarrow = config.embeddingSize !== undefined;
  let h = isNarrow ? weights.linear(embedded, `${EMBEDDING}.project.kernel`, `${EMBEDDING}.project.bias`) : embedded;
  for (let index = 0; index < config.layers; index++) {
    const layer = `layer.${index}.`;
    const project = (x: GraphValue, name: string): GraphValue =>
      weights.linear(x, `${layer}attention.${name}`, `${layer}attention.${name}.bias`);
    const [q, k, v] = ['query', 'key', 'value'].map((name) => byHead(weights, project(h, name), config));
    const scores = scaledScores(
      weights,
      contentScores(weights, q ?? '', k ?? ''),
      1 / Math.sqrt(config.headSize),
      mask,
    );
    h = residualGraph(weights, h, project(contextOf(weights, scores, v ?? '', config), 'output'), layer, config);
  }
  return h;
}

/** As `modernbertStates`: rotary positions, local and global attention, gated feed-forward, norms before each block. */
function modernbertGraph({ pieceIds, mask }: EncoderInputs, weights: Weights, config: ModernbertConfig): GraphValue {
  const { builder } = weights;
  const { indices } = countOf(weights, pieceIds);
  const [everywhere, nearby] = [
    { mask, angles: rotation(weights, indices, config.globalTheta, config) },
    {
      mask: builder.add('Add', [mask, windowMask(weights, indices, config.window)]),
      angles: rotation(weights, indices, config.localTheta, config),
    },
  ];
  const norm = (x: GraphValue, name: string): GraphValue => weights.norm(x, name, null, config.layerNormEpsilon);
  let h = norm(weights.rows(EMBEDDING, pieceIds), `${EMBEDDING}.norm.scale`);
  for (let index = 0; index < config.layers; index++) {
    const layer = `layer.${index}.`;
    const kind = config.isLocal[index] === true ? nearby : everywhere;
    const read = index === 0 ? h : norm(h, `${layer}attention.norm.scale`);
    const [q, k, v] = ['query', 'key', 'value'].map((name) =>
      byHead(weights, weights.product(read, `${layer}attention.${name}`), config),
    );
    const [turnedQ, turnedK] = [q ?? '', k ?? ''].map((x) => rotated(weights, x, kind.angles, config));
    const content = contentScores(weights, turnedQ ?? '', turnedK ?? '');
    const scores = scaledScores(weights, content, 1 / Math.sqrt(config.headSize), kind.mask);
    const attended = weights.product(contextOf(weights, scores, v ?? '', config), `${layer}attention.output`);
    const middle = builder.add('Add', [h, attended]);
    const fed = norm(middle, `${layer}feedForward.norm.scale`);
    const inner = builder.add('Mul', [
      activated(weights, weights.product(fed, `${layer}feedForward.inner.kernel`), config.activation),
      weights.product(fed, `${layer}feedForward.gate.kernel`),
    ]);
    h = builder.add('Add', [middle, weights.product(inner, `${layer}feedForward.outer.kernel`)]);
  }
  return norm(h, `layer.${config.layers - 1}.output.norm.scale`);
}

interface Rotation {
  /** f32 [T, h] each. */
  readonly cosines: GraphValue;
  readonly sines: GraphValue;
}

/** The angles are rounded to f32 as in the plain network, and reduced to one turn in f64, where the sine of any runtime is exact enough. */
function rotation({ builder }: Weights, indices: GraphValue, theta: number, { headSize }: EncoderSizes): Rotation {
  const half = headSize / 2;
  const frequencies = Float32Array.from({ length: half }, (_, k) => 1 / theta ** ((2 * k) / headSize));
  const read = (): Uint8Array<ArrayBuffer> => new Uint8Array(frequencies.slice().buffer);
  const rates = builder.tensor(`rotary_frequencies_${theta}`, 'f32', [1, half], read);
  const rows = builder.cast(builder.add('Unsqueeze', [indices, builder.int64s([1])]), 'f32');
  const angles = oneTurn(builder, builder.cast(builder.add('Mul', [rows, rates]), 'f64'));
  const twice = (operator: string): GraphValue => {
    const ofHalf = builder.add(operator, [angles]);
    return builder.add('Concat', [ofHalf, ofHalf], { axis: -1 });
  };
  return { cosines: twice('Cos'), sines: twice('Sin') };
}

/** x [B, H, T, h] with its pairs of columns turned by the angles of their position. */
function rotated(
  { builder }: Weights,
  x: GraphValue,
  { cosines, sines }: Rotation,
  { headSize }: EncoderSizes,
): GraphValue {
  const halves = builder.int64s([headSize / 2, headSize / 2]);
  const [first = '', second = ''] = builder.addSeveral('Split', [x, halves], 2, { axis: -1 });
  const turned = builder.add('Concat', [builder.add('Neg', [second]), first], { axis: -1 });
  return builder.add('Add', [builder.add('Mul', [x, cosines]), builder.add('Mul', [turned, sines])]);
}

/** f32 [T, T] 0 for pieces up to `window` apart, -1e30 for others. */
function windowMask({ builder }: Weights, indices: GraphValue, window: number): GraphValue {
  const column = builder.add('Unsqueeze', [indices, builder.int64s([1])]);
  const distances = builder.add('Abs', [builder.add('Sub', [column, indices])]);
  const isFar = builder.cast(builder.add('Greater', [distances, builder.int64s([window], [])]), 'f32');
  return builder.add('Mul', [isFar, builder.f32(HIDDEN)]);
}
