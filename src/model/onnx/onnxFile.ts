// Writes ONNX models: the messages of onnx.proto in protocol buffers, with weights as a stream and, where they are large, in a file beside the graph.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { sizeOf } from '../blocks/parameterLocation.ts';

/** Element types of values, with their numbers in `TensorProto.DataType` and their bytes. */
const elementTypes = {
  f32: { number: 1, bytes: 4 },
  u8: { number: 2, bytes: 1 },
  i64: { number: 7, bytes: 8 },
  bool: { number: 9, bytes: 1 },
  f16: { number: 10, bytes: 2 },
  f64: { number: 11, bytes: 8 },
} as const;

export type OnnxType = keyof typeof elementTypes;

/** A constant of a graph, whose numbers are read when they are written. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian bytes, row-major, in a separate buffer. */
  readonly read: () => Uint8Array<ArrayBuffer>;
}

/** An input or output. A dimension with a name may have any size, the same wherever it has that name. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
  readonly description?: string;
}

/** A whole number, a float, whole numbers, or a graph that runs within an operator. */
export type OnnxAttribute = number | { readonly float: number } | readonly number[] | OnnxGraph;

export interface OnnxNode {
  readonly operator: string;
  /** An empty name stands for an optional input that is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export interface OnnxModel {
  readonly graph: OnnxGraph;
  /** Version of the operators. */
  readonly opset: number;
  /** The program that made it. */
  readonly producer: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface OnnxStream {
  /** The graph, then the weights beside it if there is such a file. */
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
  /** Yields the bytes of each file in turn, each chunk in a separate buffer. */
  chunks(): Generator<{ readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }, void>;
}

/** Protocol buffers hold less than 2 GiB; a tenth is left for everything but weights. */
export const LARGEST_ONNX_BYTES = 1.8e9;
/** The first version of the format that has everything used here, read by runtimes from 2021 on. */
const IR_VERSION = 8;
/** Where tensors of a file beside the graph may begin, so that runtimes can map them into memory. */
const PAGE_BYTES = 4096;
/** Smaller tensors stay in the graph, whose shapes may depend on them. */
const SMALLEST_EXTERNAL_BYTES = 1024;

/**
 * Streams a model as `name`, and as `<name>_data` besides if its weights are more than `largestBytes`. The numbers of one tensor are read at a
 * time.
 */
export function onnxStream(model: OnnxModel, name: string, largestBytes = LARGEST_ONNX_BYTES): OnnxStream {
  const { graph } = model;
  const isExternal = graph.tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0) > largestBytes;
  const dataName = `${name}_data`;
  const written: { readonly tensor: OnnxTensor; readonly header: Uint8Array<ArrayBuffer> }[] = [];
  const outside: { readonly tensor: OnnxTensor; readonly from: number }[] = [];
  let end = 0;
  for (const tensor of graph.tensors) {
    const from = PAGE_BYTES * Math.ceil(end / PAGE_BYTES);
    const goesOut = isExternal && bytesOf(tensor) >= SMALLEST_EXTERNAL_BYTES;
    if (goesOut) {
      outside.push({ tensor, from });
      end = from + bytesOf(tensor);
    }
    const header = tensorHeader(tensor, goesOut ? { file: dataName, from } : null);
    written.push({ tensor, header: goesOut ? framed(5, header, 0) : framed(5, header, bytesOf(tensor)) });
  }
  const inGraph = new Set(outside.map(({ tensor }) => tensor));
  const rest = graphMessage(graph);
  const sizeOfGraph = written.reduce(
    (sum, { tensor, header }) => sum + header.byteLength + (inGraph.has(tensor) ? 0 : bytesOf(tensor)),
    rest.byteLength,
  );
  const head = concatenated([modelHead(model), framed(7, rest, sizeOfGraph - rest.byteLength)]);
  return {
    files: [
      { name, sizeBytes: head.byteLength + sizeOfGraph - rest.byteLength },
      ...(isExternal ? [{ name: dataName, sizeBytes: end }] : []),
    ],
    *chunks() {
      yield { name, bytes: head };
      for (const { tensor, header } of written) {
        yield { name, bytes: inGraph.has(tensor) ? header : concatenated([header, checkedBytes(tensor)]) };
      }
      let at = 0;
      for (const { tensor, from } of outside) {
        yield { name: dataName, bytes: concatenated([new Uint8Array(from - at), checkedBytes(tensor)]) };
        at = from + bytesOf(tensor);
      }
    },
  };
}

