// Records the launches of a plan without a device, shares slots among its temporaries, and declares what a machine needs to run it.
import type { GpuMemory } from './device.ts';
import type { Kernel } from './kernel.ts';

/** Memory that lives only between the launches that use it; allocated by the arena. */
export interface Temporary {
  readonly kind: 'temporary';
  readonly label: string;
  /** In 4-byte words. */
  readonly length: number;
}

/** Persistent memory: weights, gradients, moments, inputs, reports. */
export interface Resident {
  readonly kind: 'resident';
  readonly label: string;
  /** In 4-byte words. */
  readonly length: number;
}

/** Words `offset` to `offset + length` of a buffer; offsets are multiples of `ALIGNMENT`. */
export interface Region {
  readonly buffer: Temporary | Resident;
  readonly offset: number;
  readonly length: number;
}

/** Words between offsets where every adapter allows a binding to begin (256 bytes). */
export const ALIGNMENT = 64;

/** Rounds `length` up so that another region can follow. */
export function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

export type Grid = readonly [x: number, y: number, z: number];

const LARGEST_GRID = 65535;

/** Returns a grid of at least `count / perGroup` workgroups for kernels that read `index`; those past the end must exit early. */
export function linearGrid(count: number, perGroup: number): Grid {
  const groups = Math.max(1, Math.ceil(count / perGroup));
  const rows = Math.ceil(groups / LARGEST_GRID);
  return [Math.ceil(groups / rows), rows, 1];
}

export interface Launch {
  readonly kernel: Kernel;
  /** Values in the order of `kernel.sizes`. */
  readonly sizes: readonly number[];
  /** Regions in the order of `kernel.buffers`. */
  readonly regions: readonly Region[];
  readonly grid: Grid;
  /** Approximate number of arithmetic operations, for dividing launches into submits. */
  readonly work: number;
}

export class Recorder {
  readonly launches: Launch[] = [];

  temporary(label: string, length: number): Region {
    return { buffer: { kind: 'temporary', label, length }, offset: 0, length };
  }

  /** `work` defaults to the number of words the launch touches. Throws for a region that is missing, misaligned or outside its buffer. */
  launch<Size extends string, Buffer extends string>(
    kernel: Kernel<Size, Buffer>,
    sizes: Readonly<Record<Size, number>>,
    buffers: Readonly<Record<Buffer, Region>>,
    grid: Grid,
    work?: number,
  ): void {
    const regions = kernel.buffers.map(({ name }) => checked(kernel, name, buffers[name]));
    if (grid.some((groups) => groups < 1 || groups > LARGEST_GRID || !Number.isInteger(groups))) {
      throw new Error(`${kernel.name}: a grid of ${grid.join(' x ')} workgroups cannot be launched`);
    }
    this.launches.push({
      kernel: kernel as unknown as Kernel,
      sizes: kernel.sizes.map(({ name }) => sizes[name]),
      regions,
      grid,
      work: work ?? regions.reduce((sum, { length }) => sum + length, 0),
    });
  }
}

function checked(kernel: Pick<Kernel, 'name'>, name: string, region: Region | undefined): Region {
  if (region === undefined) throw new Error(`${kernel.name}: no region for ${name}`);
  const { buffer, offset, length } = region;
  if (offset % ALIGNMENT !== 0 || offset + length > buffer.length || length < 1) {
    throw new Error(
      `${kernel.name}: ${name} is words ${offset} to ${offset + length} of ${buffer.label}, which has ${buffer.length}`,
    );
  }
  return region;
}

/** Returns a part of a region, `offset` relative to its start. */
export function part(region: Region, offset: number, length: number): Region {
  return { buffer: region.buffer, offset: region.offset + offset, length };
}

// What a machine is to an engine: it holds residents and runs recorded launches, on a GPU or on the processor.

/** Time of one launch. */
export interface LaunchTime {
  /** Name of the kernel. */
  readonly name: string;
  readonly elapsedMs: number;
  /** Arithmetic operations, as recorded. */
  readonly work: number;
}

