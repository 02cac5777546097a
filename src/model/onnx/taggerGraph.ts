// A whole tagger as ONNX files: encoder, emissions, and the decoding of tags by Viterbi as loops of the graph.
import type { OnnxFile, OnnxPrecision } from '../../schema/taggerFiles.ts';
import { softwareVersion } from '../../util/wording.ts';
import type { HostParameters } from '../blocks/parameterLocation.ts';
import { familyOf } from '../families/encoderConfig.ts';
import type { TaggerShape } from '../parameters.ts';
import { encoderGraphOf } from './encoderGraphs.ts';
import { GraphBuilder, maskOf, Weights, type GraphValue } from './graphBuilder.ts';
import { LARGEST_ONNX_BYTES, onnxStream, type OnnxModel, type OnnxValue } from './onnxFile.ts';

/** The first version with layer norms as one operator (ONNX 1.12 of 2022, onnxruntime 1.12). */
const OPSET = 17;

/** The tag of positions that have none. */
const NO_TAG = -1;

/** Names of graphs, as transformers.js expects them. */
const graphNames = { f32: 'model.onnx', f16: 'model_fp16.onnx', int8: 'model_int8.onnx' } as const;

/**
 * The files of a tagger's graph, and the description that goes beside it for programs that decode tags themselves. `largestBytes`: where the
 * weights are more, they are in a file beside the graph. Throws LabError `onnx/half` for weights too large for f16.
 */
export function onnxFiles(
  weights: HostParameters,
  shape: TaggerShape,
  { tags }: { readonly tags: readonly string[] },
  precision: OnnxPrecision,
  largestBytes = LARGEST_ONNX_BYTES,
) {
  const { model, chain } = taggerGraph(weights, shape, precision, tags);
  const stream = onnxStream(model, graphNames[precision], largestBytes);
  const description: OnnxFile = {
    format: 'bioner-lab-onnx',
    version: 1,
    precision,
    model: graphNames[precision],
    data: stream.files[1]?.name ?? null,
    crf: chain,
  };
  return { description, stream };
}

interface TaggerGraph {
  readonly model: OnnxModel;
  readonly chain: OnnxFile['crf'];
}

const ids = (name: string, description: string): OnnxValue => ({
  name,
  type: 'i64',
  shape: ['batch', 'length'],
  description,
});

/** Whether the family reads segments: some compare them, beside distances, others have an embedding for each. */
function readsSegments({ encoder }: TaggerShape): boolean {
  const design = familyOf(encoder).design(encoder);
  if (typeof design === 'string') return false;
  const { distances, embedding } = design;
  return distances !== null || (embedding.kind === 'normed' && embedding.segments > 1);
}

/**
 * Builds the model of a tagger. Inputs are int64 [batch, length], any batch and any length: input_ids, attention_mask, token_type_ids if the
 * family reads segments, tag_mask. Outputs are logits f32 [batch, length, tags], the emissions of every piece, and tags int64 [batch, length],
 * the best sequence over the positions in tag_mask, -1 elsewhere. Throws LabError `onnx/half` for weights too large for f16.
 */
function taggerGraph(
  weights: HostParameters,
  shape: TaggerShape,
  precision: OnnxPrecision,
  tags: readonly string[],
): TaggerGraph {
  const builder = new GraphBuilder();
  const constants = new Weights(builder, weights, precision);
  const K = shape.head.tagCount;
  const inputs = [
    ids('input_ids', 'Pieces of each sequence, padded on the right with any piece.'),
    ids('attention_mask', '1 at pieces, 0 at padding.'),
    ...(readsSegments(shape) ? [ids('token_type_ids', 'Segments of the pieces.')] : []),
    ids('tag_mask', '1 at pieces that have a tag, such as the first of each token; 0 elsewhere.'),
  ];
  const hidden = encoderGraphOf(shape.encoder)(
    {
      pieceIds: 'input_ids',
      mask: maskOf(constants, 'attention_mask'),
      segments: readsSegments(shape) ? 'token_type_ids' : null,
    },
    constants,
    shape.encoder,
  );
  // The head is small and decides most, so that it is never quantized.
  const product = builder.add('MatMul', [hidden, constants.parameter('head.kernel')]);
  const logits = builder.name(builder.add('Add', [product, constants.parameter('head.bias')]), 'logits');
  const isTagged = builder.cast('tag_mask', 'bool');
  builder.name(shape.head.kind === 'crf' ? bestPath(constants, logits, isTagged, K) : bestTags(builder, logits, isTagged), 'tags'); // prettier-ignore
  const model: OnnxModel = {
    graph: builder.graph('tagger', inputs, [
      { name: 'logits', type: 'f32', shape: ['batch', 'length', K], description: 'Emissions of every piece.' },
      { name: 'tags', type: 'i64', shape: ['batch', 'length'], description: 'Indices of tags; -1 outside tag_mask.' },
    ]),
    opset: OPSET,
    producer: softwareVersion,
    description: 'A tagger of biomedical entities: the encoder, its emissions, and the best tags.',
    metadata: { tags: JSON.stringify(tags), precision },
  };
  return { model, chain: shape.head.kind === 'crf' ? chainIn(constants, K) : null };
}

function chainIn(constants: Weights, K: number): OnnxFile['crf'] {
  const vector = (name: string): number[] | null => (constants.has(name) ? [...constants.values(name)] : null);
  const transitions = [...constants.values('crf.transitions')];
  return {
    transitions: Array.from({ length: K }, (_, from) => transitions.slice(from * K, (from + 1) * K)),
    start: vector('crf.start'),
    end: vector('crf.end'),
  };
}

