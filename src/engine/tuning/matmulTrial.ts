// Runs ways of computing one matrix product on a device, to time and to compare them.
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
  /** Milliseconds a product takes now, by the wall clock around work that is done. */
  elapsedMs(): Promise<number>;
  /** Words at the start and at the end of the output, at most `SAMPLE` each. */
  sample(): Promise<Float32Array<ArrayBuffer>>;
  release(): void;
}

const SAMPLE = 2048;
/** Products shorter than this are timed many at once, or waiting for the device would be all that is measured. */
const SHORT_MS = 4;
const AT_ONCE = 32;

/** Has no factor in common with the lengths of matrices. */
const PERIOD = 65537;

/** Element of every matrix, between -1 and 1, the same numbers over and over. */
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

  /** Makes the matrices, numbers between -1 and 1. */
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

  /** Throws LabError `gpu/error` where the device refuses the variant. */
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

  /** What `sample` of a right variant holds, computed in float64. */
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

  /** So that nothing an earlier variant left is taken for the result of a later one. */
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