/** A recorded list of launches, ready to run. */
export interface Plan {
  readonly launches: readonly Launch[];
  /** Runs or queues every launch; the first call may have to wait for the device's answer. */
  run(): void | Promise<void>;
  /** Runs each launch separately and measures it, so the sum exceeds the time of `run`; call `run` first. */
  profile(): Promise<readonly LaunchTime[]>;
  release(): void;
}

export type Words = Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

export interface Machine {
  /** Bytes in use. */
  readonly bytes: number;
  compile(launches: readonly Launch[]): Promise<Plan>;
  /** Runs a plan; the first time it may also measure the machine. */
  runMeasured(plan: Plan): Promise<void>;
  /** Sends what was queued, where the machine collects commands; writing and reading do so themselves. */
  submit(): void;
  /** Writes words into a resident from its word `offset` on; a resident that was never written is 0. */
  write(buffer: Resident, words: Words, offset?: number): void;
  read(buffer: Resident): Promise<Float32Array<ArrayBuffer>>;
  /** Fills a part of a resident with 0. */
  clear(region: Region): void;
  /** Gives all memory back. */
  release(): void;
}

// Allocates the temporaries of plans: temporaries with disjoint lifetimes share a slot.

export interface SlotPlan {
  /** Words of each slot, largest first. */
  readonly slots: readonly number[];
  readonly slotOf: ReadonlyMap<Temporary, number>;
}

interface Lifetime {
  readonly temporary: Temporary;
  readonly first: number;
  last: number;
}

/**
 * Assigns each temporary a slot, largest first, each the smallest slot that is free from its first launch to its last (greedy by
 * size: Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference").
 */
export function planSlots(launches: readonly Launch[]): SlotPlan {
  const lifetimes = new Map<Temporary, Lifetime>();
  for (const [at, { regions }] of launches.entries()) {
    for (const { buffer } of regions) {
      if (buffer.kind !== 'temporary') continue;
      const known = lifetimes.get(buffer);
      if (known === undefined) lifetimes.set(buffer, { temporary: buffer, first: at, last: at });
      else known.last = at;
    }
  }
  const slots: { length: number; taken: Lifetime[] }[] = [];
  const slotOf = new Map<Temporary, number>();
  const largestFirst = [...lifetimes.values()].sort((left, right) => right.temporary.length - left.temporary.length);
  for (const lifetime of largestFirst) {
    const free = (slot: { taken: Lifetime[] }): boolean =>
      slot.taken.every(({ first, last }) => last < lifetime.first || first > lifetime.last);
    let chosen = slots.findLastIndex(free);
    if (chosen === -1) chosen = slots.push({ length: lifetime.temporary.length, taken: [] }) - 1;
    slots[chosen]?.taken.push(lifetime);
    slotOf.set(lifetime.temporary, chosen);
  }
  return { slots: slots.map(({ length }) => length), slotOf };
}

/** The slots shared by all plans of a device: slot k is as large as the largest k-th slot of any plan. */
export class Arena {
  private readonly memory: GpuMemory;
  private buffers: GPUBuffer[] = [];
  /** Counts buffer replacements: bindings made before the last one are stale. */
  generation = 0;

  constructor(memory: GpuMemory) {
    this.memory = memory;
  }

  /** Makes room for a plan with these slots (words, largest first). */
  reserve(slots: readonly number[]): void {
    const grown = slots.some((length, slot) => length * 4 > (this.buffers[slot]?.size ?? 0));
    if (!grown) return;
    this.generation++;
    for (const [slot, length] of slots.entries()) {
      const before = this.buffers[slot];
      if (before !== undefined && before.size >= length * 4) continue;
      if (before !== undefined) this.memory.release(before);
      this.buffers[slot] = this.memory.create(`slot ${slot}`, length);
    }
  }

  slot(index: number): GPUBuffer {
    const buffer = this.buffers[index];
    if (buffer === undefined) throw new Error(`the arena has ${this.buffers.length} slots, not ${index + 1}`);
    return buffer;
  }

  release(): void {
    for (const buffer of this.buffers) this.memory.release(buffer);
    this.buffers = [];
    this.generation++;
  }
}
