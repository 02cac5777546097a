// Allocates the processor engine's memory: one WebAssembly memory, given out in parts and taken back.
import { MOST_PAGES } from '../assembly/assembler.ts';
import { LabError } from '../../util/labError.ts';
import { CONTROL_END } from './threadKernels.ts';

const PAGE_BYTES = 65536;
/** Addresses of parts are multiples of a cache line. */
const UNIT_BYTES = 64;

/** A part of the memory, in bytes. */
export interface MemoryPart {
  readonly address: number;
  readonly bytes: number;
}

/** Addresses, before the words that threads share, of a word that is always 0 and of one that is always 1, for kernels that add depending on a word. */
export const ALWAYS_0 = 16;
export const ALWAYS_1 = 20;

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
