// Builds an ONNX graph operator by operator: values, weights as constants in f32, f16 or int8, and the parts that encoders share.
import type { OnnxPrecision } from '../../schema/taggerFiles.ts';
import { LabError } from '../../util/labError.ts';
import type { Activation, EncoderSizes } from '../blocks/encoderFamily.ts';
import { sizeOf, type HostParameters, type HostTensor } from '../blocks/parameterLocation.ts';
import { narrowHalf, storedValues } from '../weights/safetensors.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxType, OnnxValue } from './onnxFile.ts';

/** The name of a value. */
export type GraphValue = string;

type Attributes = Readonly<Record<string, OnnxAttribute>>;

export class GraphBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #tensors: Map<string, OnnxTensor>;
  readonly #parent: GraphBuilder | null;
  #values = 0;

  constructor(parent: GraphBuilder | null = null) {
    this.#parent = parent;
    this.#tensors = parent === null ? new Map() : parent.#tensors;
  }

  /** Adds an operator and returns its first output. */
  add(operator: string, inputs: readonly GraphValue[], attributes: Attributes = {}): GraphValue {
    return this.addSeveral(operator, inputs, 1, attributes)[0] as GraphValue;
  }

  addSeveral(
    operator: string,
    inputs: readonly GraphValue[],
    count: number,
    attributes: Attributes = {},
  ): readonly GraphValue[] {
    const outputs = Array.from({ length: count }, () => this.#fresh(operator));
    this.#nodes.push({ operator, inputs, outputs, attributes });
    return outputs;
  }

  /** Names a value, as outputs of a graph are. */
  name(value: GraphValue, name: string): GraphValue {
    this.#nodes.push({ operator: 'Identity', inputs: [value], outputs: [name], attributes: {} });
    return name;
  }

  /** Adds a constant; one of that name is added once. */
  tensor(name: string, type: OnnxType, shape: readonly number[], read: OnnxTensor['read']): GraphValue {
    if (!this.#tensors.has(name)) this.#tensors.set(name, { name, type, shape, read });
    return name;
  }

  /** Whole numbers, as most operators want for shapes and axes; without a shape, a vector. */
  int64s(values: readonly number[], shape: readonly number[] = [values.length]): GraphValue {
    const content = values.length > 8 ? `table_${this.#tensors.size}` : values.join('_');
    const name = `int64_${shape.join('x')}_${content}`;
    return this.tensor(name, 'i64', shape, () => new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  f32(value: number): GraphValue {
    return this.tensor(`f32_${value}`, 'f32', [], () => new Uint8Array(Float32Array.of(value).buffer));
  }

  f64(value: number): GraphValue {
    return this.tensor(`f64_${value}`, 'f64', [], () => new Uint8Array(Float64Array.of(value).buffer));
  }

  f64s(name: string, shape: readonly number[], values: Float64Array<ArrayBuffer>): GraphValue {
    return this.tensor(name, 'f64', shape, () => new Uint8Array(values.slice().buffer));
  }

  cast(value: GraphValue, type: keyof typeof castNumbers): GraphValue {
    return this.add('Cast', [value], { to: castNumbers[type] });
  }

  /** A builder of a graph that runs within an operator; it may read values of this one. */
  inner(): GraphBuilder {
    return new GraphBuilder(this);
  }

  /** A new name for an input of an inner graph, which no other graph has. */
  input(name: string): GraphValue {
    return this.#fresh(name);
  }

  /** The finished graph. Constants of inner graphs are in the outer one. */
  graph(name: string, inputs: readonly OnnxValue[], outputs: readonly OnnxValue[]): OnnxGraph {
    const tensors = this.#parent === null ? [...this.#tensors.values()] : [];
    return { name, nodes: this.#nodes, tensors, inputs, outputs };
  }

  #fresh(label: string): GraphValue {
    let root: GraphBuilder = this; // eslint-disable-line @typescript-eslint/no-this-alias -- walks up to the outermost graph
    while (root.#parent !== null) root = root.#parent;
    root.#values += 1;
    return `${label}_${root.#values}`;
  }
}

/** Numbers of element types in `Cast`, which are those of tensors. */
const castNumbers = { f32: 1, i64: 7, bool: 9, f64: 11 } as const;

// Parts that encoders share as ONNX operators: masks, heads of attention, the blocks of a layer, angles.

/** What every encoder reads. */
export interface EncoderInputs {
  /** int64 [B, T] */
  readonly pieceIds: GraphValue;
  /** f32 [B, 1, 1, T] 0 at pieces, -1e30 at padding. */
  readonly mask: GraphValue;
  /** int64 [B, T]; null for a family that does not read it. */
  readonly segments: GraphValue | null;
}

/** Added to the scores of what is hidden. */
export const HIDDEN = -1e30;

/** f32 [B, 1, 1, T] from attention_mask int64 [B, T]. */
export function maskOf({ builder }: Weights, attentionMask: GraphValue): GraphValue {
  const absent = builder.add('Sub', [builder.f32(1), builder.cast(attentionMask, 'f32')]);
  return builder.add('Unsqueeze', [builder.add('Mul', [absent, builder.f32(HIDDEN)]), builder.int64s([1, 2])]);
}

/** [B, H, T, h] from [B, T, H*h]. */
export function byHead({ builder }: Weights, x: GraphValue, { heads, headSize }: EncoderSizes): GraphValue {
  const split = builder.add('Reshape', [x, builder.int64s([0, 0, heads, headSize])]);
  return builder.add('Transpose', [split], { perm: [0, 2, 1, 3] });
}

/** softmax(scores) v, joined to [B, T, H*h]; scores [B, H, T, T], v [B, H, T, h]. */
export function contextOf(
  { builder }: Weights,
  scores: GraphValue,
  v: GraphValue,
  { hiddenSize }: EncoderSizes,
): GraphValue {
  const context = builder.add('MatMul', [builder.add('Softmax', [scores], { axis: -1 }), v]);
  return builder.add('Reshape', [
    builder.add('Transpose', [context], { perm: [0, 2, 1, 3] }),
    builder.int64s([0, 0, hiddenSize]),
  ]);
}

/** q k^T of each head, [B, H, T, T]. */
export function contentScores({ builder }: Weights, q: GraphValue, k: GraphValue): GraphValue {
  return builder.add('MatMul', [q, builder.add('Transpose', [k], { perm: [0, 1, 3, 2] })]);
}

/** Activations in the operators that runtimes join to one. */
export function activated({ builder }: Weights, x: GraphValue, activation: Activation): GraphValue {
  const scaled = (value: GraphValue, by: number): GraphValue => builder.add('Mul', [value, builder.f32(by)]);
  if (activation === 'relu') return builder.add('Relu', [x]);
  if (activation === 'silu') return builder.add('Mul', [x, builder.add('Sigmoid', [x])]);
  const gate =
    activation === 'gelu'
      ? builder.add('Erf', [builder.add('Div', [x, builder.f32(Math.SQRT2)])])
      : builder.add('Tanh', [
          scaled(
            builder.add('Add', [x, scaled(builder.add('Mul', [builder.add('Mul', [x, x]), x]), 0.044715)]),
            Math.sqrt(2 / Math.PI),
          ),
        ]);
  return scaled(builder.add('Mul', [x, builder.add('Add', [gate, builder.f32(1)])]), 0.5);
}

/** As `residualBlocks` of the plain network. `layer` is `layer.<l>.`. */
export function residualGraph(
  weights: Weights,
  h: GraphValue,
  attended: GraphValue,
  layer: string,
  config: EncoderSizes,
): GraphValue {
  const { builder } = weights;
  const norm = (x: GraphValue, name: string): GraphValue =>
    weights.norm(x, `${layer}${name}.scale`, `${layer}${name}.shift`, config.layerNormEpsilon);
  const linear = (x: GraphValue, name: string): GraphValue =>
    weights.linear(x, `${layer}${name}.kernel`, `${layer}${name}.bias`);
  const middle = norm(builder.add('Add', [attended, h]), 'attention.norm');
  const inner = activated(weights, linear(middle, 'feedForward.inner'), config.activation);
  return norm(builder.add('Add', [linear(inner, 'feedForward.outer'), middle]), 'feedForward.norm');
}

/** scores * by + mask. */
export function scaledScores({ builder }: Weights, scores: GraphValue, by: number, mask: GraphValue): GraphValue {
  return builder.add('Add', [builder.add('Mul', [scores, builder.f32(by)]), mask]);
}

/** f32 angles within a turn from f64 angles of any size. */
export function oneTurn(builder: Weights['builder'], angles: GraphValue): GraphValue {
  return builder.cast(builder.add('Mod', [angles, builder.f64(2 * Math.PI)], { fmod: 1 }), 'f32');
}

// The weights of a tagger as constants of an ONNX graph in f32, f16 or int8, and the operators that read them.

/** Weights of a tagger as constants of a graph, and the operators that read them. */
export class Weights {
  readonly builder: GraphBuilder;
  readonly #parameters: HostParameters;
  readonly #precision: OnnxPrecision;
  /** Left sides of integer products that are quantized already. */
  readonly #quantized = new Map<GraphValue, readonly GraphValue[]>();

  constructor(builder: GraphBuilder, parameters: HostParameters, precision: OnnxPrecision) {
    this.builder = builder;
    this.#parameters = parameters;
    this.#precision = precision;
  }

  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  /** A parameter in f32, in another shape of the same size if one is given. Never quantized: these are small, or read by row. */
  parameter(name: string, shape: readonly number[] = this.#read(name).shape): GraphValue {
    const stored = this.#tensor(name, shape);
    return this.#precision === 'f16' ? this.builder.cast(stored, 'f32') : stored;
  }

  /** The parameter's numbers as the graph has them. */
  values(name: string): Float32Array<ArrayBuffer> {
    const { values } = this.#read(name);
    return this.#precision === 'f16' ? halvesOf(name, values).rounded : values;
  }

  /** x W [..., out] for a kernel [in, out]. */
  product(x: GraphValue, name: string): GraphValue {
    if (this.#precision !== 'int8') return this.builder.add('MatMul', [x, this.parameter(name)]);
    const { add, cast, addSeveral } = bound(this.builder);
    const [values = '', scale = '', zero = ''] = this.#quantized.get(x) ?? addSeveral('DynamicQuantizeLinear', [x], 3);
    this.#quantized.set(x, [values, scale, zero]);
    const kernel = this.#quantizedTensors(name, quantizedColumns, ([, columns = 0]) => [columns]);
    const sums = cast(add('MatMulInteger', [values, kernel.values, zero, kernel.zero]), 'f32');
    return add('Mul', [sums, add('Mul', [scale, kernel.scales])]);
  }

  /** x W + b; b is absent if `bias` is null. */
  linear(x: GraphValue, kernel: string, bias: string | null): GraphValue {
    const product = this.product(x, kernel);
    return bias === null ? product : this.builder.add('Add', [product, this.parameter(bias)]);
  }

  /** Rows [..., width] of a table [rows, width] by whole numbers. */
  rows(name: string, indices: GraphValue): GraphValue {
    const { add, cast } = bound(this.builder);
    if (this.#precision === 'f32') return add('Gather', [this.#tensor(name, this.#read(name).shape), indices]);
    if (this.#precision === 'f16')
      return cast(add('Gather', [this.#tensor(name, this.#read(name).shape), indices]), 'f32');
    const table = this.#quantizedTensors(name, quantizedRows, ([rows = 0]) => [rows, 1]);
    const centred = add('Sub', [cast(add('Gather', [table.values, indices]), 'f32'), this.builder.f32(ZERO_POINT)]);
    return add('Mul', [centred, add('Gather', [table.scales, indices])]);
  }

  /** LN(x) over the last axis; without a shift if `shift` is null. */
  norm(x: GraphValue, scale: string, shift: string | null, epsilon: number): GraphValue {
    const inputs = [x, this.parameter(scale), ...(shift === null ? [] : [this.parameter(shift)])];
    return this.builder.add('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } });
  }

  #read(name: string): HostTensor {
    const found = this.#parameters.get(name);
    if (found === undefined) throw new Error(`the tagger has no parameter ${name}`);
    return found;
  }

  #tensor(name: string, shape: readonly number[]): GraphValue {
    const { values } = this.#read(name);
    if (sizeOf(shape) !== values.length) throw new Error(`${name} cannot have the shape [${shape.join(', ')}]`);
    const type = this.#precision === 'f16' ? 'f16' : 'f32';
    const read = () => (type === 'f16' ? halvesOf(name, values).bytes : bytesOfFloats(values));
    return this.builder.tensor(name, type, shape, read);
  }

  #quantizedTensors(
    name: string,
    quantize: (values: Float32Array, shape: readonly number[]) => QuantizedMatrix,
    scalesShape: (shape: readonly number[]) => readonly number[],
  ) {
    const { values, shape } = this.#read(name);
    return {
      values: this.builder.tensor(`${name}.quantized`, 'u8', shape, () => quantize(values, shape).values),
      scales: this.builder.tensor(`${name}.scales`, 'f32', scalesShape(shape), () =>
        bytesOfFloats(quantize(values, shape).scales),
      ),
      zero: this.builder.tensor('u8_zero_point', 'u8', [], () => Uint8Array.of(ZERO_POINT)),
    };
  }
}

/** The builder's methods by themselves. */
function bound(builder: GraphBuilder) {
  return {
    add: builder.add.bind(builder),
    addSeveral: builder.addSeveral.bind(builder),
    cast: builder.cast.bind(builder),
  };
}

function bytesOfFloats(values: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.slice().buffer);
}

/** Throws LabError `onnx/half` for a number that halves cannot represent. */
function halvesOf(name: string, values: Float32Array<ArrayBuffer>) {
  const halves = narrowHalf(values);
  const lost = halves.findIndex((half, index) => (half & 0x7fff) === 0x7c00 && Number.isFinite(values[index]));
  if (lost >= 0) {
    throw new LabError('onnx/half', `The parameter ${name} holds a number that is too large for f16.`, {
      expected: 'numbers up to 65,504; export f32',
      got: String(values[lost]),
    });
  }
  const bytes = new Uint8Array(halves.buffer);
  return { bytes, rounded: storedValues('F16', bytes.slice()) as Float32Array<ArrayBuffer> };
}

/** The number that stands for 0. Unsigned, because products of unsigned with signed bytes saturate on processors without VNNI. */
const ZERO_POINT = 128;
/** Steps on each side of 0. */
const STEPS = 127;

interface QuantizedMatrix {
  /** Of the matrix's shape: w ≈ (value - 128) * scale. */
  readonly values: Uint8Array<ArrayBuffer>;
  /** One for each column, or row. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** One scale for each column of a matrix [rows, columns]: the right side of a product. */
function quantizedColumns(values: Float32Array, [rows = 0, columns = 0]: readonly number[]): QuantizedMatrix {
  return quantized(values, rows, columns, columns, (index) => index % columns);
}

/** One scale for each row of a matrix [rows, columns]: a table of embeddings. */
function quantizedRows(values: Float32Array, [rows = 0, columns = 0]: readonly number[]): QuantizedMatrix {
  return quantized(values, rows, columns, rows, (index) => Math.floor(index / columns));
}

function quantized(
  values: Float32Array,
  rows: number,
  columns: number,
  groups: number,
  groupOf: (index: number) => number,
): QuantizedMatrix {
  const scales = new Float32Array(groups);
  for (let index = 0; index < rows * columns; index++) {
    const group = groupOf(index);
    scales[group] = Math.max(scales[group] as number, Math.abs(values[index] as number));
  }
  for (let group = 0; group < groups; group++) scales[group] = (scales[group] as number) / STEPS;
  const bytes = new Uint8Array(rows * columns);
  for (let index = 0; index < bytes.length; index++) {
    const scale = scales[groupOf(index)] as number;
    const steps = scale === 0 ? 0 : Math.round((values[index] as number) / scale);
    bytes[index] = ZERO_POINT + Math.max(-STEPS, Math.min(STEPS, steps));
  }
  return { values: bytes, scales };
}
