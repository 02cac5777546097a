// Makes wires from platform channels: a Worker seen from the tab, a Worker's global scope, and a MessagePort in browser or Node.
import type { Wire } from './calls.ts';

/** The common interface of a Worker, its global scope and a MessagePort. */
interface Channel {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: string, handler: (event: unknown) => void): void;
}

/** The tab's end: lost when the worker throws outside a call, fails to load, or sends an unreadable message. */
export function workerWire<Out, In>(worker: Worker): Wire<Out, In> {
  return wireOver<Out, In>(worker, () => worker.terminate(), ['error', 'messageerror']);
}

/** The worker's end, over its global scope. */
export function selfWire<Out, In>(scope: Channel & { close(): void }): Wire<Out, In> {
  return wireOver<Out, In>(scope, () => scope.close(), ['messageerror']);
}

/** Either end of a MessageChannel; lost when the other end closes. */
export function portWire<Out, In>(port: MessagePort): Wire<Out, In> {
  const wire = wireOver<Out, In>(port, () => port.close(), ['messageerror', 'close']);
  return {
    ...wire,
    listen(handler) {
      wire.listen(handler);
      port.start();
    },
  };
}

function wireOver<Out, In>(channel: Channel, close: () => void, losses: readonly string[]): Wire<Out, In> {
  return {
    post: (message, transfer = []) => channel.postMessage(message, [...transfer]),
    listen: (handler) => channel.addEventListener('message', (event) => handler((event as MessageEvent<In>).data)),
    onLost(handler) {
      let lost = false;
      for (const type of losses) {
        channel.addEventListener(type, (event) => {
          if (lost) return;
          lost = true;
          handler(describeLoss(type, event));
        });
      }
    },
    close,
  };
}

function describeLoss(type: string, event: unknown): string {
  if (type === 'close') return 'the other end closed';
  if (type === 'messageerror') return 'a message could not be read';
  const message = (event as Partial<ErrorEvent>).message;
  return message ? `it stopped with "${message}"` : 'it could not be loaded or stopped without a message';
}
