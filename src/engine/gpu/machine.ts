// What a machine is to an engine: it holds residents and runs recorded launches, on a GPU or on the processor.
import type { Launch, Region, Resident } from './recorder.ts';

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
