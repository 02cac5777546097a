// Registers kernels that tfjs' wasm backend lacks or runs slowly.
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm';
import { RECURRENCE_KERNELS } from '../../model/families/words/languageModels.ts';
import { LstmKernels, type LstmSaved, type LstmSizes } from '../processor/lstmKernels.ts';
import { processorFeatures } from '../processor/processorModule.ts';

type KernelArguments = Parameters<tf.KernelFunc>[0];

/** Internal parts of the wasm module of tfjs-backend-wasm 4.22. */
interface WasmModule {
  cwrap(name: string, result: null, argumentTypes: readonly string[]): (...values: unknown[]) => void;
  readonly tfjs: { registerTensor(id: number, size: number, offset: number): void; disposeData(id: number): void };
}

interface HeapEntry {
  readonly id: number;
  readonly memoryOffset: number;
}

/** Registers every kernel below; call once the wasm backend is set. Further calls do nothing. */
export function registerWasmKernels(): void {
  if (tf.getKernel('UnsortedSegmentSum', 'wasm') !== undefined) return;
  // Without vectors there are no kernels for LSTMs: they are done operation by operation.
  if (processorFeatures().vectors) registerLstm();
  tf.registerKernel({ kernelName: 'UnsortedSegmentSum', backendName: 'wasm', kernelFunc: unsortedSegmentSum });
  tf.unregisterKernel('BatchMatMul', 'wasm');
  tf.registerKernel({ kernelName: 'BatchMatMul', backendName: 'wasm', kernelFunc: batchMatMul });
  const gather = tf.getKernel('GatherV2', 'wasm');
  tf.unregisterKernel('GatherV2', 'wasm');
  tf.registerKernel({ ...gather, kernelFunc: gatherRows(gather.kernelFunc) });
  const oneHot = tf.getKernel('OneHot', 'wasm');
  tf.unregisterKernel('OneHot', 'wasm');
  tf.registerKernel({ ...oneHot, kernelFunc: refuseFloats(oneHot.kernelFunc) });
}

/** The stock kernel writes integers whatever the type: read as floats they are nearly 0. */
const refuseFloats =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (kernelArguments) => {
    const dtype = kernelArguments.attrs?.dtype;
    if (dtype !== 'int32') throw new Error(`oneHot as ${String(dtype)} is not safe on wasm; cast it from int32`);
    return stock(kernelArguments);
  };

/** Rows of a table are copied whole; the stock kernel computes the place of each number. */
const gatherRows =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (kernelArguments) => {
    const { inputs, attrs, backend } = kernelArguments;
    const wasm = backend as BackendWasm;
    const { x, indices } = inputs as Record<'x' | 'indices', tf.TensorInfo>;
    const [count = 0, ...rest] = x.shape;
    if (attrs?.axis !== 0 || attrs.batchDims !== 0 || x.dtype !== 'float32' || rest.length === 0) return stock(kernelArguments); // prettier-ignore
    const width = tf.util.sizeFromShape(rest);
    const result = wasm.makeOutput([...indices.shape, ...rest], 'float32');
    const [from, to] = [wasm.typedArrayFromHeap(x), wasm.typedArrayFromHeap(result)] as [Float32Array, Float32Array];
    const ids = wasm.typedArrayFromHeap(indices) as Int32Array;
    ids.forEach((id, row) => {
      if (id < 0 || id >= count) throw new Error(`gather of row ${id} from a table of ${count}`);
      to.set(from.subarray(id * width, (id + 1) * width), row * width);
    });
    return result;
  };

