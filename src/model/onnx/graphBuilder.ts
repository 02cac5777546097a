// Builds an ONNX graph operator by operator: names values, collects constants, nests graphs.
import type { OnnxType, OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './onnxFile.ts';

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
