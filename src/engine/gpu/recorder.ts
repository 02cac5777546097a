// Records the launches of a plan: which kernel reads and writes what, in order, before any device is asked.
import type { Kernel } from './kernel.ts';

/** Memory that lives only between the launches that touch it; the arena decides where. */
export interface Temporary {
  readonly kind: 'temporary';
  readonly label: string;
  /** In 4-byte words. */
  readonly length: number;
}

/** Memory that stays: weights, gradients, moments, inputs, reports. */
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

/** Words between offsets at which every adapter lets a binding begin (256 bytes). */
export const ALIGNMENT = 64;

/** `length` rounded up so that another region can follow. */
export function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

export type Grid = readonly [x: number, y: number, z: number];

const LARGEST_GRID = 65535;

/** A grid of at least `count / perGroup` workgroups for kernels that read `index`; those past the end have to leave early. */
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
  /** Rough number of arithmetic operations, to cut submits by. */
  readonly work: number;
}

export class Recorder {
  readonly launches: Launch[] = [];

  temporary(label: string, length: number): Region {
    return { buffer: { kind: 'temporary', label, length }, offset: 0, length };
  }

  /** `work` defaults to the number of words the launch touches. Throws on a region that is missing, misaligned or outside its buffer. */
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

/** A part of a region, counted from its start. */
export function part(region: Region, offset: number, length: number): Region {
  return { buffer: region.buffer, offset: region.offset + offset, length };
}
