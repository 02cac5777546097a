// The processor as a machine: residents and temporaries in one memory, launches as calls of the module's kernels.
import { planSlots, type SlotPlan } from '../gpu/arena.ts';
import type { LaunchTime, Machine, Plan, Words } from '../gpu/machine.ts';
import type { Launch, Region, Resident } from '../gpu/recorder.ts';
import { launchCall, type LaunchCall } from './launchCalls.ts';
import { ProcessorMemory, type MemoryPart } from './processorMemory.ts';
import { startProcessorModule, type ProcessorKernel } from './processorModule.ts';

export class ProcessorMachine implements Machine {
  readonly memory = new ProcessorMemory();
  private readonly kernels: ReadonlyMap<string, ProcessorKernel>;
  private readonly residents = new Map<Resident, MemoryPart>();
  /** Memory of temporaries, shared by all plans: slot k is as large as the largest k-th slot of any plan. */
  private slots: MemoryPart[] = [];
  private scratch: MemoryPart | null = null;
  /** Counts replacements of slots: calls made before the last one are stale. */
  private generation = 0;

  constructor(module: WebAssembly.Module) {
    this.kernels = startProcessorModule(module, this.memory.memory);
  }

  get bytes(): number {
    return this.memory.bytes;
  }

  compile(launches: readonly Launch[]): Promise<Plan> {
    const slots = planSlots(launches);
    this.reserve(slots.slots);
    let calls: readonly (() => void)[] = [];
    let boundTo = -1;
    const bound = (): readonly (() => void)[] => {
      if (boundTo !== this.generation) calls = this.bind(launches, slots);
      boundTo = this.generation;
      return calls;
    };
    return Promise.resolve({
      launches,
      run() {
        for (const call of bound()) call();
      },
      profile: () => Promise.resolve(bound().map((call, at) => timed(call, launches[at] as Launch))),
      release: () => undefined,
    });
  }

  async runMeasured(plan: Plan): Promise<void> {
    await plan.run();
  }

  write(buffer: Resident, words: Words, offset = 0): void {
    const place = this.addressOf(buffer) / 4 + offset;
    if (words instanceof Float32Array) this.memory.floats.set(words, place);
    else this.memory.integers.set(words, place);
  }

  read(buffer: Resident): Promise<Float32Array<ArrayBuffer>> {
    const place = this.addressOf(buffer) / 4;
    return Promise.resolve(this.memory.floats.slice(place, place + buffer.length));
  }

  clear(buffer: Resident): void {
    const place = this.addressOf(buffer) / 4;
    this.memory.floats.fill(0, place, place + buffer.length);
  }

  release(): void {
    for (const part of [...this.residents.values(), ...this.slots]) this.memory.release(part);
    if (this.scratch !== null) this.memory.release(this.scratch);
    this.residents.clear();
    this.slots = [];
    this.scratch = null;
    this.generation++;
  }

  private addressOf(buffer: Resident): number {
    const part = this.residents.get(buffer) ?? this.memory.create(buffer.label, buffer.length);
    this.residents.set(buffer, part);
    return part.address;
  }

  /** Makes room for a plan with these slots (words, largest first). */
  private reserve(lengths: readonly number[]): void {
    for (const [slot, length] of lengths.entries()) {
      const before = this.slots[slot];
      if (before !== undefined && before.bytes >= length * 4) continue;
      if (before !== undefined) this.memory.release(before);
      this.slots[slot] = this.memory.create(`slot ${slot}`, length);
      this.generation++;
    }
  }

  private bind(launches: readonly Launch[], { slotOf }: SlotPlan): readonly (() => void)[] {
    const addressOf = ({ buffer, offset }: Region): number => {
      if (buffer.kind === 'resident') return this.addressOf(buffer) + offset * 4;
      const part = this.slots[slotOf.get(buffer) as number];
      if (part === undefined) throw new Error(`no slot for ${buffer.label}`);
      return part.address + offset * 4;
    };
    return launches.map((launch) => this.callable(launchCall(launch, addressOf)));
  }

  private callable(call: LaunchCall): () => void {
    if ('run' in call) return () => call.run(this.memory);
    const { units, numbers, scratchBytes } = call;
    const kernel = this.kernels.get(call.kernel);
    // Itself, `from` and `to`, and the scratch.
    if (kernel === undefined || kernel.length !== numbers.length + 3) {
      throw new Error(`the module has no kernel ${call.kernel} of ${numbers.length} numbers`);
    }
    if (scratchBytes > (this.scratch?.bytes ?? 0)) {
      if (this.scratch !== null) this.memory.release(this.scratch);
      this.scratch = this.memory.create('scratch', scratchBytes / 4);
    }
    return () => kernel(0, units, ...numbers, this.scratch?.address ?? 0);
  }
}

function timed(call: () => void, { kernel, work }: Launch): LaunchTime {
  const startedAtMs = performance.now();
  call();
  return { name: kernel.name, elapsedMs: performance.now() - startedAtMs, work };
}
