// The GPU as a machine: buffers for residents, slots for temporaries, plans in submits of a size that suits the device.
import { Arena } from './arena.ts';
import { GpuMemory } from './gpuMemory.ts';
import { LaunchPlan, OpenCommands, type LaunchPlanParts } from './launchPlan.ts';
import type { Machine, Plan, Words } from './machine.ts';
import type { Pipelines } from './pipelines.ts';
import type { Launch, Region, Resident } from './recorder.ts';

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
