// A turn of the event loop, so that messages are seen between steps.

/** The parts of a message channel used here; browsers, Workers and Node have them. */
interface Channel {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: unknown): void };
}

declare const globalThis: { readonly MessageChannel: new () => Channel };

/**
 * Resolves in a later macrotask. A message is neither clamped to 4 ms as nested timers are, nor stopped in hidden tabs as animation
 * frames are.
 */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new globalThis.MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
