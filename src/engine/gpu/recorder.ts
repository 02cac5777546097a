// Records the launches of a plan without a device: which kernel reads and writes what, in order.
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
