// Runs variants of one matrix product on a device, to time and compare them.
import { Arena } from '../gpu/arena.ts';
import { GpuMemory } from '../gpu/gpuMemory.ts';
import { LaunchPlan, type LaunchPlanParts } from '../gpu/launchPlan.ts';
import { Pipelines } from '../gpu/pipelines.ts';
import { Recorder, type Region, type Resident } from '../gpu/recorder.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import type { MatmulShape } from '../kernels/matmul/matmulShape.ts';
import type { MatmulVariant } from '../kernels/matmul/matmulVariant.ts';

/** One variant, compiled and run once. */
export interface MatmulCandidate {
  readonly variant: MatmulVariant;
  /** Measures the milliseconds per product by the wall clock, until the work is done. */
  elapsedMs(): Promise<number>;
  /** Returns the words at the start and end of the output, at most `SAMPLE` each. */
  sample(): Promise<Float32Array<ArrayBuffer>>;
  release(): void;
}

const SAMPLE = 2048;
/** Shorter products are timed in batches, or the measurement would only be the wait for the device. */
const SHORT_MS = 4;
const AT_ONCE = 32;

/** Coprime to the lengths of matrices. */
const PERIOD = 65537;

/** Element of every matrix, between -1 and 1, from a repeating sequence. */
function numberAt(index: number): number {
  const at = index % PERIOD;
  return Math.fround(Math.sin(at * at));
}

export class MatmulTrial {
  private readonly shape: MatmulShape;
  private readonly memory: GpuMemory;
  private readonly arena: Arena;
  private readonly home: LaunchPlanParts;
  private readonly buffers = new Map<Resident, GPUBuffer>();
  private readonly regions: { readonly a: Region; readonly b: Region; readonly out: Region; readonly state: Region };

  /** Creates the matrices, with numbers between -1 and 1. */
  constructor(device: GPUDevice, shape: MatmulShape, pipelines = new Pipelines(device)) {
    const { rows, columns, inner, batch = 1, strides = { a: 0, b: 0, out: 0 }, sum = false } = shape;
    this.shape = shape;
    this.memory = new GpuMemory(device);
    this.arena = new Arena(this.memory);
    this.regions = {
      a: this.resident('a', rows * inner + strides.a * (batch - 1)),
      b: this.resident('b', inner * columns + strides.b * (batch - 1)),
      out: this.resident('out', rows * columns + (sum ? 0 : strides.out * (batch - 1))),
      state: this.resident('state', 64),
    };
    this.fill(this.regions.a);
    this.fill(this.regions.b);
    this.home = {
      memory: this.memory,
      arena: this.arena,
      pipelines,
      bufferOf: (resident) => this.bufferOf(resident),
      workPerSubmit: 2e10,
    };
  }

  /** Throws LabError `gpu/error` if the device refuses the variant. */
  async candidate(variant: MatmulVariant): Promise<MatmulCandidate> {
    const { queue } = this.memory.device;
    const once = await this.plan(variant, 1);
    await once.run();
    await queue.onSubmittedWorkDone();
    const time = async (plan: LaunchPlan, times: number): Promise<number> => {
      const start = performance.now();
      await plan.run();
      await queue.onSubmittedWorkDone();
      return (performance.now() - start) / times;
    };
    const short = (await time(once, 1)) < SHORT_MS;
    const many = short ? await this.plan(variant, AT_ONCE) : null;
    if (many !== null) await time(many, AT_ONCE);
    return {
      variant,
      elapsedMs: () => (many === null ? time(once, 1) : time(many, AT_ONCE)),
      sample: async () => {
        this.clear();
        await once.run();
        return this.sample();
      },
      release: () => {
        once.release();
        many?.release();
      },
    };
  }

  /** Returns the `sample` of a correct variant, computed in float64. */
  expectedSample(): Float64Array {
    const { kind, rows, columns, inner } = this.shape;
    const a = (row: number, k: number): number => numberAt(kind === 'tn' ? k * rows + row : row * inner + k);
    const b = (k: number, column: number): number =>
      numberAt(kind === 'nt' ? column * inner + k : k * columns + column);
    const length = rows * columns;
    const words = Math.min(SAMPLE, length);
    return Float64Array.from({ length: 2 * words }, (_, at) => {
      const element = at < words ? at : length - 2 * words + at;
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a(Math.floor(element / columns), k) * b(k, element % columns);
      return sum;
    });
  }

  release(): void {
    this.arena.release();
    for (const buffer of this.buffers.values()) this.memory.release(buffer);
  }

  private plan(variant: MatmulVariant, times: number): Promise<LaunchPlan> {
    const recorder = new Recorder();
    for (let time = 0; time < times; time++) {
      recordMatmul(recorder, { variantFor: () => variant }, this.shape, this.regions);
    }
    return LaunchPlan.compile(recorder.launches, this.home);
  }

  private resident(label: string, length: number): Region {
    const buffer: Resident = { kind: 'resident', label, length };
    this.buffers.set(buffer, this.memory.create(label, length));
    return { buffer, offset: 0, length };
  }

  private bufferOf(resident: Resident): GPUBuffer {
    return this.buffers.get(resident) as GPUBuffer;
  }

  private fill({ buffer, length }: Region): void {
    const numbers = Float32Array.from({ length: PERIOD }, (_, at) => numberAt(at));
    const gpu = this.bufferOf(buffer as Resident);
    for (let at = 0; at < length; at += numbers.length) {
      this.memory.device.queue.writeBuffer(gpu, at * 4, numbers, 0, Math.min(numbers.length, length - at));
    }
  }

  /** Ensures that results of an earlier variant are never mistaken for those of a later one. */
  private clear(): void {
    const { device } = this.memory;
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(this.bufferOf(this.regions.out.buffer as Resident));
    device.queue.submit([encoder.finish()]);
  }

  private async sample(): Promise<Float32Array<ArrayBuffer>> {
    const { device } = this.memory;
    const out = this.bufferOf(this.regions.out.buffer as Resident);
    const size = Math.min(SAMPLE * 4, out.size);
    const staging = device.createBuffer({ size: size * 2, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(out, 0, staging, 0, size);
    encoder.copyBufferToBuffer(out, out.size - size, staging, size, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    return values;
  }
}
