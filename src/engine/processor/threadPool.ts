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

/** Threads that are in use by no machine. */
export class ThreadPool {
  private readonly idle: ProcessorThread[];
  /** Threads in all, besides the one that lends them. */
  readonly size: number;

  private constructor(threads: readonly ProcessorThread[]) {
    this.idle = [...threads];
    this.size = threads.length;
  }

  /** Opens `count` threads; fewer if the platform refuses. */
  static async open(count: number, openThread: () => Promise<ProcessorThread>): Promise<ThreadPool> {
    const opened = await Promise.allSettled(Array.from({ length: count }, () => withinTime(openThread())));
    return new ThreadPool(opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
  }

  /** Puts all idle threads to a memory; they join when they get to it. Returns how to give them back. */
  lend(task: ThreadTask): () => void {
    const lent = this.idle.splice(0);
    for (const thread of lent) thread.run(task);
    return () => {
      const words = new Int32Array(task.memory.buffer);
      Atomics.store(words, CONTROL.closed / 4, 1);
      // A launch in which no thread takes part wakes them all.
      Atomics.store(words, CONTROL.launch / 4, ((Atomics.load(words, CONTROL.launch / 4) >>> 8) + 1) << 8);
      Atomics.notify(words, CONTROL.launch / 4);
      this.idle.push(...lent);
    };
  }
}
