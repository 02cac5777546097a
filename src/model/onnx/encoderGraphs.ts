// Encoders as ONNX operators, family by family: the same networks as in `families`, without dropout.
import type { FamilyName } from '../../data/pieces/encoderFacts.ts';
import type { EncoderSizes } from '../config/encoderSizes.ts';
import { LabError } from '../../util/labError.ts';
import { EMBEDDING } from '../blocks/parameterLocation.ts';
import type { BertSizes } from '../families/bert/bertConfig.ts';
import type { EncoderConfig } from '../families/encoderConfig.ts';
import type { ModernbertConfig } from '../families/modernbert/modernbertConfig.ts';
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
} from './graphBlocks.ts';
import type { GraphValue } from './graphBuilder.ts';
import type { Weights } from './onnxWeights.ts';
import { debertaGraph, xlnetGraph } from './relativeGraphs.ts';

/** Adds the encoder and returns its last hidden states [B, T, d]. */
export type EncoderGraph<Config> = (inputs: EncoderInputs, weights: Weights, config: Config) => GraphValue;

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
