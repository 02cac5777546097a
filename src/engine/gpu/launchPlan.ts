// The GPU as a machine: residents and temporaries in buffers, recorded launches compiled once and submitted every step.
import { gpuFailure, GpuMemory } from './device.ts';
import type { Pipelines } from './kernel.ts';
import {
  Arena,
  planSlots,
  type Launch,
  type LaunchTime,
  type Machine,
  type Plan,
  type Region,
  type Resident,
  type SlotPlan,
  type Words,
} from './recorder.ts';

// A recorded list of launches bound to a device: compiled once, replayed every step.

/** What a plan needs from the device it runs on. */
export interface LaunchPlanParts {
  readonly memory: GpuMemory;
  readonly arena: Arena;
  readonly pipelines: Pipelines;
  /** Returns the buffer of a resident. */
  bufferOf(resident: Resident): GPUBuffer;
  /** Maximum arithmetic operations per submit, to stay far from the operating system's watchdog. */
  workPerSubmit: number;
  /** Commands that are not submitted yet, to which plans add; if absent, a plan submits its own. */
  readonly commands?: OpenCommands;
}

/** Commands collected for one submit: a submit costs a small step more than its launches. */
export class OpenCommands {
  private readonly device: GPUDevice;
  private opened: GPUCommandEncoder | null = null;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  get encoder(): GPUCommandEncoder {
    this.opened ??= this.device.createCommandEncoder();
    return this.opened;
  }

  submit(): void {
    const encoder = this.opened;
    this.opened = null;
    if (encoder !== null) this.device.queue.submit([encoder.finish()]);
  }
}

interface Bound {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly launch: Launch;
}

export class LaunchPlan implements Plan {
  readonly launches: readonly Launch[];
  private readonly home: LaunchPlanParts;
  private readonly pipelines: readonly GPUComputePipeline[];
  private readonly slots: SlotPlan;
  private readonly uniforms: { readonly buffer: GPUBuffer | null; readonly offsets: readonly number[] };
  /** Launches with their bindings, divided into submits. */
  private submits: readonly (readonly Bound[])[] = [];
  private boundTo: readonly [generation: number, workPerSubmit: number] = [-1, 0];
  private proven = false;

  /** Compiles the pipelines and allocates memory. Throws LabError `gpu/error` with the kernel's name and WGSL if one does not compile. */
  static async compile(launches: readonly Launch[], home: LaunchPlanParts): Promise<LaunchPlan> {
    const pipelines = await Promise.all(launches.map(({ kernel }) => home.pipelines.of(kernel)));
    return new LaunchPlan(launches, home, pipelines);
  }

  private constructor(launches: readonly Launch[], home: LaunchPlanParts, pipelines: readonly GPUComputePipeline[]) {
    this.launches = launches;
    this.home = home;
    this.pipelines = pipelines;
    this.slots = planSlots(launches);
    this.uniforms = writeUniforms(launches, home.memory);
  }

  /**
   * Queues every launch, the last ones in the open commands if there are any. The first call submits all and resolves only after
   * WebGPU has accepted it, or throws LabError `gpu/memory`, `gpu/internal` or `gpu/error`.
   */
  run(): void | Promise<void> {
    const { device } = this.home.memory;
    if (this.proven) {
      this.submit(device);
      return;
    }
    this.proven = true;
    this.home.commands?.submit();
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    this.submit(device);
    this.home.commands?.submit();
    const validation = device.popErrorScope();
    // Check memory first: a failed allocation also makes later work invalid.
    return this.accepted([device.popErrorScope(), validation]);
  }

