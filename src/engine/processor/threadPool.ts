// Lends threads to machines on the processor, and takes them back: opening one costs more than a step.
import { CONTROL } from './threadKernels.ts';

/** What a thread runs: `thread` of the module on the memory, which returns once the memory is closed. */
export interface ThreadTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** A worker of the platform that runs tasks one after another. */
export interface ProcessorThread {
  run(task: ThreadTask): void;
}

/** A thread that has not answered by then is left out: the engine runs on fewer. */
const OPENING_MS = 10_000;

function withinTime<Opened>(opening: Promise<Opened>): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('a thread did not start in time')), OPENING_MS);
    void opening.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

/** A machine's use of threads. */
interface Loan {
  readonly task: ThreadTask;
  readonly threads: ProcessorThread[];
  /** Receives how many threads may take part from now on, the first included. */
  readonly follow: (limit: number) => void;
}

/** The threads that machines share, and how many of them may take part. */
export class ThreadPool {
  private readonly openThread: () => Promise<ProcessorThread>;
  private readonly idle: ProcessorThread[] = [];
  private readonly loans = new Set<Loan>();
  /** Threads opened, besides the one that lends them. */
  size = 0;
  /** Threads that may take part in a launch, the one that lends them included. */
  limit = 1;

  private constructor(openThread: () => Promise<ProcessorThread>) {
    this.openThread = openThread;
  }

  /** Opens `count` threads; fewer if the platform refuses. */
  static async open(count: number, openThread: () => Promise<ProcessorThread>): Promise<ThreadPool> {
    const pool = new ThreadPool(openThread);
    await pool.use(1 + count);
    return pool;
  }

  /**
   * Lets `limit` threads take part from the next launch on, the first included, and opens those that are missing. Those beyond it sleep.
   * Returns how many there are, fewer if the platform refuses; call it again only after it has resolved.
   */
  async use(limit: number): Promise<number> {
    const missing = Math.max(0, limit - 1 - this.size);
    const opened = await Promise.allSettled(Array.from({ length: missing }, () => withinTime(this.openThread())));
    const threads = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    this.size += threads.length;
    this.limit = Math.min(limit, 1 + this.size);
    for (const { follow } of this.loans) follow(this.limit);
    // The latest machine is the one that trains.
    const loan = [...this.loans].at(-1);
    for (const thread of threads) {
      if (loan !== undefined) thread.run(loan.task);
      (loan?.threads ?? this.idle).push(thread);
    }
    return this.limit;
  }

  /** Puts all idle threads to a memory; they join when they get to it. Returns how to give them back. */
  lend(task: ThreadTask, follow: (limit: number) => void): () => void {
    const loan: Loan = { task, threads: this.idle.splice(0), follow };
    this.loans.add(loan);
    follow(this.limit);
    for (const thread of loan.threads) thread.run(task);
    return () => {
      // A machine may be released twice; threads that were in the list twice would double with every run.
      if (!this.loans.delete(loan)) return;
      const words = new Int32Array(task.memory.buffer);
      Atomics.store(words, CONTROL.closed / 4, 1);
      // Those beyond the limit, too, look whether it is closed.
      setLimit(words, MOST_THREADS);
      // A launch in which no thread takes part wakes them all.
      Atomics.store(words, CONTROL.launch / 4, ((Atomics.load(words, CONTROL.launch / 4) >>> 8) + 1) << 8);
      Atomics.notify(words, CONTROL.launch / 4);
      this.idle.push(...loan.threads);
    };
  }
}

/** As many as a launch can count. */
export const MOST_THREADS = 255;

/** Limits the threads that take part in the next launch; call it between two launches, in the thread that makes them. */
export function setLimit(words: Int32Array, limit: number): void {
  Atomics.store(words, CONTROL.limit / 4, limit);
  Atomics.notify(words, CONTROL.limit / 4);
}