export function bytesOf({ type, shape }: Pick<OnnxTensor, 'type' | 'shape'>): number {
  return elementTypes[type].bytes * sizeOf(shape);
}

/** A tensor of the wrong size would shift everything after it. */
function checkedBytes(tensor: OnnxTensor): Uint8Array<ArrayBuffer> {
  const bytes = tensor.read();
  if (bytes.byteLength !== bytesOf(tensor)) {
    throw new Error(`${tensor.name} has ${bytes.byteLength} bytes, not the ${bytesOf(tensor)} of its shape`);
  }
  return bytes;
}

/** A member of a message that is a message: its tag, the length of `bytes` and `following` bytes, and `bytes`. */
function framed(field: number, bytes: Uint8Array<ArrayBuffer>, following: number): Uint8Array<ArrayBuffer> {
  const frame = new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(bytes.byteLength + following);
  return frame.raw(bytes).finish();
}

/** ModelProto, except its graph. */
function modelHead({ opset, producer, description, metadata }: OnnxModel): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  text(writer, 2, producer);
  text(writer, 6, description);
  member(writer, 8, () => {
    text(writer, 1, '');
    writer.tag(2, WireType.Varint).int64(opset);
  });
  for (const [key, value] of Object.entries(metadata)) pair(writer, 14, key, value);
  return writer.finish();
}

/** GraphProto without its tensors: graphs within operators have none. */
function graphMessage(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const { operator, inputs, outputs, attributes } of graph.nodes) {
    member(writer, 1, () => {
      for (const name of inputs) text(writer, 1, name);
      for (const name of outputs) text(writer, 2, name);
      text(writer, 3, outputs[0] ?? '');
      text(writer, 4, operator);
      for (const [name, value] of Object.entries(attributes)) member(writer, 5, () => attribute(writer, name, value));
    });
  }
  text(writer, 2, graph.name);
  for (const value of graph.inputs) member(writer, 11, () => valueInfo(writer, value));
  for (const value of graph.outputs) member(writer, 12, () => valueInfo(writer, value));
  return writer.finish();
}

/** AttributeProto: the member of its kind, and the number of the kind. */
function attribute(writer: BinaryWriter, name: string, value: OnnxAttribute): void {
  text(writer, 1, name);
  const kind = (number: number): void => void writer.tag(20, WireType.Varint).int32(number);
  if (typeof value === 'number') {
    writer.tag(3, WireType.Varint).int64(value);
    kind(2);
  } else if ('float' in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    kind(1);
  } else if ('nodes' in value) {
    writer.tag(6, WireType.LengthDelimited).bytes(graphMessage(value));
    kind(5);
  } else {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
    kind(7);
  }
}

/** ValueInfoProto. */
function valueInfo(writer: BinaryWriter, { name, type, shape, description }: OnnxValue): void {
  text(writer, 1, name);
  member(writer, 2, () =>
    member(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(elementTypes[type].number);
      member(writer, 2, () => {
        for (const size of shape) {
          member(writer, 1, () => {
            if (typeof size === 'string') text(writer, 2, size);
            else writer.tag(1, WireType.Varint).int64(size);
          });
        }
      });
    }),
  );
  if (description !== undefined) text(writer, 3, description);
}

/** TensorProto up to its numbers, which follow unless they are in another file. */
function tensorHeader(
  tensor: OnnxTensor,
  external: { readonly file: string; readonly from: number } | null,
): Uint8Array<ArrayBuffer> {
  const { name, type, shape } = tensor;
  const writer = new BinaryWriter();
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(elementTypes[type].number);
  text(writer, 8, name);
  if (external === null) return writer.tag(9, WireType.LengthDelimited).uint32(bytesOf(tensor)).finish();
  pair(writer, 13, 'location', external.file);
  pair(writer, 13, 'offset', String(external.from));
  pair(writer, 13, 'length', String(bytesOf(tensor)));
  return writer.tag(14, WireType.Varint).int32(1).finish();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function pair(writer: BinaryWriter, field: number, key: string, value: string): void {
  member(writer, field, () => {
    text(writer, 1, key);
    text(writer, 2, value);
  });
}

function member(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
