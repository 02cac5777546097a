// The processor as a machine: residents and temporaries in parts of one memory, launches as calls of the module's kernels.
import { LabError } from '../../util/labError.ts';
import { MOST_PAGES, PAGE_BYTES } from '../assembly/assembler.ts';
import {
  planSlots,
  type Launch,
  type LaunchTime,
  type Machine,
  type Plan,
  type Region,
  type Resident,
  type SlotPlan,
  type Words,
} from '../gpu/recorder.ts';
import { ALWAYS_1, type KernelCall } from './kernelCalls.ts';
import { launchCall, startProcessorModule, type ProcessorKernel, type ProcessorModule } from './processorModule.ts';
import { CONTROL_END, RECORD } from './threadKernels.ts';
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

// Allocates the processor engine's memory: one WebAssembly memory, given out in parts and taken back.

/** Addresses of parts are multiples of a cache line. */
const UNIT_BYTES = 64;

/** A part of the memory, in bytes. */
export interface MemoryPart {
  readonly address: number;
  readonly bytes: number;
}

export class ProcessorMemory {
  readonly memory: WebAssembly.Memory;
  /** Bytes in parts that are in use. */
  bytes = 0;
  /** The maximum of `bytes` so far. */
  peakBytes = 0;
  /** Free parts by address, never next to each other. */
  private free: MemoryPart[] = [];
  private end: number = CONTROL_END;
  private views: { readonly floats: Float32Array<ArrayBuffer>; readonly integers: Int32Array<ArrayBuffer> } | null =
    null;

  constructor(shared: boolean) {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared });
    this.integers[ALWAYS_1 / 4] = 1;
  }

  /** All words, as floats; another array after the memory has grown. */
  get floats(): Float32Array<ArrayBuffer> {
    return this.words().floats;
  }

  get integers(): Int32Array<ArrayBuffer> {
    return this.words().integers;
  }

  /** Gives out a part for `length` words, all 0. Throws LabError `memory/full` if the memory cannot grow. */
  create(label: string, length: number): MemoryPart {
    const bytes = Math.ceil((length * 4) / UNIT_BYTES) * UNIT_BYTES;
    const found = this.free.findIndex((part) => part.bytes >= bytes);
    const part = found >= 0 ? this.cut(found, bytes) : this.extend(label, bytes);
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    this.floats.fill(0, part.address / 4, (part.address + bytes) / 4);
    return part;
  }

  release(part: MemoryPart): void {
    this.bytes -= part.bytes;
    const parts = [...this.free, part].sort((left, right) => left.address - right.address);
    const joined: MemoryPart[] = [];
    for (const one of parts) {
      const last = joined.at(-1);
      if (last === undefined || last.address + last.bytes !== one.address) joined.push(one);
      else joined.splice(-1, 1, { address: last.address, bytes: last.bytes + one.bytes });
    }
    const highest = joined.at(-1);
    if (highest !== undefined && highest.address + highest.bytes === this.end) {
      this.end = highest.address;
      joined.pop();
    }
    this.free = joined;
  }

  private cut(index: number, bytes: number): MemoryPart {
    const { address, bytes: whole } = this.free[index] as MemoryPart;
    const rest = whole > bytes ? [{ address: address + bytes, bytes: whole - bytes }] : [];
    this.free.splice(index, 1, ...rest);
    return { address, bytes };
  }

  private extend(label: string, bytes: number): MemoryPart {
    const address = this.end;
    // Kernels read up to a vector past the end of a part.
    const pages = Math.ceil((address + bytes + UNIT_BYTES) / PAGE_BYTES) - this.memory.buffer.byteLength / PAGE_BYTES;
    if (pages > 0) {
      try {
        this.memory.grow(pages);
      } catch (cause) {
        throw new LabError('memory/full', `There is no memory for ${label}; smaller micro-batches may help.`, {
          expected: `at most ${MOST_PAGES * PAGE_BYTES} bytes in all`,
          got: `${address + bytes} bytes`,
          cause,
        });
      }
    }
    this.end = address + bytes;
    return { address, bytes };
  }

  private words() {
    const { buffer } = this.memory;
    if (this.views === null || this.views.floats.buffer !== buffer) {
      const whole = buffer as ArrayBuffer; // or shared: the views are used alike
      this.views = { floats: new Float32Array(whole), integers: new Int32Array(whole) };
    }
    return this.views;
  }
}
