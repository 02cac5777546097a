// Counts all uses of WebGPU (launches, submits, buffer bytes), separately for each variant.
/** The counts of one variant. */
export interface GpuCounts {
  launches: number;
  submits: number;
  /** In live buffers, and their maximum. */
  bytes: number;
  peakBytes: number;
}

/** Intercepts the prototypes of WebGPU until `release`. One at a time. */
export class GpuCounters {
  /** Whether launches are counted but not submitted. */
  suppressed = false;
  private readonly counts = new Map<string, GpuCounts>();
  private readonly owners = new WeakMap<GPUBuffer, GpuCounts>();
  private turn = this.of('');
  private readonly originals = {
    dispatch: GPUComputePassEncoder.prototype.dispatchWorkgroups,
    submit: GPUQueue.prototype.submit,
    create: GPUDevice.prototype.createBuffer,
    destroy: GPUBuffer.prototype.destroy,
  };

  constructor() {
    const [counters, { dispatch, submit, create, destroy }] = [this, this.originals];
    GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...grid) {
      counters.turn.launches++;
      if (!counters.suppressed) dispatch.apply(this, grid);
    };
    GPUQueue.prototype.submit = function (buffers) {
      counters.turn.submits++;
      submit.call(this, buffers);
    };
    GPUDevice.prototype.createBuffer = function (descriptor) {
      const buffer = create.call(this, descriptor);
      const { turn } = counters;
      counters.owners.set(buffer, turn);
      turn.bytes += descriptor.size;
      turn.peakBytes = Math.max(turn.peakBytes, turn.bytes);
      return buffer;
    };
    GPUBuffer.prototype.destroy = function () {
      const owner = counters.owners.get(this);
      if (owner !== undefined) owner.bytes -= this.size;
      counters.owners.delete(this);
      destroy.call(this);
    };
  }

  /** Returns what was requested while `owner` was active; buffers count for their creator wherever they are destroyed. */
  of(owner: string): GpuCounts {
    const counts = this.counts.get(owner) ?? { launches: 0, submits: 0, bytes: 0, peakBytes: 0 };
    this.counts.set(owner, counts);
    return counts;
  }

  async during<Result>(owner: string, act: () => Result | Promise<Result>): Promise<Result> {
    const before = this.turn;
    this.turn = this.of(owner);
    try {
      return await act();
    } finally {
      this.turn = before;
    }
  }

  release(): void {
    const { dispatch, submit, create, destroy } = this.originals;
    GPUComputePassEncoder.prototype.dispatchWorkgroups = dispatch;
    GPUQueue.prototype.submit = submit;
    GPUDevice.prototype.createBuffer = create;
    GPUBuffer.prototype.destroy = destroy;
  }
}
