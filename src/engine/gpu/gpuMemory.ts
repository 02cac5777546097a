// Counts every buffer the engine creates.
import { LabError } from '../../util/labError.ts';

export class GpuMemory {
  readonly device: GPUDevice;
  /** Bytes in live buffers. */
  bytes = 0;
  /** The maximum of `bytes` so far. */
  peakBytes = 0;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** Creates a storage buffer of `length` words, initially zero. Throws LabError `gpu/memory` if the adapter does not allow one this large. */
  create(label: string, length: number, usage = 0): GPUBuffer {
    const size = length * 4;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > limit) {
      throw new LabError('gpu/memory', `The GPU cannot hold ${label} in one buffer; smaller micro-batches may help.`, {
        expected: `at most ${limit} bytes`,
        got: `${size} bytes`,
      });
    }
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const buffer = this.device.createBuffer({ label, size, usage: usage || STORAGE | COPY_SRC | COPY_DST });
    this.bytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.bytes -= buffer.size;
    buffer.destroy();
  }
}
