// Guards the stock WebGPU kernels of tfjs 4.22 that silently give wrong numbers.
import * as tf from '@tensorflow/tfjs';

type KernelArguments = Parameters<tf.KernelFunc>[0];
type Kernel = (kernelArguments: KernelArguments) => tf.TensorInfo;

/** Workgroups in one dimension of a dispatch. */
const LARGEST_GRID = 65535;
/** Inputs of AddN that fit, with its output, into the eight storage buffers guaranteed per shader stage. */
const LARGEST_ADD_N = 7;

let guarded = false;

/** Installs every guard; call once, before the backend is used. */
export function guardWebgpuKernels(): void {
  if (guarded) return;
  guarded = true;
  // SplitK reads a transposed right operand as if it were not transposed; only the packed program is right for every shape.
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', 3);
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 64);
  replace('Softmax', guardSoftmax);
  replace('AddN', guardAddN);
  replace('Transpose', guardTranspose);
  replace('Cast', guardCast);
  replace('Einsum', refuseEinsum);
}

function replace(name: string, guard: (stock: Kernel) => Kernel): void {
  const config = tf.getKernel(name, 'webgpu');
  tf.unregisterKernel(name, 'webgpu');
  tf.registerKernel({ ...config, kernelFunc: guard(config.kernelFunc as Kernel) });
}

/** More rows than a grid dimension overwrite the last element: such a tensor is computed in parts. */
const guardSoftmax =
  (stock: Kernel): Kernel =>
  ({ inputs, attrs, backend }) => {
    const logits = inputs.logits as tf.TensorInfo;
    const columns = logits.shape.at(-1) as number;
    const rows = tf.util.sizeFromShape(logits.shape) / columns;
    if (rows <= LARGEST_GRID) return stock({ inputs, attrs, backend } as KernelArguments);
    return tf.tidy(() => {
      const flat = tf.reshape(logits as tf.Tensor, [rows, columns]);
      const parts: tf.Tensor[] = [];
      for (let from = 0; from < rows; from += LARGEST_GRID) {
        parts.push(tf.softmax(tf.slice(flat, [from, 0], [Math.min(LARGEST_GRID, rows - from), columns])));
      }
      return tf.reshape(tf.concat(parts), logits.shape);
    });
  };

const guardAddN =
  (stock: Kernel): Kernel =>
  (kernelArguments) => {
    const count = Object.keys(kernelArguments.inputs).length;
    if (count > LARGEST_ADD_N)
      throw new Error(`AddN of ${count} tensors exceeds the storage buffers of a shader stage`);
    return stock(kernelArguments);
  };

/** Integer buffers do not compile in the transpose program (tfjs issue 8638) and leave stale memory. */
const guardTranspose =
  (stock: Kernel): Kernel =>
  (kernelArguments) => {
    const x = kernelArguments.inputs.x as tf.TensorInfo;
    if (x.dtype !== 'float32') throw new Error(`transpose of ${x.dtype} is not safe on WebGPU`);
    return stock(kernelArguments);
  };

/** Integers keep their bits under the label float32, unseen by the lab's kernels: adding zero converts them. */
const guardCast =
  (stock: Kernel): Kernel =>
  (kernelArguments) => {
    const x = kernelArguments.inputs.x as tf.TensorInfo;
    const cast = stock(kernelArguments);
    if (x.dtype === 'float32' || cast.dtype !== 'float32') return cast;
    return tf.tidy(() => {
      const labelled = tf.engine().makeTensorFromTensorInfo(cast);
      return tf.add(labelled, 0);
    });
  };

/** It has no gradient and keeps the whole product of its operands in memory. */
const refuseEinsum = (): Kernel => () => {
  throw new Error('einsum is not for training; use matMul and reshape');
};
