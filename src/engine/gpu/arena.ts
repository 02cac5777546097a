// Allocates the temporaries of plans: temporaries with disjoint lifetimes share a slot.
import type { GpuMemory } from './gpuMemory.ts';
import type { Launch, Temporary } from './recorder.ts';

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