  /**
   * Runs each launch in a separate pass between timestamps, so the sum exceeds the time of `run`. The device must have been opened
   * with `timestamp-query`; call `run` first, as it reports errors.
   */
  async profile(): Promise<readonly LaunchTime[]> {
    const { device } = this.home.memory;
    this.home.commands?.submit();
    const submits = this.bound();
    const count = this.launches.length * 2;
    const querySet = device.createQuerySet({ type: 'timestamp', count });
    const resolved = device.createBuffer({
      size: count * 8,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    const staging = device.createBuffer({ size: count * 8, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    let query = 0;
    for (const [at, bound] of submits.entries()) {
      const encoder = device.createCommandEncoder();
      for (const one of bound) {
        const timestampWrites = { querySet, beginningOfPassWriteIndex: query++, endOfPassWriteIndex: query++ };
        const pass = encoder.beginComputePass({ timestampWrites });
        dispatch(pass, one);
        pass.end();
      }
      if (at === submits.length - 1) {
        encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
        encoder.copyBufferToBuffer(resolved, 0, staging, 0, count * 8);
      }
      device.queue.submit([encoder.finish()]);
    }
    await staging.mapAsync(GPUMapMode.READ);
    const times = new BigInt64Array(staging.getMappedRange().slice(0));
    for (const disposable of [querySet, resolved, staging]) disposable.destroy();
    return this.launches.map(({ kernel, work }, at) => ({
      name: kernel.name,
      elapsedMs: Number((times[at * 2 + 1] as bigint) - (times[at * 2] as bigint)) / 1e6,
      work,
    }));
  }

  release(): void {
    if (this.uniforms.buffer !== null) this.home.memory.release(this.uniforms.buffer);
  }

  private submit(device: GPUDevice): void {
    const submits = this.bound();
    const commands = this.home.commands ?? new OpenCommands(device);
    for (const [at, bound] of submits.entries()) {
      const pass = commands.encoder.beginComputePass();
      for (const one of bound) dispatch(pass, one);
      pass.end();
      if (this.home.commands === undefined || at < submits.length - 1) commands.submit();
    }
  }

  private async accepted(scopes: readonly Promise<GPUError | null>[]): Promise<void> {
    for (const error of await Promise.all(scopes)) {
      if (error !== null) throw gpuFailure(error);
    }
  }

  /** Bindings of every launch, recreated if the arena's buffers were replaced or the size of submits changed. */
  private bound(): readonly (readonly Bound[])[] {
    const { arena, workPerSubmit } = this.home;
    arena.reserve(this.slots.slots);
    const [generation, bySize] = this.boundTo;
    if (generation === arena.generation && bySize === workPerSubmit) return this.submits;
    this.boundTo = [arena.generation, workPerSubmit];
    const submits: Bound[][] = [];
    let work = Infinity;
    for (const [at, launch] of this.launches.entries()) {
      if (work + launch.work > workPerSubmit) {
        submits.push([]);
        work = 0;
      }
      work += launch.work;
      const pipeline = this.pipelines[at] as GPUComputePipeline;
      submits.at(-1)?.push({ pipeline, launch, bindGroup: this.bindGroup(launch, at) });
    }
    this.submits = submits;
    return submits;
  }

  private bindGroup(launch: Launch, at: number): GPUBindGroup {
    const { memory, pipelines } = this.home;
    const entries: GPUBindGroupEntry[] = launch.regions.map((region, index) => ({
      binding: index + 1,
      resource: { buffer: this.gpuBuffer(region), offset: region.offset * 4, size: region.length * 4 },
    }));
    if (this.uniforms.buffer !== null && launch.sizes.length > 0) {
      const offset = this.uniforms.offsets[at] as number;
      entries.push({
        binding: 0,
        resource: { buffer: this.uniforms.buffer, offset, size: uniformBytes(launch) },
      });
    }
    return memory.device.createBindGroup({
      label: launch.kernel.name,
      layout: pipelines.layoutOf(launch.kernel),
      entries,
    });
  }

  private gpuBuffer({ buffer }: Region): GPUBuffer {
    if (buffer.kind === 'resident') return this.home.bufferOf(buffer);
    return this.home.arena.slot(this.slots.slotOf.get(buffer) as number);
  }
}

function dispatch(pass: GPUComputePassEncoder, { pipeline, bindGroup, launch }: Bound): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(launch.grid[0], launch.grid[1], launch.grid[2]);
}

const UNIFORM_ALIGNMENT = 256;

function uniformBytes({ sizes }: Launch): number {
  return Math.ceil(sizes.length / 4) * 16;
}

/** Writes the sizes of all launches into one uniform buffer, once. */
function writeUniforms(
  launches: readonly Launch[],
  memory: GpuMemory,
): { readonly buffer: GPUBuffer | null; readonly offsets: readonly number[] } {
  const offsets: number[] = [];
  let end = 0;
  for (const launch of launches) {
    offsets.push(end);
    if (launch.sizes.length > 0) end += Math.ceil(uniformBytes(launch) / UNIFORM_ALIGNMENT) * UNIFORM_ALIGNMENT;
  }
  if (end === 0) return { buffer: null, offsets };
  const bytes = new DataView(new ArrayBuffer(end));
  for (const [at, { kernel, sizes }] of launches.entries()) {
    for (const [word, { type }] of kernel.sizes.entries()) {
      const position = (offsets[at] as number) + word * 4;
      if (type === 'u32') bytes.setUint32(position, sizes[word] as number, true);
      else bytes.setFloat32(position, sizes[word] as number, true);
    }
  }
  const buffer = memory.create('sizes', end / 4, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  memory.device.queue.writeBuffer(buffer, 0, bytes.buffer);
  return { buffer, offsets };
}

// The GPU as a machine: buffers for residents, slots for temporaries, plans in submits of a size that suits the device.

/** Target time per submit: far from the two seconds after which operating systems reset a GPU, and short enough to keep the screen smooth. */
const SUBMIT_MS = 50;
/** Operations that are worth a separate submit on any device. */
const LEAST_SUBMIT = 1e7;

export class GpuMachine implements Machine {
  readonly memory: GpuMemory;
  private readonly home: LaunchPlanParts;
  private readonly commands: OpenCommands;
  private readonly buffers = new Map<Resident, GPUBuffer>();
  /** Operations of the largest plan measured so far. */
  private measuredWork = 0;

  /** `workPerSubmit`: initial maximum of arithmetic operations per submit; later ones follow the measured speed. */
  constructor(
    { device, pipelines }: { readonly device: GPUDevice; readonly pipelines: Pipelines },
    { workPerSubmit }: { readonly workPerSubmit: number },
  ) {
    this.memory = new GpuMemory(device);
    this.commands = new OpenCommands(device);
    this.home = {
      memory: this.memory,
      arena: new Arena(this.memory),
      pipelines,
      bufferOf: (buffer) => this.bufferOf(buffer),
      workPerSubmit,
      commands: this.commands,
    };
  }

  get bytes(): number {
    return this.memory.bytes;
  }

  compile(launches: readonly Launch[]): Promise<Plan> {
    return LaunchPlan.compile(launches, this.home);
  }

  /** The first time it also measures the device and sizes submits accordingly. */
  async runMeasured(plan: Plan): Promise<void> {
    const startedAtMs = performance.now();
    const first = plan.run();
    if (first === undefined) return;
    await first;
    await this.memory.device.queue.onSubmittedWorkDone();
    const work = plan.launches.reduce((sum, launch) => sum + launch.work, 0);
    if (work <= this.measuredWork) return;
    this.measuredWork = work;
    const perMs = work / (performance.now() - startedAtMs);
    this.home.workPerSubmit = Math.max(LEAST_SUBMIT, perMs * SUBMIT_MS);
  }

  submit(): void {
    this.commands.submit();
  }

  write(buffer: Resident, words: Words, offset = 0): void {
    // Or commands before it would read what comes after them.
    this.commands.submit();
    this.memory.device.queue.writeBuffer(this.bufferOf(buffer), offset * 4, words);
  }

  async read(buffer: Resident): Promise<Float32Array<ArrayBuffer>> {
    const { device } = this.memory;
    const size = buffer.length * 4;
    const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.commands.encoder.copyBufferToBuffer(this.bufferOf(buffer), 0, staging, 0, size);
    this.commands.submit();
    await staging.mapAsync(GPUMapMode.READ);
    const words = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    return words;
  }

  clear({ buffer, offset, length }: Region): void {
    this.commands.encoder.clearBuffer(this.bufferOf(buffer as Resident), offset * 4, length * 4);
  }

  release(): void {
    this.commands.submit();
    for (const buffer of this.buffers.values()) this.memory.release(buffer);
    this.buffers.clear();
    this.home.arena.release();
  }

  private bufferOf(buffer: Resident): GPUBuffer {
    const known = this.buffers.get(buffer);
    if (known !== undefined) return known;
    const made = this.memory.create(buffer.label, buffer.length);
    this.buffers.set(buffer, made);
    return made;
  }
}
