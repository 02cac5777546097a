// The weights of a tagger as constants of an ONNX graph in f32, f16 or int8, and the operators that read them.
import type { OnnxPrecision } from '../../schema/onnxDescription.ts';
import { LabError } from '../../util/labError.ts';
import { sizeOf, type HostParameters, type HostTensor } from '../blocks/hostParameters.ts';
import { narrowHalf } from '../weights/safetensors.ts';
import { storedValues } from '../weights/storedTensor.ts';
import type { GraphBuilder, GraphValue } from './graphBuilder.ts';

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