/** result[segmentIds[row]] += x[row], rows in order: the gradient of a gather, missing in tfjs-backend-wasm 4.22. */
const unsortedSegmentSum = ({ inputs, attrs, backend }: KernelArguments): tf.TensorInfo => {
  const wasm = backend as BackendWasm;
  const x = inputs.x as tf.TensorInfo;
  const segments = attrs?.numSegments as number;
  const rest = x.shape.slice(1);
  const width = tf.util.sizeFromShape(rest);
  const result = wasm.makeOutput([segments, ...rest], x.dtype);
  const sums = wasm.typedArrayFromHeap(result) as Float32Array;
  const values = wasm.typedArrayFromHeap(x) as Float32Array;
  const ids = wasm.typedArrayFromHeap(inputs.segmentIds as tf.TensorInfo) as Int32Array;
  sums.fill(0);
  for (let row = 0; row < ids.length; row++) {
    const segment = ids[row] as number;
    if (segment < 0 || segment >= segments) continue;
    const to = segment * width;
    const from = row * width;
    for (let column = 0; column < width; column++)
      sums[to + column] = (sums[to + column] as number) + (values[from + column] as number);
  }
  return result;
};

/**
 * Computes all matrix products with XNNPACK. The stock kernel uses it only for one untransposed pair of matrices and otherwise
 * falls back to plain loops, 12 to 25 times slower; here operands are transposed first and each pair of a batch is a view of the
 * heap.
 */
const batchMatMul = ({ inputs, attrs, backend }: KernelArguments): tf.TensorInfo => {
  const wasm = backend as BackendWasm;
  const a = inputs.a as tf.TensorInfo;
  const b = inputs.b as tf.TensorInfo;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw new Error(`matMul of ${a.dtype} and ${b.dtype}: only float32 is read here`);
  }
  const left = attrs?.transposeA === true ? swapLast(a, wasm) : a;
  const right = attrs?.transposeB === true ? swapLast(b, wasm) : b;
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const columns = right.shape.at(-1) as number;
  const outerShape = tf.broadcast_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const leftBatch = tf.util.sizeFromShape(left.shape.slice(0, -2));
  const rightBatch = tf.util.sizeFromShape(right.shape.slice(0, -2));
  const batch = tf.util.sizeFromShape(outerShape);
  if (![1, batch].includes(leftBatch) || ![1, batch].includes(rightBatch)) {
    throw new Error(`matMul of [${a.shape.join()}] and [${b.shape.join()}]: batches must be equal or 1`);
  }
  const result = wasm.makeOutput([...outerShape, rows, columns], 'float32');
  const product = pairProduct(wasm);
  const at = (tensor: tf.TensorInfo): number => entryOf(wasm, tensor).memoryOffset;
  for (let index = 0; index < batch; index++) {
    product(
      { offset: at(left) + (leftBatch === 1 ? 0 : index) * rows * inner * 4, shape: [1, rows, inner] },
      { offset: at(right) + (rightBatch === 1 ? 0 : index) * inner * columns * 4, shape: [1, inner, columns] },
      { offset: at(result) + index * rows * columns * 4, shape: [1, rows, columns] },
    );
  }
  if (left !== a) wasm.disposeData(left.dataId);
  if (right !== b) wasm.disposeData(right.dataId);
  return result;
};

/** A matrix in the heap that belongs to no tensor. */
interface HeapMatrix {
  readonly offset: number;
  readonly shape: readonly [1, number, number];
}

type PairProduct = (left: HeapMatrix, right: HeapMatrix, out: HeapMatrix) => void;

const products = new WeakMap<BackendWasm, PairProduct>();

function pairProduct(wasm: BackendWasm): PairProduct {
  const known = products.get(wasm);
  if (known !== undefined) return known;
  const module = wasm.wasm as unknown as WasmModule;
  const stock = module.cwrap('BatchMatMul', null, [
    'number', 'array', 'number', 'number', 'array', 'number', 'number', 'number', 'number',
  ]); // prettier-ignore
  const ids = wasm as unknown as { dataIdNextNumber: number };
  const bytesOf = (shape: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(shape).buffer);
  const view = ({ offset, shape }: HeapMatrix): number => {
    const id = ids.dataIdNextNumber++;
    module.tfjs.registerTensor(id, shape[1] * shape[2], offset);
    return id;
  };
  const product: PairProduct = (left, right, out) => {
    const views = [view(left), view(right), view(out)] as const;
    stock(views[0], bytesOf(left.shape), 3, views[1], bytesOf(right.shape), 3, 0, 0, views[2]);
    // Disposing of the view also frees the packed copy of `right` that XNNPACK caches under its id.
    for (const id of views) module.tfjs.disposeData(id);
  };
  products.set(wasm, product);
  return product;
}

