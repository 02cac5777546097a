// The processor as a machine: residents and temporaries in one memory, launches as calls of the module's kernels.
import { planSlots, type SlotPlan } from '../gpu/arena.ts';
import type { LaunchTime, Machine, Plan, Words } from '../gpu/machine.ts';
import type { Launch, Region, Resident } from '../gpu/recorder.ts';
import type { KernelCall } from './givenLaunch.ts';
import { launchCall } from './launchCalls.ts';
import { ProcessorMemory, type MemoryPart } from './processorMemory.ts';
import { startProcessorModule, type ProcessorKernel, type ProcessorModule } from './processorModule.ts';
import { RECORD } from './threadKernels.ts';
import { setLimit, type ThreadPool } from './threadPool.ts';

/** Calls of a plan, and the memory of their records. */
interface BoundCalls {
  readonly calls: readonly (() => void)[];
  readonly records: readonly MemoryPart[];
}

export class ProcessorMachine implements Machine {
  readonly memory: ProcessorMemory;
  private readonly module: ProcessorModule;
  /** Those that may take part in a launch, with scratch for each. */
  private threads = 1;
  private readonly giveBack: () => void;
  private readonly kernels: ReadonlyMap<string, ProcessorKernel>;
  private readonly residents = new Map<Resident, MemoryPart>();
  /** Memory of temporaries, shared by all plans: slot k is as large as the largest k-th slot of any plan. */
  private slots: MemoryPart[] = [];
  private scratch: MemoryPart | null = null;
  /** Of each thread. */
  private scratchBytes = 0;
  /** Counts replacements of slots: calls made before the last one are stale. */
  private generation = 0;

  /** With a pool, all of its idle threads take part; the module must share its memory then. */
  constructor(module: ProcessorModule, pool: ThreadPool | null = null) {
    this.module = module;
    this.memory = new ProcessorMemory(module.shared);
    this.kernels = startProcessorModule(module, this.memory.memory);
    if (module.shared) setLimit(this.memory.integers, 1);
    const task = { module: module.module, memory: this.memory.memory };
    this.giveBack = pool?.lend(task, (limit) => this.useThreads(limit)) ?? (() => undefined);
  }

  get bytes(): number {
    return this.memory.bytes;
  }

  compile(launches: readonly Launch[]): Promise<Plan> {
    const slots = planSlots(launches);
    this.reserve(slots.slots);
    let bound: BoundCalls = { calls: [], records: [] };
    let boundTo = -1;
    const forget = (): void => {
      for (const record of bound.records) this.memory.release(record);
      bound = { calls: [], records: [] };
    };
    const calls = (): readonly (() => void)[] => {
      if (boundTo === this.generation) return bound.calls;
      forget();
      bound = this.bind(launches, slots);
      boundTo = this.generation;
      return bound.calls;
    };
    return Promise.resolve({
      launches,
      run() {
        for (const call of calls()) call();
      },
      profile: () => Promise.resolve(calls().map((call, at) => timed(call, launches[at] as Launch))),
      release: forget,
    });
  }

  async runMeasured(plan: Plan): Promise<void> {
    await plan.run();
  }

  submit(): void {
    // Every launch has run by the time its plan returns.
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

  clear({ buffer, offset, length }: Region): void {
    const place = this.addressOf(buffer as Resident) / 4 + offset;
    this.memory.floats.fill(0, place, place + length);
  }

  release(): void {
    this.giveBack();
    for (const part of [...this.residents.values(), ...this.slots]) this.memory.release(part);
    if (this.scratch !== null) this.memory.release(this.scratch);
    this.residents.clear();
    this.slots = [];
    this.scratch = null;
    this.scratchBytes = 0;
    this.generation++;
  }

  /** From the next launch on. */
  private useThreads(limit: number): void {
    const isMore = limit > this.threads;
    this.threads = limit;
    if (isMore && this.scratch !== null) {
      const bytes = this.scratchBytes;
      this.scratchBytes = 0;
      this.reserveScratch(bytes);
    }
    setLimit(this.memory.integers, limit);
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

  private bind(launches: readonly Launch[], { slotOf }: SlotPlan): BoundCalls {
    const addressOf = ({ buffer, offset }: Region): number => {
      if (buffer.kind === 'resident') return this.addressOf(buffer) + offset * 4;
      const part = this.slots[slotOf.get(buffer) as number];
      if (part === undefined) throw new Error(`no slot for ${buffer.label}`);
      return part.address + offset * 4;
    };
    const records: MemoryPart[] = [];
    const kernelCall = (call: KernelCall): (() => void) => {
      this.reserveScratch(call.scratchBytes);
      return this.module.shared ? this.sharedCall(call, records) : this.plainCall(call);
    };
    const calls = launches.map((launch) => {
      const call = launchCall(launch, addressOf);
      if ('run' in call) return () => call.run(this.memory);
      if ('kernel' in call) return kernelCall(call);
      const several = call.map(kernelCall);
      return () => several.forEach((one) => one());
    });
    return { calls, records };
  }

  private reserveScratch(bytes: number): void {
    if (bytes <= this.scratchBytes) return;
    if (this.scratch !== null) this.memory.release(this.scratch);
    this.scratchBytes = Math.ceil(bytes / 64) * 64;
    this.scratch = this.memory.create('scratch', (this.scratchBytes / 4) * this.threads);
  }

  private kernelOf({ kernel, numbers }: KernelCall) {
    const found = this.module.kernels.get(kernel);
    if (found === undefined || found.types.length !== numbers.length) {
      throw new Error(`the module has no kernel ${kernel} of ${numbers.length} numbers`);
    }
    return found;
  }

  private plainCall(call: KernelCall): () => void {
    this.kernelOf(call);
    const { kernel, units, numbers } = call;
    const used = this.kernels.get(kernel) as ProcessorKernel;
    return () => used(0, units, ...numbers, this.scratch?.address ?? 0);
  }

  /** A call from a record in memory, which every thread reads. */
  private sharedCall(call: KernelCall, records: MemoryPart[]): () => void {
    const { units, grain, least, numbers } = call;
    const { index, types } = this.kernelOf(call);
    const record = this.memory.create('record', RECORD.numbers / 4 + numbers.length);
    records.push(record);
    const { floats, integers } = this.memory;
    const first = record.address / 4;
    integers[first + RECORD.kernel / 4] = index;
    integers[first + RECORD.units / 4] = units;
    integers[first + RECORD.grain / 4] = grain;
    integers[first + RECORD.least / 4] = least;
    for (const [at, value] of numbers.entries()) {
      const words = types[at] === 'f32' ? floats : integers;
      words[first + RECORD.numbers / 4 + at] = value;
    }
    const launch = this.kernels.get('launch') as ProcessorKernel;
    return () => launch(record.address, this.scratch?.address ?? 0, this.scratchBytes);
  }
}

function timed(call: () => void, { kernel, work }: Launch): LaunchTime {
  const startedAtMs = performance.now();
  call();
  return { name: kernel.name, elapsedMs: performance.now() - startedAtMs, work };
}
