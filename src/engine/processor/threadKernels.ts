// Emits how threads share a launch: each takes units until none are left, and the first waits for the others.
import type { FunctionHandle, ModuleBuilder } from '../assembly/assembler.ts';
import { atomics, f32, i32, select, type Value } from '../assembly/instructions.ts';

/** Addresses of the words that threads share, those that change each launch in cache lines apart. */
export const CONTROL = {
  /** Number of the launch times 256, plus the threads that take part in it. */
  launch: 64,
  /** Threads that have finished their part, besides the first. */
  done: 128,
  /** Threads that run, besides the first. */
  joined: 192,
  /** 1 once the memory is given up: threads return. */
  closed: 256,
  /** The launch's record, its first scratch and the bytes between two threads' scratch. */
  record: 320,
  scratch: 324,
  scratchBytes: 328,
  /** Threads that may take part, the first among them; the others sleep. */
  limit: 384,
  /** The first block of units that no thread has taken. */
  next: 448,
} as const;
/** Bytes before the first free one. */
export const CONTROL_END = 512;

/** A launch in memory: kernel, units, the units that must stay together (a block), the blocks to take at once at least, then the kernel's numbers. */
export const RECORD = { kernel: 0, units: 4, grain: 8, least: 12, numbers: 16 } as const;

/** Parts that a launch is divided into for each thread: the last ones even out threads of different speed. */
const PARTS_A_THREAD = 4;

/** Looks at a word before sleeping: a few tens of microseconds, longer than most waits between launches. */
const LOOKS = 20_000;

const at = (address: number): Value => i32.const(address);

/** (record, number, threads): takes blocks of a launch for thread `number` until none are left. */
function defineWork(module: ModuleBuilder, kernels: readonly FunctionHandle[]): FunctionHandle {
  const compute = module.define('compute', ['i32', 'i32', 'i32', 'i32'], null, (f, record, from, to, scratch) => {
    const chosen = f.keep(i32.load(record, RECORD.kernel));
    for (const [index, kernel] of kernels.entries()) {
      f.when(i32.eq(chosen, i32.const(index)), () => {
        // `from`, `to` and the scratch are not in the record.
        const numbers = kernel.parameters.slice(2, -1).map((type, place) => {
          const offset = RECORD.numbers + 4 * place;
          return type === 'f32' ? f32.load(record, offset) : i32.load(record, offset);
        });
        f.call(kernel, from, to, ...numbers, scratch);
      });
    }
    return null;
  });
  return module.define('work', ['i32', 'i32', 'i32'], null, (f, record, number, threads) => {
    const units = f.keep(i32.load(record, RECORD.units));
    const grain = f.keep(i32.load(record, RECORD.grain));
    const roundedUp = (count: Value, size: Value): Value => i32.divide(i32.sub(i32.add(count, size), i32.const(1)), size); // prettier-ignore
    const blocks = f.keep(roundedUp(units, grain));
    const own = i32.mul(number, i32.load(at(CONTROL.scratchBytes)));
    const scratch = f.keep(i32.add(i32.load(at(CONTROL.scratch)), own));
    f.when(
      i32.eq(threads, i32.const(1)),
      () => f.call(compute, record, i32.const(0), units, scratch),
      () => {
        const even = f.keep(roundedUp(blocks, i32.mul(threads, i32.const(PARTS_A_THREAD))));
        const whole = f.keep(roundedUp(blocks, threads));
        const least = f.keep(i32.load(record, RECORD.least));
        f.set(least, select(least, whole, i32.less(least, whole)));
        const taken = f.keep(select(least, even, i32.less(even, least)));
        const block = f.keep(atomics.add(at(CONTROL.next), taken));
        f.while(i32.less(block, blocks), () => {
          const end = f.keep(i32.mul(i32.add(block, taken), grain));
          f.call(compute, record, i32.mul(block, grain), select(end, units, i32.less(end, units)), scratch);
          f.set(block, atomics.add(at(CONTROL.next), taken));
        });
      },
    );
    return null;
  });
}

