// A person's wish to end a long work: asked for by whoever does the work, told to whoever waits.
export interface Cancelling {
  readonly cancelled: Promise<void>;
  isCancelled(): boolean;
  cancel(): void;
}

export function createCancelling(): Cancelling {
  let isCancelled = false;
  let resolve = (): void => undefined;
  const cancelled = new Promise<void>((done) => (resolve = done));
  return {
    cancelled,
    isCancelled: () => isCancelled,
    cancel() {
      isCancelled = true;
      resolve();
    },
  };
}