/** Steps of LSTMs, all at once, on the processor module's products: XNNPACK packs the recurrent kernel again at each. */
function registerLstm(): void {
  // Assembled when the first LSTM is computed: most labs have none.
  let opened: LstmKernels | null = null;
  const kernels = (): LstmKernels => (opened ??= new LstmKernels());
  const numbersOf = (wasm: BackendWasm, tensor: tf.TensorInfo): Float32Array => wasm.typedArrayFromHeap(tensor) as Float32Array; // prettier-ignore
  const sizesOf = ({ shape: [directions = 0, steps = 0, batch = 0] }: tf.TensorInfo, { shape }: tf.TensorInfo): LstmSizes => ({ directions, steps, batch, hidden: shape[1] as number }); // prettier-ignore
  const forward = ({ inputs, backend }: KernelArguments): tf.TensorInfo[] => {
    const wasm = backend as BackendWasm;
    const { x, recurrent } = inputs as Record<'x' | 'recurrent', tf.TensorInfo>;
    const sizes = sizesOf(x, recurrent);
    const steps = [sizes.directions, sizes.steps + 1, sizes.batch, sizes.hidden];
    // The heap may move with each output: views of it come last.
    const outputs = [wasm.makeOutput(x.shape, 'float32'), wasm.makeOutput(steps, 'float32'), wasm.makeOutput(steps, 'float32')]; // prettier-ignore
    const [gates, cells, states] = outputs.map((output) => numbersOf(wasm, output)) as [Float32Array, Float32Array, Float32Array]; // prettier-ignore
    kernels().forward(numbersOf(wasm, x), numbersOf(wasm, recurrent), sizes, { gates, cells, states });
    return outputs;
  };
  const backward = ({ inputs, backend }: KernelArguments): tf.TensorInfo[] => {
    const wasm = backend as BackendWasm;
    const given = inputs as Record<'upstream' | 'recurrent' | keyof LstmSaved, tf.TensorInfo>;
    const outputs = [wasm.makeOutput(given.gates.shape, 'float32'), wasm.makeOutput(given.recurrent.shape, 'float32')];
    const [upstream, u, gates, cells, states] = [given.upstream, given.recurrent, given.gates, given.cells, given.states].map((input) => numbersOf(wasm, input)) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]; // prettier-ignore
    const [x, recurrent] = outputs.map((output) => numbersOf(wasm, output)) as [Float32Array, Float32Array];
    kernels().backward(upstream, u, { gates, cells, states }, sizesOf(given.gates, given.recurrent), { x, recurrent });
    return outputs;
  };
  tf.registerKernel({ kernelName: RECURRENCE_KERNELS.forward, backendName: 'wasm', kernelFunc: forward });
  tf.registerKernel({ kernelName: RECURRENCE_KERNELS.backward, backendName: 'wasm', kernelFunc: backward });
}

function swapLast(x: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const rank = x.shape.length;
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  const kernel = tf.getKernel('Transpose', 'wasm');
  return kernel.kernelFunc({ inputs: { x }, attrs: { perm }, backend }) as tf.TensorInfo;
}

function entryOf(wasm: BackendWasm, tensor: tf.TensorInfo): HeapEntry {
  const map = (wasm as unknown as { dataIdMap: { get(id: object): HeapEntry } }).dataIdMap;
  return map.get(tensor.dataId);
}
