// Connects two threads: typed calls, replies and events over the platforms' channels.
import { LabError } from '../util/labError.ts';
import type { AnswerMessage, AnswerOf, ArgumentOf, CallMessage, CallName, Client, Wire } from './calls.ts';

/** A server's implementation of each call, synchronous or not; a throw rejects the call with a LabError. */
export type Handlers<Calls> = {
  readonly [Name in CallName<Calls>]: (
    argument: ArgumentOf<Calls, Name>,
  ) => AnswerOf<Calls, Name> | Promise<AnswerOf<Calls, Name>>;
};

/** The server's end of a wire. */
export interface ServerPort<Event> {
  emit(event: Event): void;
  close(): void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LabError) => void;
}

/**
 * Opens the client's end of a wire. Calls may overlap and be answered in any order.
 * When the wire is lost or closed, pending and later calls reject with LabError `worker/lost`.
 */
export function connect<Calls, Event>(wire: Wire<CallMessage<Calls>, AnswerMessage<Event>>): Client<Calls, Event> {
  const pending = new Map<number, Pending>();
  const listeners = new Set<(event: Event) => void>();
  let lastId = 0;
  let lostReason: string | null = null;

  function lose(reason: string): void {
    lostReason ??= reason;
    for (const { reject } of pending.values()) reject(lostError(lostReason));
    pending.clear();
  }

  wire.onLost(lose);
  wire.listen((message) => {
    if (message.kind === 'event') {
      for (const listener of listeners) listener(message.event);
      return;
    }
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (message.kind === 'reply') call?.resolve(message.value);
    else call?.reject(LabError.fromData(message.error));
  });

  return {
    call<Name extends CallName<Calls>>(
      name: Name,
      argument: ArgumentOf<Calls, Name>,
      transfer: readonly Transferable[] = [],
    ): Promise<AnswerOf<Calls, Name>> {
      return new Promise<AnswerOf<Calls, Name>>((resolve, reject) => {
        if (lostReason !== null) {
          reject(lostError(lostReason));
          return;
        }
        const id = ++lastId;
        // Unchecked cast: the server is typed by the same table, so the reply to `name` is its answer.
        pending.set(id, { resolve: (value) => resolve(value as AnswerOf<Calls, Name>), reject });
        try {
          wire.post({ kind: 'call', id, name, argument } as CallMessage<Calls>, transfer);
        } catch (cause) {
          pending.delete(id);
          reject(new LabError('worker/message', `The call ${name} cannot be sent: ${textOf(cause)}`, { cause }));
        }
      });
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      wire.close();
      lose('the connection was closed');
    },
  };
}

/**
 * Answers calls over a wire with `handlers`; calls overlap, so `interrupt` is handled while `train` is in progress.
 * The returned port sends events: `const port = serve(wire, handlers); port.emit(event)`.
 * Handlers may use `port` freely, because none is called before the current turn of the event loop ends.
 */
export function serve<Calls, Event>(
  wire: Wire<AnswerMessage<Event>, CallMessage<Calls>>,
  handlers: Handlers<Calls>,
): ServerPort<Event> {
  async function answer({ id, name, argument }: CallMessage<Calls>): Promise<void> {
    try {
      if (!Object.hasOwn(handlers, name)) {
        throw new LabError('worker/call', 'The worker does not know this call.', {
          expected: Object.keys(handlers).join(', '),
          got: name,
        });
      }
      const handler = handlers[name] as (argument: unknown) => unknown;
      wire.post({ kind: 'reply', id, value: await handler(argument) });
    } catch (error) {
      wire.post({ kind: 'failure', id, error: LabError.toData(error) });
    }
  }

  wire.listen((message) => void answer(message));
  return {
    emit: (event) => wire.post({ kind: 'event', event }),
    close: () => wire.close(),
  };
}

function lostError(reason: string): LabError {
  return new LabError('worker/lost', `The worker no longer responds: ${reason}.`);
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

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