/**
 * Defines `launch` (record, scratch, bytes of scratch a thread), for the first thread, and `thread`, in which the others stay until
 * the memory is closed. The bits of a result do not depend on the number of threads: no unit is divided.
 */
export function defineThreads(module: ModuleBuilder, kernels: readonly FunctionHandle[]): void {
  const work = defineWork(module, kernels);
  module.define('launch', ['i32', 'i32', 'i32'], null, (f, record, scratch, scratchBytes) => {
    const present = f.keep(i32.add(atomics.load(at(CONTROL.joined)), i32.const(1)));
    const limit = f.keep(atomics.load(at(CONTROL.limit)));
    const threads = f.keep(select(present, limit, i32.less(present, limit)));
    const looks = f.variable('i32');
    const others = f.keep(i32.sub(threads, i32.const(1)));
    const finished = f.variable('i32');
    f.store(at(CONTROL.record), record);
    f.store(at(CONTROL.scratch), scratch);
    f.store(at(CONTROL.scratchBytes), scratchBytes);
    f.when(others, () => {
      f.storeAtomic(at(CONTROL.done), i32.const(0));
      f.storeAtomic(at(CONTROL.next), i32.const(0));
      const next = i32.add(i32.shr(atomics.load(at(CONTROL.launch)), i32.const(8)), i32.const(1));
      f.storeAtomic(at(CONTROL.launch), i32.or(i32.shl(next, i32.const(8)), threads));
      // All that sleep, because those beyond the limit may be among them.
      f.drop(atomics.notify(at(CONTROL.launch), i32.const(-1)));
    });
    f.call(work, record, i32.const(0), threads);
    f.when(others, () => {
      f.set(looks, i32.const(0));
      f.while(i32.ne(atomics.load(at(CONTROL.done)), others), () => {
        f.set(looks, i32.add(looks, i32.const(1)));
        f.when(i32.less(i32.const(LOOKS), looks), () => {
          f.set(finished, atomics.load(at(CONTROL.done)));
          f.when(i32.ne(finished, others), () => f.drop(atomics.wait(at(CONTROL.done), finished)));
        });
      });
    });
    return null;
  });
  module.define('thread', [], null, (f) => {
    // Before joining: a launch that counts this thread is a later one.
    const seen = f.keep(atomics.load(at(CONTROL.launch)));
    const number = f.keep(i32.add(atomics.add(at(CONTROL.joined), i32.const(1)), i32.const(1)));
    const [word, threads, looks] = [f.variable('i32'), f.variable('i32'), f.keep(i32.const(0))];
    const limit = f.variable('i32');
    f.while(i32.isZero(atomics.load(at(CONTROL.closed))), () => {
      f.set(limit, atomics.load(at(CONTROL.limit)));
      f.when(i32.atLeast(number, limit), () => f.drop(atomics.wait(at(CONTROL.limit), limit)));
      f.set(word, atomics.load(at(CONTROL.launch)));
      f.when(
        i32.eq(word, seen),
        () => {
          f.set(looks, i32.add(looks, i32.const(1)));
          f.when(i32.less(i32.const(LOOKS), looks), () => {
            f.drop(atomics.wait(at(CONTROL.launch), seen));
            f.set(looks, i32.const(0));
          });
        },
        () => {
          f.set(looks, i32.const(0));
          f.set(seen, word);
          f.set(threads, i32.and(word, i32.const(255)));
          f.when(i32.less(number, threads), () => {
            f.call(work, i32.load(at(CONTROL.record)), number, threads);
            f.drop(atomics.add(at(CONTROL.done), i32.const(1)));
            f.drop(atomics.notify(at(CONTROL.done), i32.const(1)));
          });
        },
      );
    });
    return null;
  });
}