/** The best tag of each position by itself. */
function bestTags(builder: GraphBuilder, logits: GraphValue, isTagged: GraphValue): GraphValue {
  const best = builder.add('ArgMax', [logits], { axis: -1, keepdims: 0 });
  return builder.add('Where', [isTagged, best, builder.int64s([NO_TAG], [])]);
}

/**
 * Viterbi as two scans over the length, in f64 as `viterbi` of the lab adds: forwards the scores of the best paths to each tag, and the tag before;
 * backwards along those. A position without a tag leaves the scores as they are, and each tag its own predecessor.
 */
function bestPath(constants: Weights, logits: GraphValue, isTagged: GraphValue, K: number): GraphValue {
  const { builder } = constants;
  const chain = (name: string, shape: readonly number[]): GraphValue =>
    builder.cast(constants.parameter(name, shape), 'f64');
  const transitions = chain('crf.transitions', [1, K, K]);
  const batch = builder.add('Shape', ['input_ids'], { start: 0, end: 1 });
  const shapeOf = (columns: number): GraphValue =>
    builder.add('Concat', [batch, builder.int64s([columns])], { axis: 0 });
  const start = constants.has('crf.start') ? chain('crf.start', [1, K]) : builder.f64(0);
  const first = builder.add('Expand', [start, shapeOf(K)]);
  const never = builder.cast(builder.add('Expand', [builder.int64s([0]), shapeOf(1)]), 'bool');

  const forwards = forwardStep(builder, transitions, K);
  const [best = '', , origins = ''] = builder.addSeveral(
    'Scan',
    [first, never, builder.cast(logits, 'f64'), isTagged],
    3,
    { body: forwards, num_scan_inputs: 2, scan_input_axes: [1, 1], scan_output_axes: [1] },
  );
  const total = constants.has('crf.end') ? builder.add('Add', [best, chain('crf.end', [1, K])]) : best;
  const last = builder.add('ArgMax', [total], { axis: 1, keepdims: 0 });
  const [, path = ''] = builder.addSeveral('Scan', [last, origins, isTagged], 2, {
    body: backwardStep(builder, K),
    num_scan_inputs: 2,
    scan_input_axes: [1, 1],
    scan_output_axes: [1],
    scan_input_directions: [1, 1],
    scan_output_directions: [1],
  });
  return path;
}

/** States: scores [B, K], whether the sequence has begun [B, 1]. Reads emissions [B, K] and whether there is a tag [B]; writes the tags before [B, K]. */
function forwardStep(outer: GraphBuilder, transitions: GraphValue, K: number) {
  const body = outer.inner();
  const [best, hasBegun, emissions, isTagged] = ['best', 'begun', 'emissions', 'tagged'].map((name) => body.input(name)) as [GraphValue, GraphValue, GraphValue, GraphValue]; // prettier-ignore
  const isHere = body.add('Unsqueeze', [isTagged, body.int64s([1])]);
  const reached = body.add('Add', [body.add('Unsqueeze', [best, body.int64s([2])]), transitions]); // [B, from, to]
  const furthest = body.add('ReduceMax', [reached], { axes: [1], keepdims: 0 });
  const from = body.add('ArgMax', [reached], { axis: 1, keepdims: 0 });
  const before = body.add('Where', [hasBegun, furthest, best]);
  const next = body.add('Where', [isHere, body.add('Add', [before, emissions]), best]);
  const isStep = body.add('And', [hasBegun, isHere]);
  const itself = body.int64s(Array.from({ length: K }, (_, tag) => tag), [1, K]); // prettier-ignore
  const origins = body.add('Where', [isStep, from, itself]);
  const begun = body.add('Or', [hasBegun, isHere]);
  return body.graph(
    'forwards',
    [
      { name: best, type: 'f64', shape: ['batch', K] },
      { name: hasBegun, type: 'bool', shape: ['batch', 1] },
      { name: emissions, type: 'f64', shape: ['batch', K] },
      { name: isTagged, type: 'bool', shape: ['batch'] },
    ],
    [
      { name: next, type: 'f64', shape: ['batch', K] },
      { name: begun, type: 'bool', shape: ['batch', 1] },
      { name: origins, type: 'i64', shape: ['batch', K] },
    ],
  );
}

/** State: the tag [B] of the position behind. Reads the tags before [B, K] and whether there is a tag [B]; writes the tag [B]. */
function backwardStep(outer: GraphBuilder, K: number) {
  const body = outer.inner();
  const [tag, origins, isTagged] = ['tag', 'origins', 'tagged'].map((name) => body.input(name)) as [
    GraphValue,
    GraphValue,
    GraphValue,
  ];
  const here = body.add('Where', [isTagged, tag, body.int64s([NO_TAG], [])]);
  const axis = body.int64s([1]);
  const before = body.add('Squeeze', [
    body.add('GatherElements', [origins, body.add('Unsqueeze', [tag, axis])], { axis: 1 }),
    axis,
  ]);
  return body.graph(
    'backwards',
    [
      { name: tag, type: 'i64', shape: ['batch'] },
      { name: origins, type: 'i64', shape: ['batch', K] },
      { name: isTagged, type: 'bool', shape: ['batch'] },
    ],
    [
      { name: before, type: 'i64', shape: ['batch'] },
      { name: here, type: 'i64', shape: ['batch'] },
    ],
  );
}
